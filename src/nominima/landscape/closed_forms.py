"""Answers known in closed form: random matrices, distances, linear regression, counter-examples."""

import math
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from nominima.ground.files import Refusal

if TYPE_CHECKING:
    from torch import Tensor

PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803")
SERIES = 100
"""Dimension from which a series is more exact than a difference."""


def goe_all_positive(size: int) -> float:
    """Probability that every eigenvalue of a Gaussian orthogonal matrix is positive: 1/2, (2−√2)/4, … ~ e^(−n²·ln3/4).

    De Bruijn's (1955) Pfaffian of double integrals, over the half line against the whole one; they are known in closed
    form and cancel, so that they are taken to 60 digits (Dean & Majumdar 2006 give the asymptote).

    Raises:
        Refusal: size not in 1 … 12.
    """
    if not 1 <= size <= 12:
        raise Refusal(f"size={size}: computed for 1 to 12; beyond it use the asymptote exp(-(ln 3/4)·size²)")
    with localcontext(prec=60):
        return float((_squared_pfaffian(size, half=True) / _squared_pfaffian(size, half=False)).sqrt())


def _squared_pfaffian(size: int, *, half: bool) -> Decimal:
    """Square of the unnormalised probability that all eigenvalues lie on the half line, or anywhere."""
    once = _moments(size, (PI / 2).sqrt(), Decimal(1), half=half)
    twice = _moments(2 * size, PI.sqrt() / 2, Decimal(1) / 2, half=half)

    def below(j: int, k: int) -> Decimal:
        """∫ y^j e^(−y²/2) ∫ t^k e^(−t²/2) dt dy, t up to y, by parts."""
        if k == 0:
            return once[0] ** 2 / 2 if j == 0 else once[j] * once[0] - below(0, j)
        rest = (once[j] if half else Decimal(0)) if k == 1 else (k - 1) * below(j, k - 2)
        return rest - twice[j + k - 1]

    matrix = [[below(j, k) - below(k, j) for k in range(size)] for j in range(size)]
    if size % 2:
        matrix = [[*row, moment] for row, moment in zip(matrix, once, strict=False)]
        matrix.append([*(-moment for moment in once[:size]), Decimal(0)])
    return _determinant(matrix)


def _moments(count: int, zeroth: Decimal, first: Decimal, *, half: bool) -> list[Decimal]:
    """∫ x^k of a normal weight, k < count, given the first two over the half line."""
    found = [zeroth, first]
    for k in range(2, count):
        found.append((k - 1) * found[k - 2] * first)
    return found if half else [0 * moment if k % 2 else 2 * moment for k, moment in enumerate(found)]


def _determinant(matrix: list[list[Decimal]]) -> Decimal:
    rest, product = matrix, Decimal(1)
    while rest:
        pivot = max(rest, key=lambda row: abs(row[0]))
        product *= pivot[0] if rest[0] is pivot else -pivot[0]
        others = [rest[0] if row is pivot else row for row in rest[1:]]
        rest = [[x - row[0] / pivot[0] * p for x, p in zip(row[1:], pivot[1:], strict=True)] for row in others]
    return product


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

    curvature: "Tensor"
    basis: "Tensor"
    target: "Tensor"

    @classmethod
    def of(cls, x: "Tensor", y: "Tensor") -> "LinearRegression":
        """Of examples x (example, param) and y (example,)."""
        import torch  # takes seconds to load, and most closed forms do without

        left, scale, right = torch.linalg.svd(x, full_matrices=False)
        kept = scale > scale.max() * max(x.shape) * torch.finfo(x.dtype).eps
        target = (left.T @ y)[kept] * scale[kept] / len(x)
        return cls(scale[kept].square() / len(x), right[kept], target)

    def flow(self, times: "Tensor") -> "Tensor":
        """Gradient flow from zero at all times (time,): (time, param); t = inf is least squares of least norm."""
        grown = -(-times[:, None] * self.curvature).expm1() / self.curvature
        return (grown * self.target) @ self.basis

    def ridge(self, strengths: "Tensor") -> "Tensor":
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
