"""The essay: training never comes to rest in a minimum, so that it does not matter which minima there are.

Refuted if the gradient has all but vanished where training stops.
"""

import polars as pl
from altair.typing import ChartType

from nominima.drawing.charts import curves, stack
from nominima.judging.claim import Claim, Control, Findings, Rule, Verdict
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.lanes import lanes
from nominima.judging.scores import at_largest, by_size, cells, dots, over_sizes, pooled, sensitivity
from nominima.judging.stats import Floats

MEASURES = ("stationarity",)
Limit = float | tuple[float, float]

CLAIM = Claim(
    title="Training never reaches a critical point",
    statement=(
        "Where a network is taken, training has not come to rest: the gradient is still far from zero and the "
        "parameters are still on their way. No minimum, good or bad, has been reached."
    ),
    refuted_by="At some size the gradient at the stop is less than a twentieth of that at the start.",
    tested_by=(
        "The gradient of the whole training loss at the stop by validation loss, as a share of its length at the start,"
        " must be above 0.05; of each seed the size with the smallest share counts. The widest networks on clean labels"
        " that are over-trained, with less than 0.01 nats of training loss at the end, must come closer to rest than "
        "that there, or the measure could not tell rest from motion. Beside it stands the share of the whole "
        "displacement made in the last 30 % of the logarithm of the steps; an even pace makes that 0.3."
    ),
    limits=(
        "A gradient is small or large against that at the start only, and the start of a network with larger "
        "weights is steeper. A constant learning rate keeps training in motion: with a rate that falls to zero the "
        "gradient would be smaller. Kinks of the rectifier let a gradient stay large at a minimum. That the gradient "
        "is not zero does not say that the loss could still fall: that is another claim's question."
    ),
    literature=(
        "For: Zhang et al. 2022, Neural network weights do not converge to stationary points",
        "For: Keskar et al. 2017, On large-batch training (runs are stopped before rest, at sharp and flat places)",
        "Against: Soudry et al. 2018, The implicit bias of gradient descent on separable data (given time the gradient "
        "of separable data vanishes, as the over-trained control shows)",
    ),
    caption=(
        "Above: length of the training gradient at the stop by validation loss, as a share of that at the start, by "
        "number of parameters; then the same at the end of training. The claim puts the first above the dashed line. "
        "Below: share of the displacement made in the last 30 % of the logarithm of the steps; dashed: an even pace."
    ),
    rule=Rule(
        statistic="gradient at the stop, share of its length at the start, smallest size of each seed",
        side="above",
        tau=0.05,
        trend="the same share at every size",
        flat=0.05,
    ),
)

GRADIENT, LATE = pl.col("relative_gradient"), pl.col("late_share")
EVEN_PACE = 0.3
FITTED = 0.01  # nats of training loss, mean over the seeds of a run


def judge(evidence: Evidence) -> Findings:
    """The smallest relative gradient at the stop; the end of the widest over-trained networks as the control."""
    table = _free(evidence)
    stop, late = _at(table, "best", GRADIENT), _at(table, "best", LATE)
    end = _at(table, "end", GRADIENT)
    return Findings(
        cells=cells(stop, over_sizes(_least)),
        controls=[
            Control(
                name="the end of training, widest over-trained networks",
                kind="negative",
                estimate=pooled(_at(_over_trained(table), "end", GRADIENT), at_largest),
            )
        ],
        sizes=stop,
        sensitivity=[
            *sensitivity(
                "stopped by accuracy", _at(table, "best_accuracy", GRADIENT), over_sizes(_least), variant=True
            ),
            *sensitivity("mean over sizes", stop, over_sizes(_mean)),
            *sensitivity("at the largest size", stop, at_largest),
            *sensitivity("at the end of training, at the largest size", end, at_largest),
            *sensitivity("displacement made in the last 30 % of ln t, largest size", late, at_largest),
            *sensitivity("displacement made in the last 30 % of ln t, smallest of each seed", late, over_sizes(_least)),
            *sensitivity("gradient at the stop, nats per unit of length, largest size", _length(table), at_largest),
        ],
    )


def draw(evidence: Evidence, verdict: Verdict) -> ChartType:
    """The relative gradient at the stop and at the end, and the late share of the displacement, by size."""
    table = _free(evidence)
    stop, end, late = (_at(table, *what) for what in (("best", GRADIENT), ("end", GRADIENT), ("best", LATE)))
    above, of_start = by_size(stop), "share of the start's gradient"
    return stack(
        _panel(stop, None, "The gradient left where training is stopped", of_start, verdict.rule.tau),
        _panel(end, above, "The gradient left at the end of training", of_start, verdict.rule.tau),
        curves(
            by_size(late), title="Way made in the last 30 % of the logarithm of the steps", x="parameters", log="x",
            y="share of the displacement", dots=dots(late), guide=_line(late, EVEN_PACE, "an even pace"), like=above,
            height=150,
        ),
    )  # fmt: skip


def _free(evidence: Evidence) -> pl.DataFrame:
    """Rows of the runs without decay."""
    table = evidence["stationarity"].filter(pl.col("l2") == 0)
    if table.is_empty():
        raise Missing("there are no runs without decay")
    return table


def _over_trained(table: pl.DataFrame) -> pl.DataFrame:
    """Rows of the runs on clean labels whose training examples are fitted at the end."""
    fitted = (pl.col("train_loss").filter(pl.col("point") == "end").mean() < FITTED).over("run")
    return table.filter(pl.col("noise") == 0, fitted)


def _panel(found: pl.DataFrame, like: pl.DataFrame | None, title: str, y: str, tau: Limit) -> ChartType:
    return curves(
        by_size(found), title=title, x="parameters", y=y, log="xy", dots=dots(found), like=like,
        guide=_line(found, tau, "the claim: above it at the stop, at every size"), height=210 if like is None else 150,
    )  # fmt: skip


def _line(found: pl.DataFrame, at: Limit, label: str) -> pl.DataFrame:
    return found.select(x="size", y=pl.lit(at), label=pl.lit(label)).unique().sort("x")


def _at(table: pl.DataFrame, point: str, value: pl.Expr) -> pl.DataFrame:
    """Lanes: a number at a point."""
    there = pl.col("point") == point
    return lanes(table, value.filter(there).first(), fine=(pl.col("status") == "ok").filter(there).all())


def _length(table: pl.DataFrame) -> pl.DataFrame:
    return _at(table, "best", pl.col("gradient_norm"))


def _least(_: Floats, values: Floats) -> Floats:
    return values.min(axis=1)


def _mean(_: Floats, values: Floats) -> Floats:
    return values.mean(axis=1)
