"""What is asked of the ends of a spectrum, and whether a run of Lanczos has answered it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nominima.landscape.ritz import Array, Pairs, Ritz

RISK = 1e-3
"""Largest chance, whatever the spectrum, that an eigenvalue further out was missed where an end is called converged.

It is nearly used up only where two eigenvalues lie little more than the tolerance apart. A tenth of it takes about a
sixth more products.
"""


@dataclass(frozen=True)
class Wanted:
    """How many pairs of each end, how exactly, from how many products."""

    low: int
    high: int
    tolerance: float
    floor: float
    steps: int

    @property
    def single(self) -> bool:
        """Whether at most one pair of each end is asked for."""
        return max(self.low, self.high) == 1

    @property
    def count(self) -> int:
        """Pairs of both ends."""
        return self.low + self.high

    def allowed(self, values: Array, radius: float) -> Array:
        """Largest error for each value."""
        return np.maximum(self.tolerance * np.abs(values), self.floor * radius)

    def chosen(self, count: int) -> list[int]:
        """Which of `count` ascending values are asked for."""
        low = min(self.low, count)
        high = min(self.high, count - low)
        return [*range(low), *range(count - high, count)]

    def limits(self, values: Array, radius: float) -> tuple[float, float]:
        """Nothing more may lie below the first and above the second, given the chosen values; nothing at all if these
        are too few.
        """
        if len(values) < self.count:
            return np.inf, -np.inf
        allowed = self.allowed(values, radius)
        low = values[self.low - 1] - allowed[self.low - 1] if self.low else -np.inf
        high = values[-self.high] + allowed[-self.high] if self.high else np.inf
        return float(low), float(high)

    def sides(self, limits: tuple[float, float]) -> Sequence[tuple[int, float]]:
        """(side, limit) of the ends that are asked for."""
        each = ((-1, self.low, limits[0]), (1, self.high, limits[1]))
        return [(side, limit) for side, count, limit in each if count]

    def answered(self, ritz: Ritz) -> bool:
        """Whether a first run may end: each end is sure, or its pairs are exact enough to look for others."""
        if len(ritz.values) <= self.count:
            return False
        values = ritz.values[self.chosen(len(ritz.values))]
        if self.single:
            sides = self.sides(self.limits(values, ritz.radius))
            return all(ritz.missed(limit, side) <= RISK for side, limit in sides)
        residuals = ritz.residuals[self.chosen(len(ritz.values))]
        return bool((residuals <= self.allowed(values, ritz.radius)).all())

    def settled(self, ritz: Ritz, pairs: Pairs) -> bool:
        """Whether a further run may end: on each side its outermost pair is new and exact, or nothing new is left."""
        new = (ritz.residuals <= self.allowed(ritz.values, pairs.radius)) & self.further(ritz.values, pairs)
        return all(
            new[0 if side < 0 else -1] or ritz.missed(limit, side) <= RISK
            for side, limit in self.sides(self.limits(pairs.values, pairs.radius))
        )

    def further(self, values: Array, pairs: Pairs) -> NDArray[np.bool_]:
        """Which values lie further out than what was found."""
        low, high = self.limits(pairs.values, pairs.radius)
        return (values < low) | (values > high)
