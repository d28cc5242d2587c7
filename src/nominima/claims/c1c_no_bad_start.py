"""The essay: training may begin anywhere sensible; there is no bad start, only one of a wrong scale.

Refuted if a start of the right scale spoils the solution, or if good scales must be hit exactly.
"""

import numpy as np
import polars as pl
from altair.typing import ChartType

from nominima.drawing.charts import curves, stack
from nominima.judging.arms import arms
from nominima.judging.claim import Cell, Claim, Control, Estimate, Findings, Row, Rule, Verdict
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.lanes import conditions, lanes, paired
from nominima.judging.scores import at_largest, by_size, cells, dots, over_sizes, pooled, sensitivity
from nominima.judging.spreads import log_deviations, valley_width
from nominima.judging.stats import Floats, slopes

MEASURES = ("learning_curve",)

RULE = Rule(
    statistic="test accuracy lost by a start fitted to random labels, against random starts of its scale, largest size",
    side="below",
    tau=0.02,
    trend="minus the accuracy lost, at every size",
    flat=0.01,
)
WIDE = Rule(
    statistic="range of gains whose stopped validation loss is within 5 % of the best, decades, largest size",
    side="above",
    tau=1.0,
    trend="the same range at every size",
    flat=0.1,
)
WIDENS = WIDE.model_copy(
    update={"statistic": "growth of that range per tenfold of parameters, decades", "tau": 0.1, "null": 0.0}
)
SPREAD = Rule(
    statistic="change of ln(deviation over seeds of the stopped validation loss) per tenfold of parameters",
    side="below",
    tau=-0.1,
    null=0.0,
    trend="minus the deviation over seeds",
    flat=0.01,
)
FITTED = Rule(
    statistic="share of the random labels fitted, largest size", side="above", tau=0.95, trend="the same", flat=0.01
)

CLAIM = Claim(
    title="There is no bad start",
    statement=(
        "Wherever training starts, a good solution is near, as long as the scale of the parameters is sensible: "
        "different starts do equally well, the scale need not be hit exactly, and not even a start made to be bad "
        "does harm beyond what its scale does."
    ),
    refuted_by=(
        "Networks that were first fitted to random labels end with a lower accuracy than networks that start from "
        "random numbers of the same scale; or the good scales of the start are a narrow band."
    ),
    tested_by=(
        "Networks are fitted to random labels and then trained on the true ones, beside networks that start from "
        "random numbers rescaled to the same norm in every layer. The accuracy lost, stopped by validation loss, must "
        "be below 0.02 at the largest size. A second part multiplies ordinary starts by 0.01 to 10: the gains whose "
        "stopped loss is within 5 % of the best must span more than a tenfold, and a wider range the larger the "
        "network. A third part: the deviation over seeds of the stopped loss must fall with size. All starts have "
        "twice the steps that an ordinary one takes. Against ordinary starts, of their own scale, the networks fitted "
        "to random labels must lose more than 0.02, or the test could not see harm; and the random labels must have "
        "been fitted."
    ),
    limits=(
        "Small data sets, perceptrons of two hidden layers, Adam at one rate but for the spread over seeds; Adam "
        "forgives a wrong scale more than plain gradient descent does. Random numbers of the same norm in each layer "
        "are one way to be of the same scale. What is compared is where training is stopped; the end of training stands"
        " beside. The range of gains is read off a grid of half decades, joined by straight lines."
    ),
    literature=(
        "For: He et al. 2015, Delving deep into rectifiers (only the scale of the start is to be chosen)",
        "Against: Liu, Papailiopoulos & Achlioptas 2020, Bad global minima exist and SGD can reach them (fitting "
        "random labels first costs up to 0.40 of the accuracy without regularisation)",
    ),
    caption=(
        "Above, for each data set: accuracy by number of parameters after different starts. The claim puts the start "
        "fitted to random labels no lower than the random one of its scale. Then the stopped loss by gain of an "
        "ordinary start, as a share of the best; the claim wants a wide valley below the dashed line. Last, the "
        "deviation of the stopped loss over seeds; the claim has it fall."
    ),
    rule=RULE,
)

CHANCE = 0.8  # labels of ten classes carry next to nothing at noise 0.9
TOLERANCE = 1.05
START = pl.col("start.kind").fill_null("own")
ACCURACY, LOSS = pl.col("test_accuracy"), pl.col("validation_loss")
BEST, BEST_ACCURACY, END = pl.col("best_loss"), pl.col("best_accuracy"), pl.col("end")
STARTS = {
    "own": "ordinary random start",
    "copy": "fitted to random labels",
    "rescaled": "random, of its scale",
    "shuffled": "fitted, then shuffled",
}


def judge(evidence: Evidence) -> Findings:
    """Harm of adversarial starts, width of the flat region of gains, spread over seeds; each part with its rule."""
    sizes, starts, random = _parts(evidence["learning_curve"])
    lost, flat, spread = _lost(starts, "rescaled", "copy"), _flat(starts), log_deviations(_at(sizes, LOSS, BEST))
    return Findings(
        cells=[
            *cells(lost, at_largest),
            *_part("range of gains", WIDE, cells(flat, at_largest)),
            *_part("growth of the range", WIDENS, cells(flat, over_sizes(_per_tenfold))),
            *_part("spread over seeds", SPREAD, cells(spread, over_sizes(_per_tenfold))),
        ],
        controls=[
            Control(
                name="against ordinary random starts, of another scale",
                kind="negative",
                estimate=pooled(_lost(starts, "own", "copy"), at_largest),
            ),
            Control(
                name="random labels are fitted",
                kind="positive",
                rule=FITTED,
                estimate=pooled(_at(random, pl.col("train_accuracy"), END), at_largest),
            ),
        ],
        sizes=lost.with_columns(-pl.col("value")),
        sensitivity=_beside(starts, sizes),
        published=[
            Row(
                name="accuracy lost by a start fitted to random labels, at most", cell="CIFAR-10, no regularisation",
                estimate=Estimate(value=0.40, low=None, high=None, n=0), source="Liu et al. 2020",
            )
        ],
    )  # fmt: skip


def draw(evidence: Evidence, verdict: Verdict) -> ChartType:  # noqa: ARG001 - what every claim is drawn from
    """Accuracy by start and size, loss by gain, and the spread over seeds by size."""
    sizes, starts, _ = _parts(evidence["learning_curve"])
    spread = log_deviations(_at(sizes, LOSS, BEST))
    parts = [(str(name), rows) for (name,), rows in starts.group_by("dataset", maintain_order=True)]
    fallen = by_size(spread).with_columns(pl.col("y", "low", "high").exp())
    return stack(
        *(_accuracies(name, rows) for name, rows in parts),
        *(_valley(name, rows) for name, rows in parts),
        curves(
            fallen, title="Spread over ordinary starts", x="parameters", log="xy", height=150,
            y="deviation of the stopped loss (nats)",
        ),
    )  # fmt: skip


def _parts(curve: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Runs from ordinary starts, runs of sweeps with starts made of other runs, and those fitted to random labels."""
    random = pl.col("noise") >= CHANCE
    made = pl.col("sweep").is_in(curve.filter(START != "own")["sweep"].unique().to_list())
    parts = (curve.filter(~made, ~random), curve.filter(made), curve.filter(random))
    if any(part.is_empty() for part in parts):
        raise Missing("there are no runs from ordinary starts, from made ones, or none fitted to random labels")
    return parts


def _at(curve: pl.DataFrame, value: pl.Expr, mark: pl.Expr) -> pl.DataFrame:
    """Lanes: a number at the point of a mark."""
    return lanes(curve, value.filter(mark).first())


def _arm(starts: pl.DataFrame, start: str, value: pl.Expr, mark: pl.Expr) -> pl.DataFrame:
    """Lanes of one kind of start, its gain 1."""
    return _at(starts.filter((start == START) & (pl.col("gain") == 1)), value, mark)


def _lost(starts: pl.DataFrame, one: str, other: str, value: pl.Expr = ACCURACY, mark: pl.Expr = BEST) -> pl.DataFrame:
    """Lanes: by how much starts of one kind do better than those of another."""
    both = paired(_arm(starts, one, value, mark), _arm(starts, other, value, mark), but=("start",))
    return both.with_columns(value=pl.col("value") - pl.col("value_right"))


def _by_gain(starts: pl.DataFrame) -> pl.DataFrame:
    """Lanes: the stopped validation loss of every ordinary start, its gain as arm; null: diverged."""
    found = arms(_at(starts.filter(START == "own"), LOSS, BEST), "gain")
    return found.sort(*conditions(found), "size", "seed", "arm")


def _flat(starts: pl.DataFrame) -> pl.DataFrame:
    """Lanes: decades of gain over which the stopped loss is within the tolerance of the best; diverged ones are not."""
    found = _by_gain(starts)
    key = [*conditions(found), "size", "seed"]
    rows = [(*its, _decades(each)) for its, each in found.group_by(key, maintain_order=True)]
    return pl.DataFrame(rows, found.select(*key, "value").schema, orient="row")


def _decades(rows: pl.DataFrame) -> float | None:
    if rows["value"].null_count() == rows.height:
        return None
    return valley_width(rows["arm"].log10().to_numpy(), rows["value"].fill_null(np.inf).to_numpy(), TOLERANCE)


def _part(name: str, rule: Rule, found: list[Cell]) -> list[Cell]:
    return [cell.model_copy(update={"name": f"{cell.name}, {name}", "rule": rule}) for cell in found]


def _per_tenfold(sizes: Floats, values: Floats) -> Floats:
    return slopes(np.log10(sizes), values)


def _beside(starts: pl.DataFrame, sizes: pl.DataFrame) -> list[Row]:
    harm = "accuracy lost by the start fitted to random labels"
    shuffled, rescaled = _lost(starts, "rescaled", "shuffled"), _lost(starts, "own", "rescaled")
    by_accuracy, at_end = (_lost(starts, "rescaled", "copy", mark=mark) for mark in (BEST_ACCURACY, END))
    relative = log_deviations(_at(sizes, LOSS, BEST), relative=True)
    return [
        *sensitivity(f"{harm}, stopped by accuracy", by_accuracy, at_largest, variant=True),
        *sensitivity(f"{harm}, at the end of training", at_end, at_largest, variant=True),
        *sensitivity("the same weights shuffled within layers: lost", shuffled, at_largest),
        *sensitivity(f"{harm}, against ordinary starts", _lost(starts, "own", "copy"), at_largest),
        *sensitivity("lost by random starts of its scale, against ordinary ones", rescaled, at_largest),
        *sensitivity("validation loss added by it, nats", _lost(starts, "copy", "rescaled", LOSS), at_largest),
        *sensitivity("change of ln(deviation / mean loss) per tenfold", relative, over_sizes(_per_tenfold)),
    ]  # fmt: skip


def _accuracies(name: str, starts: pl.DataFrame) -> ChartType:
    """Accuracy by size, a series for each kind of start."""
    series = [_arm(starts, kind, ACCURACY, BEST).with_columns(cell=pl.lit(told)) for kind, told in STARTS.items()]
    found = pl.concat(each.select("cell", "size", "seed", "value") for each in series)
    return curves(
        by_size(found), title=f"{name}: accuracy after different starts", x="parameters", log="x",
        y="test accuracy at the stop", dots=dots(found),
    )  # fmt: skip


def _valley(name: str, starts: pl.DataFrame) -> ChartType:
    """Stopped loss as a share of the best by gain, a series for each size."""
    found = _by_gain(starts)
    share = pl.col("value") / pl.col("value").min().over(*conditions(found), "size", "seed")
    series = found.select(
        cell=pl.format("{} parameters", pl.col("size").cast(pl.Int64)), size="arm", seed="seed", value=share
    )
    order = [f"{size:.0f} parameters" for size in found["size"].unique().sort()]
    table = by_size(series)
    table = pl.concat([table.filter(series=label) for label in order])
    limit = series.select(x="size", y=pl.lit(TOLERANCE), label=pl.lit("5 % above the best")).unique().sort("x")
    return curves(
        table, title=f"{name}: stopped loss by gain of an ordinary start", x="gain (factor of the usual start)",
        y="loss, share of the best", log="xy", ordered=True, guide=limit, height=150,
    )  # fmt: skip
