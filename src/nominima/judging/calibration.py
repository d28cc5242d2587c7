"""How often the machine would be wrong: a claim's word, decided again and again where the truth is known.

The trial is simulated on the layout of a claim's findings, with the spread of seeds of an exploratory run (`draws`),
and every draw is decided by `decide.decide_part`, as evidence is. Controls are left out: they can only take `supported`
away, so that false words are bounded from above, and their own words are not known beforehand.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from pydantic import Field

from nominima.ground.records import Strict
from nominima.judging.decide import decide_part
from nominima.judging.draws import FEWEST, Chance, Draw, Spread, seeds_of, shape_of, spread_of, together
from nominima.judging.evidence import Missing
from nominima.judging.intervals import Floats, against
from nominima.judging.parts import Condition, Findings, Part, View, of_condition
from nominima.judging.ranks import PAIR
from nominima.judging.rules import Outcome, Rule, outcome
from nominima.judging.samples import Sample
from nominima.judging.spread import cells, of_cell, trend_of
from nominima.judging.trend import SIZES, block, word_of

ALLOWED, WANTED = 0.05, 0.8
FALSE = ("supported", "contradicted", "mixed")
SHARE = 0.98  # of networks, where the power of a share is asked
DRAWS = 2000
SEED = 20201021


class Calibrated(Strict):
    """How often a claim's primary gets which word; shares are null where it was not simulated.

    supported, contradicted, mixed: at the worse of the two ends of what is no effect.
    """

    claim: str
    cells: int = Field(ge=0, description="that decide and were simulated")
    of: int = Field(ge=0, description="that decide")
    seeds: str = Field(default="", description="of a cell, fewest to most")
    spread: str = Field(default="", description="seeds of the exploratory run")
    draws: int = Field(default=0, ge=0)
    supported: float | None = None
    contradicted: float | None = None
    mixed: float | None = None
    power: float | None = None
    at: float | None = Field(default=None, description="the truth at which the power is that")
    trend: float | None = Field(default=None, description="`grows` or `shrinks` where there is no trend")
    note: str = ""

    @property
    def fails(self) -> list[str]:
        """What is asked of the machine and not met."""
        words = {"supported": self.supported, "contradicted": self.contradicted, "mixed": self.mixed}
        wrong = [f"falsely {word} in {share:.1%}" for word, share in words.items() if (share or 0) > ALLOWED]
        trend = [f"a trend where there is none in {self.trend:.1%}"] if (self.trend or 0) > ALLOWED else []
        weak = [f"power {self.power:.0%}"] if self.power is not None and self.power < WANTED else []
        return [*wrong, *trend, *weak]


Spreads = dict[tuple[int, int], Spread]  # of the cell and view of these numbers


def calibrate(
    claim: str, findings: Findings, spread: pl.DataFrame, draws: int = DRAWS, seed: int = SEED, at: float | None = None
) -> Calibrated:
    """Decide a claim's primary `draws` times at each truth.

    Args:
        claim: its name.
        findings: of the trial whose layout is taken: cells, and the seeds of each.
        spread: of an exploratory run, `spread.read_spread`.
        draws: of all cells together.
        seed: of the draws.
        at: the truth at which the power is asked, where the claim names one.
    """
    part = findings.primary
    if part.rule.unit == "trend":
        return _against_draws(claim, part)
    decided = cells(part, *part.asks)
    found, lacks = _spreads(part, decided, spread)
    seeds = sorted(int(name) for name in spread.columns if name.isdecimal())
    told = {"claim": claim, "of": len(decided), "spread": _range(seeds), "note": _note(found, lacks)}
    if not found:
        return Calibrated(cells=0, **told)
    rng = np.random.default_rng(seed)
    truths = _truths(part, at)
    *wrong, right = _words(part, found, truths, draws, rng)
    return Calibrated(
        cells=len({cell for cell, _ in found}),
        seeds=_range([each.count for each in found.values()]),
        draws=draws,
        at=truths[-1][0],
        power=right["supported"] / draws,
        trend=_trend(findings, spread, draws, rng),
        **{word: max(words[word] for words in wrong) / draws for word in FALSE},
        **told,
    )


def _against_draws(claim: str, part: Part) -> Calibrated:
    """Of trends: each draw of permuted sizes decided against all, as it is and moved to where power is asked."""
    sample, at = part.asks[0].sample(part.asks[0].lanes), power_at(part.rule)
    assert sample.draws is not None
    wrong, right = (
        Counter(outcome(against(value + moved, sample.draws, len(sample.rows)), part.rule) for value in sample.draws)
        for moved in (0.0, at)
    )
    count = len(sample.draws)
    shares: dict[str, Any] = {word: wrong[word] / count for word in FALSE} | {"power": right["supported"] / count}
    note = "where nothing is there: sizes permuted"
    return Calibrated(claim=claim, cells=1, of=1, draws=count, at=at, note=note, **shares)


def no_effect(rule: Rule) -> tuple[float, float]:
    """The two ends of what is no effect: τ and the null, τ twice where there is none, both ends of a margin."""
    if isinstance(rule.tau, tuple):
        return rule.tau
    return (rule.tau, rule.tau if rule.null is None else rule.null)


def power_at(rule: Rule) -> float:
    """The truth at which a rule must be met: 2 τ; .98 of shares; 0, or the middle of a margin, where the claim is that
    nothing is there.
    """
    if isinstance(rule.tau, tuple):
        return sum(rule.tau) / 2
    if rule.unit == "network":
        return SHARE if rule.side == "above" else 1 - SHARE
    if rule.null is not None:
        return 2 * rule.tau - rule.null
    return 2 * rule.tau if rule.side == "above" else 0.0


def _truths(part: Part, at: float | None) -> list[tuple[float, ...]]:
    """Truths to simulate, a number for each view: without effect one or two, and last that of the power."""
    rules = [view.rule or part.rule for view in part.asks]
    powers = [power_at(rule) if at is None else at for rule in rules]
    return [*dict.fromkeys(zip(*map(no_effect, rules), strict=True)), tuple(powers)]


def _spreads(
    part: Part, decided: Sequence[tuple[str, Condition]], spread: pl.DataFrame
) -> tuple[Spreads, dict[str, str]]:
    """The spread of every number of every cell, and cell → what it lacks."""
    found: Spreads = {}
    lacks: dict[str, str] = {}
    for cell, (name, condition) in enumerate(decided):
        try:
            its = [_spread(view, name, condition, spread) for view in part.asks]
        except Missing as lack:
            lacks[name] = str(lack)
            continue
        found |= {(cell, number): each for number, each in enumerate(its)}
    for number in range(len(part.asks)):
        same = {key: its for key, its in found.items() if key[1] == number}
        law = {"together": together(list(same.values())), "shape": shape_of(list(same.values()))}
        found |= {key: replace(its, **law) for key, its in same.items()}
    return found, lacks


def _spread(view: View, cell: str, condition: Condition, spread: pl.DataFrame) -> Spread:
    if PAIR[1] in view.lanes.columns:
        raise Missing("cells judged by two numbers of each network")
    lanes = of_cell(spread, view.name, cell)
    if lanes.is_empty():
        raise Missing("cells not in the exploratory run")
    layout = view.sample(of_condition(view.lanes, condition))
    sample = view.sample(lanes)
    if set(sample.read["size"]) != set(layout.read["size"]):
        raise Missing("cells with other sizes in the exploratory run")
    return spread_of(sample, len(seeds_of(layout)))


def _words(
    asked: Part, spreads: Spreads, truths: Sequence[tuple[float, ...]], draws: int, rng: np.random.Generator
) -> list[Counter[Outcome]]:
    """At each of the truths (one for every view), how often the part gets which word."""
    now: dict[tuple[int, int], Draw] = {}
    views = list(enumerate(asked.asks))
    parts = [
        Part(asked.rule, tuple(_staged(view, number, truth[number], spreads, now) for number, view in views))
        for truth in truths
    ]
    counts: list[Counter[Outcome]] = [Counter() for _ in truths]
    most = max(its.count for its in spreads.values())
    labels = sorted({seed for its in spreads.values() for seed in its.sample.seeds})
    for _ in range(draws):
        normal = dict(zip(labels, rng.standard_normal((len(labels), most)), strict=True))
        chance = Chance(rng.random(most), normal, rng)
        now.update((key, its.draw(chance)) for key, its in spreads.items())
        for count, part in zip(counts, parts, strict=True):
            count[decide_part(part).outcome] += 1
    return counts


def _staged(view: View, number: int, truth: float, spreads: Spreads, now: dict[tuple[int, int], Draw]) -> View:
    """The view with a line for each cell, scored by what is drawn now."""
    lines = pl.DataFrame({"condition": [cell for cell, its in spreads if its == number]})
    lanes = lines.with_columns(size=pl.lit(1.0), seed=pl.lit(0), value=pl.lit(0.0))

    def score(rows: pl.DataFrame) -> Sample:
        return now[int(rows["condition"][0]), number].at(truth)

    return replace(view, lanes=lanes, score=score)


def _trend(findings: Findings, spread: pl.DataFrame, draws: int, rng: np.random.Generator) -> float | None:
    """How often there is a trend where there is none: means of all sizes made equal, seeds drawn, the sign of each at
    random.
    """
    taus = list(_taus(findings, spread))
    if not taus:
        return None
    count = min(map(len, taus))
    wrong = 0
    for _ in range(draws):
        uniform, sign = rng.random(count), rng.choice([-1.0, 1.0], count)
        drawn = [its[(uniform * len(its)).astype(int)] for its in taus]
        wrong += word_of(sign * np.mean(drawn, axis=0)) in ("grows", "shrinks")
    return wrong / draws


def _taus(findings: Findings, spread: pl.DataFrame) -> Iterator[Floats]:
    """Kendall's τ of the residuals of each exploratory seed, of every cell with a trend to tell."""
    if findings.trend is None:
        return
    for name, condition in cells(findings.primary, findings.trend):
        lanes = of_cell(spread, trend_of(findings.trend), name)
        if lanes.is_empty():
            continue
        found = block(condition, lanes)
        if len(found.seeds) >= FEWEST and len(found.sizes) >= SIZES:
            yield found._replace(values=found.values - found.values.mean(axis=0)).taus


def _range(numbers: Sequence[int]) -> str:
    return "–".join(map(str, dict.fromkeys((min(numbers), max(numbers))))) if numbers else ""


def _note(found: Spreads, lacks: dict[str, str]) -> str:
    equal = len({cell for (cell, _), its in found.items() if its.equal})
    still = [f"cells whose seeds do not differ: {equal}"] if equal else []
    return "; ".join([*still, *(f"{lack}: {count}" for lack, count in Counter(lacks.values()).items())])
