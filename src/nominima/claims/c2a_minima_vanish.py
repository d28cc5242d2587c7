"""The essay: in many dimensions bad local minima all but vanish; what looks like one has a way out.

Refuted if descent still ends in minima worse than the best ones in the widest networks.
"""

import polars as pl
from altair.typing import ChartType

from nominima.drawing.charts import curves, stack
from nominima.ground.texts import number
from nominima.judging import stats
from nominima.judging.claim import Cell, Claim, Control, Estimate, Findings, Row, Rule, Verdict
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.scores import NOTHING, by_size, dots, exactly, points, share_of

MEASURES = ("toy_minima", "critical_points", "spurious_minima")

RULE = Rule(
    statistic="share of starts that end in a bad strict minimum, at the two largest widths with decay",
    side="below",
    tau=0.1,
    trend="minus the loss of a strict minimum above the best of its width, in nats",
    flat=0.005,
)

CLAIM = Claim(
    title="Bad local minima vanish with size",
    statement=(
        "For a point to be a minimum the loss must curve upwards in every one of its dimensions. The more there are, "
        "the rarer that is: a minimum of a small network turns into a saddle of a larger one, and large networks have "
        "no bad minima to get stuck in."
    ),
    refuted_by="In the widest networks one start in ten or more ends in a minimum clearly worse than the best.",
    tested_by=(
        "A tanh network with one hidden layer, six inputs and three classes is small enough to certify its minima: "
        "descent goes on until the gradient is below 1e-10 and every eigenvalue of the exact Hessian is known. A "
        "strict minimum is bad if its loss is more than 0.01 nats above the best found at its width, decay 0.001. Of "
        "the starts at the two largest widths less than a tenth may end in one. On a loss of Safran and Shamir, "
        "known to have bad minima, the finder must find them, at the published height; where the student has as many "
        "units as the largest teacher the rule must not be met, with one more than a small teacher it must."
    ),
    limits=(
        "Some thousand parameters at most, three hundred examples, the best minimum that was found. Widths first went"
        " to 64, where two of forty starts ended badly and nothing was decided; they were then extended to 128. "
        "Descent from usual starts says where training ends, not what minima there are. Without decay minima of the "
        "cross-entropy lie at infinity even for tiny networks, and hardly any strict one is found: the claim is "
        "tested with decay. In the counter-example bad minima become more frequent as teacher and student grow "
        "together, and one unit more removes them only while the teacher is small."
    ),
    literature=(
        "For: Dauphin et al. 2014, Identifying and attacking the saddle point problem",
        "For: Fukumizu & Amari 2000, Local minima and plateaus in hierarchical structures (a neuron more makes "
        "saddles of minima)",
        "For: Bray & Dean 2007, Statistics of critical points of Gaussian fields on large-dimensional spaces",
        "Against: Safran & Shamir 2018, Spurious local minima are common in two-layer ReLU neural networks",
        "Against evidence by critical points: Frye et al. 2021, Critical point-finding methods reveal gradient-flat "
        "regions of deep network losses",
    ),
    caption=(
        "Above: how far certified minima lie above the best of their width, dots are single starts; the claim brings "
        "all below the dashed margin as widths grow. Then shares of the starts at each width, and what a neuron more "
        "makes of minima. Then the counter-example: share of descents that end in a bad minimum when a student of n "
        "units learns k units. Below: the share of downward directions at critical points of each loss."
    ),
    rule=RULE,
)

MARGIN = 0.01  # nats above the best of the width
WIDEST = 2  # widths that decide
STRICT = pl.col("kind") == "strict minimum"
FINDER = RULE.model_copy(update={
    "statistic": "share of descents that find a bad minimum of Safran & Shamir's loss, n = k from 8 on",
    "side": "above", "tau": 0.05,
})  # fmt: skip
PUBLISHED = {"n = k = 8": 0.13, "n = 9, k = 8": 0.0}
PUBLISHED_HEIGHT = 0.0215080  # at n = k = 8


def judge(evidence: Evidence) -> Findings:
    """Share of bad minima at the largest widths; the counter-example as controls of finder and rule."""
    toy, student = _toy(evidence), evidence["spurious_minima"]
    held = toy.filter(pl.col("l2") > 0)
    if held.is_empty():
        raise Missing("there are no minima with decay")
    return Findings(
        cells=[_cell(str(name), rows) for (name,), rows in held.group_by("dataset", maintain_order=True)],
        controls=_controls(student),
        sizes=_gaps(held),
        sensitivity=[
            *(row for (l2, hidden), rows in toy.group_by("l2", "hidden", maintain_order=True)
              for row in _at_width(f"decay {l2:g}, {hidden} neurons", rows)),
            *_counter_example(student),
            *_index(evidence["critical_points"]),
        ],
        published=[
            *(Row(name=f"share of bad minima, {which}", cell="Safran & Shamir's loss", source="Safran & Shamir 2018",
                  estimate=exactly(found)) for which, found in PUBLISHED.items()),
            *_random_matrix(held),
        ],
    )  # fmt: skip


def draw(evidence: Evidence, verdict: Verdict) -> ChartType:  # noqa: ARG001 - what every claim is drawn from
    """Gaps and shares by width, the counter-example, and the index of critical points against their loss."""
    toy, index = _toy(evidence).filter(pl.col("l2") > 0), _indices(evidence["critical_points"])
    gaps = _gaps(toy).with_columns(-pl.col("value"))
    margin = gaps.select(x="size", y=pl.lit(MARGIN), label=pl.lit(f"{MARGIN} nats: worse is bad")).unique().sort("x")
    return stack(
        curves(by_size(gaps), title="Certified minima above the best of their width", x="hidden neurons",
               y="nats above the best", log="x", dots=dots(gaps), guide=margin),
        curves(_shares(toy), title="Where starts end, and what a neuron more makes of minima",
               x="hidden neurons", y="share", log="x"),
        curves(_student_shares(evidence["spurious_minima"]),
               title="Counter-example: descents that end in a bad minimum", x="units of the teacher, k",
               y="share of descents", height=150),
        curves(index.group_by("series", "x", maintain_order=True).mean(), dots=index, ordered=True, height=150,
               title="Critical points: downward directions and loss", x="negative eigenvalues, share of all",
               y="loss (nats)"),
    )  # fmt: skip


def _toy(evidence: Evidence) -> pl.DataFrame:
    """The toy's ends with `gap`: nats above the best end of the same data, decay and width."""
    return evidence["toy_minima"].with_columns(
        gap=pl.col("loss") - pl.col("loss").min().over("dataset", "l2", "hidden")
    )


def _gaps(held: pl.DataFrame) -> pl.DataFrame:
    """Lanes: minus the gap of every strict minimum by width; null where a start ended elsewhere."""
    value = pl.when(STRICT).then(-pl.col("gap"))
    return held.select(cell="dataset", size=pl.col("hidden").cast(pl.Float64), seed="seed", value=value)


def _bad() -> pl.Expr:
    return STRICT & (pl.col("gap") > MARGIN)


def _cell(name: str, rows: pl.DataFrame) -> Cell:
    """The primary statistic: bad strict minima among the certified ends at the largest widths."""
    widths = rows["hidden"].unique().sort()
    chosen = rows.filter(pl.col("hidden").is_in(widths.tail(WIDEST).to_list()))
    strict, lacks = chosen.filter(STRICT), "" if len(widths) > WIDEST else f"it has {len(widths)} widths"
    found = NOTHING if lacks else share_of(strict, _bad())
    return Cell(name=name, estimate=found, runs=chosen.height, lost=chosen.height - strict.height, lacks=lacks)


def _controls(student: pl.DataFrame) -> list[Control]:
    same, more = (pl.col("units") == pl.col("teachers") + extra for extra in (0, 1))
    largest = pl.col("teachers") == pl.col("teachers").max()

    def bad(which: pl.Expr, *, there: bool = True) -> Estimate:
        return share_of(student.filter(which), pl.col("spurious") & there)

    return [
        Control(name="student as large as the largest teacher", kind="negative", estimate=bad(same & largest)),
        Control(name="student one unit larger than a teacher of up to 8", kind="positive",
                estimate=bad(more & (pl.col("teachers") <= 8))),
        Control(name="the finder finds bad minima, the lowest at the published height", kind="positive", rule=FINDER,
                estimate=bad(same & (pl.col("teachers") >= 8), there=_at_height(student))),
    ]  # fmt: skip


def _at_height(student: pl.DataFrame) -> bool:
    """Whether the lowest bad minimum at n = k = 8 has the published loss."""
    found = student.filter(pl.col("spurious"), units=8, teachers=8)["loss"].sort().to_list()
    return bool(found) and abs(found[0] - PUBLISHED_HEIGHT) < 1e-7


def _at_width(cell: str, rows: pl.DataFrame) -> list[Row]:
    """What is reported of one width and decay."""
    strict, asked = rows.filter(STRICT), rows.filter(pl.col("embedded") != "none")
    saddles = asked.filter(pl.col("embedded") == "saddle")
    told = {
        "starts that end in a strict minimum": share_of(rows, STRICT),
        "starts that end in a bad one": share_of(rows, _bad()),
        "nats above the best, strict minima": stats.mean(strict["gap"].to_numpy()),
        "minima that a neuron more makes a saddle": share_of(asked, pl.col("embedded") == "saddle"),
        "negative eigenvalues of those saddles": stats.mean(saddles["embedded_index"].to_numpy()),
        "of those, descent from them ends lower": share_of(saddles, pl.col("embedded_drop") > 0),
        "nats lower": stats.mean(saddles["embedded_drop"].to_numpy()),
    }
    return [Row(name=name, cell=cell, estimate=found) for name, found in told.items() if found.n]


def _counter_example(student: pl.DataFrame) -> list[Row]:
    return [
        Row(name=f"descents that end in a bad minimum, k = {k}, n = {n}", cell="Safran & Shamir's loss", estimate=found)
        for n, k, found in _students(student)
    ]


def _students(student: pl.DataFrame) -> list[tuple[int, int, Estimate]]:
    """(units, units of the teacher, share of spurious ends)."""
    groups = student.group_by("units", "teachers", maintain_order=True)
    return [(n, k, share_of(rows, pl.col("spurious"))) for (n, k), rows in groups]


def _index(searches: pl.DataFrame) -> list[Row]:
    """How often the search for critical points was led to none, and how index and loss go together where it was not."""
    true = _critical(searches)
    rank = stats.correlation(true["share"].to_numpy(), true["loss"].to_numpy())
    few = f", fewer than {stats.FEWEST_POINTS} points" if rank.few else ""
    told = {
        "searches that end where the gradient is flat: no critical point, no index": share_of(
            searches, pl.col("kind") == "gradient-flat"
        ),
        "searches that end in a critical point": share_of(searches, pl.col("index").is_not_null()),
        "critical points that are minima": share_of(true, pl.col("index") == 0),
        f"rank correlation of index and loss, permutation p = {number(rank.p)}{few}": exactly(rank.value, rank.n),
    }
    return [Row(name=name, cell="all widths of the search", estimate=found) for name, found in told.items()]


def _random_matrix(held: pl.DataFrame) -> list[Row]:
    sizes = held.group_by("hidden", maintain_order=True).agg(pl.col("goe_log10").first()).sort("hidden").rows()
    name, source = "decimal logarithm of the share of minima if curvature were random", "Dean & Majumdar 2006"
    return [Row(name=name, cell=f"{hidden} neurons", source=source, estimate=exactly(power)) for hidden, power in sizes]


def _critical(searches: pl.DataFrame) -> pl.DataFrame:
    found = searches.filter(pl.col("index").is_not_null())
    return found.with_columns(share=pl.col("index") / pl.col("parameters")).sort("hidden", "share")


def _shares(toy: pl.DataFrame) -> pl.DataFrame:
    """Shares by width, ready to draw."""
    asked = pl.col("embedded") != "none"
    kinds = {
        "starts: a strict minimum": (pl.lit(value=True), STRICT),
        "starts: a bad minimum": (pl.lit(value=True), _bad()),
        "minima: a saddle": (asked, pl.col("embedded") == "saddle"),
    }
    groups = list(toy.group_by("hidden", maintain_order=True))
    return points(
        (name, hidden, share_of(rows.filter(where), hit))
        for name, (where, hit) in kinds.items()
        for (hidden,), rows in groups
    )


def _student_shares(student: pl.DataFrame) -> pl.DataFrame:
    found = [(f"n = k{' + 1' * (n - k)}", k, share) for n, k, share in _students(student)]
    return points([*sorted(found, key=lambda each: each[:2]), ("n = k, published", 8, exactly(PUBLISHED["n = k = 8"]))])


def _indices(searches: pl.DataFrame) -> pl.DataFrame:
    """Every critical point, ready to draw, a series a width."""
    return _critical(searches).select(pl.format("{} neurons", "hidden").alias("series"), x="share", y="loss")
