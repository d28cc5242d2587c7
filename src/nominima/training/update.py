"""How a gradient becomes a step: the optimizer with the rate's schedule, the priors and the mask, lane by lane."""

import math
from collections.abc import Callable

from torch import Tensor

from nominima.planning.run import Training
from nominima.training.optimizer import Optimizer
from nominima.training.stack import Stack


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
    Every operation is rounded by itself, so that a lane moves to the same bits with whatever lanes it shares a stack.
    """

    def __init__(
        self, lanes: list[Training], optimizer: Optimizer, parameters: Stack, gradient: Stack,
        memory: list[Stack], mask: Tensor | None,
    ) -> None:  # fmt: skip
        """lanes: the training of each lane, of one rate; mask: as `parameters.flat`, 0 and 1."""
        self._optimizer, self._memory, self._mask = optimizer, memory, mask
        self._parameters, self._gradient = parameters, gradient
        self._share = scheduled(lanes[0])
        self._rates = [rate for lane in lanes for rate in lane.rates]
        self._l2 = [lane.l2 for lane in lanes]
        self._decay = [lane.decay + optimizer.decay for lane in lanes]
        self._l1 = [lane.l1 for lane in lanes]

    def __call__(self, t: int) -> None:
        """Step t = 1, 2, …; the gradient may be spoilt."""
        theta, g, share = self._parameters, self._gradient, self._share(t)
        rates = [share * rate for rate in self._rates]
        if any(self._l2):
            for (part, l2), (its, _) in zip(theta.beside(self._l2), g.beside(self._l2), strict=True):
                its.add_(part * l2)
        if self._mask is not None:
            g.flat.mul_(self._mask)
        if any(self._decay):
            theta.scale([1 - rate * decay for rate, decay in zip(rates, self._decay, strict=True)])
        self._optimizer.step(theta, g, self._memory, rates, t)
        if any(self._l1):
            for part, most in theta.beside([rate * l1 for rate, l1 in zip(rates, self._l1, strict=True)]):
                part.sub_(part.clamp(-most, most))
        if self._mask is not None:
            theta.flat.mul_(self._mask)
