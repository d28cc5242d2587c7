"""The picture of all verdicts: a row per claim with outcome, growth, robustness and the number on trial."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple, get_args

import altair as alt
from altair.typing import ChartType

from nominima.drawing.forest import region, span
from nominima.drawing.frame import BARE
from nominima.drawing.marks import FULL, Mark, layer
from nominima.drawing.theme import (
    GRID,
    INK,
    LOOKS,
    NULL,
    PREDICTED,
    QUIET,
    WIDTH,
    interval,
    lines,
    prediction,
)
from nominima.judging.record import Growth, Scoreboard, Standing
from nominima.judging.rules import Outcome, Rule

GROWTH: dict[Growth, str] = {
    "grows": "truer with size",
    "shrinks": "less true with size",
    "differs": "truer with size in some cells, less true in others",
    "flat": "equally true at all sizes",
    "unclear": "trend unclear",
}
LEGEND = "bars: 95 % intervals in the weakest condition; shaded: where the claim puts the number; dashed: no effect"
START = 268  # pixel at which a row's own scale begins
AROUND = "#f2f2f2"  # the rest of that scale


class Line(NamedTuple):
    """A claim's place in the picture: pixels from the top, and the lines of its title and of how it grows."""

    top: int
    height: int
    title: list[str]
    growth: list[str]
    standing: Standing


def title(board: Scoreboard) -> str:
    """`6 claims on trial: 2 supported, 4 untested`."""
    counts = Counter(standing.outcome for standing in board.standings)
    told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in get_args(Outcome) if counts[outcome])
    count = len(board.standings)
    return f"{count or 'No'} claim{'' if count == 1 else 's'} on trial{': ' * bool(told)}{told}"


def draw(board: Scoreboard, titles: Mapping[str, str]) -> ChartType:
    """A row per claim, by its title. Each bar has a scale of its own: only its place against the shade counts."""
    rows = list(_rows(board, titles))
    height = rows[-1].top + rows[-1].height if rows else 8
    bars = [row for row in rows if row.standing.estimate.value is not None]
    bold, normal = _texts(rows)
    layers = [
        layer([mark for row in bars for mark in _regions(row)], height).mark_rect(),
        layer([mark for row in rows[1:] for mark in _separators(row)], height).mark_rule(strokeWidth=1),
        layer([mark for row in bars for mark in _nulls(row)], height).mark_rule(strokeDash=[4, 3]),
        layer([mark for row in bars for mark in _whiskers(row)], height).mark_rule(strokeWidth=3),
        layer([mark for row in bars for mark in _points(row)], height).mark_point(size=90),
        layer([mark for row in rows for mark in _symbols(row)], height).mark_point(size=120),
        layer(bold, height).mark_text(align="left", fontWeight="bold"),
        layer(normal, height).mark_text(align="left"),
    ]  # fmt: skip
    return alt.layer(*layers).properties(width=WIDTH, height=height, view=BARE)


def _rows(board: Scoreboard, titles: Mapping[str, str]) -> Iterator[Line]:
    top = 0
    for standing in board.standings:
        told = lines(titles.get(standing.claim, standing.claim), 33)
        below = [] if standing.outcome == "untested" else growth(standing)
        height = 17 * max(len(told) + len(below), 3) + 35
        yield Line(top, height, told, below, standing)
        top += height


def _place(row: Line, value: float) -> float:
    """The pixel of a value on its row's own scale."""
    low, high = _span(row)
    return round(START + (value - low) / (high - low) * (FULL - START), 1)


def _span(row: Line) -> tuple[float, float]:
    return span([row.standing.estimate], row.standing.rule)


def _regions(row: Line) -> Iterator[Mark]:
    rule, (low, high) = row.standing.rule, _span(row)
    start, end = region(rule, low, high)
    box = {"y": row.top + 10, "y2": row.top + 36}
    yield box | {"x": START, "x2": FULL, "color": AROUND}
    yield box | {"x": _place(row, start), "x2": _place(row, end), "color": PREDICTED}


def _separators(row: Line) -> Iterator[Mark]:
    yield {"x": 0, "x2": FULL, "y": row.top - 2, "color": GRID}


def _nulls(row: Line) -> Iterator[Mark]:
    null = row.standing.rule.null
    if null is not None:
        yield {"x": _place(row, null), "y": row.top + 10, "y2": row.top + 36, "color": NULL}


def _whiskers(row: Line) -> Iterator[Mark]:
    estimate = row.standing.estimate
    if estimate.low is not None and estimate.high is not None:
        ends = {"x": _place(row, estimate.low), "x2": _place(row, estimate.high)}
        yield ends | {"y": row.top + 23, "color": LOOKS[row.standing.outcome][1]}


def _points(row: Line) -> Iterator[Mark]:
    if row.standing.estimate.value is not None:
        at = {"x": _place(row, row.standing.estimate.value), "y": row.top + 23}
        yield at | {"color": LOOKS[row.standing.outcome][1], "shape": "circle"}


def _symbols(row: Line) -> Iterator[Mark]:
    shape, color = LOOKS[row.standing.outcome]
    yield {"x": 7, "y": row.top + 17 * len(row.title) + 14, "color": color, "shape": shape}


def _texts(rows: list[Line]) -> tuple[list[Mark], list[Mark]]:
    """Bold words (titles, outcomes) and the rest (growth, numbers)."""
    bold: list[Mark] = []
    normal: list[Mark] = []
    for row in rows:
        outcome, below = row.standing.outcome, row.top + 17 * len(row.title) + 14
        bold += _text_column(row.title, 0, row.top + 14, INK)
        bold += _text_column([outcome.upper()], 20, below, LOOKS[outcome][1])
        normal += _text_column(row.growth, 0, below + 18, INK)
        normal += _text_column(_told(row), START, row.top + 48, QUIET)
    return bold, normal


def _text_column(told: list[str], x: int, y: int, color: str) -> list[Mark]:
    return [{"x": x, "y": y + 17 * index, "text": text, "color": color} for index, text in enumerate(told)]


def _told(row: Line) -> list[str]:
    if row.standing.estimate.value is None:
        return ["no number yet"]
    return [interval(row.standing.estimate), f"predicted {prediction(row.standing.rule)}"]


def growth(standing: Standing) -> list[str]:
    """Whether the claim gets truer with size, then where it holds: `supported in 5 of 6 cells`."""
    cells = f"{standing.tested} cell{'' if standing.tested == 1 else 's'}"
    return [*lines(trend(standing.growth, standing.rule), 38), f"supported in {standing.supported} of {cells}"]


def trend(word: Growth, rule: Rule) -> str:
    """Whether a claim gets truer with size, in words."""
    return GROWTH[word] if rule.trend else "no trend is asked"
