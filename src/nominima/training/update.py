"""How a gradient becomes a step: the optimizer with the rate's schedule, the priors and the mask, lane by lane."""

import math
from collections.abc import Callable

from torch import Tensor

from nominima.planning.run import Training
from nominima.training.optimizer import Optimizer
from nominima.training.stack import Stack

Strength = float | Tensor
"""One number for all lanes, or float32 (lane·param,) laid out as `Stack.flat`."""


def scheduled(training: Training) -> Callable[[int], float]:
    """t = 1 … steps ↦ the share of the rate at that step.

    Constant; linear: 1 - (t-1)/steps; cosine: (1 + cos(π(t-1)/steps))/2 (Loshchilov & Hutter 2017, no restart).
    """
    steps = training.steps
    shares: dict[str, Callable[[int], float]] = {
        "constant": lambda _: 1.0,
        "linear": lambda t: 1 - (t - 1) / steps,
        "cosine": lambda t: (1 + math.cos(math.pi * (t - 1) / steps)) / 2,
    }
    return shares[training.schedule]


class Update:
    """Moves all lanes by one step, each with its own rate and its own strengths of the priors.

    g ← g + l2·θ; θ ← (1 - rate·decay)θ; the optimizer's step; θ ← sign(θ)·max(|θ| - rate·l1, 0) (the proximal
    step of the lasso; Parikh & Boyd 2014). Where a mask is given, gradients and parameters outside are zero.
    """

    def __init__(
        self, lanes: list[Training], optimizer: Optimizer, parameters: Stack, gradient: Stack,
        memory: list[Stack], mask: Tensor | None,
    ) -> None:  # fmt: skip
        """lanes: the training of each lane, of one rate; mask: as `parameters.flat`, 0 and 1."""
        self._optimizer, self._memory, self._mask = optimizer, memory, mask
        self._parameters, self._gradient = parameters, gradient
        self._share = scheduled(lanes[0])
        self._l2 = _strength(parameters, [lane.l2 for lane in lanes])
        rates = [rate for lane in lanes for rate in lane.rates]
        pairs = list(zip(rates, lanes, strict=True))
        self._decay = _strength(parameters, [rate * (lane.decay + optimizer.decay) for rate, lane in pairs])
        lasso = [rate * lane.l1 for rate, lane in pairs]
        self._l1 = parameters.spread(parameters.flat.new_tensor(lasso)) if any(lasso) else None
        self._rate = _strength(parameters, rates)
        self._scratch = parameters if not isinstance(self._rate, Tensor) else parameters.zeros()

    def __call__(self, t: int) -> None:
        """Step t = 1, 2, …; the gradient may be spoilt."""
        theta, g, share = self._parameters.flat, self._gradient.flat, self._share(t)
        if isinstance(self._l2, Tensor):
            g.addcmul_(theta, self._l2)
        elif self._l2:
            g.add_(theta, alpha=self._l2)
        if self._mask is not None:
            g.mul_(self._mask)
        if isinstance(self._decay, Tensor):
            theta.addcmul_(theta, self._decay, value=-share)
        elif self._decay:
            theta.mul_(1 - share * self._decay)
        self._step(share, t)
        if self._l1 is not None:
            threshold = share * self._l1
            theta.sub_(theta.clamp(-threshold, threshold))
        if self._mask is not None:
            theta.mul_(self._mask)

    def _step(self, share: float, t: int) -> None:
        """The optimizer's step; where rates differ it moves zeros at rate 1 first, since steps scale with it."""
        if not isinstance(self._rate, Tensor):
            self._optimizer.step(self._parameters, self._gradient, self._memory, share * self._rate, t)
            return
        moved = self._scratch
        moved.flat.zero_()
        self._optimizer.step(moved, self._gradient, self._memory, 1.0, t)
        self._parameters.flat.addcmul_(moved.flat, self._rate, value=share)


def _strength(parameters: Stack, values: list[float]) -> Strength:
    return values[0] if len(set(values)) <= 1 else parameters.spread(parameters.flat.new_tensor(values))
