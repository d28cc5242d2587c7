"""How words are decided: of cells by interval, losses and guards, of parts by their cells, of a claim by its parts."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nominima.judging import trend
from nominima.judging.beside import published, shown
from nominima.judging.evidence import Missing
from nominima.judging.intervals import FEWEST_EQUAL, NOTHING, USUAL, Estimate, estimate
from nominima.judging.parts import Condition, Findings, Guard, Part, View, each_condition, of_condition
from nominima.judging.reasons import doubt, of_claim, of_guard, of_part, weakest
from nominima.judging.record import Cell, Guarded, Number, PartVerdict, Standing, Verdict
from nominima.judging.rules import Outcome, Rule, fewest, margin, outcome, truth, wholly_off
from nominima.judging.samples import Sample, paired

MOST_LOST = 0.2  # share of the networks at any size that is read
ENOUGH = 0.75  # share of the tested cells


class Asked(NamedTuple):
    """A number of a cell: the view and rule it is asked by, and its sample, or what it lacks."""

    view: View
    rule: Rule
    sample: Sample | None
    lacks: str

    def outcome(self, level: float) -> Outcome:
        """What its interval at a level says."""
        return "untested" if self.sample is None else outcome(self.sample.estimate(level), self.rule)

    @property
    def usable(self) -> bool:
        """Whether it has a word, whatever becomes of the others: it lacks nothing and few of its runs are lost."""
        return self.sample is not None and not self.lacks and self.sample.most_lost <= MOST_LOST

    @property
    def lost(self) -> bool:
        """Whether it was measured and all of its runs are lost."""
        return self.sample is not None and 0 < self.sample.runs == sum(self.sample.lost.values())


def decide(claim: str, findings: Findings, note: str = "") -> Verdict:
    """The verdict of what a claim found; a note stands after its reason."""
    primary, *parts = (decide_part(part) for part in (findings.primary, *findings.parts))
    word = of_parts(primary.outcome, [part.outcome for part in parts])
    beside = [each for view in findings.shown for each in shown(view)]
    return Verdict(
        claim=claim,
        outcome=word,
        reason=of_claim(primary, parts, word) + note,
        primary=primary,
        parts=parts,
        truer=trend.truer(findings.trend, findings.primary),
        beside=beside,
        published=[published(each, beside) for each in findings.published],
    )


def standing(verdict: Verdict) -> Standing:
    """A verdict's line on the scoreboard."""
    cells, rule = verdict.deciding, verdict.primary.rule
    tested = [cell for cell in cells if cell.outcome != "untested"]
    least = weakest(tested, rule) if tested else None
    return Standing(
        claim=verdict.claim, outcome=verdict.outcome, reason=verdict.reason, growth=verdict.truer.word,
        growth_reason=verdict.truer.reason, rule=rule, weakest=least.name if least else "",
        estimate=least.estimate if least else NOTHING, tested=len(tested), cells=len(cells), runs=verdict.runs,
        supported=sum(cell.outcome == "supported" for cell in tested), lost=verdict.lost,
    )  # fmt: skip


def decide_part(part: Part) -> PartVerdict:
    """The word of every cell of a part, and its own."""
    found = each_condition(*(view.lanes for view in part.asks))
    asked = [[_ask(view, part.rule, condition) for view in part.asks] for _, condition in found]
    cells = [_cell(part, name, condition, numbers) for (name, condition), numbers in zip(found, asked, strict=True)]
    tested = sum(cell.decides and cell.outcome != "untested" for cell in cells)
    strict = 1 - (1 - USUAL) / max(tested, 1)
    cells = [cell.model_copy(update={"firm": _firm(cell, numbers, strict)})
             for cell, numbers in zip(cells, asked, strict=True)]  # fmt: skip
    counted = [cell for cell in cells if cell.decides]
    word = of_cells([cell.outcome for cell in counted], [cell.firm for cell in counted])
    return PartVerdict(name=part.name, rule=part.rule, outcome=word, reason=of_part(part, cells, word), cells=cells)


def of_cells(outcomes: Sequence[Outcome], firm: Sequence[bool]) -> Outcome:
    """The word of a part from those of its cells, and whether each holds at the strict level."""
    tested = sum(word != "untested" for word in outcomes)
    if tested == 0 or 2 * tested < len(outcomes):
        return "untested"
    pairs: tuple[tuple[Outcome, Outcome], ...] = (("supported", "contradicted"), ("contradicted", "supported"))
    for word, other in pairs:
        opposed = any(found == other and holds for found, holds in zip(outcomes, firm, strict=True))
        if sum(found == word for found in outcomes) >= ENOUGH * tested and not opposed:
            return word
    decided = {found for found, holds in zip(outcomes, firm, strict=True) if holds}
    return "mixed" if {"supported", "contradicted"} <= decided else "inconclusive"


def of_parts(primary: Outcome, parts: Sequence[Outcome]) -> Outcome:
    """The word of a claim: that of its primary, or mixed where a part says the opposite."""
    opposite = {"supported": "contradicted", "contradicted": "supported"}.get(primary)
    return "mixed" if opposite in parts else primary


def of_numbers(outcomes: Sequence[Outcome]) -> Outcome:
    """Of several numbers that a row asks at once: supported if each is, contradicted if one is."""
    if "contradicted" in outcomes:
        return "contradicted"
    if "untested" in outcomes or not outcomes:
        return "untested"
    return "supported" if set(outcomes) == {"supported"} else "inconclusive"


def _ask(view: View, rule: Rule, condition: Condition) -> Asked:
    its = view.rule or rule
    try:
        sample = view.sample(of_condition(view.lanes, condition))
    except Missing as lack:
        return Asked(view, its, None, str(lack))
    assert sample.counted == (its.unit == "network"), f"{view.name}: its rule is one of a {its.unit}, its score is not"
    return Asked(view, its, sample, _lack(sample, its))


def _lack(sample: Sample, rule: Rule) -> str:
    """Why a sample has no word, if it has none."""
    if sample.runs == 0:
        return "nothing was measured"
    if sum(sample.lost.values()) == sample.runs:
        return f"all {sample.runs} runs are lost"
    if sample.most_lost > MOST_LOST:
        return ""  # inconclusive, and it says so
    found = sample.estimate(rule.confidence)
    decided = found.equal and found.n >= FEWEST_EQUAL
    units = found.n if sample.counted else sample.read["seed"].n_unique()
    if not decided and units < fewest(rule):
        return f"{units} of the {fewest(rule)} {rule.unit}s that are needed"
    return "" if found.low is not None else f"{found.n} of {sample.runs} runs can be used, too few for an interval"


def _cell(part: Part, name: str, condition: Condition, asked: Sequence[Asked]) -> Cell:
    samples = [number.sample for number in asked if number.sample is not None]
    numbers = [_number(number, part.rule) for number in asked]
    of = {"": asked[0], **{number.view.name: number for number in asked}}
    guards = [_guarded(guard, part.rule, condition, of[guard.of]) for guard in part.guards]
    word, why = _word(asked, numbers, guards)
    losses = [sample.lost for sample in samples]
    worst = max(losses, key=lambda lost: sum(lost.values()), default={})
    return Cell(
        name=name, condition=condition, decides=part.counts(condition), numbers=numbers, outcome=word, why=why,
        runs=max((sample.runs for sample in samples), default=0), lost=worst, guards=guards,
    )  # fmt: skip


def _word(asked: Sequence[Asked], numbers: Sequence[Number], guards: Sequence[Guarded]) -> tuple[Outcome, str]:
    """The word of a cell and why it is not decided: contradicted by one number, then what lacks, losses and guards."""
    broken = next((guard for guard in guards if guard.kind == "positive" and not guard.behaves), None)
    if broken is None and any(its.usable and its.outcome(its.rule.confidence) == "contradicted" for its in asked):
        return "contradicted", ""
    lacking = next((number for number in asked if number.lacks), None)
    if lacking:
        why = lacking.lacks if len(asked) == 1 else f"{lacking.view.name}: {lacking.lacks}"
        tried = lacking.lost and broken is None and any(number.usable for number in asked)
        return "inconclusive" if tried else "untested", why
    lossy = max((number.sample for number in asked if number.sample), key=lambda sample: sample.most_lost)
    if lossy.most_lost > MOST_LOST:
        return "inconclusive", f"of {lossy.runs} runs {_told(lossy)}"
    if broken:
        return "untested", of_guard(broken)
    word = of_numbers([number.outcome for number in numbers])
    if word == "supported":
        for guard in guards:
            if guard.kind == "negative" and not guard.behaves:
                return "untested" if guard.lacks else "inconclusive", of_guard(guard)
    undecided = next((number for number in asked if number.outcome(number.rule.confidence) == "inconclusive"), None)
    if word != "inconclusive" or undecided is None or undecided.sample is None:
        return word, ""
    return word, doubt(undecided.sample.estimate(undecided.rule.confidence), undecided.rule)


def _told(sample: Sample) -> str:
    return ", ".join(f"{count} {why}" for why, count in sample.lost.items())


def _number(asked: Asked, rule: Rule) -> Number:
    found = asked.sample.estimate(asked.rule.confidence) if asked.sample else NOTHING
    own = asked.rule if asked.rule != rule else None
    return Number(name=asked.view.name, rule=own, estimate=found, outcome=outcome(found, asked.rule))


def _firm(cell: Cell, asked: Sequence[Asked], level: float) -> bool:
    decided = cell.outcome in ("supported", "contradicted")
    return decided and of_numbers([number.outcome(level) for number in asked if number.usable]) == cell.outcome


def _guarded(guard: Guard, rule: Rule, condition: Condition, asked: Asked) -> Guarded:
    its = guard.view.rule or rule
    shared = {"name": guard.view.name, "kind": guard.kind, "rule": guard.view.rule}
    try:
        sample = guard.view.sample(guard.rows(condition), guard.view.score if guard.scored else asked.view.score)
    except Missing as lack:
        return Guarded(**shared, estimate=NOTHING, behaves=False, lacks=f"{guard.view.name}: {lack}")
    found = sample.estimate(its.confidence)
    if found.low is None:
        lack = f"no interval for {guard.view.name}"
        return Guarded(**shared, estimate=found, behaves=False, lacks=lack)
    if sample.most_lost > MOST_LOST:
        lack = f"{guard.view.name}: of {sample.runs} runs {_told(sample)}"
        return Guarded(**shared, estimate=found, behaves=False, lacks=lack)
    if guard.kind == "positive":
        return Guarded(**shared, estimate=found, behaves=outcome(found, its) == "supported")
    if wholly_off(found, its):
        return Guarded(**shared, estimate=found, behaves=True)
    beaten = _beaten(asked, sample, its) if margin(found.value or 0.0, its) <= 0 else None
    behaves = beaten is not None and beaten.low is not None and beaten.low > 0
    return Guarded(**shared, estimate=found, beaten=beaten, behaves=behaves)


def _beaten(asked: Asked, case: Sample, rule: Rule) -> Estimate | None:
    """By how much a cell is truer than its negative control, paired by seed."""
    if asked.sample is None:
        return None
    turned = (_turned(asked.sample, asked.rule), _turned(case, rule))
    both = paired(*turned)
    return estimate(both.rows, both.statistic)


def _turned(sample: Sample, rule: Rule) -> Sample:
    inner = sample.statistic
    return Sample(sample.read, sample.seeds, sample.rows, lambda rows: np.asarray(truth(inner(rows), rule)))
