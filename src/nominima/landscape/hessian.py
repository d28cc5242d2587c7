"""Exact Hessians: their eigenvalues, and how many are negative, zero and positive."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nominima.landscape.loss import Landscape
from nominima.landscape.rounding import of_hessian


@dataclass(frozen=True)
class Inertia:
    """Signs of a lane's eigenvalues.

    eigenvalues: float64 (param,), ascending. zero counts those within ± tolerance.
    status: "ok"; or "not finite" or "not deterministic", in which case nothing is counted.
    """

    negative: int
    zero: int
    positive: int
    tolerance: float
    eigenvalues: Tensor
    status: str

    @property
    def strict_minimum(self) -> bool:
        """Whether every eigenvalue is certainly above zero; says nothing of the gradient."""
        return self.status == "ok" and self.positive == len(self.eigenvalues)


def spectrum(landscape: Landscape, theta: Tensor) -> Tensor:
    """All eigenvalues of the exact Hessian, float64 (lane, param), ascending; NaN where it or theta is not finite."""
    return _eigenvalues(landscape.hessian(theta), theta)


def _eigenvalues(hessian: Tensor, theta: Tensor) -> Tensor:
    hessian = hessian.double()
    bad = ~(hessian.isfinite().all(-1).all(-1) & theta.isfinite().all(-1))
    values = torch.linalg.eigvalsh(torch.where(bad[:, None, None], 0.0, hessian))
    return values.masked_fill(bad[:, None], torch.nan)


def inertia(landscape: Landscape, theta: Tensor, *, tolerance: float | None = None) -> list[Inertia]:
    """Signs of the exact Hessian's eigenvalues at each lane.

    Args:
        landscape: the loss, of at most 5000 parameters.
        theta: (lane, param).
        tolerance: what counts as zero; default: the rounding of forming the Hessian and of finding its eigenvalues.
    """
    hessian, steady = landscape.hessian(theta), landscape.steady(theta)
    values = _eigenvalues(hessian, theta)
    if tolerance is None:
        edges = zero(values, of_hessian(landscape, theta, hessian), theta).tolist()
    else:
        edges = [tolerance] * len(theta)
    return [
        signs(one, edge) if status == "ok" else uncounted(one, status)
        for one, edge, status in zip(values, edges, steady, strict=True)
    ]


def zero(values: Tensor, forming: Tensor, theta: Tensor) -> Tensor:
    """What counts as an eigenvalue of zero, (lane,): rounding of forming the Hessian, plus that of the eigensolver,
    param · eps · largest |eigenvalue|.
    """
    return forming + values.shape[-1] * torch.finfo(theta.dtype).eps * values.abs().amax(-1)


def signs(values: Tensor, edge: float) -> Inertia:
    """Count the signs of ascending eigenvalues (param,), those within ± edge as zero."""
    if not values.isfinite().all():
        return uncounted(values, "not finite")
    negative, positive = int((values < -edge).sum()), int((values > edge).sum())
    return Inertia(negative, len(values) - negative - positive, positive, edge, values, "ok")


def uncounted(values: Tensor, status: str) -> Inertia:
    """What is told of eigenvalues that mean nothing."""
    return Inertia(0, 0, 0, float("nan"), torch.full_like(values, torch.nan), status)
