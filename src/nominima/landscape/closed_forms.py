"""Answers known in closed form: random matrices, distances, linear regression, counter-examples."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import gammainc, gammaln
from torch import Tensor

from nominima.ground.files import Refusal

Array = NDArray[np.float64]
NODES = 400
"""Gauss–Legendre points; the integrands are smooth, so that more change nothing."""
SERIES = 100
"""Dimension from which a series is more exact than a difference."""


def goe_all_positive(size: int) -> float:
    """Probability that every eigenvalue of a Gaussian orthogonal matrix is positive: 1/2, (2−√2)/4, … ~ e^(−n²·ln3/4).

    Exact for each size by de Bruijn's (1955) Pfaffian of double integrals, over the half line against the whole one, in
    float64 (Dean & Majumdar 2006 give the asymptote).

    Raises:
        Refusal: size not in 1 … 12, beyond which monomials lose all digits.
    """
    if not 1 <= size <= 12:
        raise Refusal(f"size={size}: computed for 1 to 12; beyond it use the asymptote exp(-(ln 3/4)·size²)")
    return math.exp(_log_pfaffian(size, half=True) - _log_pfaffian(size, half=False))


def _log_pfaffian(size: int, *, half: bool) -> float:
    """Log of the unnormalised probability that all eigenvalues lie on the half line, or anywhere."""
    span = 6 + 2 * math.sqrt(size)
    points, weights = np.polynomial.legendre.leggauss(NODES)
    points, weights = (points + 1) * span / 2, weights * span / 2
    if not half:
        points, weights = np.concatenate([-points[::-1], points]), np.concatenate([weights[::-1], weights])
    powers = np.arange(size)
    density = (points[None] ** powers[:, None]) * np.exp(-(points**2) / 2)
    below = _below(points, powers, half=half)
    inner = (density * weights) @ below.T
    matrix = inner.T - inner
    if size % 2:
        edge = (density * weights).sum(1)[:, None]
        matrix = np.block([[matrix, edge], [-edge.T, np.zeros((1, 1))]])
    return float(np.linalg.slogdet(matrix)[1]) / 2


def _below(points: Array, powers: NDArray[np.int64], *, half: bool) -> Array:
    """∫ t^k e^(−t²/2) dt from 0, or from −∞, up to each point; (power, point)."""
    order = (powers[:, None] + 1) / 2
    whole = 2 ** (order - 1) * np.exp(gammaln(order))
    upward = whole * gammainc(order, points[None] ** 2 / 2) * np.sign(points) ** (powers[:, None] + 1)
    return upward if half else upward + whole * (-1.0) ** powers[:, None]


def distance_cv(dimension: int) -> float:
    """Coefficient of variation of the distance of two normal points of equal variances: that of a χ, about 1/√(2d).

    The variance of a χ is d − m² with m² = 2·(Γ((d+1)/2)/Γ(d/2))². That difference loses all digits in high dimensions,
    where a series in 1/d takes its place (from that of the ratio of Γs, Tricomi & Erdélyi 1951).
    """
    d = float(dimension)
    if d < SERIES:
        square = 2 * math.exp(2 * (math.lgamma((d + 1) / 2) - math.lgamma(d / 2)))
        return math.sqrt(d / square - 1)
    variance = 1 / 2 - (1 / 8 + (1 / 16 - (5 / 128 + (23 / 256 - 53 / (1024 * d)) / d) / d) / d) / d
    return math.sqrt(variance / (d - variance))


@dataclass(frozen=True)
class LinearRegression:
    """½/N ‖Xw − y‖² with its singular value decomposition, so that every time and every ridge costs one product.

    curvature: (rank,) eigenvalues s²/N of XᵀX/N that are not zero; basis (rank, param); target (rank,) = uᵀy·s/N.
    """

    curvature: Tensor
    basis: Tensor
    target: Tensor

    @classmethod
    def of(cls, x: Tensor, y: Tensor) -> "LinearRegression":
        """Of examples x (example, param) and y (example,)."""
        left, scale, right = torch.linalg.svd(x, full_matrices=False)
        kept = scale > scale.max() * max(x.shape) * torch.finfo(x.dtype).eps
        target = (left.T @ y)[kept] * scale[kept] / len(x)
        return cls(scale[kept].square() / len(x), right[kept], target)

    def flow(self, times: Tensor) -> Tensor:
        """Gradient flow from zero at all times (time,): (time, param); t = inf is least squares of least norm."""
        grown = -torch.expm1(-times[:, None] * self.curvature) / self.curvature
        return (grown * self.target) @ self.basis

    def ridge(self, strengths: Tensor) -> Tensor:
        """Minimisers of ½/N ‖Xw − y‖² + λ/2 ‖w‖² for all λ (strength,): (strength, param)."""
        return (self.target / (self.curvature + strengths[:, None])) @ self.basis


def reddi(steps: int = 30_000, *, amsgrad: bool = False, slope: float = 4.0, rate: float = 0.05) -> list[float]:
    """Places that Adam visits on Reddi's (2018) convex problem, whose optimum on [−1, 1] is −1; starts at 0.

    Every third gradient is `slope`, the others −1. β₁ = 0, β₂ = 1/(1+slope²), rate/√t, projected. Adam ends at +1.
    """
    beta = 1 / (1 + slope**2)
    place, second, largest, places = 0.0, 0.0, 0.0, []
    for step in range(1, steps + 1):
        gradient = slope if step % 3 == 1 else -1.0
        second = beta * second + (1 - beta) * gradient**2
        largest = max(largest, second)
        size = (largest if amsgrad else second) / (1 - beta**step)
        place = min(max(place - rate / math.sqrt(step) * gradient / (math.sqrt(size) + 1e-8), -1.0), 1.0)
        places.append(place)
    return places
