"""A score for two numbers of every configuration: how their ranks go together where a third rank is held fixed.

A *configuration* is one optimizer at one rate, and its numbers are means over its seeds. Its place in a frame is a
number: ten times that of its optimizer plus the rank of its rate among the rates of that optimizer, so that 11 is the
first optimizer at its lowest rate.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy

from nominima.judging import intervals
from nominima.judging.evidence import Missing
from nominima.judging.intervals import USUAL, Estimate, Floats, Statistic
from nominima.judging.lanes import conditions
from nominima.judging.samples import VALUE, Sample

FEWEST, MOST_LOST = 5, 0.2  # seeds of a configuration, and the share of them that may be lost
RANKS = 10  # more than the rates of an optimizer, and its weight in a place
OTHER = "value_right"
PLACE = pl.col("place").cast(pl.Int64)


@dataclass(frozen=True)
class Clustered(Sample):
    """Rows are optimizers with all their configurations, the unit that is resampled: those of one are alike."""

    def estimate(self, level: float = USUAL) -> Estimate:
        """The number, with an interval over optimizers that also holds what it is without any one of them."""
        found = intervals.estimate(self.rows, self.statistic, level)
        if found.low is None or found.high is None:
            return found
        without = [float(self.statistic(np.delete(self.rows, at, axis=0))) for at in range(len(self.rows))]
        return found.model_copy(update={"low": min(found.low, *without), "high": max(found.high, *without)})


def configured(frame: pl.DataFrame) -> pl.DataFrame:
    """The lanes of all optimizers and rates together, the configuration as their place and no condition any more."""
    gone = [name for name in conditions(frame) if name == "rate" or name.partition(".")[0] == "optimizer"]
    others = [name for name in conditions(frame) if name not in gone]
    told = frame.with_columns(number=pl.col("optimizer").rank("dense").over(others))
    rank = pl.col("rate").rank("dense").over(*others, "optimizer")
    if told.select(rank.max()).item() >= RANKS:
        raise Missing(f"it has more than {RANKS - 1} rates of an optimizer")
    return told.with_columns(place=(RANKS * pl.col("number") + rank).cast(pl.Float64)).drop("number", *gone)


def partial(rows: pl.DataFrame) -> Sample:
    """Score: Spearman's ρ of `value` and `value_right` over configurations, the rank of the rate held fixed.

    ρ = (a − bc)/√((1 − b²)(1 − c²)) of a, the correlation of the two numbers' ranks, and b and c, theirs with the rank
    of the rate; for `configured` lanes with a column `value_right`. A configuration is lost with fewer than FEWEST
    seeds that have both numbers, or if more than a fifth of them have not; so are all of an optimizer whose best one,
    by `value_right`, has the least or the largest rate (`edge`). What is read are configurations, in the place of
    seeds.

    Raises Missing without the second number.
    """
    return _scored(rows, _line_taken_out)


def within_ranks(rows: pl.DataFrame) -> Sample:
    """Score: the same with the rank of the rate as so many levels: ranks less their mean over all of that rate's rank.

    Raises Missing without the second number.
    """
    return _scored(rows, _levels_taken_out)


def _scored(rows: pl.DataFrame, statistic: Statistic) -> Sample:
    if OTHER not in rows.columns:
        raise Missing("it has one of its two numbers only")
    each = _means(rows)
    kept = pl.col("why").is_null()
    read = each.select("size", seed=PLACE, value=pl.when(kept).then("one"), status=pl.col("why").fill_null("ok"))
    ranks = each["rank"].unique().sort().to_list()
    numbers = each.filter(kept)["number"].unique().sort().to_list()
    found = np.full((len(numbers), 3, len(ranks)), np.nan)
    for number, rank, one, other in each.filter(kept).select("number", "rank", "one", "other").rows():
        found[numbers.index(number), :, ranks.index(rank)] = one, other, rank
    return Clustered(read, tuple(numbers), found.reshape(len(numbers), 3 * len(ranks)), statistic)


def _means(rows: pl.DataFrame) -> pl.DataFrame:
    """Of each configuration: size, place, number of the optimizer, rank of the rate, both means, why it is lost."""
    both = VALUE.is_not_null() & pl.col(OTHER).is_not_null()
    why = pl.col("status").filter(~both & (pl.col("status") != "ok")).first().fill_null("few")
    enough = both.sum() >= FEWEST
    each = rows.group_by("size", "place", maintain_order=True).agg(
        one=VALUE.filter(both).mean(), other=pl.col(OTHER).filter(both).mean(),
        best=pl.when(enough).then(pl.col(OTHER).mean()),
        why=pl.when(~enough | (both.mean() < 1 - MOST_LOST)).then(why),
    )  # fmt: skip
    told = each.with_columns(number=PLACE // RANKS, rank=PLACE % RANKS).sort("place")
    best = pl.col("rank").sort_by("best", descending=True, nulls_last=True).first()
    edge = ((best == pl.col("rank").min()) | (best == pl.col("rank").max())).over("number")
    return told.with_columns(why=pl.coalesce("why", pl.when(edge).then(pl.lit("edge"))))


def _line_taken_out(sample: Floats) -> Floats:
    """(…, optimizer, 3 · rank) → (…): the partial correlation of the first two of the three numbers."""
    ranks = _ranked(sample)
    off = _less_mean(ranks.reshape(*ranks.shape[:-2], -1))
    a, b, c = (_correlation(off[..., i, :], off[..., j, :]) for i, j in ((0, 1), (0, 2), (1, 2)))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((a - b * c) / np.sqrt((1 - b**2) * (1 - c**2)))


def _levels_taken_out(sample: Floats) -> Floats:
    """(…, optimizer, 3 · rank) → (…): the correlation of what the first two differ from the mean of their rank by."""
    ranks = np.moveaxis(_ranked(sample)[..., :2, :, :], -2, -1)  # (…, 2, rank, optimizer)
    off = _less_mean(ranks)
    flat = off.reshape(*off.shape[:-2], -1)
    return _correlation(flat[..., 0, :], flat[..., 1, :])


def _ranked(sample: Floats) -> Floats:
    """(…, optimizer, 3 · rank) → (…, 3, optimizer, rank): mid-ranks over configurations, NaN of the lost ones."""
    three = np.moveaxis(sample.reshape(*sample.shape[:-1], 3, -1), -3, -2)
    flat = three.reshape(*three.shape[:-2], -1)
    return scipy.stats.rankdata(flat, axis=-1, nan_policy="omit").reshape(three.shape)


def _less_mean(values: Floats) -> Floats:
    """Values less the mean over the last axis of those that are known; 0 for those that are not."""
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=-1, keepdims=True) / np.maximum(known.sum(axis=-1, keepdims=True), 1)
    return np.where(known, filled - mean, 0.0)


def _correlation(one: Floats, other: Floats) -> Floats:
    """Of (…, n) and (…, n) of mean 0; NaN where one of them does not vary."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((one * other).sum(-1) / np.sqrt((one**2).sum(-1) * (other**2).sum(-1)))
