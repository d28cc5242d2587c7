"""The essay: good solutions lie near every start and are all connected; there is one valley, not many.

Refuted if ways between independent solutions cross a barrier, or if larger networks travel as far as small ones.
"""

import numpy as np
import polars as pl
from altair.typing import ChartType

from nominima.drawing.charts import curves, stack
from nominima.judging.claim import Cell, Claim, Control, Estimate, Findings, Row, Rule, Verdict
from nominima.judging.evidence import Evidence
from nominima.judging.lanes import lanes, paired
from nominima.judging.scores import at_largest, by_size, cells, dots, over_sizes, pooled, sensitivity
from nominima.judging.stats import Floats, slopes

MEASURES = ("barriers", "distances", "norms")

RULE = Rule(
    statistic="barrier on a trained curve between matched solutions, share of the loss that training won, largest size",
    side="below",
    tau=0.1,
    trend="minus that share at every size",
    flat=0.02,
)
TRAVEL = Rule(
    statistic="slope of ln(way to the solution / length of the start) over ln parameters",
    side="below",
    tau=-0.05,
    null=0.0,
    trend="minus that way",
    flat=0.02,
)
RESTORED = Rule(
    statistic="share of the shuffled units that matching puts back in their place, largest size",
    side="above",
    tau=0.999,
    trend="the same share",
    flat=0.01,
)
LEVEL = RULE.model_copy(
    update={"statistic": "barrier to a shuffled copy after matching, share of the loss gained", "tau": 0.001}
)

CLAIM = Claim(
    title="All solutions are connected",
    statement=(
        "Large networks find a solution close to any start, and independent solutions lie in one valley: a way leads "
        "from each to each on which the loss hardly rises."
    ),
    refuted_by=(
        "On a trained curve between two solutions of the largest networks the loss rises by a tenth of what training "
        "gained or more; or the way to the solution, as a share of the start, does not shorten with size."
    ),
    tested_by=(
        "The solutions of two seeds, stopped by validation loss, are joined by four ways: straight, straight after "
        "the units of one were put in the order that brings it nearest to the other, and for both a quadratic curve "
        "trained to low loss. The barrier is the highest rise of the training loss above the line between the ends, "
        "as a share of the loss gained by training. On the curve after matching it must be below 0.1 at the largest "
        "size. A second part: the way from start to solution, as a share of the length of the start, must shorten "
        "with size. Straight to a copy with shuffled units there must be a barrier, and matching must undo that "
        "shuffle exactly and leave none."
    ),
    limits=(
        "Each network is in two pairs, so that the pairs are not fully independent. Matching is a local search begun "
        "a few times: a better order may exist, and barriers after it are upper bounds. The loss is that of the first "
        "thousand examples, on which the curve is trained too: on examples that a curve has not seen it rises more. "
        "That a curved way is free needs no single valley: low places can be joined round a hill. The widest networks, "
        "trained on noisy labels alone and for fewer steps, stop long before these end. The two solutions of noisy "
        "labels were trained on different wrong labels; the loss is that of the first one's."
    ),
    literature=(
        "For: Garipov et al. 2018, Loss surfaces, mode connectivity, and fast ensembling of DNNs",
        "For: Entezari et al. 2021, The role of permutation invariance in linear mode connectivity",
        "For: Ainsworth, Hayase & Srinivasa 2023, Git Re-Basin (no barrier after matching for wide perceptrons)",
        "Against in part: Zhan et al. 2025 (the barrier after matching falls only as width^-1/2)",
        "Against in part: Jordan et al. 2023, REPAIR (what is left is a collapse of variance between the two)",
    ),
    caption=(
        "Barrier between independent solutions as a share of the loss gained by training, by number of parameters, on "
        "four ways. The claim puts the first, on which it is decided, below the dashed line for the largest networks "
        "and lets it fall. Last: way from the start to the solution as a share of the length of the start, which the "
        "claim has fall; the dashed line falls as width^-1/2."
    ),
    rule=RULE,
)

WAYS = {
    "curve_matched": "On a curve after matching: this decides",
    "curve": "On a curve, units as they are",
    "straight_matched": "Straight, after matching",
    "straight": "Straight, units as they are",
}
SHARE = pl.col("share")


def judge(evidence: Evidence) -> Findings:
    """The barrier on the matched curve and the relative way; shuffled copies as controls."""
    barriers = evidence["barriers"]
    decides, way = _on(barriers, "curve_matched"), _way(evidence)
    restored = _on(barriers, "planted", pl.col("restored"))
    return Findings(
        cells=[*cells(decides, at_largest), *map(_way_cell, cells(way, over_sizes(_log_slope)))],
        controls=[
            Control(
                name="straight to a copy with shuffled units",
                kind="negative",
                estimate=pooled(_on(barriers, "shuffled"), at_largest),
            ),
            Control(
                name="matching undoes a shuffle", kind="positive", rule=RESTORED, estimate=pooled(restored, at_largest)
            ),
            Control(
                name="no barrier is left to the copy",
                kind="positive",
                rule=LEVEL,
                estimate=pooled(_on(barriers, "planted"), at_largest),
            ),
        ],
        sizes=decides.with_columns(-pl.col("value")),
        sensitivity=_beside(barriers, way),
        published=[
            _published(
                "slope of ln(straight barrier after matching) over ln width", "theory", -0.5, "Zhan et al. 2025"
            ),
            _published("straight barrier after matching", "MNIST, wide perceptrons", 0.0, "Ainsworth et al. 2023"),
        ],
    )


def draw(evidence: Evidence, verdict: Verdict) -> ChartType:
    """The barrier on four ways and the relative way to the solution, by size."""
    barriers, way = evidence["barriers"], _way(evidence)
    found = {path: _on(barriers, path) for path in WAYS}
    above = by_size(found["curve_matched"])
    limit = above.select(x="x", y=pl.lit(verdict.rule.tau), label=pl.lit("the claim: below it at the largest size"))
    travelled = by_size(way)
    first = travelled.sort("x").head(1)
    lazy = travelled.select(
        x="x",
        y=first["y"].sum() * (pl.col("x") / first["x"].sum()) ** -0.25,
        label=pl.lit("width^-1/2, about parameters^-1/4"),
    )
    panels = [
        curves(
            by_size(lanes), title=WAYS[path], x="parameters", y="barrier, share of the gain", log="x", dots=dots(lanes),
            guide=limit.unique().sort("x"), like=None if path == "curve_matched" else above,
            height=210 if path == "curve_matched" else 130,
        )
        for path, lanes in found.items()
    ]  # fmt: skip
    return stack(
        *panels,
        curves(
            travelled, title="Way from the start to the solution", x="parameters", y="share of the start's length",
            log="xy", dots=dots(way), guide=lazy.unique().sort("x"), like=above, height=150,
        ),
    )  # fmt: skip


def _on(barriers: pl.DataFrame, path: str, value: pl.Expr = SHARE) -> pl.DataFrame:
    """Lanes: a number of one way."""
    return lanes(barriers.filter(path=path), value.first(), stopped=True)


def _way(evidence: Evidence) -> pl.DataFrame:
    """Lanes: ‖θ_best − θ_0‖/‖θ_0‖."""
    distances, norms = evidence["distances"], evidence["norms"]
    travelled = lanes(distances.filter(pl.col("seed") == pl.col("other")), pl.col("init_best").first(), stopped=True)
    start = lanes(norms, pl.col("norm").sort_by("step").first(), stopped=True)
    return paired(travelled, start).with_columns(value=pl.col("value") / pl.col("value_right"))


def _way_cell(cell: Cell) -> Cell:
    return cell.model_copy(update={"name": f"{cell.name}, way to the solution", "rule": TRAVEL})


def _beside(barriers: pl.DataFrame, way: pl.DataFrame) -> list[Row]:
    matched = _on(barriers.with_columns(parameters=pl.col("size")), "straight_matched")
    return [
        *(
            row
            for path, told in list(WAYS.items())[1:]
            for row in sensitivity(f"barrier, {told.lower()}", _on(barriers, path), at_largest)
        ),
        *sensitivity(
            "barrier on a curve after matching, nats", _on(barriers, "curve_matched", pl.col("barrier")), at_largest
        ),
        *sensitivity(
            "slope of ln(straight barrier after matching) over ln width", matched, over_sizes(_log_slope)
        ),
        *sensitivity("way to the solution, share of the start's length, largest size", way, at_largest),
    ]  # fmt: skip


def _published(name: str, cell: str, value: float, source: str) -> Row:
    return Row(name=name, cell=cell, estimate=Estimate(value=value, low=None, high=None, n=0), source=source)


def _log_slope(sizes: Floats, values: Floats) -> Floats:
    return slopes(np.log(sizes), np.log(values))
