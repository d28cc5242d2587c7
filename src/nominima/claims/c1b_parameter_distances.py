"""All sets of parameters are equally far apart.

Claim: In a large network every set of parameters, random or trained, lies about as far from any other: wherever
training starts, its own solution is no nearer than those reached from other starts.

Refuted by: A start lies nearer to its own solution than to those of other seeds, even in the largest networks.

Tested by: The distance from each start to its own early-stopped solution is divided by the mean distance from that
start to the solutions of the other seeds. The claim puts the ratio near 1; training that hardly moves its parameters
puts it near 0. Starts of other seeds in the place of the own solution must give a ratio near 1, the first checkpoint
after the start must not. A part asks whether distances concentrate: whether their spread, as a share of their mean,
falls with size, between starts and between stopped solutions.

Limits: Euclidean distance. Networks that differ only by the order of their units count as far apart in the ratio, so
that distances between solutions are upper bounds; those with units matched are shown. The ratios of one run share their
solutions and are not fully independent. Units are matched in perceptrons and convolutions.

For: Beyer et al. 1999, When is nearest neighbor meaningful?

Against: Lee et al. 2019, Wide neural networks of any depth evolve as linear models

Against: Chizat, Oyallon & Bach 2019, On lazy training (relative movement falls as width^-1/2)

Caption: Above: distance from a start to its own solution as a share of that to the solutions of other seeds; the claim
puts the largest networks above the dashed line. Then the own way as a share of that between starts, with the fall
of lazy training. Below: spread of the distances as a share of their mean, with the line of independent normal numbers.
"""

import numpy as np
import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence
from nominima.judging.intervals import Floats
from nominima.judging.lanes import lanes
from nominima.judging.parts import Findings, Part, Published, View, must_fail, must_succeed
from nominima.judging.readings import STOPS
from nominima.judging.rules import Rule
from nominima.judging.samples import in_logarithms, least, over_sizes, slopes

MEASURES = ("distances",)
RULE = Rule(
    statistic="distance from a start to its own solution, share of that to others' solutions, largest size",
    side="above", tau=0.9, trend="the same share at every size", flat=0.05,
)  # fmt: skip
CONCENTRATION = Rule(
    statistic="slope of ln CV of distances over ln parameters, between starts and between solutions",
    side="below", tau=-0.25, null=0.0,
)  # fmt: skip

OWN = pl.col("seed") == pl.col("other")
LAZY = -0.25  # width^-1/2, and parameters are about width²
POWER_AT = 1.0  # where calibration asks for the word: no nearer to its own solution than to others


@over_sizes
def slope(sizes: Floats, log_cvs: Floats) -> Floats:
    """Of each seed, the slope of its pseudo-values of ln CV over ln of size: their mean is the slope of ln CV."""
    return slopes(np.log(sizes), log_cvs)


def judge(evidence: Evidence) -> Findings:
    """Own distance over cross distance at the largest size; early and start-to-start ratios as controls."""
    table = evidence["distances"]
    ratio, way = _ratio(table, "init_best"), _own(table, pl.col("init_best").filter(OWN).first() / _mean("init_init"))
    starts, solutions = _spread(table, "init"), _spread(table, "best")
    return Findings(
        primary=Part(
            RULE,
            asks=(View("own over others", ratio),),
            guards=(
                must_fail("first checkpoint as if it were the solution", _ratio(table, "init_early")),
                must_succeed("another seed's start as if it were the own solution", _surrogate(table)),
            ),
            decides=~pl.col("tuned"),
        ),
        parts=(
            Part(
                CONCENTRATION,
                (View("ln CV between starts", starts, slope), View("ln CV between solutions", solutions, slope)),
                name="concentration", decides=~pl.col("tuned"),
            ),
        ),
        trend=View("own over others", ratio),
        shown=(
            View("own over others, worst size of each seed", ratio, least),
            View("own over others at the end", _ratio(table, "init_end", "end")),
            View("ln CV between solutions, units matched", _spread(table, "matched"), slope),
            View("own way over the distance between starts", way),
            View("slope of ln of the own way over ln parameters", way, in_logarithms),
        ),
        published=(
            Published("slope of ln of the own way, lazy training", "Lee et al. 2019; Chizat, Oyallon & Bach 2019",
                      LAZY, view="slope of ln of the own way over ln parameters",
                      where=(("dataset", "mnist1d"), ("noise", 0.0), ("model", "mlp"), ("optimizer", "adam"),
                             ("tuned", False))),
        ),
    )  # fmt: skip


def _mean(column: str) -> pl.Expr:
    return pl.col(column).filter(~OWN).mean()


def _own(table: pl.DataFrame, value: pl.Expr, point: str = "best") -> pl.DataFrame:
    """Lanes: a number of a seed's row of distances; lost only if the seed itself is."""
    fine = (pl.col("status") == "ok").filter(OWN).all()
    return lanes(table, value, fine=fine, stopped=point != "end", censored=STOPS.get(point, ""))


def _ratio(table: pl.DataFrame, column: str, point: str = "best") -> pl.DataFrame:
    """Lanes: a seed's own distance over the mean of its distances to the other seeds."""
    return _own(table, pl.col(column).filter(OWN).first() / _mean(column), point)


def _surrogate(table: pl.DataFrame) -> pl.DataFrame:
    """Lanes: distance between the starts of a seed and the next one, over the mean to the remaining seeds."""
    others = pl.col("init_init").filter(~OWN).drop_nulls()
    following = pl.col("init_init").filter(pl.col("other") > pl.col("seed")).drop_nulls().first()
    following = pl.coalesce(following, others.first())
    return _own(table, following * (others.count() - 1) / (others.sum() - following))


def _spread(table: pl.DataFrame, points: str) -> pl.DataFrame:
    """Lanes: a seed's pseudo-value of ln CV; a spread of solutions has the seeds that stopped before their end."""
    return _own(table, pl.col(f"{points}_spread").filter(OWN).first(), "init" if points == "init" else "best")


def _normal(means: pl.DataFrame) -> pl.DataFrame:
    x = means.select("x").unique().sort("x")
    return x.with_columns(y=-(2 * pl.col("x")).log() / 2, label=pl.lit("as many independent normal numbers"))


def _lazy(means: pl.DataFrame) -> pl.DataFrame:
    """The power of lazy training through the mean of the smallest size."""
    first = means.sort("x").head(1)
    falls = first["y"].sum() * (pl.col("x") / first["x"].sum()) ** LAZY
    return means.select(x="x", y=falls, label=pl.lit("lazy training: width^-1/2")).unique().sort("x")


PANELS = (
    Panel("own over others", "A start's own solution against those of other seeds", "ratio of distances",
          limit=(0.9, "the claim puts the largest networks above")),
    Panel("own way over the distance between starts", "Its own way, as a share of the distance between starts",
          "ratio of distances", "xy", guide=_lazy),
    Panel("ln CV between starts", "Spread of the distances between starts", "ln CV", guide=_normal, single=False),
    Panel("ln CV between solutions", "The same between stopped solutions", "ln CV", guide=_normal, single=False),
    Panel("ln CV between solutions, units matched", "The same, units matched", "ln CV", guide=_normal, single=False),
)  # fmt: skip
