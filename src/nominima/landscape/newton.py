"""Minima to ‖g‖ < 1e-10 with a certificate: trust-region Newton on the exact Hessian."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
import scipy.optimize
import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.landscape.hessian import Inertia, signs, zero
from nominima.landscape.loss import Landscape, Numbers
from nominima.landscape.rounding import of_hessian

SWITCH = 1e-6
"""Gradient norm from which plain Newton steps take over: below it, differences of losses drown in rounding."""
NEAR = 1e-3
"""Longest Newton step, relative to the parameters, from which a minimum counts as reached."""


@dataclass(frozen=True)
class Stationary:
    """Where a search ended, and what is certain of the place.

    status: "strict minimum" (gradient below the tolerance and every eigenvalue above rounding), "minimum with flat
        directions" (some eigenvalues are zero to rounding, none is negative), "saddle", "not converged" (the gradient
        is not below the tolerance: no index is given), "minimum at infinity" (a Newton step from it is long), "not
        finite" or "not deterministic".
    theta: (param,). inertia: of the exact Hessian there; None unless the gradient is below the tolerance.
    """

    theta: Tensor
    loss: float
    gradient_norm: float
    inertia: Inertia | None
    status: str

    @property
    def smallest(self) -> float:
        """Smallest eigenvalue, NaN without a spectrum."""
        return float("nan") if self.inertia is None else float(self.inertia.eigenvalues[0])

    @property
    def index(self) -> int | None:
        """Number of negative eigenvalues, for critical points only."""
        return None if self.inertia is None else self.inertia.negative


def minimise(landscape: Landscape, start: Tensor, *, tolerance: float = 1e-10, steps: int = 500) -> list[Stationary]:
    """Descend from each lane of `start` (lane, param) and certify what is found.

    Trust-region Newton with the exact Hessian, by conjugate gradients (Steihaug 1983, from scipy), follows negative
    curvature to a minimum; plain Newton steps then take the gradient down as far as the arithmetic allows.

    Args:
        landscape: a loss of at most 5000 parameters, twice differentiable.
        start: (lane, param), float64.
        tolerance: gradient norm of a critical point.
        steps: of the trust region at most.

    Raises:
        Refusal: a start that is not float64.
    """
    return [certify(landscape, _descend(landscape, one, steps, tolerance), tolerance=tolerance) for one in start]


def certify(landscape: Landscape, theta: Tensor, *, tolerance: float = 1e-10) -> Stationary:
    """What is certain of a place (param,): its gradient, and the exact inertia if that is below the
    tolerance.
    """
    loss, gradient = landscape.gradient(theta[None])
    norm = float(gradient.double().norm())
    if not (np.isfinite(norm) and np.isfinite(float(loss))):
        return Stationary(theta, float(loss), norm, None, "not finite")
    if landscape.steady(theta[None]) == ["not deterministic"]:
        return Stationary(theta, float(loss), norm, None, "not deterministic")
    if norm >= tolerance:
        return Stationary(theta, float(loss), norm, None, "not converged")
    hessian = landscape.hessian(theta[None]).double()
    if not hessian.isfinite().all():
        return Stationary(theta, float(loss), norm, None, "not finite")
    values = torch.linalg.eigvalsh(hessian)
    edge = zero(values, of_hessian(landscape, theta[None], hessian), theta)
    found = signs(values[0], float(edge) + _unsure(landscape, theta, gradient[0], hessian[0]))
    kind = "saddle" if found.negative else "minimum with flat directions" if found.zero else "strict minimum"
    if kind == "strict minimum":
        step = torch.linalg.solve(hessian[0], gradient[0].double()).norm()
        kind = kind if step <= NEAR * max(1.0, float(theta.norm())) else "minimum at infinity"
    return Stationary(theta, float(loss), norm, found, kind)


def _unsure(landscape: Landscape, theta: Tensor, gradient: Tensor, hessian: Tensor) -> float:
    """How far eigenvalues may move from theta to the critical point nearby: ‖H(θ − s) − H(θ)‖ of a Newton step s.

    The step leaves out directions of hardly any curvature. In a curved valley whose floor is flat, a place that is off
    the floor by less than the gradient shows has curvature along it, of either sign.
    """
    square = hessian @ hessian
    square.diagonal().add_(1e-16 * square.diagonal().sum() + torch.finfo(torch.float64).tiny)
    step = torch.linalg.solve(square, hessian @ gradient.double())
    there = landscape.hessian((theta.double() - step).to(theta)[None])[0].double()
    return float((there - hessian).norm().nan_to_num(nan=torch.inf))


def for_scipy(
    landscape: Landscape, start: Tensor
) -> tuple[Callable[[Numbers], tuple[float, Numbers]], Callable[[Numbers], Numbers], Numbers]:
    """Loss with gradient, and Hessian, at a place (param,), and the start (param,) as such a place: float64 of NumPy
    outside, tensors of the start's device inside.
    """
    if start.dtype != torch.float64:
        raise Refusal(
            f"a start of {str(start.dtype).removeprefix('torch.')}: minima and saddles are searched in float64; give a "
            "start and a landscape of that (a module by module.double(), its examples by x.double())"
        )
    device = start.device

    def loss(vector: Numbers) -> tuple[float, Numbers]:
        if landscape.slope is not None:
            value, gradient = landscape.slope(vector)
            return value + landscape.decay / 2 * float(vector @ vector), gradient + landscape.decay * vector
        value, gradient = landscape.gradient(torch.from_numpy(vector).to(device)[None])
        return float(value), gradient[0].cpu().numpy()

    def hessian(vector: Numbers) -> Numbers:
        return landscape.hessian(torch.from_numpy(vector).to(device)[None])[0].cpu().numpy()

    return loss, hessian, start.cpu().numpy()


def _descend(landscape: Landscape, start: Tensor, steps: int, tolerance: float) -> Tensor:
    loss, hessian, place = for_scipy(landscape, start)
    if not np.isfinite(loss(place)[0]):
        return start
    options: Any = {"gtol": SWITCH, "maxiter": steps, "initial_trust_radius": 1.0, "max_trust_radius": 100.0}
    # Not trust-exact: it takes three times as long.
    # Not trust-krylov: it multiplies work space that it has not filled, and ends elsewhere from run to run.
    found = scipy.optimize.minimize(loss, place, jac=True, hess=hessian, method="trust-ncg", options=options)
    return torch.from_numpy(_polish(loss, hessian, found.x, tolerance)).to(start.device)


def _polish(loss: Any, hessian: Any, place: np.ndarray, tolerance: float) -> np.ndarray:
    """Newton steps while they lower the gradient, from where the Hessian is positive definite."""
    gradient = loss(place)[1]
    for _ in range(30):
        norm = np.linalg.norm(gradient)
        if norm < tolerance / 10:
            break
        try:
            step = scipy.linalg.cho_solve(scipy.linalg.cho_factor(hessian(place)), gradient)
        except (np.linalg.LinAlgError, ValueError):
            break
        ahead = loss(place - step)[1]
        if not np.linalg.norm(ahead) < norm:
            break
        place, gradient = place - step, ahead
    return place
