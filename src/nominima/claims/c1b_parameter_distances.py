"""The essay: all sets of parameters of a large network lie about equally far from each other.

Refuted if a solution lies nearer to the start it grew from than to other starts.
"""

import numpy as np
import polars as pl
from altair.typing import ChartType

from nominima.drawing.charts import curves, stack
from nominima.judging.claim import Claim, Control, Estimate, Findings, Row, Rule, Verdict
from nominima.judging.evidence import Evidence
from nominima.judging.lanes import conditions, each_cell, lanes, paired
from nominima.judging.scores import at_largest, by_size, cells, dots, over_sizes, pooled, sensitivity
from nominima.judging.stats import Floats, slopes

MEASURES = ("distances",)

CLAIM = Claim(
    title="All sets of parameters are equally far apart",
    statement=(
        "In a large network every set of parameters, random or trained, lies about as far from any other: wherever "
        "training starts, its own solution is no nearer than those reached from other starts."
    ),
    refuted_by="A start lies nearer to its own solution than to those of other seeds, even in the largest networks.",
    tested_by=(
        "The distance from each start to its own early-stopped solution is divided by the mean distance from that "
        "start to the solutions of the other seeds. The claim puts the ratio near 1; training that hardly moves its "
        "parameters puts it near 0. Starts of other seeds in the place of the own solution must give a ratio near 1, "
        "the first checkpoint after the start must not."
    ),
    limits=(
        "Euclidean distance. Networks that differ only by the order of their units count as far apart in the ratio, so "
        "that distances between solutions are upper bounds; those with units matched stand beside. The ratios of one "
        "run share their solutions and are not fully independent. Units are matched in perceptrons alone."
    ),
    literature=(
        "For: Beyer et al. 1999, When is nearest neighbor meaningful?",
        "Against: Lee et al. 2019, Wide neural networks of any depth evolve as linear models",
        "Against: Chizat, Oyallon & Bach 2019, On lazy training (relative movement falls as width^-1/2)",
    ),
    caption=(
        "Above: distance from a start to its own solution as a share of that to the solutions of other seeds; the "
        "claim puts the largest networks above the dashed line. Then the own way as a share of the distance between "
        "starts, with the fall of lazy training. Below: spread of the distances as a share of their mean, with the "
        "line of independent normal numbers."
    ),
    rule=Rule(
        statistic="distance from a start to its own solution, share of that to others' solutions, at the largest size",
        side="above",
        tau=0.9,
        trend="the same share at every size",
        flat=0.05,
    ),
)

OWN = pl.col("seed") == pl.col("other")
FINE = (pl.col("status") == "ok").filter(OWN).all()
KINDS = {
    "init_init": "starts",
    "best_best": "stopped solutions",
    "best_matched": "stopped solutions, units matched",
    "end_end": "ends of training",
}
LAZY = -0.25  # width^-1/2, and parameters are about width²


def judge(evidence: Evidence) -> Findings:
    """Own distance over cross distance at the largest size; early and start-to-start ratios as controls."""
    distances = evidence["distances"]
    ratio = _ratio(distances, "init_best")
    return Findings(
        cells=cells(ratio, at_largest),
        controls=[
            Control(
                name="first checkpoint after the start, as if it were the solution",
                kind="negative",
                estimate=pooled(_ratio(distances, "init_early"), at_largest),
            ),
            Control(
                name="another seed's start, as if it were the own solution",
                kind="positive",
                estimate=pooled(_surrogate(distances), at_largest),
            ),
        ],
        sizes=ratio,
        sensitivity=[
            *sensitivity("the ratio at the end of training", _ratio(distances, "init_end"), at_largest, variant=True),
            *(row for kind, name in KINDS.items() for row in _spreads(name, _log_cv(distances, kind))),
            *sensitivity(
                "own way as a share of the distance between starts, largest size", _way(distances), at_largest
            ),
            *sensitivity("slope of ln of that share over ln parameters", _log_way(distances), over_sizes(_slope)),
            *_expected(ratio),
        ],
        published=[
            Row(
                name="slope of ln of the own way over ln parameters while training is lazy",
                cell="wide networks",
                estimate=Estimate(value=LAZY, low=None, high=None, n=0),
                source="Lee et al. 2019; Chizat, Oyallon & Bach 2019",
            )
        ],
    )


def draw(evidence: Evidence, verdict: Verdict) -> ChartType:
    """The ratio, and the spread of distances, by size."""
    distances = evidence["distances"]
    ratio = _ratio(distances, "init_best")
    sizes = ratio.select(x="size").unique().sort("x")
    limit = sizes.with_columns(y=pl.lit(verdict.rule.tau), label=pl.lit("the claim: above it at the largest size"))
    expected = sizes.with_columns(y=1 / (2 * pl.col("x")).sqrt(), label=pl.lit("1/√(2 × parameters)"))
    found = by_size(ratio)
    way = _way(distances)
    panels = [
        curves(
            found, title="A start's own solution against those of other seeds", x="parameters",
            y="ratio of distances", log="x", dots=dots(ratio), guide=limit,
        ),
        curves(
            by_size(way), title="Its own way, as a share of the distance between starts", x="parameters",
            y="ratio of distances", log="xy", dots=dots(way), guide=_lazy(by_size(way)), like=found, height=150,
        ),
    ]  # fmt: skip
    for kind, name in KINDS.items():
        spread = by_size(_log_cv(distances, kind)).with_columns(pl.col("y", "low", "high").exp())
        panels.append(
            curves(
                spread, title=f"Distances between {name}", x="parameters", y="CV of the distances", log="xy",
                guide=expected, like=found, height=150,
            )
        )  # fmt: skip
    return stack(*panels)


def _ratio(distances: pl.DataFrame, column: str) -> pl.DataFrame:
    """Lanes: a seed's own distance over the mean of its distances to the other seeds."""
    return lanes(distances, pl.col(column).filter(OWN).first() / pl.col(column).filter(~OWN).mean(), fine=FINE)


def _way(distances: pl.DataFrame) -> pl.DataFrame:
    """Lanes: distance from a start to its own solution over the mean distance to the other starts."""
    return lanes(
        distances, pl.col("init_best").filter(OWN).first() / pl.col("init_init").filter(~OWN).mean(), fine=FINE
    )


def _log_way(distances: pl.DataFrame) -> pl.DataFrame:
    return _way(distances).with_columns(pl.col("value").log())


def _lazy(found: pl.DataFrame) -> pl.DataFrame:
    """The power of lazy training through the mean of the smallest size."""
    first = found.sort("x").head(1)
    falls = first["y"].sum() * (pl.col("x") / first["x"].sum()) ** LAZY
    return found.select(x="x", y=falls, label=pl.lit("lazy training: width^-1/2")).unique().sort("x")


def _surrogate(distances: pl.DataFrame) -> pl.DataFrame:
    """Lanes: distance between the starts of a seed and the next one, over the mean to the remaining seeds."""
    between, others = pl.col("init_init"), pl.col("init_init").filter(~OWN)
    following = between.filter(pl.col("other") > pl.col("seed")).drop_nulls().first()
    following = pl.coalesce(following, others.drop_nulls().first())
    return lanes(distances, following * (others.count() - 1) / (others.sum() - following), fine=FINE)


def _log_cv(distances: pl.DataFrame, column: str) -> pl.DataFrame:
    """Lanes: jackknife pseudo-values (Tukey 1958) of ln CV over all pairs, so that their mean over seeds estimates it.

    Leaving a seed out takes its distances out of the sums twice, once for each order of a pair.
    """
    apart = pl.col(column).filter(~OWN)
    both = paired(lanes(distances, apart.sum(), fine=FINE), lanes(distances, (apart**2).sum(), fine=FINE))
    run = (*conditions(both), "size")
    sums = both.rename({"value": "sum", "value_right": "square"})
    n = pl.col("sum").count().over(run)
    total, square = pl.col("sum").sum().over(run), pl.col("square").sum().over(run)
    whole = _log_cv_of(total, square, n * (n - 1))
    rest = _log_cv_of(total - 2 * pl.col("sum"), square - 2 * pl.col("square"), (n - 1) * (n - 2))
    pseudo = (n * whole - (n - 1) * rest).fill_nan(None)
    return sums.with_columns(value=pl.when(pseudo.is_finite()).then(pseudo)).drop("sum", "square")


def _log_cv_of(total: pl.Expr, square: pl.Expr, pairs: pl.Expr) -> pl.Expr:
    return (square * pairs / total**2 - 1).log() / 2


def _spreads(name: str, log_cv: pl.DataFrame) -> list[Row]:
    """CV at the largest size, and the slope of its logarithm, in every cell."""
    at_end = sensitivity(f"CV of the distances between {name}, largest size", log_cv, at_largest)
    slope = sensitivity(f"slope of ln CV over ln parameters, {name}", log_cv, over_sizes(_slope))
    return [row.model_copy(update={"estimate": _exp(row.estimate)}) for row in at_end] + slope


def _slope(sizes: Floats, log_cvs: Floats) -> Floats:
    return slopes(np.log(sizes), log_cvs)


def _exp(estimate: Estimate) -> Estimate:
    """The estimate of a logarithm turned back."""
    turned = {
        key: None if (at := getattr(estimate, key)) is None else float(np.exp(at)) for key in ("value", "low", "high")
    }
    return Estimate(**turned, n=estimate.n)


def _expected(ratio: pl.DataFrame) -> list[Row]:
    """1/√(2P) at the largest size of every cell: the CV that P independent normal numbers would have."""
    return [
        Row(
            name="CV of as many independent normal numbers",
            cell=cell,
            estimate=Estimate(value=float(1 / np.sqrt(2 * rows["size"].to_numpy().max())), low=None, high=None, n=0),
            source="Beyer et al. 1999",
        )
        for cell, rows in each_cell(ratio)
    ]
