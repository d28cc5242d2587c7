"""Critical points of any index, gradient-flat places that are none, and the way down from a saddle."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.optimize
import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.landscape.loss import Landscape
from nominima.landscape.newton import Stationary, certify, for_scipy
from nominima.landscape.rounding import of_loss

FLAT = 1e-4
"""Residual ‖Hg‖ / (‖H‖‖g‖) below which the gradient lies in the Hessian's kernel: a place where searches stall."""


@dataclass(frozen=True)
class Found:
    """Where a search for a critical point ended.

    place: certified; its status is "gradient-flat" (Frye 2021: no critical point, no index) where the search stalled
        because the gradient lies in the kernel of the Hessian.
    residual: ‖Hg‖ / (‖H‖‖g‖) there; NaN where the gradient is exactly zero.
    """

    place: Stationary
    residual: float


def seek(landscape: Landscape, start: Tensor, *, tolerance: float = 1e-10, steps: int = 200) -> list[Found]:
    """Minimise ‖g‖² from each lane of `start` (lane, param) and tell critical points from gradient-flat ones.

    Gauss–Newton steps in a trust region on the gradient, with the Hessian as its Jacobian (Branch, Coleman & Li 1999,
    from scipy), are drawn to critical points of every index, but stall where Hg = 0 though g ≠ 0; much of what they
    find in networks is of that kind.

    Args:
        landscape: a loss of a few hundred parameters, twice differentiable.
        start: (lane, param), float64.
        tolerance: gradient norm of a critical point.
        steps: evaluations of the gradient at most.

    Raises:
        Refusal: a start that is not float64.
    """
    return [_judge(landscape, _seek(landscape, one, steps), tolerance) for one in start]


def _seek(landscape: Landscape, start: Tensor, steps: int) -> Tensor:
    loss, hessian, place = for_scipy(landscape, start)
    if not np.isfinite(loss(place)[1]).all():
        return start
    jac: Any = hessian  # scipy's stubs know only the names of its finite differences
    # Not lm: from the very same numbers it goes on elsewhere from run to run.
    found = scipy.optimize.least_squares(
        lambda vector: loss(vector)[1], place, jac, method="trf", ftol=1e-15, xtol=1e-15, gtol=1e-15, max_nfev=steps
    )
    return torch.from_numpy(found.x).to(start.device)


def _judge(landscape: Landscape, theta: Tensor, tolerance: float) -> Found:
    place = certify(landscape, theta, tolerance=tolerance)
    residual = float(kernel_residual(landscape, theta[None])[0])
    stalled = place.status == "not converged" and residual < FLAT
    return Found(replace(place, status="gradient-flat") if stalled else place, residual)


def kernel_residual(landscape: Landscape, theta: Tensor) -> Tensor:
    """‖Hg‖ / (‖H‖‖g‖) with the spectral norm, float64 (lane,): 0 if the gradient lies in the Hessian's kernel."""
    gradient = landscape.gradient(theta)[1].double()
    hessian = landscape.hessian(theta).double()
    bent = (hessian @ gradient.unsqueeze(-1)).squeeze(-1).norm(dim=-1)
    finite = hessian.isfinite().all(-1).all(-1)
    largest = torch.linalg.eigvalsh(torch.where(finite[:, None, None], hessian, 0.0)).abs().amax(-1)
    return torch.where(finite, bent / (largest * gradient.norm(dim=-1)), torch.nan)


@dataclass(frozen=True)
class Escape:
    """A step along a direction: the lowest place seen, its loss before and after, and the signed length of
    the step.

    status: "ok", "not finite" or "not deterministic", the loss at the start.
    rounding: of the loss there or where the step ends, the larger, as computed in the dtype of theta; there alone if
        next to the end the loss is not finite.
    descended: whether the loss fell by more than rounding.
    """

    theta: Tensor
    before: float
    after: float
    step: float
    status: str
    rounding: float

    @property
    def descended(self) -> bool:
        """Whether it led down."""
        return self.status == "ok" and self.before - self.after > self.rounding

    @property
    def fall(self) -> float:
        """How far it led down; 0 if no further than rounding."""
        return self.before - self.after if self.descended else 0.0


def escape(landscape: Landscape, theta: Tensor, direction: Tensor, *, longest: float = 10.0) -> Escape:
    """Search both ways along a direction (param,) from theta (param,), at lengths falling by halves from `longest`.

    Args:
        landscape: the loss.
        theta: (param,).
        direction: usually the eigenvector of the most negative curvature; its length does not matter.
        longest: largest step tried; the least is 2⁻²⁹ of it.

    Raises:
        Refusal: a direction of length zero or not finite.
    """
    if not 0 < float(direction.norm()) < torch.inf:
        raise Refusal("there is no way along a direction of length zero or not finite; give an eigenvector")
    lengths = longest * 0.5 ** torch.arange(30, dtype=theta.dtype, device=theta.device)
    steps = torch.cat([lengths, -lengths])
    tried = theta + steps[:, None] * (direction / direction.norm())
    losses, before = landscape.value(tried), float(landscape.value(theta[None]))
    best = int(torch.where(losses.isfinite(), losses, torch.inf).argmin())
    (status,) = landscape.steady(theta[None])
    rounding = max(of_loss(landscape, theta), of_loss(landscape, tried[best]))
    return Escape(tried[best], before, float(losses[best]), float(steps[best]), status, rounding)
