"""A landscape: a loss over flat parameters that tells its value, gradient and Hessian-vector products."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.landscape.parts import KEPT_BYTES, ROWS, Product, Summand, Traced
from nominima.landscape.perceptron import Perceptron, perceptrons
from nominima.training.model import Model

Numbers = NDArray[np.float64]

DENSE = 5000
"""Most parameters of a dense Hessian."""
ALIGNMENT = 64
"""Bytes: where memory that torch allocates begins."""
COLUMNS = 64
"""Columns of a dense Hessian made at once."""


@dataclass(frozen=True)
class Landscape:
    """The sum of `parts` plus decay/2 · ‖θ‖² over flat parameters.

    theta is always (lane, param): lanes are independent points of the landscape that are computed together.
    Whatever an instrument returns has the dtype and device of theta. `closed` and `slope`, where known, are of the sum
    of the parts in closed form: its Hessian, (lane, param) → (lane, param, param), made anew each time, and its value
    and gradient at one place (param,), which searches ask for thousands of times; certificates do not rest on it.
    """

    parts: tuple[Summand, ...]
    dimension: int
    decay: float = 0.0
    closed: Product | None = None
    slope: Callable[[Numbers], tuple[float, Numbers]] | None = None

    def value(self, theta: Tensor) -> Tensor:
        """Losses (lane,)."""
        theta = self._check(theta)
        groups = theta.split(min(part.together for part in self.parts))
        total = torch.cat(
            [sum((part.value(some) for part in self.parts), some.new_zeros(len(some))) for some in groups]
        )
        return total + self.decay / 2 * theta.square().sum(-1) if self.decay else total

    def combined(self, points: Tensor, shares: Tensor) -> Tensor:
        """Losses (cell,) at shares (cell, point) @ points (point, param): on lines, planes and what else is spanned."""
        points = self._check(points)
        total = sum((part.combined(points, shares) for part in self.parts), shares.new_zeros(len(shares)))
        inner = points @ points.mT
        return total + self.decay / 2 * ((shares @ inner) * shares).sum(-1)

    def gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """Losses (lane,) and gradients (lane, param)."""
        theta = self._check(theta)
        groups = theta.split(min(part.together for part in self.parts))
        losses, gradients = (torch.cat(parts) for parts in zip(*map(self._gradient, groups), strict=True))
        return losses + self.decay / 2 * theta.square().sum(-1), gradients + self.decay * theta

    def _gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        found = [part.gradient(theta) for part in self.parts]
        losses, gradients = zip(*found, strict=True)
        return torch.stack(losses).sum(0), torch.stack(gradients).sum(0)

    def product(self, theta: Tensor) -> Product:
        """The Hessian at theta as a function (lane, probe, param) → same, linearised once if memory allows.

        If it does not, parts and groups of lanes are linearised anew, one at a time, for each call.
        """
        theta = self._check(theta)
        if sum(part.held(theta) for part in self.parts) <= KEPT_BYTES:
            ready = [part.product(theta) for part in self.parts]
            return lambda probes: sum((product(probes) for product in ready), self.decay * probes)

        def apply(probes: Tensor) -> Tensor:
            total, together = self.decay * probes, min(part.together for part in self.parts)
            for lanes in torch.arange(len(theta)).split(together):
                for part in self.parts:
                    total[lanes] += part.product(theta[lanes])(probes[lanes])
            return total

        return apply

    def hessian(self, theta: Tensor) -> Tensor:
        """The whole Hessian (lane, param, param), symmetric to the last bit.

        Raises:
            Refusal: more parameters than a dense Hessian is meant for.
        """
        theta = self._check(theta)
        if self.dimension > DENSE:
            raise Refusal(f"a dense Hessian of {self.dimension} parameters is too large (at most {DENSE}); "
                          f"use `ends` for both ends of the spectrum or `density` for its shape")  # fmt: skip
        if self.closed is not None:
            whole = self.closed(theta)
            whole.diagonal(dim1=1, dim2=2).add_(self.decay)
            return whole
        unit, product = torch.eye(self.dimension, dtype=theta.dtype, device=theta.device), self.product(theta)
        rows = [product(some.expand(len(theta), *some.shape)) for some in unit.split(COLUMNS)]
        whole = torch.cat(rows, dim=1)
        return (whole + whole.mT) / 2

    def steady(self, theta: Tensor) -> list[str]:
        """Per lane: "ok", "not finite" or "not deterministic", from the loss computed twice."""
        once, again = self.value(theta), self.value(theta)
        finite, same = torch.isfinite(once + again), once == again
        return [
            "not finite" if not f else "ok" if s else "not deterministic" for f, s in zip(finite, same, strict=True)
        ]

    def refuse_chance(self, theta: Tensor) -> None:
        """Raise a Refusal if the loss at theta (lane, param) comes out twice different; NaN may pass."""
        if "not deterministic" in self.steady(theta):
            raise Refusal("the loss of the same parameters came out twice different, so that nothing can be compared; "
                          "put the module into eval() or fix what it draws")  # fmt: skip

    def _check(self, theta: Tensor) -> Tensor:
        if theta.ndim != 2 or theta.shape[1] != self.dimension:
            raise Refusal(f"parameters must have shape (lane, {self.dimension}), not {tuple(theta.shape)}; "
                          f"a single vector is theta[None]")  # fmt: skip
        return aligned(theta.detach())


def aligned(theta: Tensor) -> Tensor:
    """The same numbers where torch would put them: kernels round by where in memory a vector begins, and NumPy's begin
    where chance has it.
    """
    return theta.clone() if theta.device.type == "cpu" and theta.data_ptr() % ALIGNMENT else theta


def of_stack(loss: Callable[[Tensor], Tensor], dimension: int, *, decay: float = 0.0) -> Landscape:
    """Landscape of a function (lane, param) → (lane,) whose lanes do not depend on each other."""
    return Landscape((Traced(loss),), dimension, decay)


def of_vector(loss: Callable[[Tensor], Tensor], dimension: int, *, decay: float = 0.0) -> Landscape:
    """Landscape of a function (param,) → scalar."""
    return of_stack(lanes(loss), dimension, decay=decay)


def of_model(
    model: Model,
    x: Tensor,
    targets: Tensor,
    *,
    decay: float = 0.0,
    rows: int = ROWS,
    reference: bool = False,
) -> Landscape:
    """Mean cross-entropy of one of the project's families, in nats.

    Args:
        model: forward pass over stacked lanes.
        x: (example, *input), of the dtype the parameters will have.
        targets: int64 (example,) classes or (example, class) distributions.
        decay: coupled L2, adds decay · θ to the gradient and exactly `decay` to every eigenvalue.
        rows: examples a chunk; bounds memory.
        reference: use autograd even for a plain perceptron, whose R-operator is known by hand.
    """
    shape = None if reference else Perceptron.of_model(model)
    if shape is not None:
        return Landscape(tuple(perceptrons(shape, x, targets)), model.size, decay)

    def loss(theta: Tensor, inputs: Tensor, wanted: Tensor) -> Tensor:
        return cross_entropy(model.forward(model.views(theta), inputs), wanted)

    return Landscape(tuple(_chunks(loss, x, targets, rows)), model.size, decay)


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean over examples, (lane,), of logits (lane, example, class) against classes or distributions."""
    if targets.dtype == torch.int64:
        shared = targets.expand(len(logits), -1)
        picked = logits.gather(-1, shared.unsqueeze(-1)).squeeze(-1)
    else:
        picked = (logits * targets).sum(-1)
    return (logits.logsumexp(-1) - picked).mean(-1)


def lanes(single: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """A function of one parameter vector as a function of a stack of them: one after the other where vmap fails."""
    able = True

    def stacked(theta: Tensor) -> Tensor:
        nonlocal able
        if able and len(theta) > 1:
            try:
                return torch.func.vmap(single, randomness="different")(theta)
            except Exception:  # the function may be anybody's; what is really wrong with it comes up below
                able = False
        return torch.stack([single(one) for one in theta])

    return stacked


def _chunks(loss: Callable[..., Tensor], x: Tensor, y: Tensor, rows: int) -> Iterator[Traced]:
    """The mean over all examples as a sum over chunks of at most `rows` examples."""
    if len(x) != len(y) or len(x) == 0:
        raise Refusal(f"{len(x)} inputs and {len(y)} targets: give one target for each of at least one input")
    for inputs, wanted in zip(x.split(rows), y.split(rows), strict=True):
        yield Traced(_weighted(loss, inputs, wanted, len(inputs) / len(x)), len(inputs))


def _weighted(loss: Callable[..., Tensor], x: Tensor, y: Tensor, weight: float) -> Callable[[Tensor], Tensor]:
    return lambda theta: weight * loss(theta, x, y)
