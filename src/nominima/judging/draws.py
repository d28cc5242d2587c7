"""Samples drawn from the spread of seeds of an exploratory run, their number moved to where a truth puts it.

Numbers of seeds (a mean, a slope, a slope of deviations) are locations: a drawn sample's statistic is moved by the
truth wanted less that of the exploratory sample, and its interval is that of the very score. A drawn seed is a sum of
the residuals of the exploratory ones times independent normal numbers, the same in all cells, over √(n − 1): normal,
with the measured variances and covariances between cells and between sizes. Where a score makes one number of a seed
and the cells together have `SHAPED` of them, normal numbers become quantiles of the residuals of all cells, each as a
share of its cell's deviation, so that skewness and tails are measured too. Eight seeds drawn again and again cannot
do that: by chance they are skewed themselves, and 99 % intervals of truly normal numbers were then wrong in .001 to .06
of the draws, not in .005.

Shares of networks are none: every network holds with the probability that is the truth, those of one seed as
correlated as in the exploratory run (`together`).

Networks are lost as often, and as often together, as in the exploratory run.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from nominima.judging import intervals
from nominima.judging.evidence import Missing
from nominima.judging.intervals import USUAL, Estimate, Floats
from nominima.judging.samples import Sample

FEWEST = 3  # exploratory seeds with a number, below which there is no spread
SHAPED = 64  # residuals, from which on their law is measured, and not only its variance
STEPS = 500
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Drawn(Sample):
    """A drawn sample, of which everything that `decide` asks is known; read: a line for each seed.

    gone: lost networks of `networks`; worst: the largest share lost at a size; estimates: by level, before moved by
    `by`.
    """

    gone: int = 0
    networks: int = 0
    worst: float = 0.0
    by: float = 0.0
    estimates: dict[float, Estimate] = field(default_factory=dict)
    drawn: Sample | None = None

    @cached_property
    def lost(self) -> dict[str, int]:
        """As of the sample it stands for."""
        return {"lost": self.gone} if self.gone else {}

    @cached_property
    def most_lost(self) -> float:
        """As of the sample it stands for."""
        return self.worst

    @cached_property
    def runs(self) -> int:
        """As of the sample it stands for."""
        return self.networks

    def estimate(self, level: float = USUAL) -> Estimate:
        """The number with its interval, moved; a share of networks is not moved, it was drawn where it is."""
        if self.counted:
            return _share(int(self.rows[:, 0].sum()), len(self.rows), level)
        if level not in self.estimates:
            assert self.drawn is not None
            self.estimates[level] = self.drawn.estimate(level)
        found = self.estimates[level]
        moved = {
            name: value + self.by for name in ("value", "low", "high") if (value := getattr(found, name)) is not None
        }
        return found.model_copy(update=moved)


@dataclass(frozen=True)
class Spread:
    """The exploratory sample of a number in a cell, drawn from.

    sample: what the claim's own score made of it; count: seeds that the trial has there; lost: (seed, size), which of
    the exploratory networks have no number; together: correlation of networks of a seed, of shares; shape: quantiles
    of a residual over its deviation at as many equal steps of probability, none: normal.
    """

    sample: Sample
    count: int
    lost: Flags
    together: float = 0.0
    shape: Floats | None = None

    @cached_property
    def truth(self) -> float:
        """The number of the exploratory sample."""
        return float(self.sample.statistic(self.sample.rows))

    @cached_property
    def residuals(self) -> Floats:
        """(seed, column)."""
        return self.sample.rows - self.sample.rows.mean(axis=0)

    @cached_property
    def equal(self) -> bool:
        """Whether the exploratory seeds do not differ, so that there is nothing to draw."""
        return not self.sample.counted and not self.residuals.any()

    def draw(self, chance: "Chance") -> "Draw":
        """A draw of its seeds; of cells with as many seeds the same ones."""
        chosen = (chance.uniform[: self.count] * len(self.lost)).astype(np.intp)
        lost = self.lost[chosen]
        if not self.sample.counted:
            return Draw(self, lost, self._rows(chance.normal)[~lost.any(axis=1)])
        common = chance.rng.random(lost.shape) < np.sqrt(self.together)
        uniform = np.where(common, chance.rng.random((self.count, 1)), chance.rng.random(lost.shape))
        return Draw(self, lost, uniform[~lost][:, None])

    def _rows(self, normal: dict[int, Floats]) -> Floats:
        """New rows, for `count` seeds: (seed, column)."""
        weights = np.stack([normal[seed][: self.count] for seed in self.sample.seeds], axis=1)
        off = weights @ self.residuals / np.sqrt(len(self.residuals) - 1)
        if self.shape is not None and not self.equal:
            deviation = self.residuals.std(ddof=1)
            steps = np.arange(0.5, len(self.shape)) / len(self.shape)
            off = deviation * np.interp(scipy.stats.norm.cdf(off / deviation), steps, self.shape)
        return self.sample.rows.mean(axis=0) + off


class Chance(NamedTuple):
    """What one draw of all cells hangs on.

    uniform: (seed,) which exploratory seed says whether a drawn one is lost; normal: exploratory seed → (seed,), its
    part in each drawn one.
    """

    uniform: Floats
    normal: dict[int, Floats]
    rng: np.random.Generator


@dataclass(frozen=True)
class Draw:
    """One draw from a spread, and `at` a truth its sample.

    lost: (seed, size); rows: of seeds their statistic's rows, of networks that are counted a uniform number each.
    """

    spread: Spread
    lost: Flags
    rows: Floats
    estimates: dict[float, Estimate] = field(default_factory=dict)

    def at(self, truth: float) -> Sample:
        """The sample if that were the truth."""
        its = self.spread.sample
        told = {"gone": int(self.lost.sum()), "networks": self.lost.size, "worst": float(self.lost.mean(axis=0).max())}
        read, seeds = _read(len(self.lost)), tuple(range(len(self.rows)))
        if its.counted:
            return Drawn(read, (), (self.rows < truth).astype(float), its.statistic, counted=True, **told)
        drawn, by = replace(its, seeds=seeds, rows=self.rows), truth - self.spread.truth
        return Drawn(read, seeds, self.rows, its.statistic, by=by, estimates=self.estimates, drawn=drawn, **told)


def spread_of(sample: Sample, count: int) -> Spread:
    """The spread of an exploratory sample, for so many seeds.

    Raises:
        Missing: fewer than FEWEST of its seeds have a number, or that is not finite.
    """
    if len(sample.seeds) < FEWEST:
        raise Missing(f"cells with a number of fewer than {FEWEST} exploratory seeds")
    seeds = seeds_of(sample)
    wide = sample.read.filter(pl.col("seed").is_in(seeds)).pivot(
        on="size", index="seed", values="value", aggregate_function="first"
    )
    lost = wide.sort("seed").drop("seed").select(pl.all().is_null()).to_numpy()
    found = Spread(sample, count, lost)
    if not sample.counted and not np.isfinite(found.truth):
        raise Missing("cells whose number is not defined in the exploratory run")
    return found


def shape_of(spreads: Sequence[Spread]) -> Floats | None:
    """The quantiles of residuals over their deviations, pooled over cells: STEPS of mean 0 and variance 1; None where
    there are fewer than SHAPED, or a score does not make one number of a seed.
    """
    if any(each.sample.counted or each.residuals.shape[1] != 1 for each in spreads):
        return None
    pooled = np.concatenate([each.residuals[:, 0] / each.residuals.std() for each in spreads if not each.equal] or [[]])
    if len(pooled) < SHAPED:
        return None
    found = np.quantile(pooled, np.arange(0.5, STEPS) / STEPS, method="hazen")
    return (found - found.mean()) / found.std()


def seeds_of(sample: Sample) -> list[int]:
    """The seeds that ran at the largest size that a sample reads, lost or not."""
    read = sample.read
    return read.filter(pl.col("size") == pl.col("size").max())["seed"].unique().sort().to_list()


def together(spreads: Sequence[Spread]) -> float:
    """The correlation between the networks of one seed, of shares, pooled over cells (Fisher's intraclass
    correlation); 0 where all networks of every cell agree, where it is negative, and where seeds are the unit.
    """
    both, alone, pairs, networks = 0.0, 0.0, 0, 0
    for each in (its for its in spreads if its.sample.counted):
        read = each.sample.read.drop_nulls("value")
        off = read.with_columns(off=pl.col("value") - pl.col("value").mean())
        sums = off.group_by("seed").agg(total=pl.col("off").sum(), own=(pl.col("off") ** 2).sum(), n=pl.len())
        both += float((sums["total"] ** 2 - sums["own"]).sum())
        alone += float(sums["own"].sum())
        pairs += int((sums["n"] * (sums["n"] - 1)).sum())
        networks += read.height
    return max(0.0, both / pairs / (alone / networks)) if pairs and alone else 0.0


@cache
def _share(hits: int, count: int, level: float) -> Estimate:
    return intervals.share(hits, count, level)


@cache
def _read(seeds: int) -> pl.DataFrame:
    return pl.DataFrame({"seed": range(seeds)})
