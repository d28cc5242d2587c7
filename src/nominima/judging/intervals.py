"""Estimates with their intervals: BCa over seeds at 95 %, Student's t by the jackknife at stricter levels, exact
shares.

Resampling eight values cannot reach beyond 95 %: a 99 % limit would rest on one resample. Where a number is not
defined it is None, never NaN.
"""

import warnings
from collections.abc import Callable, Sequence
from math import isfinite, sqrt

import numpy as np
import scipy
from numpy.typing import NDArray
from pydantic import Field

from nominima.ground.records import Strict

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]

USUAL = 0.95
FEWEST = 5  # values: from four, [smallest, largest] holds the median in only 87.5 % of samples
FEWEST_EQUAL = 6  # equal values decide by their value: five would agree by chance too often
RESAMPLES = 9999
SEED = 20201020
ROUNDING = 1e-12  # relative: values nearer than this are equal


class Estimate(Strict):
    """A number with its interval; value and limits are null where they are not defined."""

    value: float | None
    low: float | None
    high: float | None
    n: int = Field(ge=0, description="independent units (seeds, networks) behind it")
    level: float = Field(default=USUAL, description="of the interval")
    equal: bool = Field(default=False, description="all values are equal, so that the interval has no width")


NOTHING = Estimate(value=None, low=None, high=None, n=0)


def average(rows: Floats) -> Floats:
    """Statistic: the mean of the first column over the units."""
    return rows[..., 0].mean(axis=-1)


def estimate(rows: Floats, statistic: Statistic = average, level: float = USUAL) -> Estimate:
    """A statistic of independent units with its interval.

    Up to 95 % the interval is BCa (Efron 1987) from seeded resamples of the units, at a level widened to what makes
    that of a mean as wide as Student's (Hesterberg 2015, the expanded bootstrap); where BCa is not defined (no
    resample on one side of the value) it is the percentile interval. At stricter levels it is Student's, its deviation
    by the jackknife (Tukey 1958), which is that of the sample for a mean. Equal rows have an interval of no width from
    FEWEST_EQUAL on; from fewer, and from fewer than FEWEST rows, there is none.

    Args:
        rows: float (unit, column).
        statistic: (…, unit, column) → (…).
        level: of the interval, in (0, 1).
    """
    count = len(rows)
    value = _number(statistic(rows)) if count else None
    if value is None or count < FEWEST:
        return Estimate(value=value, low=None, high=None, n=count, level=level)
    if _equal(rows):
        ends = value if count >= FEWEST_EQUAL else None
        return Estimate(value=value, low=ends, high=ends, n=count, level=level, equal=True)
    low, high = _bca(rows, statistic, level) if level <= USUAL else _jackknife(rows, statistic, level)
    return Estimate(value=value, low=low, high=high, n=count, level=level)


def student(sample: Sequence[float] | Floats, level: float = USUAL) -> Estimate:
    """The mean with Student's interval at any level; equal values as in `estimate`."""
    rows = np.asarray(sample, dtype=np.float64)[:, None]
    count = len(rows)
    if count < FEWEST or _equal(rows):
        return estimate(rows, level=level)
    low, high = _jackknife(rows, average, level)
    return Estimate(value=float(rows.mean()), low=low, high=high, n=count, level=level)


def mean(sample: Sequence[float] | Floats, level: float = USUAL) -> Estimate:
    """The mean of independent units with its interval; of paired units give the differences or ratios."""
    return estimate(np.asarray(sample, dtype=np.float64)[:, None], level=level)


def against(value: float, draws: Floats, count: int, level: float = USUAL) -> Estimate:
    """A number of `count` units less what it is in draws in which nothing is there: beyond 0 where it lies beyond that
    of the draws (Davison & Hinkley 1997, section 4.2: of 999 the 25th from either end at 95 %).
    """
    ranked = np.sort(draws)
    rank = round((1 - level) / 2 * (len(draws) + 1))
    assert 0 < rank <= len(draws) / 2, f"{len(draws)} draws do not reach an interval at {level}"
    low, high = value - float(ranked[-rank]), value - float(ranked[rank - 1])
    return Estimate(value=value, low=low, high=high, n=count, level=level)


def share(hits: int, count: int, level: float = USUAL) -> Estimate:
    """A proportion with its exact interval (Clopper & Pearson 1934)."""
    if count == 0:
        return NOTHING.model_copy(update={"level": level})
    low, high = scipy.stats.binomtest(hits, count).proportion_ci(level, method="exact")
    return Estimate(value=hits / count, low=float(low), high=float(high), n=count, level=level)


def fewest_networks(dissenters: int, limit: float, level: float = USUAL) -> int:
    """How many networks it takes until the exact interval of a share lies wholly above `limit`, with so many that
    dissent: more than are likely to bring one dissenter more where the share is the limit.
    """
    more = dissenters + 1
    return more + int(scipy.stats.nbinom.isf((1 - level) / 2, more, 1 - limit))


def _bca(rows: Floats, statistic: Statistic, level: float) -> tuple[float | None, float | None]:
    count = len(rows)
    wide = float(scipy.stats.t.ppf(0.5 + level / 2, count - 1))
    tail = float(scipy.stats.norm.sf(sqrt(count / (count - 1)) * wide))
    limits: list[float] = []
    for method in ("BCa", "percentile"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scipy warns of what is answered here: BCa limits that are NaN
            limits = list(
                scipy.stats.bootstrap(
                    (np.arange(count),), lambda units, axis=-1: statistic(rows[np.moveaxis(units, axis, -1)]),
                    vectorized=True, n_resamples=RESAMPLES, confidence_level=1 - 2 * tail, method=method,
                    rng=np.random.default_rng(SEED),
                ).confidence_interval
            )  # fmt: skip
        if all(map(isfinite, limits)):
            return float(limits[0]), float(limits[1])
    return _jackknife(rows, statistic, level)  # of some resamples the statistic is not finite


def _jackknife(rows: Floats, statistic: Statistic, level: float) -> tuple[float | None, float | None]:
    count = len(rows)
    without = statistic(np.stack([np.delete(rows, unit, axis=0) for unit in range(count)]))
    error = sqrt((count - 1) / count * float(((without - without.mean()) ** 2).sum()))
    half = float(scipy.stats.t.ppf(0.5 + level / 2, count - 1)) * error
    value = float(statistic(rows))
    return (value - half, value + half) if isfinite(half) else (None, None)


def _equal(rows: Floats) -> bool:
    return bool(np.all(np.ptp(rows, axis=0) <= ROUNDING * np.abs(rows).max(axis=0)))


def _number(value: Floats | float) -> float | None:
    return float(value) if isfinite(value) else None
