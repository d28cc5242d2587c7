"""The essay: without explicit regularisation every real model would diverge; there is no optimum to arrive at.

Refuted if the norm of the parameters stops growing although nothing holds it back.
"""

import numpy as np
import polars as pl
from altair.typing import ChartType

from nominima.drawing.charts import curves, stack
from nominima.judging.arms import arms, chosen, less, lowest
from nominima.judging.claim import Cell, Claim, Control, Findings, Row, Rule, Verdict
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.lanes import conditions, lanes, largest, named
from nominima.judging.scores import NOTHING, at_largest, by_size, cells, dots, exactly, over_sizes, pooled, sensitivity
from nominima.judging.stats import Floats

MEASURES = ("norms", "learning_curve", "decay_shift")

RULE = Rule(
    statistic="growth of the norm per e-fold of steps, share of the initial norm, slowest size of each seed",
    side="above",
    tau=0.05,
    null=0.0,
    trend="the same growth at every size",
    flat=0.02,
)

CLAIM = Claim(
    title="Unregularised networks never settle",
    statement=(
        "Without a penalty on the size of the parameters there is no finite optimum to arrive at: the parameters of "
        "any real network keep growing for as long as it is trained."
    ),
    refuted_by=(
        "The norm of the parameters of some size stops growing without any decay; or decay makes networks better, not "
        "worse; or it does not raise the curvature of the place where training ends."
    ),
    tested_by=(
        "The norm of all parameters, as a share of that at the start, is followed over training. Its slope per e-fold "
        "of steps over the last two e-folds must be above 0.05 without decay; of each seed the network that grows "
        "slowest counts. Networks trained with the strongest L2 decay must not grow so, whichever grows fastest. "
        "Second, the clean test loss at the stop with the strength of decay that the validation loss prefers must be "
        "above that without decay; it contradicts the claim if it is more than 0.02 nats below. Third, training with "
        "the strongest decay must end where the smallest eigenvalue, penalty included, is larger than without. That "
        "the penalty itself moves every eigenvalue by exactly the decay is algebra, and asked of the instrument."
    ),
    limits=(
        "A finite training shows growth, not divergence. Steps grow the norm of parameters that wander as well as that "
        "of parameters that go somewhere. A few strengths of one kind of decay, at a small and a middle size; where "
        "the best lies at the edge of the grid the table says so, and a better one may lie beyond. Curvature is taken "
        "of the small networks alone, on some of the examples."
    ),
    literature=(
        "For: Soudry et al. 2018, The implicit bias of gradient descent on separable data (norms grow like ln t)",
        "For: Lyu & Li 2020, Gradient descent maximizes the margin of homogeneous neural networks",
        "Against: Krogh & Hertz 1992, A simple weight decay can improve generalization",
        "Against: data that cannot be fitted have finite minima, for instance noisy labels and small networks",
    ),
    caption=(
        "Above: growth of the norm per e-fold of steps over the last two e-folds without decay, by number of "
        "parameters; the claim puts all networks above the dashed line. Then the norm of the largest networks over "
        "training, means over seeds. Below: the clean test loss at the stop with each strength of decay less that "
        "without; the claim puts it above the dashed line."
    ),
    rule=RULE,
)

COST = RULE.model_copy(update={
    "statistic": "clean test loss at the stop with the best decay less that without, nats, mean over sizes",
    "tau": 0.0, "null": -0.02,
})  # fmt: skip
CURVATURE = RULE.model_copy(update={
    "statistic": "rise of the smallest eigenvalue at the end by training with the strongest decay, in units of it",
    "tau": 0.0, "null": 0.0,
})  # fmt: skip
SHIFT = RULE.model_copy(update={
    "statistic": "change of each eigenvalue when the penalty is added, share of the decay, the one furthest off",
    "side": "within", "tau": (0.999, 1.001), "null": None,
})  # fmt: skip
EFOLDS = 2.0
FITTED_EFOLDS = 4.0
FEWEST_POINTS = 3
NORM, STEP = pl.col("relative_norm"), pl.col("step")
END = NORM.sort_by("step").last()
STOP = pl.col("test_loss").filter("best_loss").first()
PREFERRED = pl.col("validation_loss").min()
HELD = pl.col("lambda_min_held").first()
LEAST, MOST = (pl.col(f"shift_{name}").first() for name in ("least", "most"))
FURTHEST = pl.when((LEAST - 1).abs() > (MOST - 1).abs()).then(LEAST).otherwise(MOST)
ACCURACY = pl.col("test_accuracy").filter("best_accuracy").first()
OTHER_COSTS = {
    "cost of the best decay, lowest test loss on the path, nats": pl.col("test_loss").min(),
    "cost of the best decay, share of errors, stopped by accuracy": 1 - ACCURACY,
    "cost of the best decay, at the end of training, nats": pl.col("test_loss").filter("end").first(),
}


def judge(evidence: Evidence) -> Findings:
    """The slowest growth without decay; the fastest with the strongest decay as the control."""
    norms, free = evidence["norms"], _free(evidence)
    growth = _growth(free)
    held = norms.filter((pl.col("l2") > 0) & (pl.col("l2") == pl.col("l2").max()))
    curve, shift = evidence["learning_curve"], evidence["decay_shift"]
    best, cost = lowest(_arms(curve, PREFERRED).filter(pl.col("arm") > 0)), less(_arms(curve, STOP), 0.0)
    curvature = _arms(shift, HELD)
    risen = less(curvature, 0.0).with_columns(pl.col("value") / pl.col("arm"))
    return Findings(
        cells=[
            *cells(growth, over_sizes(_slowest)),
            *_part("cost of decay", COST, chosen(cost, best)),
            *_part("curvature", CURVATURE, risen.filter(pl.col("arm") == pl.col("arm").max())),
        ],
        controls=[
            Control(name="networks with the strongest decay", kind="negative",
                    estimate=pooled(_growth(held), _fastest)),
            Control(name="eigenvalues moved by the penalty", kind="positive", rule=SHIFT,
                    estimate=pooled(lanes(shift.filter(pl.col("l2") > 0), FURTHEST), _over_sizes)),
        ],
        sizes=growth,
        sensitivity=[
            *sensitivity("growth of the fastest size of each seed", growth, _fastest),
            *sensitivity("growth at the largest size", growth, at_largest),
            *sensitivity("norm at the end as a share of the initial one, largest size", lanes(free, END), at_largest),
            *sensitivity("ln(misfit of a power of t / misfit of a + b ln t)", _misfit(free), over_sizes(_average)),
            *_choices(best, curve),
            *(row for name, value in OTHER_COSTS.items() for row in sensitivity(
                name, chosen(less(_arms(curve, value), 0.0), best), _over_sizes)),
            *(row for (l2,), arm in curvature.sort("arm").group_by("arm", maintain_order=True) for row in sensitivity(
                f"smallest eigenvalue at the end, penalty included, decay {l2:g}", arm, _over_sizes)),
        ],
    )  # fmt: skip


def draw(evidence: Evidence, verdict: Verdict) -> ChartType:
    """Growth by size, the norm of the largest networks over training, and what decay costs."""
    norms = _free(evidence)
    growth = _growth(norms)
    limit = growth.select(x="size", y=pl.lit(verdict.rule.tau), label=pl.lit("the claim: above it without decay"))
    slopes = by_size(growth)
    panel = curves(
        slopes, title="Growth of the norm over the last two e-folds, no decay", x="parameters", log="x",
        y="share of the initial norm per e-fold", dots=dots(growth), guide=limit.unique().sort("x"),
    )  # fmt: skip
    cost = less(_arms(evidence["learning_curve"], STOP), 0.0)
    return stack(panel, _paths(norms, slopes), *([] if cost.is_empty() else [_costs(cost)]))


def _arms(table: pl.DataFrame, value: pl.Expr) -> pl.DataFrame:
    return arms(lanes(table, value), "l2", among=0.0)


def _free(evidence: Evidence) -> pl.DataFrame:
    """Rows of the runs without decay."""
    table = evidence["norms"].filter(pl.col("l2") == 0)
    if table.is_empty():
        raise Missing("there are no runs without decay")
    return table


def _costs(cost: pl.DataFrame) -> ChartType:
    """What every strength of decay costs, means over sizes."""
    by_arm = cost.group_by(*conditions(cost), "arm", "seed", maintain_order=True)
    found = by_arm.agg(pl.col("value").mean()).rename({"arm": "size"})
    nothing = found.select(x="size", y=pl.lit(0.0), label=pl.lit("the claim: above it, decay costs")).unique()
    return curves(
        by_size(found), title="What decay costs: clean test loss less that without", x="strength of the decay, l2",
        y="nats", log="x", dots=dots(found), guide=nothing.sort("x"), height=150,
    )  # fmt: skip


def _paths(norms: pl.DataFrame, above: pl.DataFrame) -> ChartType:
    """The norm over training of the largest networks of each cell, means over seeds."""
    steps = norms.filter(STEP > 0).sort("step").group_by("step", maintain_order=True)
    found = pl.concat(
        largest(lanes(rows, NORM.first())).with_columns(size=pl.lit(step, pl.Float64)) for (step,), rows in steps
    )
    return curves(
        by_size(found).select("series", "x", "y"), title="The norm while the largest networks train, no decay",
        x="step", y="norm / initial norm", log="x", like=above,
    )  # fmt: skip


def _growth(norms: pl.DataFrame) -> pl.DataFrame:
    """Lanes: slope of the relative norm over ln t in the last two e-folds of steps."""
    late = _last_efolds(EFOLDS)
    return lanes(norms, pl.when(late.sum() >= FEWEST_POINTS).then(_slope(STEP.filter(late).log(), NORM.filter(late))))


def _misfit(norms: pl.DataFrame) -> pl.DataFrame:
    """Lanes: ln of the squared misfit of c·t^p (fitted in logarithms) over that of a + b ln t: > 0 favours this one."""
    late = _last_efolds(FITTED_EFOLDS)
    x, y = STEP.filter(late).log(), NORM.filter(late)
    power, logarithm = ((y - _line(x, y.log()).exp()) ** 2).sum(), ((y - _line(x, y)) ** 2).sum()
    return lanes(norms, pl.when(late.sum() >= FEWEST_POINTS).then((power / logarithm).log()))


def _choices(best: pl.DataFrame, curve: pl.DataFrame) -> list[Row]:
    """The preferred strengths, and whether they lie inside the grid."""
    grid = curve.filter(pl.col("l2") > 0)["l2"]
    where = {True: "at the edge of the grid", False: "inside the grid"}
    return [
        Row(name=f"decay that the validation loss prefers, {where[l2 in (grid.min(), grid.max())]}",
            cell=f"{cell}, {size:.0f} parameters", estimate=exactly(l2))
        for cell, size, l2 in named(best).select("cell", "size", "arm").rows()
    ]  # fmt: skip


def _part(name: str, rule: Rule, table: pl.DataFrame) -> list[Cell]:
    """A part of the claim with a rule of its own; one untested cell where there is nothing to compare."""
    found = cells(table, _over_sizes)
    lacks = "there are no runs with and without decay to compare"
    found = found or [Cell(name="decay", estimate=NOTHING, runs=0, lacks=lacks)]
    return [cell.model_copy(update={"name": f"{cell.name}, {name}", "rule": rule}) for cell in found]


def _last_efolds(count: float) -> pl.Expr:
    return (STEP > 0) & (STEP.max() / np.exp(count) <= STEP)


def _slope(x: pl.Expr, y: pl.Expr) -> pl.Expr:
    return pl.cov(x, y) / x.var()


def _line(x: pl.Expr, y: pl.Expr) -> pl.Expr:
    """The least-squares line through (x, y), at x."""
    return y.mean() + _slope(x, y) * (x - x.mean())


def _fastest(rows: pl.DataFrame) -> pl.DataFrame:
    """Score: of each seed the size that grows fastest; one size will do."""
    return rows.group_by("seed", maintain_order=True).agg(pl.col("value").max()).sort("seed")


def _over_sizes(rows: pl.DataFrame) -> pl.DataFrame:
    """Score: of each seed the mean over its sizes; one size will do."""
    whole = pl.when(pl.col("value").is_not_null().all()).then(pl.col("value").mean())
    return rows.group_by("seed", maintain_order=True).agg(value=whole).sort("seed")


def _slowest(_: Floats, growth: Floats) -> Floats:
    return growth.min(axis=1)


def _average(_: Floats, values: Floats) -> Floats:
    return values.mean(axis=1)
