"""A card's left half: the number of every cell against where the claim puts it, in groups by data set and noise."""

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import altair as alt
import polars as pl

from nominima.drawing.canvas import Box, Canvas, Scale
from nominima.drawing.forest import region, span
from nominima.drawing.names import in_short, with_model
from nominima.drawing.says import NAMED, of_mark
from nominima.drawing.theme import INK, LOOKS, NULL, PREDICTED, QUIET, interval, prediction
from nominima.drawing.widths import width, wrapped
from nominima.judging.intervals import NOTHING, Estimate
from nominima.judging.reasons import DECIDED, of_guard
from nominima.judging.record import Cell, Number, Verdict
from nominima.judging.rules import Outcome, Rule

LABELS = 210  # pixels for labels at most
LEAST, MOST = 12.5, 46.0  # pixels from a row to the next
STEP = 15  # pixels from a line of what the number is to the next
BELOW = 16  # pixels from a label to its number in words, where there is room
GAP = 8  # pixels between labels and numbers
AROUND = "#f4f4f4"  # where the claim does not put the number
TABLE = {"x": float, "low": float, "high": float, "y": float, "word": str, "says": str}


class Row(NamedTuple):
    """A number of a cell, its word, and what is said beside its label."""

    name: str
    estimate: Estimate
    word: Outcome
    note: str


class Line(NamedTuple):
    """A row, or the heading of a group where it is None, at its pixel from the top."""

    y: float
    label: str
    note: str
    row: Row | None
    told: str = ""


def rows(verdict: Verdict) -> list[Row]:
    """The numbers that decide: of a cell that is asked for several, each with its own word."""
    several = len({cell.condition.get("model") for cell in verdict.deciding}) > 1
    return [row for cell in verdict.deciding for row in _of_cell(cell, several)]


def _of_cell(cell: Cell, several: bool) -> Iterator[Row]:
    lost = [f"{count} {why}" for why, count in cell.lost.items()]
    of = with_model(cell.name, cell.condition.get("model")) if several else cell.name
    if not cell.asked:
        yield Row(of, NOTHING, cell.outcome, ", ".join(lost) or "judged by rules of its own")
    for each, word in cell.asked:
        own = each.name.replace(",", "")  # one word of the cell's name, as far as names are made short
        name = of if len(cell.asked) == 1 else own if cell.name == "all" else f"{of}, {own}"
        yield Row(name, each.estimate, word, ", ".join([*lost, *_doubt(cell, each)]))


def _doubt(cell: Cell, number: Number) -> list[str]:
    """Why a number that lies wholly on one side decides nothing, where that is for a control."""
    behind = [guard for guard in cell.guards if not guard.behaves and cell.why == of_guard(guard)]
    if number.outcome not in DECIDED or not behind:
        return []
    return ["no control" if behind[0].lacks else "control misbehaves"]


def least(found: Sequence[Row]) -> int:
    """The fewest pixels in which the rows can be read."""
    groups = set(in_short(row.name for row in found).groups.values()) - {""}
    return round(LEAST * (len(found) + len(groups)))


def in_multiples(found: Sequence[Row], rule: Rule, ratio: str) -> tuple[list[Row], Rule]:
    """Numbers that are logarithms, and their rule, as the multiples that they are the logarithms of."""
    tau = tuple(map(math.exp, rule.tau)) if isinstance(rule.tau, tuple) else math.exp(rule.tau)
    null = None if rule.null is None else math.exp(rule.null)
    told = [row._replace(estimate=_exp(row.estimate)) for row in found]
    return told, rule.model_copy(update={"statistic": ratio, "tau": tau, "null": null})


def _exp(estimate: Estimate) -> Estimate:
    told = {
        name: None if (its := getattr(estimate, name)) is None else math.exp(its) for name in ("value", "low", "high")
    }
    return estimate.model_copy(update=told)


def cells(
    canvas: Canvas, box: Box, found: Sequence[Row], rule: Rule, keep: Collection[str], *, log: bool = False
) -> str:
    """Draw the rows; labels of the axis and what the number is stand below the box. Returns what goes without saying.

    Args:
        keep: words of the cells' names that are always told.
        log: the axis is logarithmic.
    """
    short = in_short((row.name for row in found), keep)
    placed = list(_lines(found, short.groups, short.labels, short.usual, box))
    size = 13 if len(placed) <= 16 else 12
    left = box.left + min(max(_wide(line, size) for line in placed), LABELS) + GAP
    plot = Box(left, box.top, box.right - left, box.height)
    low, high = span([row.estimate for row in found], rule, log=log)
    _ground(canvas, plot, rule, Scale(low, high, log, every=50))
    for at, told in enumerate(wrapped(rule.statistic, box.width, 12)):
        canvas.word(box.left, box.bottom + 31 + STEP * at, told, QUIET, 12)
    for line in placed:
        _told(canvas, line, box.left, left, size)
    table = pl.DataFrame([_mark(line, line.row) for line in placed if line.row], schema=TABLE)
    canvas.layers.append(alt.layer(*_numbers(canvas, plot, table, Scale(low, high, log, labels=False))))
    return short.everywhere


def _lines(
    found: Sequence[Row], groups: dict[str, str], labels: dict[str, str], usual: dict[str, str], box: Box
) -> Iterator[Line]:
    """Headings and rows from top to bottom, in the middle where there are few."""
    order = list(usual)
    count = len(found) + sum(group != "" for group in order)
    step = min(box.height / max(count, 1), MOST)
    y = box.top + (box.height - step * count + step) / 2
    above = ""
    for row in sorted(found, key=lambda row: order.index(groups[row.name])):
        group = groups[row.name]
        if group != above:
            yield Line(y, group, usual[group], None)
            above, y = group, y + step
        told = interval(row.estimate) if step >= 2 * BELOW and row.estimate.value is not None else ""
        yield Line(y, labels[row.name], row.note, row, told)
        y += step


def _wide(line: Line, size: int) -> float:
    note = 8 + width(line.note, size - 1) if line.note and not _nothing(line) else 0
    return max(width(line.label, size, bold=line.row is None) + note, width(line.told, size - 1))


def _nothing(line: Line) -> bool:
    return line.row is not None and line.row.estimate.value is None


def _mark(line: Line, row: Row) -> dict[str, Any]:
    told = row.estimate
    return {"x": told.value, "low": told.low, "high": told.high, "y": line.y, "word": row.word,
            "says": of_mark(row.name, told, row.word, row.note)}  # fmt: skip


def _told(canvas: Canvas, line: Line, start: float, left: float, size: int) -> None:
    """A heading, or a label with its note; in the place of a number that is not there why."""
    if line.row is None:
        canvas.word(start, line.y, line.label, INK, size, bold=True)
        beside = start + width(line.label, size, bold=True) + 8
        canvas.word(beside, line.y, _cut(line.note, left - GAP - beside + 0.5, size - 1), QUIET, size - 1)
        return
    room = left - GAP - start + 0.5
    label = _cut(line.label, room, size) or line.label
    canvas.word(start, line.y - (BELOW / 2 if line.told else 0), label, INK, size)
    canvas.word(start, line.y + BELOW / 2, line.told, QUIET, size - 1)
    if _nothing(line):
        canvas.word(left + 6, line.y, f"no number: {line.note or 'not measured'}", QUIET, size - 1)
    elif width(label, size) + 8 + width(line.note, size - 1) <= room:
        above = BELOW / 2 if line.told else 0
        canvas.word(start + width(label, size) + 8, line.y - above, line.note, QUIET, size - 1)


def _cut(text: str, room: float, size: int) -> str:
    """As many words as have room, perhaps none."""
    if width(text, size) <= room:
        return text
    cut = f"{wrapped(text, room - width('…', size), size)[0]}…"
    return cut if width(cut, size) <= room else ""


def _ground(canvas: Canvas, box: Box, rule: Rule, scale: Scale) -> None:
    """Where the claim puts the number, shaded; its limits; the null, dashed; and the axis."""
    first, last = region(rule, scale.low, scale.high)
    x = canvas.axes(box, scale)["x"]
    ends = {"y": alt.value(box.top), "y2": alt.value(box.bottom)}
    limits = rule.tau if isinstance(rule.tau, tuple) else (rule.tau,)
    layers = [
        alt.Chart(pl.DataFrame({"x": [low], "x2": [high]})).mark_rect(color=color).encode(x=x, x2="x2:Q", **ends)
        for low, high, color in ((scale.low, scale.high, AROUND), (first, last, PREDICTED))
    ]
    lines = [*((limit, {"color": INK}) for limit in limits), (rule.null, {"color": NULL, "strokeDash": [4, 3]})]
    layers += [
        alt.Chart(pl.DataFrame({"x": [at]})).mark_rule(strokeWidth=1.5, **looks).encode(x=x, **ends)
        for at, looks in lines if at is not None
    ]  # fmt: skip
    canvas.layers.append(alt.layer(*layers))
    told = f"the claim: {prediction(rule)}"
    middle = box.left + box.width * scale.share((first + last) / 2)
    wide = width(told, 12, bold=True)
    canvas.word(max(box.left, min(middle - wide / 2, box.right - wide)), box.top - 10, told, INK, 12, bold=True)


def _numbers(canvas: Canvas, box: Box, table: pl.DataFrame, scale: Scale) -> Iterator[alt.Chart]:
    """Intervals and marks; thin where nothing is decided, so that it shows without colour."""
    kinds = [str(kind) for kind in LOOKS]
    x = canvas.axes(box, scale)["x"].axis(None)
    y = alt.Y("y:Q").scale(domain=(0, canvas.height), range=[0, canvas.height], nice=False, zero=False).axis(None)
    color = alt.Color("word:N").scale(domain=kinds, range=[LOOKS[kind][1] for kind in LOOKS]).legend(None)
    shape = alt.Shape("word:N").scale(domain=kinds, range=[LOOKS[kind][0] for kind in LOOKS]).legend(None)
    decided = pl.col("word").is_in(["supported", "contradicted"])
    for those, thick in ((table.filter(decided), 3.0), (table.filter(~decided), 1.2)):
        ends = those.drop_nulls(["low", "high"]).with_columns(x="low")
        yield alt.Chart(ends).mark_rule(strokeWidth=thick, **NAMED).encode(x=x, x2="high:Q", y=y, color=color)
    bar = pl.col("word") == "untested"  # a larger mark, or it is lost on its interval
    small = 90 if len(table) < 14 else 62
    for those, size in ((table.filter(~bar), small), (table.filter(bar), 170)):
        placed = alt.Chart(those.drop_nulls("x")).mark_point(size=size, aria=True)
        yield placed.encode(x=x, y=y, color=color, shape=shape, description="says:N")
