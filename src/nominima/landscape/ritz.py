"""Ritz pairs of a Lanczos matrix, and the chance that an eigenvalue further out was missed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal, eigvalsh_tridiagonal
from torch import Tensor

from nominima.landscape.lanczos import Tridiagonal, no_more

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Ritz:
    """The Ritz values of one start, and what is estimated of their pairs.

    diagonal, off: of the Lanczos matrix (step,); the last off-diagonal couples to the vector that would come next.
    scale: length of the start before it was scaled to 1.
    rest: what the last off-diagonal may be at most where it is 0 because of rounding; else 0.
    """

    diagonal: Array
    off: Array
    scale: float
    rest: float

    @cached_property
    def values(self) -> Array:
        """Ascending Ritz values."""
        return np.asarray(eigvalsh_tridiagonal(self.diagonal, self.off[:-1]))

    @cached_property
    def coordinates(self) -> Array:
        """Of the Ritz vectors in the basis, (step, pair)."""
        return eigh_tridiagonal(self.diagonal, self.off[:-1])[1]

    @property
    def residuals(self) -> Array:
        """Estimated residual of each pair."""
        return self.off[-1] * np.abs(self.coordinates[-1])

    @cached_property
    def hidden(self) -> float:
        """log(‖start‖ · Π off), at most so much where rounding ended it, minus infinity where the space is full."""
        with np.errstate(divide="ignore"):
            return math.log(self.scale) + float(np.log([*self.off[:-1], max(self.off[-1], self.rest)]).sum())

    @property
    def radius(self) -> float:
        """Largest modulus of a Ritz value."""
        return float(np.abs(self.values).max())

    def missed(self, edge: float, side: int) -> float:
        """Upper bound of the chance that an eigenvalue at `edge` or further out was missed; 1 unless edge lies outside.

        side: −1 for eigenvalues below all Ritz values, +1 for those above.

        Let v be a unit eigenvector of an eigenvalue λ outside of the Ritz values and g = ⟨start, v⟩. Lanczos' next
        vector has the component g·p(λ) on v, with |p(λ)| = Π|λ − θᵢ| / (‖start‖·Π off), and no unit vector has one
        above 1. So |g| ≤ 1/|p(λ)|, while a Gaussian g is as small as that with a chance of at most √(2/π)/|p(λ)|.
        Further out |p| only grows (van Dorsselaer, Hochstenbach & van der Vorst 2000).
        """
        if (edge - self.values[0] >= 0) if side < 0 else (edge - self.values[-1] <= 0):
            return 1.0
        logarithm = self.hidden - float(np.log(np.abs(self.values - edge)).sum())
        return min(1.0, math.sqrt(2 / math.pi) * math.exp(min(logarithm, 1.0)))

    def beyond(self, side: int, risk: float) -> float:
        """How far past the lowest (side −1) or highest (+1) Ritz value an eigenvalue may lie, but for a chance of
        `risk`; no less than rounding.
        """
        if self.hidden == -math.inf:
            return 0.0
        at = float(self.values[0] if side < 0 else self.values[-1])
        near, far = np.finfo(np.float64).eps * self.radius, 4 * self.radius
        if self.missed(at + side * far, side) > risk:
            return math.inf
        for _ in range(24):
            middle = math.sqrt(near * far)
            near, far = (near, middle) if self.missed(at + side * middle, side) <= risk else (middle, far)
        return far


def ritz_of(known: Tridiagonal, lane: int) -> Ritz:
    """Of one lane's first start."""
    length = known.length(lane)
    diagonal, off = (part[lane, 0, :length] for part in (known.diagonal, known.off))
    rounded = off[-1] == 0 and length < known.dimension
    rest = float(no_more(diagonal, off, known.basis.dtype)) if rounded else 0.0
    return Ritz(diagonal.cpu().numpy(), off.cpu().numpy(), float(known.scale[lane, 0]), rest)


@dataclass(frozen=True)
class Pairs:
    """Approximate eigenpairs, ascending: values, estimated residuals, vectors (pair, param); the spectral radius."""

    values: Array
    residuals: Array
    vectors: Tensor
    radius: float

    def take(self, chosen: Sequence[int]) -> "Pairs":
        """Some of them."""
        at = list(chosen)
        return Pairs(self.values[at], self.residuals[at], self.vectors[at], self.radius)

    def join(self, other: "Pairs") -> "Pairs":
        """Both, ascending."""
        values, residuals = (
            np.concatenate([getattr(self, name), getattr(other, name)]) for name in ("values", "residuals")
        )
        both = Pairs(values, residuals, torch.cat([self.vectors, other.vectors]), self.radius)
        return both.take(np.argsort(values, kind="stable").tolist())


def pairs_of(known: Tridiagonal, lane: int, found: Ritz, chosen: Sequence[int]) -> Pairs:
    """Chosen Ritz pairs of a lane with their vectors."""
    at = list(chosen)
    basis = known.basis[lane, 0, : len(found.values)]
    vectors = torch.from_numpy(found.coordinates[:, at].T.copy()).to(basis) @ basis
    return Pairs(found.values[at], found.residuals[at], vectors, found.radius)
