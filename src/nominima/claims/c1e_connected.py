"""All solutions are connected.

Claim: Large networks find a solution close to any start, and independent solutions lie in one valley: each is joined to
each other by a way on which the loss hardly rises.

Refuted by: On a curve fitted to low loss between two solutions of the largest networks the loss still rises by a tenth
of its fall in training; or the way to the solution, as a share of the length of the start, does not shorten with size.

Tested by: The early-stopped solutions of two seeds are joined by four ways: straight, straight after the units of one
were put in the order that brings it nearest to the other, and for both a quadratic curve fitted to all training
examples as the networks themselves were, and stopped by validation loss. Decided on the curve after matching, on clean
test examples that nothing was fitted to: the highest loss at its inner points less that of the higher end must be below
a tenth of the fall in training at the largest size. A wall of two tenths put between the ends must be seen by such a
curve; the shuffled units of a copy must be put back, and a curve to it have no barrier. Part: the slope of ln of the
way from start to solution, as a share of the length of the start, over ln of parameters must be below -0.05.

Limits: A barrier below 0 says that the middle of the curve is better than both its ends. Each network is in two pairs,
so that pairs are not fully independent. Matching is a local search begun a few times, and a curve has one bend:
barriers are upper bounds. Transformers have no units that can be put in another order; they have the other ways, and
part in the second test only. That a curved way is free needs no single valley: low places can be joined round a hill.
Two seeds of noisy labels learned different wrong labels; curves are fitted to the first one's. As params.yaml comes,
the ends of training are not joined, only the stops, and a curve has 512 steps.

For: Garipov et al. 2018, Loss surfaces, mode connectivity, and fast ensembling of DNNs

For: Entezari et al. 2021, The role of permutation invariance in linear mode connectivity

For: Ainsworth, Hayase & Srinivasa 2023, Git Re-Basin (no barrier after matching for wide perceptrons)

Against: Zhan et al. 2025 (the straight barrier after matching falls only as width^-1/2)

Against: Jordan et al. 2023, REPAIR (what is left is a collapse of variance between the two)

Caption: Barrier between independent solutions as a share of the fall of the test loss in training, by number of
parameters, on the curve that decides and on three other ways; the claim puts the first below the dashed line for the
largest networks. Last: the way from the start to the solution as a share of the length of the start, which the claim
expects to fall; the dashed line falls as width^-1/2.
"""

import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence
from nominima.judging.lanes import lanes
from nominima.judging.parts import Findings, Part, Published, View, minus, must_fail, must_succeed
from nominima.judging.readings import combined
from nominima.judging.rules import Rule
from nominima.judging.samples import at_largest, in_logarithms, most

MEASURES = ("barriers", "distances", "norms")
RULE = Rule(
    statistic="barrier on a curve fitted between matched solutions, share of the test loss won, largest size",
    side="below", tau=0.1, trend="minus that share at every size", flat=0.02,
)  # fmt: skip
TRAVEL = Rule(
    statistic="slope of ln(way to the solution / length of the start) over ln parameters",
    side="below", tau=-0.05, null=0.0,
)  # fmt: skip
RESTORED = Rule(statistic="share of the shuffled units that matching puts back, largest size", side="above", tau=0.999)
LEVEL = Rule(statistic="barrier on a curve to a shuffled copy after matching, share of the test loss won, largest size",
             side="below", tau=0.01)  # fmt: skip

OWN = pl.col("seed") == pl.col("other")
SLOPE = "slope of ln of the straight barrier after matching over ln width"
PERCEPTRONS = (("dataset", "mnist1d"), ("noise", 0.0), ("model", "mlp"))
LAZY = -0.25  # width^-1/2, and parameters are about width²


def judge(evidence: Evidence) -> Findings:
    """The barrier on the matched curve; a wall and a shuffled copy through the same fit; the way as a part."""
    barriers, way = evidence["barriers"], _travel(evidence)
    decides, matched = _on(barriers, "curve_matched"), _on(barriers, "straight_matched")
    by_width = matched.with_columns(size=pl.col("dial").cast(pl.Float64))
    return Findings(
        primary=Part(
            RULE,
            asks=(View("barrier on the matched curve", decides),),
            guards=(
                must_fail("curve over a wall of two tenths", _on(barriers, "walled", of="curve_matched")),
                must_succeed("shuffled units put back", _on(barriers, "planted", "restored"), at_largest, RESTORED),
                must_succeed("curve to a shuffled copy after matching", _on(barriers, "planted"), at_largest, LEVEL),
            ),
            decides=~pl.col("tuned"),
        ),
        parts=(
            Part(TRAVEL, (View("slope of ln of the way", way, in_logarithms),), name="way to the solution",
                 decides=~pl.col("tuned")),
        ),
        trend=View("minus the barrier on the matched curve", minus(decides)),
        shown=(
            View("matched curve, worst size of each seed", decides, most),
            View("on the curve, units as they are", _on(barriers, "curve")),
            View("straight, after matching", matched),
            View("straight, units as they are", _on(barriers, "straight")),
            View("straight to a copy with shuffled units", _on(barriers, "shuffled")),
            View("matched curve, nats", _on(barriers, "curve_matched", "barrier")),
            View("matched curve, training loss", _on(barriers, "curve_matched", "train_share")),
            View("straight after matching, training loss", _on(barriers, "straight_matched", "train_share")),
            View("matched curve, ends of training", _on(barriers, "curve_matched", ends="end")),
            View("step of the matched curve's stop, share of those allowed",
                 _on(barriers, "curve_matched", pl.col("stopped") / pl.col("fitted"))),
            View(SLOPE, by_width, in_logarithms),
            View("way to the solution", way),
        ),
        published=(
            Published(SLOPE, "Zhan et al. 2025", -0.5, view=SLOPE, where=PERCEPTRONS),
            Published("straight barrier after matching, wide perceptrons, MNIST", "Ainsworth et al. 2023", 0.0,
                      view="straight, after matching", where=PERCEPTRONS),
        ),
    )  # fmt: skip


def _on(
    barriers: pl.DataFrame, path: str, value: str | pl.Expr = "share", ends: str = "best", of: str = ""
) -> pl.DataFrame:
    """Lanes: a number of the way of one kind from each seed to the next; families that lack it, or `of`, have none.

    A pair has no stop if either of its seeds has none.
    """
    stopless = barriers.select("run", "censored", other="seed").unique()
    both = barriers.join(stopless, on=["run", "other"], how="left", suffix="_other", maintain_order="left")
    late = pl.col("censored") | pl.col("censored_other").fill_null(value=False)
    lacks = ((pl.col("path") == (of or path)) & (pl.col("status") == "unmatched")).any().over("model")
    rows = both.with_columns(censored=late).filter(~lacks).filter(path=path, ends=ends)
    return lanes(rows, (pl.col(value) if isinstance(value, str) else value).first(), stopped=ends == "best")


def _travel(evidence: Evidence) -> pl.DataFrame:
    """Lanes: ‖θ_stop − θ_0‖/‖θ_0‖."""
    fine = (pl.col("status") == "ok").filter(OWN).all()
    way = lanes(evidence["distances"], pl.col("init_best").filter(OWN).first(), fine=fine, stopped=True)
    start = lanes(evidence["norms"], pl.col("norm").sort_by("step").first(), stopped=True)
    return combined(way, start, pl.col("value") / pl.col("value_right"))


def _lazy(means: pl.DataFrame) -> pl.DataFrame:
    """The power of lazy training through the mean of the smallest size."""
    first = means.sort("x").head(1)
    falls = first["y"].sum() * (pl.col("x") / first["x"].sum()) ** LAZY
    return means.select(x="x", y=falls, label=pl.lit("lazy training: width^-1/2")).unique().sort("x")


PANELS = (
    Panel("barrier on the matched curve", "Barrier on a curve after matching", "share of the fall in loss",
          limit=(0.1, "the claim puts the largest networks below")),
    Panel("on the curve, units as they are", "On a curve, units as they are", "share of the fall in loss"),
    Panel("straight, after matching", "Straight, after matching", "share of the fall in loss"),
    Panel("straight, units as they are", "Straight, units as they are", "share of the fall in loss"),
    Panel("way to the solution", "Way to the solution", "share of the start's length", "xy", guide=_lazy),
)  # fmt: skip
