"""A peak at a size: the number there over the geometric mean of those at half and at twice the size."""

import numpy as np
import polars as pl

from nominima.judging.evidence import Missing
from nominima.judging.intervals import Floats
from nominima.judging.lanes import conditions
from nominima.judging.samples import Sample, of_seeds

WEIGHTS = (-0.5, 1.0, -0.5)  # of logarithms, sizes ascending
HALF_ONCE_TWICE = (0.5, 1.0, 2.0)


def factor(numbers: Floats) -> Floats:
    """ln(second) − ½(ln(first) + ln(third)) of numbers (…, 3)."""
    return np.log(numbers) @ WEIGHTS


def peak(rows: pl.DataFrame) -> Sample:
    """Score: exp of the mean over seeds of that, for lanes of three sizes.

    Raises Missing for other numbers of sizes.
    """
    count = rows["size"].n_unique()
    if count != len(WEIGHTS):
        raise Missing(f"it has {count} of three sizes")
    return _peak(rows)


@of_seeds
def _peak(_: Floats, values: Floats) -> Floats:
    return np.exp(factor(values).mean(axis=-1))


def fitting(accuracies: pl.DataFrame, share: float) -> pl.DataFrame:
    """Of training accuracies, conditions and `first`: the smallest dial with a mean over seeds above a share."""
    key = conditions(accuracies)
    means = accuracies.group_by(*key, "dial").agg(pl.col("value").mean())
    return means.filter(pl.col("value") > share).group_by(key).agg(first=pl.col("dial").min())


def near(lanes: pl.DataFrame, first: pl.DataFrame) -> pl.DataFrame:
    """The lanes of half, once and twice the dial that `fitting` found, of those conditions that have all three."""
    key = conditions(lanes)
    found = lanes.join(first, on=key, nulls_equal=True, maintain_order="left")
    three = found.filter((pl.col("dial") / pl.col("first")).is_in(HALF_ONCE_TWICE))
    return three.filter(pl.col("dial").n_unique().over(key) == len(HALF_ONCE_TWICE)).drop("first")
