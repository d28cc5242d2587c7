"""Validation shows when to stop.

Claim: A few hundred examples that are held back are enough to say where training should have stopped: almost nothing is
lost against the best point in hindsight.

Refuted by: The point with the lowest loss of 200 validation examples has a clean test loss above that of the best point
by 2 % or more of the fall that training brings.

Tested by: Networks are trained for long and looked at often. For each, 200 of the validation examples are drawn a
hundred times; each time the point with their lowest mean loss is picked. Regret is the clean test loss there less the
lowest of all points, as a share of the fall from the start to that lowest. The mean over the hundred must be below .02
at the largest size; that of the end of training, which nobody picked, must not.

Limits: The best point in hindsight is found on the very test examples on which regret is taken, so it is luckier than
any honest one: this counts against the claim. On one half of the test examples against the best of the other, among
the points where parameters were kept, it is shown. Validation labels carry the noise of training in closed form, so
that the luck of wrong labels in 200 is left out; but the loss that it estimates is not the clean one, and regret in
the noisy one is shown. Points lie evenly in the logarithm of steps, in which training progresses for so long that the
rule PQ, shown beside two others, hardly ever fires. All validation examples are one set, drawn once; subsets of many
share most of their members. Points are 15 % of steps apart: regret between them is not seen. Regret is never negative,
its law is skewed, and an interval of sixteen seeds finds it small a little too easily.

For: Prechelt 1998, Early stopping — but when?

Against: Mahsereci et al. 2017, Early stopping without a validation set (what is held back is lost for training)

Against: Cawley & Talbot 2010, On over-fitting in model selection (what chooses is fitted too)

Caption: What is lost by stopping where validation says, by number of validation examples, largest networks, where the
loss is lowest and by three rules of patience; the claim puts 200 examples below the dashed line. Curves on
one another: the rules stop at the same point. In the detail by size with 200 of them, and when never stopped.
"""

import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence
from nominima.judging.lanes import lanes, largest
from nominima.judging.parts import Findings, Part, View, minus, must_fail
from nominima.judging.rules import Rule
from nominima.judging.samples import most

MEASURES = ("picking",)
RULE = Rule(
    statistic="clean test loss where 200 validation examples pick, above the best, share of what training wins",
    side="below", tau=0.02, trend="minus the regret", flat=0.005,
)  # fmt: skip

COUNT = 200
RULES = {"GL": "GL 5 %", "PQ": "PQ .75", "UP": "UP 3"}
TOLD = {"GL 5 %": "5 % above the lowest (GL)", "PQ .75": "loss over progress (PQ)", "UP 3": "three rises in a row (UP)",
        "lowest loss": "lowest loss"}  # fmt: skip


def judge(evidence: Evidence) -> Findings:
    """Regret of what 200 validation examples pick; never stopping as the control; counts, rules and accuracy shown."""
    table = evidence["picking"]
    picked = _read(table, "lowest")
    by_accuracy = _read(table, "lowest", by="accuracy")
    return Findings(
        primary=Part(
            RULE,
            asks=(View("regret", picked),),
            guards=(must_fail("regret of never stopping", _read(table, "never", count=None)),),
            decides=~pl.col("tuned"),
        ),
        trend=View("minus the regret", minus(picked)),
        shown=(
            View("regret, worst size of each seed", picked, most),
            View("regret in accuracy, picked by accuracy", by_accuracy, variant=True),
            View("regret of one half of the test, best of the other", _read(table, "lowest", "halved")),
            View("regret in test loss under the noise of training", _read(table, "lowest", "noisy")),
            *(View(f"regret by {name}", _read(table, rule)) for rule, name in RULES.items()),
            *(View(f"steps until {name}, share of those kept", _read(table, rule, "spent"))
              for rule, name in RULES.items()),
            View("steps to the end, share of those kept", _read(table, "lowest", "spent")),
        ),
        drawn=(View("regret by examples and rule", _rules(table)),),
    )  # fmt: skip


def _read(
    table: pl.DataFrame, rule: str, value: str = "regret", *, by: str = "loss", count: int | None = COUNT
) -> pl.DataFrame:
    """Lanes: a number of a rule, with so many validation examples; None: with whatever there are."""
    rows = table.filter(rule=rule, by=by)
    rows = rows if count is None else rows.filter(validated=count)
    return lanes(
        rows, pl.col(value).first(), stopped=True, censored="censored" if by == "loss" else "censored_accuracy"
    )


def _by_count(table: pl.DataFrame, rule: str) -> pl.DataFrame:
    """Lanes: the regret of the largest networks by the number of validation examples, their place."""
    counts = table.filter(rule=rule, by="loss")["validated"].unique().sort()
    frames = [_read(table, rule, count=count).with_columns(place=pl.lit(float(count))) for count in counts]
    return largest(pl.concat(frames))


def _rules(table: pl.DataFrame) -> pl.DataFrame:
    """The same for each rule, which is a condition."""
    return pl.concat(_by_count(table, rule).with_columns(picks=pl.lit(name))
                     for rule, name in {"lowest": "lowest loss", **RULES}.items())  # fmt: skip


PANELS = (
    Panel("regret by examples and rule", "What is lost by stopping where validation says, largest networks",
          "share of the fall in loss", "xy", along="place", largest=True, x="validation examples",
          limit=(0.02, "the claim puts 200 examples below"), single=False,
          words={f"picks {name}": told for name, told in TOLD.items()}),
    Panel("regret", "The same with 200 validation examples, by size", "share of the fall in loss", "xy",
          limit=(0.02, "the claim puts the largest networks below")),
    Panel("regret of never stopping", "The same when training is never stopped", "share of the fall in loss", "xy"),
)  # fmt: skip
