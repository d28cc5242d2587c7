"""Summands of a loss: what each can tell of itself, and the one that autograd differentiates."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from nominima.ground.files import Refusal

Product = Callable[[Tensor], Tensor]
"""(lane, probe, param) → Hessian · probe, same shape."""

ROWS = 8192
"""Default bound on the examples × lanes × probes that are alive at once, where autograd has to hold them."""
KEPT_BYTES = 2**29
"""What linearisations may hold between products; above it they are made anew for each product."""


class Summand(Protocol):
    """One summand of a loss. theta is (lane, param); losses come out as (lane,).

    `combined` gives losses (cell,) at shares (cell, point) @ points (point, param), `held` the bytes that `product`
    holds, `together` how many lanes are best computed at once.
    """

    def value(self, theta: Tensor) -> Tensor: ...  # noqa: D102
    def combined(self, points: Tensor, shares: Tensor) -> Tensor: ...  # noqa: D102
    def gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]: ...  # noqa: D102
    def product(self, theta: Tensor) -> Product: ...  # noqa: D102
    def held(self, theta: Tensor) -> int: ...  # noqa: D102
    @property
    def together(self) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class Traced:
    """A summand differentiated by autograd. loss: (lane, param) → (lane,), lanes independent."""

    loss: Callable[[Tensor], Tensor]
    examples: int = 1

    def value(self, theta: Tensor) -> Tensor:
        """Losses (lane,)."""
        with _graphs():
            return self.loss(_plain(theta)).detach()

    def combined(self, points: Tensor, shares: Tensor) -> Tensor:
        """Losses (cell,) at shares @ points."""
        return one_by_one(self, points, shares)

    def gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """Losses (lane,) and gradients (lane, param)."""
        with _graphs():
            free = _plain(theta).requires_grad_()
            losses = self.loss(free)
            return losses.detach(), _derivative(losses.sum(), free)

    def product(self, theta: Tensor) -> Product:
        """Double backward through one graph of the gradient, probes in one batched sweep (Pearlmutter 1994)."""
        with _graphs():
            free = _plain(theta).requires_grad_()
            gradient = _derivative(self.loss(free).sum(), free, graph=True)
        if not gradient.requires_grad:
            return torch.zeros_like

        def apply(probes: Tensor) -> Tensor:
            together = max(1, ROWS // (self.examples * len(theta)))
            chunks = probes.transpose(0, 1).split(together)
            return torch.cat([_sweep(gradient, free, chunk) for chunk in chunks]).transpose(0, 1)

        return apply

    def held(self, theta: Tensor) -> int:
        """Bytes of the graph: unknown, so one part is taken to fit for as many lanes as are computed together."""
        return -(-len(theta) // self.together) * (KEPT_BYTES // 2 + theta.nbytes)

    @property
    def together(self) -> int:
        """Lanes at once."""
        return max(1, ROWS // self.examples)


def one_by_one(part: Summand, points: Tensor, shares: Tensor) -> Tensor:
    """Losses (cell,) at shares @ points, of a part that knows nothing quicker."""
    return torch.cat([part.value(some @ points) for some in shares.split(part.together)])


@contextmanager
def _graphs() -> Iterator[None]:
    """Let autograd work whatever mode the caller is in."""
    with torch.inference_mode(mode=False), torch.enable_grad():
        yield


def _plain(theta: Tensor) -> Tensor:
    """theta outside any graph; a copy of what was made under inference_mode, which autograd cannot use."""
    return theta.clone() if theta.is_inference() else theta.detach()


def _derivative(of: Tensor, by: Tensor, *, graph: bool = False) -> Tensor:
    if not of.requires_grad:
        return torch.zeros_like(by)
    (found,) = torch.autograd.grad(of, by, create_graph=graph, materialize_grads=True)
    return found


def _sweep(gradient: Tensor, free: Tensor, probes: Tensor) -> Tensor:
    """Hessian · probes; probes (probe, lane, param). One after the other where torch cannot batch them."""
    once = partial(torch.autograd.grad, gradient, free, retain_graph=True, materialize_grads=True)
    with _graphs():
        if len(probes) > 1:
            try:
                return once(probes, is_grads_batched=True)[0]
            except RuntimeError:
                pass
        try:
            return torch.stack([once(probe)[0] for probe in probes])
        except RuntimeError as error:
            if "differentia" not in str(error) and "derivative" not in str(error).lower():
                raise
            raise Refusal(f"torch cannot differentiate this loss twice ({str(error).splitlines()[0]}); "
                          f"replace that layer by one that it can") from error  # fmt: skip
