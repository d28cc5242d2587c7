"""Hand-made verdicts: what figures and the page are drawn from where no run is wanted."""

from typing import Any

from nominima.judging.decide import standing
from nominima.judging.intervals import NOTHING, Estimate
from nominima.judging.record import (
    Beside,
    Cell,
    Guarded,
    Literature,
    Number,
    PartVerdict,
    Scoreboard,
    Trend,
    Truer,
    Verdict,
)
from nominima.judging.rules import Outcome, Rule
from nominima.judging.words import Words

RULE = Rule(
    statistic="slope of the best test loss on log width, nats per decade, over seeds",
    side="below",
    tau=-0.05,
    null=0.0,
    trend="minus the best test loss",
    flat=0.02,
)
WITHIN = Rule(statistic="slope of log CV on log d", side="within", tau=(-0.55, -0.45))


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=8)


def cell(name: str, found: Estimate, outcome: Outcome, **changes: Any) -> Cell:
    number = Number(name="slope", estimate=found, outcome=outcome)
    made = Cell(
        name=name, condition={"dataset": name}, decides=True, numbers=[number], outcome=outcome, runs=40, lost={}
    )
    return made.model_copy(update=changes)


GUARDS = [
    Guarded(name="shuffled labels", kind="negative", estimate=estimate(0.001, -0.01, 0.012), behaves=True),
    Guarded(name="Cauchy points", kind="negative", rule=WITHIN, estimate=estimate(-0.49, -0.5, -0.48), behaves=False),
]
CELLS = [
    cell(
        "mnist1d, clean", estimate(-0.12, -0.15, -0.1), "supported", lost={"diverged": 1, "censored": 1}, guards=GUARDS
    ),
    cell("digits, noise .3", estimate(-0.03, -0.08, 0.02), "inconclusive", why="the interval straddles a limit"),
    cell("idx", NOTHING, "untested", runs=4, lost={"diverged": 4}, why="all 4 runs are lost"),
]
TREND = Trend(
    name="mnist1d, clean", condition={}, sizes=[4.0, 16.0, 64.0], means=[-2.0, -1.4, None], seeds=8, lost=0,
    tau=estimate(0.9, 0.7, 1.0), word="grows", turn="hump",
)  # fmt: skip
PART = PartVerdict(
    name="distances", rule=WITHIN, outcome="supported", reason="Supported in 1 of 1 tested cells.",
    cells=[cell("slope of the distances", estimate(-0.5, -0.51, -0.49), "supported", runs=9)],
)  # fmt: skip


def verdict(claim: str = "c0a_bigger_is_better", outcome: Outcome = "mixed", **changes: object) -> Verdict:
    cells = changes.pop("cells", CELLS)
    assert isinstance(cells, list)
    whole = Verdict(
        claim=claim,
        outcome=outcome,
        reason="One condition is on the claim's side and one straddles the null.",
        primary=PartVerdict(name="", rule=RULE, outcome=outcome, reason="One each.", cells=cells),
        parts=[PART],
        truer=Truer(word="unclear", reason="Too few sizes.", cells=[TREND]),
        beside=[Beside(name="stopped by accuracy", condition={}, cell="mnist1d, clean", variant=True,
                       estimate=estimate(-0.1, -0.12, -0.08))],
        published=[
            Literature(name="MLP error, h = 47", source="Greydanus 2020", value=0.54, ours=estimate(0.5, 0.4, 0.6))
        ],
    )  # fmt: skip
    return whole.model_copy(update=changes)


def untested(claim: str) -> Verdict:
    empty = {"cells": [], "parts": [], "beside": [], "published": []}
    reason = "Evidence is missing: there is no measurement of norms."
    return verdict(claim, "untested", **empty, truer=Truer(word="unclear", reason="No trend."), reason=reason)


def scoreboard(*verdicts: Verdict) -> Scoreboard:
    return Scoreboard(standings=[standing(each) for each in verdicts])


def words(title: str = "Bigger is better", **changes: Any) -> Words:
    whole = Words(
        title=title,
        statement="A larger model, stopped in time, has a lower test loss.",
        refuted_by="A slope whose whole interval lies above zero.",
        tested_by="Multilayer perceptrons of seven widths are trained and stopped by validation loss.",
        limits="One family, two data sets.",
        caption="Test loss against width; the claim predicts that the lines fall.",
        literature=("Nakkiran 2020", "Belkin 2019"),
    )
    return whole._replace(**changes)
