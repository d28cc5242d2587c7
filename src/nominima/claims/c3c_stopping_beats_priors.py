"""Early stopping beats priors.

Claim: A wide network that is stopped by validation needs no other prior: no penalty on the parameters, no dropout and
no smaller network does better when trained to the end, however well its strength is chosen.

Refuted by: One of these priors, its strength chosen on the same validation examples, reaches a clean test accuracy at
the end of training that is higher than that of a network without prior stopped by its validation loss.

Tested by: Networks of one width learn noisy labels at a constant rate with coupled L2, decoupled decay, a proximal L1,
dropout, or fewer units, each at six strengths at most a factor of three apart, and without any. The strength with the
lowest mean validation loss at the end of training is judged there, less stopping alone, seed by seed, in units of .01,
on digits .02. A data set is one cell that asks all five priors: it supports the claim if every one lies below one unit
(90 % intervals: an intersection), and contradicts it if some prior lies above (Holm over the priors). Stopping must
beat never stopping. Each prior must beat a network stopped at a tenth of its step, or no prior could be seen to win.

Limits: One width, optimizer, rate and share of wrong labels. Power is small: were each prior just as good as stopping,
13 % of simulated trials would support the claim. A preferred strength at the edge of its grid counts as lost. A prior
that would go on improving is judged where all runs end. Prior and stopping together are seen only in networks that had
stopped: on MNIST-1D 3 (L2), 3 (decay), 6 (L1), 7 (dropout), 4 (fewer units) of 8. By accuracy instead of loss, tuning
and stopping are variants. Equal runs: stopping chooses among as many rates as a prior has strengths, by validation
loss. Equal compute: all strengths of a prior together get the steps of one run, a sixth each. A linear model has one
minimum; what is exact there says little of networks.

For: Prechelt 1998, Early stopping — but when?

For: Ali, Kolter & Tibshirani 2019, A continuous-time view of early stopping for least squares (at most 1.69 × ridge)

Against: Krogh & Hertz 1992, A simple weight decay can improve generalization

Against: Srivastava et al. 2014, Dropout

Caption: What each tuned prior adds to the clean test accuracy of stopping alone, at equal runs and equal compute; left
of the line stopping is better. In the detail what steps of training buy, a prior's strengths together, edges included.
"""

from collections.abc import Callable

import polars as pl

from nominima.drawing.abreast import Abreast
from nominima.drawing.panels import Panel, Upright
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.holm import one_of
from nominima.judging.lanes import lanes
from nominima.judging.parts import Findings, Part, Published, View, minus, must_fail, must_succeed
from nominima.judging.readings import at_mark, less
from nominima.judging.rules import Rule
from nominima.judging.samples import at_largest
from nominima.judging.strengths import FEWEST, PENALTIES, RIGHT, STEP, Tried, after, along, free, marked, validated
from nominima.judging.units import in_units

MEASURES = ("learning_curve", "flow_and_ridge")
RULE = Rule(
    statistic="accuracy of the tuned prior at the end less that of stopping alone, in units of .01 (digits .02)",
    side="below", tau=1.0, confidence=0.9,
)  # fmt: skip
FELL = Rule(statistic="accuracy of stopping less that of never stopping", side="above", tau=0.0)

PRIORS = {"coupled L2": "l2", "decoupled decay": "decay", "proximal L1": "l1", "dropout": "dropout",
          "fewer units": "size"}  # fmt: skip
BUDGETS = (0.02, 0.04, 0.1, 0.2, 0.4, 1.0, 2.0, 6.0)  # steps of all runs of a method together, in those of one run
SIXTHS = tuple(budget / FEWEST for budget in BUDGETS)  # of each, where it has six runs
DRAWN = ("mnist1d", "digits")
STOPPED = "none: stopped"
WEIGHED = pl.col("prior").is_in([name for name, knob in PRIORS.items() if knob in PENALTIES])
BOUGHT = {"penalties and dropout": WEIGHED | (pl.col("prior") == STOPPED), "fewer units, other rates": ~WEIGHED}
STOP, LATE = STEP.filter(pl.col("best_loss")).first(), pl.col("censored").first().cast(pl.Float64)


def judge(evidence: Evidence) -> Findings:
    """Each tuned prior against stopping alone; never stopping and a stop at a tenth of the step as the controls."""
    every, flow = evidence["learning_curve"].filter(pl.col("noise") > 0), evidence["flow_and_ridge"]
    curve = every.filter(schedule="constant")
    stop, end = marked(curve, "best_loss"), marked(curve, "end")
    alone = free(stop.value)
    if alone.is_empty():
        raise Missing("there are no runs without a prior on noisy labels")
    tenth = free(lanes(curve, RIGHT.sort_by((STEP / STOP * 10).log().abs()).first(), stopped=True))
    falling = marked(every.filter(schedule="linear"), "end").tuned("l2")
    accuracy = Tried(end.value, at_mark(curve, "end", -pl.col("validation_accuracy")))
    losses = Tried(at_mark(curve, "end", "test_loss"), end.by)
    return Findings(
        primary=Part(
            RULE,
            asks=tuple(View(name, in_units(less(end.tuned(knob), alone, "steps")), one_of(len(PRIORS)))
                       for name, knob in PRIORS.items()),
            guards=(
                must_succeed("stopping less never stopping", minus(less(free(end.value), alone, "steps")), at_largest,
                             FELL),
                *(must_fail(f"{name} less a tenth of the steps", in_units(less(end.tuned(knob), tenth, "steps")),
                            of=name) for name, knob in PRIORS.items()),
            ),
        ),
        shown=(
            View("added, by accuracy", _added(accuracy, free(at_mark(curve, "best_accuracy", RIGHT))), variant=True),
            View("added by coupled L2, rate falling to 0", less(falling, alone, "steps", "schedule"), variant=True),
            View("added, equal runs", _added(end, stop.tuned("rate"), "rate")),
            View("added, equal compute", _added(after(curve, 1 / FEWEST), alone)),
            View("added by a prior and stopping", _added(stop, alone)),
            View("loss added, nats", _added(losses, free(at_mark(curve, "best_loss", "test_loss")))),
            View("share of tuned runs still improving at the end", _each(Tried(lanes(curve, LATE), end.by).tuned)),
            View("strength that validation prefers", _each(end.preferred)),
            *(View(f"flow over ridge, {column.replace('_', ' ')}", flow.select(
                "law", "seed", size=pl.col("dimension").cast(pl.Float64), value=column, status=pl.lit("ok")))
              for column in ("worst_on_path", "best")),
        ),
        drawn=tuple(View(f"{what}, {name}", bought.filter(which))
                    for name in DRAWN if not (one := curve.filter(dataset=name)).is_empty()
                    for bought in [_bought(one)] for what, which in BOUGHT.items()),
        published=(Published("risk of gradient flow over that of ridge, at most", "Ali, Kolter & Tibshirani 2019", 1.69,
                             view="flow over ridge, worst on path", where=(("law", "even"),)),),
    )  # fmt: skip


def _each(of: Callable[[str], pl.DataFrame]) -> pl.DataFrame:
    """Lanes of each prior, of which it is a condition."""
    return pl.concat([of(knob).with_columns(prior=pl.lit(name)) for name, knob in PRIORS.items()])


def _added(tried: Tried, alone: pl.DataFrame, *but: str) -> pl.DataFrame:
    """Lanes: a number of each tuned prior less that of stopping alone."""
    return _each(lambda knob: less(tried.tuned(knob), alone, "steps", *but))


def _bought(curve: pl.DataFrame) -> pl.DataFrame:
    """Lanes: the accuracy of the network that one would keep, by steps that all runs of a method take together."""
    ends, stops = ({share: of(curve, share) for share in (*BUDGETS, *SIXTHS)} for of in (after, validated))
    each, rates = (along({budget: of[budget / FEWEST] for budget in BUDGETS}) for of in (ends, stops))
    one, never = (free(along({budget: of[budget] for budget in BUDGETS}).value) for of in (stops, ends))
    usual = pl.col("rate").is_in(curve.filter(pl.max_horizontal(PENALTIES) > 0)["rate"].unique().to_list())
    kept = {name: each.tuned(knob, edges=True) for name, knob in PRIORS.items()} | {
        STOPPED: one.filter(usual), "none: never stopped": never.filter(usual),
        "none: stopped at the best of 6 rates": rates.tuned("rate", edges=True),
    }  # fmt: skip
    told = ("size", "seed", "value", "status", (pl.col("share") * curve["steps"].item(0)).alias("place"))
    return pl.concat(its.select(*told, prior=pl.lit(name)) for name, its in kept.items())


WORDS = {f"prior {name}": name.replace("none:", "no prior,") for name in (
    *PRIORS, STOPPED, "none: never stopped", "none: stopped at the best of 6 rates")}  # fmt: skip
PANELS = (
    Abreast((("added, equal runs", "equal runs", "six runs each"),
             ("added, equal compute", "equal compute", "steps of one run each")),
            "What a tuned prior adds to the accuracy of stopping alone", "percentage points; below 0 stopping wins",
            ("stopping", "prior"), value=100 * pl.col("value"), words=WORDS),
    *(Panel(f"{what}, {name}", f"What steps of training buy: {name}, {what}", "accuracy", along="place",
            x="steps of all runs of a method together", single=False, words=WORDS,
            guide=Upright(1 / BUDGETS[-1], "equal compute, the steps of one run; at the right end equal runs"))
      for name in DRAWN for what in BOUGHT),
)  # fmt: skip
