"""Scores: what makes one number of the networks of a cell, and the sample behind it.

A score is given the lanes of one cell (size, seed, value; null: lost) and says which of them it reads. Readings are
taken at the largest size unless the claim says otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from nominima.judging import intervals
from nominima.judging.evidence import Missing
from nominima.judging.intervals import Estimate, Floats, Statistic

POOLED_SIZES = 4  # of a seed at most, where networks are counted
VALUE = pl.col("value")
Score = Callable[[pl.DataFrame], "Sample"]


@dataclass(frozen=True)
class Sample:
    """The units of one cell and the statistic over them.

    read: the lanes that the statistic reads: size, seed, value, and status where the lanes say why one is lost.
    seeds: those with a number, ascending; rows: (seed, column); statistic: (…, seed, column) → (…).
    counted: networks are the unit, and the number is the share of those whose value is 1.
    draws: the number in draws in which nothing is there: its interval is that against them.
    """

    read: pl.DataFrame
    seeds: tuple[int, ...]
    rows: Floats
    statistic: Statistic = intervals.average
    counted: bool = False
    draws: Floats | None = None

    def estimate(self, level: float = intervals.USUAL) -> Estimate:
        """The number with its interval."""
        if self.counted:
            known = self.read["value"].drop_nulls()
            return intervals.share(int(known.sum()), len(known), level)
        if self.draws is not None and len(self.rows):
            return intervals.against(float(self.statistic(self.rows)), self.draws, len(self.rows), level)
        return intervals.estimate(self.rows, self.statistic, level)

    @cached_property
    def lost(self) -> dict[str, int]:
        """How many of the lanes read are lost, by why (`diverged`, `censored`, …)."""
        gone = self.read.filter(VALUE.is_null())
        why = (
            gone["status"].replace("ok", "lost")
            if "status" in gone.columns
            else pl.Series("status", ["lost"] * gone.height)
        )
        counts = {str(name): int(count) for name, count in why.value_counts().sort("status").rows()}
        return counts | ({"missing": self._missing} if self._missing else {})

    @cached_property
    def most_lost(self) -> float:
        """The largest share of lost lanes among the sizes read."""
        if self.read.is_empty():
            return 0.0
        sizes = self.read.group_by("size").agg(there=VALUE.is_not_null().sum(), asked=pl.col("seed").n_unique())
        asked = sizes["asked"] if self.counted else pl.Series([len(self._expected)] * sizes.height)
        return float((1 - sizes["there"] / asked).max() or 0.0)  # pyright: ignore[reportArgumentType] - a number

    @cached_property
    def runs(self) -> int:
        """How many lanes it should read."""
        return self.read.height + self._missing

    @cached_property
    def _expected(self) -> list[int]:
        """The seeds that ran at the largest size read or at all others: narrow networks may have more."""
        ran = self.read.select("seed", "size").unique()
        if ran.is_empty():
            return []
        largest = pl.col("size") == ran["size"].max()
        others = ran.filter(~largest)
        most = others["size"].n_unique()
        every = others.group_by("seed").len().filter(pl.col("len") == most)["seed"] if most else others["seed"]
        return sorted({*ran.filter(largest)["seed"], *every})

    @property
    def _missing(self) -> int:
        if self.counted:
            return 0
        there = self.read.filter(pl.col("seed").is_in(self._expected)).select("size", "seed").n_unique()
        return len(self._expected) * self.read["size"].n_unique() - there


def paired(one: Sample, other: Sample) -> Sample:
    """The first's number less the second's, over the seeds that both have."""
    both = sorted(set(one.seeds) & set(other.seeds))
    first, second = (each.rows[np.isin(each.seeds, both)] for each in (one, other))
    columns = first.shape[1]

    def less(rows: Floats) -> Floats:
        return one.statistic(rows[..., :columns]) - other.statistic(rows[..., columns:])

    return Sample(one.read, tuple(both), np.hstack([first, second]), less)


def at_largest(rows: pl.DataFrame) -> Sample:
    """Score: the value at the cell's largest size, mean over seeds."""
    return each_seed(rows.filter(pl.col("size") == pl.col("size").max()))


def each_seed(rows: pl.DataFrame) -> Sample:
    """Score: of each seed the mean over its sizes, those that lost one left out; one size will do."""
    return _whole(rows, VALUE.mean())


def least(rows: pl.DataFrame) -> Sample:
    """Score: of each seed the smallest value over its sizes; one size will do."""
    return _whole(rows, VALUE.min())


def most(rows: pl.DataFrame) -> Sample:
    """Score: of each seed the largest value over its sizes; one size will do."""
    return _whole(rows, VALUE.max())


def over_sizes(function: Callable[[Floats, Floats], Floats]) -> Score:
    """Score: mean over seeds of a function of (sizes (size,), values (…, size)) → (…), for seeds that ran at every
    size.

    Raises Missing for fewer than two sizes.
    """

    def score(rows: pl.DataFrame) -> Sample:
        sizes, seeds, values = _complete(rows)
        with np.errstate(divide="ignore", invalid="ignore"):
            scored = np.asarray(function(sizes, values), dtype=float).reshape(len(seeds))
        return _of(rows, pl.DataFrame({"seed": seeds, "value": scored}, schema={"seed": pl.Int64, "value": pl.Float64}))

    return score


def of_seeds(function: Callable[[Floats, Floats], Floats]) -> Score:
    """Score: a function of (sizes (size,), values (…, seed, size)) → (…), as a slope of deviations over the seeds.

    Raises Missing for fewer than two sizes.
    """

    def score(rows: pl.DataFrame) -> Sample:
        sizes, seeds, values = _complete(rows)

        def statistic(sample: Floats) -> Floats:
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(function(sizes, sample))

        return Sample(rows, tuple(seeds), values, statistic)

    return score


def of_means(function: Callable[[Floats, Floats], Floats]) -> Score:
    """Score: a function of (sizes (size,), means over seeds (…, size)) → (…), as a ratio of means."""
    return of_seeds(lambda sizes, values: function(sizes, values.mean(axis=-2)))


def over_places(function: Callable[[Floats, Floats, Floats], Floats]) -> Score:
    """Score: a function of (sizes (size,), places (place,), values (…, seed, size, place)) → (…), for lanes with a
    column `place`, as the width of a valley of mean losses; seeds with a number at every size and place.
    """

    def score(rows: pl.DataFrame) -> Sample:
        sizes, places = (rows[name].unique().sort().to_numpy() for name in ("size", "place"))
        whole = pl.when(VALUE.is_not_null().sum() == len(places)).then(VALUE.first())
        why = pl.col("status").filter(VALUE.is_null()).first().fill_null("missing")
        read = rows.group_by("size", "seed", maintain_order=True).agg(value=whole, status=why).sort("size", "seed")
        each = rows.drop_nulls("value").sort("size", "place").group_by("seed", maintain_order=True).agg("value")
        each = each.filter(pl.col("value").list.len() == len(sizes) * len(places)).sort("seed")
        values = np.array(each["value"].to_list(), dtype=float).reshape(-1, len(sizes) * len(places))

        def statistic(sample: Floats) -> Floats:
            return np.asarray(function(sizes, places, sample.reshape(*sample.shape[:-1], len(sizes), len(places))))

        return Sample(read, tuple(each["seed"]), values, statistic)

    return score


def share(sizes: int = POOLED_SIZES) -> Score:
    """Score: the share of networks whose value is 1 (else 0), the largest sizes pooled; exact interval."""

    def score(rows: pl.DataFrame) -> Sample:
        pooled = rows["size"].unique().sort().tail(sizes)
        read = rows.filter(pl.col("size").is_in(pooled.to_list()))
        known = read.drop_nulls("value").group_by("seed", maintain_order=True).agg(VALUE.mean()).sort("seed")
        return Sample(read, tuple(known["seed"]), known["value"].to_numpy()[:, None], counted=True)

    return score


per_tenfold = over_sizes(lambda sizes, values: slopes(np.log10(sizes), values))
in_logarithms = over_sizes(lambda sizes, values: slopes(np.log(sizes), np.log(values)))


def slopes(x: Floats, y: Floats) -> Floats:
    """Least-squares slope of y: (…, point) over x: (point,) → (…)."""
    from_mean = x - x.mean()
    return y @ from_mean / (from_mean @ from_mean)


def _whole(rows: pl.DataFrame, number: pl.Expr) -> Sample:
    """A number of the values of each seed, those that lost one left out."""
    whole = pl.when(VALUE.is_not_null().all()).then(number)
    return _of(rows, rows.group_by("seed", maintain_order=True).agg(value=whole).sort("seed"))


def _of(read: pl.DataFrame, scored: pl.DataFrame) -> Sample:
    """Seeds whose number is not finite, as the logarithm of a negative value, are lost like those that diverged."""
    known, undefined = scored.filter(VALUE.is_finite()), scored.filter(~VALUE.is_finite())["seed"]
    counted = read.with_columns(value=pl.when(~pl.col("seed").is_in(undefined.to_list())).then("value"))
    return Sample(counted, tuple(known["seed"]), known["value"].to_numpy()[:, None])


def _complete(rows: pl.DataFrame) -> tuple[Floats, list[int], Floats]:
    """Sizes ascending, the seeds with a value at each of them, and their values (seed, size)."""
    sizes = rows["size"].unique().sort().to_numpy()
    if len(sizes) < 2:
        raise Missing(f"it has {len(sizes)} size; at least two are compared")
    ran = rows.drop_nulls("value").sort("size").group_by("seed", maintain_order=True).agg("value").sort("seed")
    ran = ran.filter(pl.col("value").list.len() == len(sizes))
    return sizes, ran["seed"].to_list(), np.array(ran["value"].to_list(), dtype=float).reshape(-1, len(sizes))
