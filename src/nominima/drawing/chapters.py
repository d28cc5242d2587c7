"""The chapters of the essay, and one sentence for each of them that follows from the words of its claims."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from nominima.ground.places import verdict
from nominima.judging.record import Standing, Truer, Verdict, read_judged
from nominima.judging.rules import Outcome, Rule
from nominima.judging.words import of_claim

TITLES = {
    "0": "Bigger is better",
    "1": "Any sensible start is already near",
    "2": "No walls",
    "3": "Early stopping is the best prior",
    "4": "Nothing on the way",
    "5": "You know when you are there",
    "6": "Forget minima, think of a queue",
}
WORDS: dict[Outcome, tuple[str, str]] = {
    "supported": ("holds", "hold"),
    "contradicted": ("is contradicted", "are contradicted"),
    "mixed": ("is mixed", "are mixed"),
    "inconclusive": ("is undecided", "are undecided"),
    "untested": ("is untested", "are untested"),
}
"""What is said of one claim, and of several."""
NOT_ASKED = "not asked"
ALL = "All claims"


class Chapter(NamedTuple):
    """A chapter of the essay: its claims on trial, what their words come to, and what their conditions do."""

    number: str
    title: str
    answer: str
    cells: str
    claims: list[str]


def chapters(standings: Sequence[Standing]) -> list[Chapter]:
    """The chapters in the order of the essay, each with its claims."""
    ordered = sorted(standings, key=lambda standing: (_chapter(standing.claim), standing.claim))
    return [
        Chapter(
            number,
            _title(number),
            answer(its),
            cells(its),
            [standing.claim for standing in its],
        )
        for number, found in groupby(ordered, key=lambda standing: _chapter(standing.claim))
        for its in [list(found)]
    ]


def named(figure: str) -> str:
    """What a card stands below in `snakemake --report`: number and title of its claim's chapter."""
    return ALL if figure == "scoreboard" else f"{_chapter(figure)} {_title(_chapter(figure))}"


def labels(figure: str) -> dict[str, str]:
    """What a card is told by in `snakemake --report`: its claim, what that says, and its verdict as it lies here.

    Raises:
        Refusal: the verdict is missing or damaged.
    """
    if figure == "scoreboard":
        return {"claim": ALL}
    judged, _ = read_judged(Path(verdict(figure)), Verdict)
    return {"claim": figure.partition("_")[0], "title": of_claim(figure).title, "verdict": judged.outcome}


def _chapter(claim: str) -> str:
    """`1` of `c1b_parameter_distances`."""
    return claim[1:2]


def _title(number: str) -> str:
    return TITLES.get(number, f"Chapter {number}")


def answer(standings: Sequence[Standing]) -> str:
    """`1 of 4 claims holds, 3 are mixed`."""
    counts, total = Counter(standing.outcome for standing in standings), len(standings)
    found: list[tuple[Outcome, int]] = [(word, counts[word]) for word in WORDS if counts[word]]
    first, *others = found
    if not others:
        every = {1: "Its one claim", 2: "Both claims"}.get(total, f"All {total} claims")
        return f"{every} {WORDS[first[0]][total > 1]}"
    rest = "".join(f", {count} {WORDS[word][count > 1]}" for word, count in others)
    return f"{first[1]} of {total} claims {WORDS[first[0]][first[1] > 1]}{rest}"


def cells(standings: Sequence[Standing]) -> str:
    """`21 of 40 tested conditions on the claim’s side`; nothing where none is tested."""
    tested = sum(standing.tested for standing in standings)
    supported = sum(standing.supported for standing in standings)
    return f"{supported} of {tested} tested condition{'s' * (tested > 1)} on the claim’s side" if tested else ""


def growing(truer: Truer, rule: Rule) -> str:
    """Whether a claim gets truer with size, with the cells of which that is so: `grows in 10 of 12`."""
    if not rule.trend:
        return NOT_ASKED
    counts, total = Counter(trend.word for trend in truer.cells), len(truer.cells)
    if truer.word == "differs":
        return ", ".join(f"{counts[word]} {word if counts[word] == 1 else word[:-1]}" for word in ("grows", "shrinks"))
    return f"{truer.word} in {counts[truer.word]} of {total}" if counts[truer.word] else truer.word


def with_size(standings: Sequence[Standing]) -> str:
    """`Of 12 claims tested at several sizes, 7 get truer with size and 2 less true.`"""
    counts = Counter(standing.growth for standing in standings if standing.rule.trend)
    if not counts:
        return ""
    tested = f"Of {counts.total()} claim{'s' * (counts.total() > 1)} tested at several sizes"
    less = f" and {counts['shrinks']} less true" if counts["shrinks"] else ""
    return f"{tested}, {counts['grows'] or 'none'} get{'s' * (counts['grows'] < 2)} truer with size{less}."
