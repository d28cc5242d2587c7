"""Cells as marks in a strip: each where its number lies, over a ground that is shaded where the claim puts it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nominima.drawing.forest import span
from nominima.drawing.since import PartSince
from nominima.drawing.theme import LOOKS, interval, prediction
from nominima.judging.intervals import Estimate
from nominima.judging.record import Cell, PartVerdict
from nominima.judging.rules import Outcome, Rule

WIDTH, HEIGHT = 160, 26  # pixels
ASIDE = 14  # pixels at the right for cells without a number
EDGE = 6  # pixels within which no mark is cut
LANES = (13.0, 7.5, 18.5)  # pixels from the top: where marks stand when they would cover each other
APART = 7.0  # pixels
SIGNS = {
    "circle": "M-1,0A1,1,0,1,1,1,0A1,1,0,1,1,-1,0Z",
    "diamond": "M0,-1.25L1.25,0L0,1.25L-1.25,0Z",
}
SHAPES: dict[Outcome, str] = {word: SIGNS.get(shape, shape) for word, (shape, _) in LOOKS.items()}
"""Outcome → the path of its sign, about 1 in radius: the signs of the figures."""


class Ground(NamedTuple):
    """The scale of a part in pixels, with what is drawn below its marks."""

    low: float
    high: float
    rule: Rule
    end: float = WIDTH - EDGE

    def at(self, value: float) -> float:
        """The pixel of a value."""
        share = (value - self.low) / (self.high - self.low)
        return round(EDGE + min(max(share, 0.0), 1.0) * (self.end - EDGE), 1)

    @property
    def limits(self) -> list[float]:
        """The pixels of the limits that the claim names."""
        tau = self.rule.tau
        return [self.at(each) for each in (tau if isinstance(tau, tuple) else (tau,))]

    @property
    def null(self) -> float | None:
        """The pixel of no effect, where the rule has one."""
        return None if self.rule.null is None else self.at(self.rule.null)

    @property
    def shade(self) -> tuple[float, float]:
        """Where the claim puts its number: left end and width."""
        first, last = self.limits[0], self.limits[-1]
        start = EDGE / 2 if self.rule.side == "below" else first
        end = self.end + EDGE / 2 if self.rule.side == "above" else last
        return round(start, 1), round(end - start, 1)


class CellMark(NamedTuple):
    """A cell in the strip. aside: it is a variant, which does not decide; lost: some of its runs are."""

    x: float
    y: float
    outcome: Outcome
    aside: bool
    lost: bool
    told: str
    facets: str


class Ghost(NamedTuple):
    """Where a cell lay at another commit. to: the pixel of its mark now; None where the cell is gone."""

    x: float
    y: float
    to: float | None
    outcome: Outcome
    aside: bool
    told: str
    facets: str


class Strip(NamedTuple):
    """All cells of a part against where the claim puts them. unplaced: pixel from which cells have no number."""

    ground: Ground
    marks: list[CellMark]
    unplaced: float | None
    told: str
    ghosts: Sequence[Ghost] = ()


def ground(estimates: Sequence[Estimate], rule: Rule, end: float = WIDTH - EDGE) -> Ground:
    """A scale that holds all estimates, their intervals and what the rule names, a bit to spare on both sides."""
    return Ground(*span(estimates, rule), rule, end)


def of_part(part: PartVerdict, since: PartSince | None = None) -> Ground:
    """The one scale on which all numbers of a part lie that its rule judges, and those that moved where they were."""
    judged = [(cell, number) for cell in part.cells for number in cell.numbers if number.rule is None]
    before = filter(None, (since.number(cell, number) for cell, number in judged)) if since else ()
    return ground([number.estimate for number in (*(its for _, its in judged), *before)], part.rule)


def strip(part: PartVerdict, common: Mapping[str, str], since: PartSince | None = None) -> Strip:
    """The strip of a part; `common` are the parameters that all its runs share, ghosts what its cells were then."""
    found = [(cell, _decisive(cell)) for cell in part.cells]
    placed = sorted(
        ((cell, its.value, its) for cell, its in found if its and its.value is not None), key=lambda each: each[1]
    )
    others = [cell for cell, its in found if its is None or its.value is None]
    before = _before(part, since) if since else []
    end = WIDTH - EDGE - ASIDE * bool(others)
    values = [value for _, value, _ in placed] + [value for _, _, value in before]
    scale = ground([Estimate(value=value, low=None, high=None, n=0) for value in values], part.rule, end)
    marks, taken = list[CellMark](), [-APART] * len(LANES)
    for cell, value, its in placed:
        x = scale.at(value)
        lane = next((lane for lane in range(len(LANES)) if x - taken[lane] >= APART), taken.index(min(taken)))
        taken[lane] = x
        told = f"{interval(its)}; n = {its.n}; {cell.outcome}{_was(cell, since)}"
        marks.append(_mark(cell, x, LANES[lane], told, common))
    for index, cell in enumerate(others):
        told = f"no number; {cell.outcome}{_was(cell, since)}"
        marks.append(_mark(cell, WIDTH - ASIDE / 2, LANES[index % len(LANES)], told, common))
    names = [cell.name for cell in (*(cell for cell, _, _ in placed), *others)]
    now = dict(zip(names, marks, strict=True))
    ghosts = [_ghost(was, scale.at(value), now.get(name), common) for name, was, value in before]
    return Strip(scale, marks, end + EDGE if others else None, _told(part), ghosts)


def _before(part: PartVerdict, since: PartSince) -> list[tuple[str, Cell, float]]:
    """The name now, the cell then and its number, of cells that were elsewhere on this scale; of gone ones no name."""
    if not since.alike:
        return []
    pairs = [(cell.name, was, _decisive(cell)) for cell in part.cells if (was := since.cells.get(cell.name))]
    pairs += [("", was, None) for was in since.gone]
    found = ((name, was, now, _decisive(was)) for name, was, now in pairs)
    return [
        (name, was, its.value)
        for name, was, now, its in found
        if its and its.value is not None and interval(its) != interval(now)
    ]


def _was(cell: Cell, since: PartSince | None) -> str:
    """What a cell was, as far as it is told otherwise now."""
    if since is None or since.then is None:
        return ""
    was = since.cells.get(cell.name)
    if was is None:
        return "; not asked then"
    if not since.alike:
        return f"; was {was.outcome}" if was.outcome != cell.outcome else ""
    before, now = (f"{interval(_decisive(each))}, {each.outcome}" for each in (was, cell))
    return f"; was {before}" if before != now else ""


def _ghost(was: Cell, x: float, now: CellMark | None, common: Mapping[str, str]) -> Ghost:
    told = f"{was.name}; was {interval(_decisive(was))}, {was.outcome}{'' if now else '; gone'}"
    facets = now.facets if now else of_condition(was.condition, common)
    return Ghost(x, now.y if now else LANES[0], now and now.x, was.outcome, not was.decides, told, facets)


def _decisive(cell: Cell) -> Estimate | None:
    """A cell's number, if the part's rule judges it."""
    return cell.estimate if any(number.rule is None for number in cell.numbers) else None


def _mark(cell: Cell, x: float, y: float, says: str, common: Mapping[str, str]) -> CellMark:
    lost = ", ".join(f"{count} {why}" for why, count in cell.lost.items() if count)
    told = f"{cell.name}{'' if cell.decides else ' (variant)'}; {says}"
    whole = f"{told}; of {cell.runs} runs {lost}" if lost else told
    return CellMark(x, y, cell.outcome, not cell.decides, bool(lost), whole, of_condition(cell.condition, common))


def _told(part: PartVerdict) -> str:
    """What the strip shows, in words."""
    decide = [cell.outcome for cell in part.cells if cell.decides]
    counts = ", ".join(f"{decide.count(word)} {word}" for word in LOOKS if word in decide)
    return f"conditions: {counts or 'none'}; the claim puts its number {prediction(part.rule)}"


FACETS = {"dataset": "data set", "model": "network", "noise": "labels", "optimizer": "optimizer"}
"""Knobs by which the cells of all claims can be chosen, and what they are called."""


def of_condition(condition: Mapping[str, Any], common: Mapping[str, str]) -> str:
    """`dataset=digits;noise=0.3`: a condition's values of these knobs, its own or those that all runs share."""
    own = {name: condition.get(name, common.get(name)) for name in FACETS}
    return ";".join(f"{name}={value}" for name, value in own.items() if value not in (None, ""))


def choices(strips: Sequence[Strip]) -> dict[str, dict[str, str]]:
    """Knob → its values in all strips, each with the words for it."""
    found = sorted({each for its in strips for mark in its.marks for each in mark.facets.split(";") if each})
    pairs = [each.partition("=")[::2] for each in found]
    return {name: {value: _value(name, value) for knob, value in pairs if knob == name} for name in FACETS}


def _value(name: str, value: str) -> str:
    if name != "noise":
        return value
    return f"{100 * float(value):g} % wrong" if float(value) else "all right"
