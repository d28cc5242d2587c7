"""Scores for what is said of every size and every smaller one: pairs of sizes, and their ranks."""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import polars as pl

from nominima.judging import intervals
from nominima.judging.intervals import Estimate, Floats
from nominima.judging.samples import Sample, of_seeds, over_sizes
from nominima.judging.trend import Block


@dataclass(frozen=True)
class LargestRise(Sample):
    """The seeds of a cell with a value at every size; the number is the largest mean rise from a size to a larger one.

    Each pair of sizes has an interval of its own, paired by seed. That of the number runs from the highest lower limit
    of any pair to the highest upper one: it lies below a limit if every pair's does, above it if one pair's does. All
    lie below by chance no more often than the worst one does (Berger 1982), so that upper limits are of the level
    itself; that some pair lies above is a union, and lower limits are of 1 − (1 − level)/pairs.
    """

    @cached_property
    def _known(self) -> dict[float, Estimate]:
        return {}

    def estimate(self, level: float = intervals.USUAL) -> Estimate:
        """The number with its interval."""
        if level not in self._known:
            self._known[level] = self._estimate(level)
        return self._known[level]

    def _estimate(self, level: float) -> Estimate:
        rises = [
            self.rows[:, large] - self.rows[:, small] for small, large in combinations(range(self.rows.shape[1]), 2)
        ]
        each, firmer = ([intervals.mean(rise, its) for rise in rises] for its in (level, 1 - (1 - level) / len(rises)))
        highest = {name: [getattr(its, name) for its in each] for name in ("value", "high")}
        highest["low"] = [its.low for its in firmer]
        known = {name: None if None in ends else max(ends) for name, ends in highest.items()}
        return Estimate(**known, n=len(self.rows), level=level, equal=all(its.equal for its in each))


def worst_rise(rows: pl.DataFrame) -> Sample:
    """Score: the largest mean rise from a size to a larger one, every pair with its own interval (`LargestRise`).

    Raises Missing for fewer than two sizes.
    """
    found = of_seeds(_largest_rise)(rows)
    return LargestRise(found.read, found.seeds, found.rows, found.statistic)


@over_sizes
def rank(sizes: Floats, values: Floats) -> Floats:
    """Score: Kendall's τ_b of each seed over its sizes, as in `judging.trend`; seeds that ran at every size."""
    return Block({}, sizes, list(range(len(values))), values, len(values)).taus


def _largest_rise(_sizes: Floats, values: Floats) -> Floats:
    means = values.mean(axis=-2)
    rises = [means[..., large] - means[..., small] for small, large in combinations(range(means.shape[-1]), 2)]
    return np.max(rises, axis=0)
