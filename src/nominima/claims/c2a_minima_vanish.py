"""Bad local minima vanish with size.

Claim: For a point to be a minimum the loss must curve upwards in every one of its dimensions. The more there are, the
rarer that is: a minimum of a small network turns into a saddle of a larger one, and large networks have no bad minima
to get stuck in.

Refuted by: In the widest networks one start in ten or more ends in a minimum clearly worse than the best.

Tested by: A tanh network with one hidden layer, six inputs and three classes is small enough to certify its minima:
descent goes on until the gradient is below 1e-10 and every eigenvalue of the exact Hessian is known. Each start has a
draw of examples of its own. A strict minimum is bad if its loss, with a decay of 0.001, is more than 0.01 nats above
the best end of that draw in a network of this width or a smaller one. Of the starts at the two largest widths less than
a tenth may end in one. On a loss of Safran and Shamir, known to have bad minima, the finder must find them, at the
published height; where the student has as many units as the largest teacher the rule must not be met, with one more
than a small teacher it must. Two parts: without decay less than a tenth of the starts end in any strict minimum; with
one more neuron, nine of ten minima become saddles that lead lower.

Limits: Some thousand parameters at most, and the best end that was found: where every width is stuck as badly, nothing
is seen. Descent from usual starts says where training ends, not what minima there are. Searches for critical points of
any index may end where only the gradient is flat, and have found none: their share is shown.

For: Dauphin et al. 2014, Identifying and attacking the saddle point problem

For: Fukumizu & Amari 2000, Local minima and plateaus in hierarchical structures (one more neuron makes saddles)

Against: Safran & Shamir 2018, Spurious local minima are common in two-layer ReLU neural networks

Against evidence by critical points: Frye et al. 2021, Critical point-finding methods reveal gradient-flat regions of
deep network losses

Caption: How far certified minima lie above the best of their draw, dots are single starts; the claim brings all below
the dashed margin as widths grow. Then shares by width: starts that end badly, minima that one more neuron turns into a
way down. Then the counter-example, and critical points by downward directions and loss.
"""

import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.parts import Findings, Part, Published, View, minus, must_fail, must_succeed
from nominima.judging.rules import Rule
from nominima.judging.samples import each_seed, share

MEASURES = ("toy_minima", "spurious_minima", "critical_points")
RULE = Rule(statistic="share of starts that end in a strict minimum .01 nats or more above the best of their draw, two "
            "largest widths", side="below", tau=0.1, unit="network", trend="minus nats above the best of the draw",
            flat=0.005)  # fmt: skip
FREE = Rule(statistic="share of starts without decay that end in a strict minimum, widths to 16", side="below", tau=0.1,
            unit="network")  # fmt: skip
EMBEDDED = Rule(statistic="share of minima that a neuron more makes a saddle whose way down ends lower, widths to 32",
                side="above", tau=0.9, unit="network")  # fmt: skip
FINDER = Rule(statistic="share of descents that find a bad minimum, n = k from 8 on", side="above", tau=0.05)

MARGIN = 0.01  # nats above the best of the draw
WIDEST = 2  # widths that decide
ASTRAY, UNKNOWN = ("not finite",), ("not finite", "not converged")  # ends of which nothing is certain
EVERY = 99  # widths
STRICT = pl.col("kind") == "strict minimum"
LOWER = (pl.col("embedded") == "saddle") & (pl.col("embedded_drop") > 0)
HEIGHT = 0.0215080  # of the lowest bad minimum at n = k = 8, as published
PUBLISHED = {"n = k": 0.13, "n = k + 1": 0.0}


def judge(evidence: Evidence) -> Findings:
    """Share of bad minima at the largest widths; the counter-example as guards of finder and rule."""
    toy, student, points = (evidence[name] for name in MEASURES)
    held, free = toy.filter(pl.col("l2") > 0), toy.filter(l2=0.0)
    if held.is_empty():
        raise Missing("there are no minima with decay")
    asked = held.filter(pl.col("embedded") != "none")
    bad, gap = _starts(held, STRICT & (pl.col("gap") > MARGIN)), _starts(held, pl.when(STRICT).then("gap"))
    each = points.group_by("dataset", "seed", size=pl.col("hidden").cast(pl.Float64), maintain_order=True)
    flat = each.agg(value=(pl.col("kind") == "gradient-flat").cast(pl.Float64).mean(), status=pl.lit("ok"))
    everywhere = pl.len().over("dataset", "seed") == pl.col("hidden").n_unique().over("dataset")
    same, more = _student(student, 0), _student(student, 1)
    small, large = pl.col("size") <= 8, pl.col("size") == pl.col("size").max()
    return Findings(
        primary=Part(
            RULE,
            asks=(View("starts: a bad minimum", bad, share(WIDEST)),),
            guards=(
                must_fail("student as large as the largest teacher", same.filter(large), share(), once=True),
                must_succeed("one unit larger than a small teacher", more.filter(small), share(), once=True),
                must_succeed("bad minima found, n = k", _at_height(student, same), share(), FINDER, once=True),
            ),
        ),
        parts=(
            Part(FREE, (View("without decay: a strict minimum", _starts(free, STRICT, ASTRAY), share(EVERY)),),
                 name="no decay", lacks="no network was without decay"),
            Part(EMBEDDED, (View("a neuron more: a saddle, lower", _starts(asked, LOWER), share(EVERY)),),
                 name="a neuron more", lacks="no minimum was given one"),
        ),
        trend=View("minus nats above the best", minus(_starts(held.filter(everywhere), pl.col("gap")))),
        shown=(
            View("starts: a bad minimum, largest width", bad, share(1)),
            View("starts: a strict minimum", _starts(held, STRICT), share(WIDEST)),
            View("searches that end where only the gradient is flat", flat, each_seed),
            View("nats above the best, strict minima", gap),
            View("log10 of the share if curvature were random", _starts(held, pl.col("goe_log10"))),
            View("n = k", same.filter(size=8), share()),
            View("n = k + 1", more.filter(size=8), share()),
        ),
        drawn=(View("bad minima, n = k", same), View("bad minima, n = k + 1", more),
               View("critical points", _points(points))),
        published=tuple(Published(f"share of bad minima, {name}, k = 8", "Safran & Shamir 2018", value, view=name)
                        for name, value in PUBLISHED.items()),
    )  # fmt: skip


def _starts(toy: pl.DataFrame, value: pl.Expr, unknown: tuple[str, ...] = UNKNOWN) -> pl.DataFrame:
    """Lanes whose size is the width; null where the end of a start is not certain."""
    lost = pl.col("kind").is_in(unknown)
    known = pl.when(~lost).then(value.cast(pl.Float64))
    status = pl.when(lost).then("kind").otherwise(pl.lit("ok"))
    return toy.select("dataset", "seed", size=pl.col("hidden").cast(pl.Float64), value=known, status=status)


def _student(student: pl.DataFrame, extra: int) -> pl.DataFrame:
    """Lanes whose size is the teacher's: whether a descent of a student with `extra` units more ended badly."""
    its = student.filter(pl.col("units") == pl.col("teachers") + extra)
    bad = pl.col("spurious").cast(pl.Float64)
    return its.select("seed", size=pl.col("teachers").cast(pl.Float64), value=bad, status=pl.lit("ok"))


def _at_height(student: pl.DataFrame, same: pl.DataFrame) -> pl.DataFrame:
    """The descents at n = k from 8 on, none of them a find unless the lowest at 8 has the published loss."""
    lowest = student.filter(pl.col("spurious"), units=8, teachers=8)["loss"].sort().head(1).to_list()
    right = bool(lowest) and abs(lowest[0] - HEIGHT) < 1e-7
    return same.filter(pl.col("size") >= 8).with_columns(pl.col("value") * right)


def _points(points: pl.DataFrame) -> pl.DataFrame:
    """Lanes: the loss of critical points, the share of their downward directions as the place."""
    true = points.filter(pl.col("index").is_not_null())
    place, width = pl.col("index") / pl.col("parameters"), pl.col("hidden").cast(pl.Float64)
    return true.select("dataset", "seed", size=width, place=place, value="loss", status=pl.lit("ok"))


PANELS = (
    Panel("nats above the best, strict minima", "Certified minima above the best of their draw", "nats",
          limit=(MARGIN, "above them is bad"), x="hidden neurons"),
    Panel("starts: a bad minimum", "Starts that end in a bad minimum", "share", x="hidden neurons", single=False,
          limit=(0.1, "the claim puts the two largest widths below"), card=True),
    Panel("a neuron more: a saddle, lower", "Minima that one more neuron turns into a way down", "share",
          x="hidden neurons", single=False),
    Panel("bad minima, n = k", "Counter-example: descents that end in a bad minimum", "share", single=False,
          x="units of teacher and student"),
    Panel("critical points", "Critical points: downward directions and loss", "loss (nats)", "", along="place",
          x="negative eigenvalues, share of all", largest=True),
)  # fmt: skip
