"""Claims beside what they were at another commit: their words, their trends, every condition with its numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from nominima.drawing.chapters import growing
from nominima.drawing.theme import interval
from nominima.ground.texts import canonical
from nominima.judging.record import Cell, Number, PartVerdict, Verdict
from nominima.judging.rules import Outcome
from nominima.tracing.repository import Commit

NEW = "no verdict at that commit"
MOVES = {"word": "word moved", "trend": "trend moved", "conditions": "conditions moved", "new": "new"}
"""What can be other about a claim, and what it is called where claims are chosen by it."""


@dataclass(frozen=True)
class PartSince:
    """A part of a claim now, and then; None where it was no part."""

    now: PartVerdict
    then: PartVerdict | None

    @property
    def alike(self) -> bool:
        """Whether its numbers are of one kind: those of another statistic have no place on today's scale."""
        return self.then is not None and self.then.rule.statistic == self.now.rule.statistic

    @cached_property
    def cells(self) -> dict[str, Cell]:
        """Name of a condition now → the same condition then, whatever its name was."""
        known = {canonical(cell.condition): cell for cell in self.then.cells} if self.then else {}
        return {cell.name: known[key] for cell in self.now.cells if (key := canonical(cell.condition)) in known}

    @cached_property
    def gone(self) -> list[Cell]:
        """The conditions of then that are no more."""
        kept = {canonical(cell.condition) for cell in self.now.cells}
        return [cell for cell in self.then.cells if canonical(cell.condition) not in kept] if self.then else []

    @cached_property
    def moved(self) -> list[Cell]:
        """The conditions whose word, or a number as it is shown, is another."""
        pairs = ((cell, self.cells[cell.name]) for cell in self.now.cells if cell.name in self.cells)
        return [
            cell
            for cell, was in pairs
            if was.outcome != cell.outcome or any(self.number(cell, found) for found in cell.numbers)
        ]

    @property
    def outcome(self) -> Outcome | None:
        """Its word then, if it was another."""
        return self.then.outcome if self.then and self.then.outcome != self.now.outcome else None

    def word(self, cell: Cell) -> Outcome | None:
        """The word of a condition then, if it was another."""
        was = self.cells.get(cell.name)
        return was.outcome if was and was.outcome != cell.outcome else None

    def number(self, cell: Cell, found: Number) -> Number | None:
        """A number of a condition as it was, if it is shown otherwise now; None too if it was of another kind."""
        was = self.cells.get(cell.name)
        if was is None or self.then is None:
            return None
        lone = len(was.numbers) == len(cell.numbers) == 1
        same = next((each for each in was.numbers if lone or each.name == found.name), None)
        kinds = [(each.rule or part.rule).statistic for each, part in ((found, self.now), (same, self.then)) if each]
        if same is None or len(set(kinds)) > 1 or interval(same.estimate) == interval(found.estimate):
            return None
        return same.model_copy(update={"outcome": was.outcome}) if lone else same


@dataclass(frozen=True)
class Since:
    """A claim now, and then, or why that is not to be had."""

    now: Verdict
    then: Verdict | None
    lacks: str = ""

    @cached_property
    def parts(self) -> dict[str, PartSince]:
        """The parts of now by name, the primary with them."""
        known = {part.name: part for part in (self.then.primary, *self.then.parts)} if self.then else {}
        return {part.name: PartSince(part, known.get(part.name)) for part in (self.now.primary, *self.now.parts)}

    @property
    def word(self) -> Outcome | None:
        """Its word then, if it was another."""
        return self.then.outcome if self.then and self.then.outcome != self.now.outcome else None

    @property
    def growing(self) -> str | None:
        """Whether it got truer with size then, if that has another word now."""
        if self.then is None or _growth(self.then) == _growth(self.now):
            return None
        return growing(self.then.truer, self.then.primary.rule)

    @cached_property
    def trends(self) -> dict[str, str]:
        """Name of a condition now → the word of its trend then, if it was another."""
        known = {canonical(trend.condition): trend.word for trend in self.then.truer.cells} if self.then else {}
        pairs = ((trend, known.get(canonical(trend.condition))) for trend in self.now.truer.cells)
        return {trend.name: was for trend, was in pairs if was and was != trend.word}

    @property
    def moves(self) -> list[str]:
        """What is other: any of MOVES."""
        parts = self.parts.values()
        told = {
            "new": self.lacks == NEW,
            "word": self.word,
            "trend": self.growing,
            "conditions": any(part.moved or part.gone for part in parts),
        }
        return [name for name, moved in told.items() if moved]


def _growth(verdict: Verdict) -> str:
    return verdict.truer.word if verdict.primary.rule.trend else "none"


@dataclass(frozen=True)
class Comparison:
    """All claims on trial beside what they were at a commit. gone: those on trial no more, with their words then."""

    commit: Commit
    claims: dict[str, Since]
    gone: dict[str, str]

    def those(self, move: str) -> list[str]:
        """The claims of which this moved, or that are `new`."""
        return [name for name, since in self.claims.items() if move in since.moves]

    @property
    def choices(self) -> dict[str, str]:
        """Those of MOVES that there are."""
        return {move: told for move, told in MOVES.items() if self.those(move)}

    @property
    def both(self) -> list[Since]:
        """The claims that have a verdict now and then."""
        return [since for since in self.claims.values() if since.then]

    @property
    def unread(self) -> dict[str, list[str]]:
        """Why verdicts of then are not to be had → whose."""
        whys = {since.lacks for since in self.claims.values()} - {"", NEW}
        return {why: [name for name, since in self.claims.items() if since.lacks == why] for why in sorted(whys)}

    @property
    def told(self) -> str:
        """How much moved: `1 of 17 words moved, 2 trends, and 130 of 245 conditions, 4 of them to another word`."""
        parts = [part for since in self.both for part in since.parts.values()]
        words, trends = len(self.those("word")), len(self.those("trend"))
        moved, all_ = sum(len(part.moved) for part in parts), sum(len(part.cells) for part in parts)
        other = sum(part.word(cell) is not None for part in parts for cell in part.moved)
        if not self.both:
            return "none of its verdicts can be set beside these"
        return (
            f"{words} of {len(self.both)} words moved, {trends} trend{'s' * (trends != 1)}, "
            f"and {moved} of {all_} conditions, {other or 'none'} of them to another word"
        )


def compared(now: Mapping[str, Verdict], then: Mapping[str, Verdict | str], commit: Commit) -> Comparison:
    """The claims on trial beside the verdicts of a commit, each a verdict or why it is not to be had."""
    claims = {name: _since(verdict, then.get(name, NEW)) for name, verdict in now.items()}
    gone = {name: was if isinstance(was, str) else was.outcome for name, was in then.items() if name not in now}
    return Comparison(commit, claims, gone)


def _since(now: Verdict, then: Verdict | str) -> Since:
    return Since(now, None, then) if isinstance(then, str) else Since(now, then)
