"""Rank correlations inside a cell and inside a size: pooling over sizes invents and hides them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy

from nominima.judging.intervals import RESAMPLES, SEED, Floats

FEWEST_POINTS = 10  # of a correlation


class Correlation(NamedTuple):
    """Spearman's ρ, mean over groups, with a two-sided permutation p; `few`: a group has below FEWEST_POINTS points."""

    value: float | None
    p: float | None
    n: int
    few: bool


def within(groups: Sequence[tuple[Floats, Floats]]) -> Correlation:
    """Spearman's ρ of each group (a size) averaged over groups, with a seeded permutation test inside the groups.

    Groups with fewer than three points or without spread have none and are left out; n counts the points of the rest.
    """
    known = [(x, y) for x, y in groups if len(x) > 2 and np.ptp(x) > 0 and np.ptp(y) > 0]
    count = sum(len(x) for x, _ in known)
    if not known:
        return Correlation(None, None, count, few=True)
    rng = np.random.default_rng(SEED)
    standard = [(_standard(x), _standard(y)) for x, y in known]
    value = float(np.mean([x @ y for x, y in standard]))
    drawn = np.mean([rng.permuted(np.tile(x, (RESAMPLES, 1)), axis=1) @ y for x, y in standard], axis=0)
    beyond = int((np.abs(drawn) >= abs(value) - 1e-12).sum())
    few = min(len(x) for x, _ in known) < FEWEST_POINTS
    return Correlation(round(value, 12), (beyond + 1) / (RESAMPLES + 1), count, few)


def _standard(values: Floats) -> Floats:
    """Ranks with mean 0 and length 1."""
    ranks = scipy.stats.rankdata(values)
    centred = ranks - ranks.mean()
    return centred / np.linalg.norm(centred)
