"""The frame of a picture of panels: title, outcome, running text and the last line around them."""

import json
from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl
from altair.typing import ChartType

from nominima.drawing.theme import HEIGHT, INK, LINE, LOOKS, MARGIN, QUIET, THEME, WIDTH, lines, plain
from nominima.judging.rules import Outcome

BARE = alt.ViewBackground(stroke=None)
COLUMNS = 3  # of a grid, each as wide as a panel: about 1400 pixels
AROUND = 78  # pixels of a panel's title, its axis and what lies between it and the next


def framed(*panels: ChartType, title: str, foot: str, told: str = "", columns: int = 1) -> dict[str, Any]:
    """A figure as Vega-Lite: a title, panels, and a last line with what was counted and the trace code.

    told: what it shows, in words, for those who do not see it; columns: how many panels lie beside each other, so that
    lines of text are as long.

    Raises:
        ValueError: a number in it is not finite.
    """
    whole = alt.vconcat(*panels, _words(lines(foot, LINE * columns), 6, QUIET), spacing=14).resolve_scale(
        color="independent", shape="independent"
    )
    heading = alt.Title(lines(title, 50 * columns), fontSize=17)
    spec = whole.properties(title=heading, description=told or plain(title)).to_dict() | {"config": THEME}
    return json.loads(json.dumps(spec, allow_nan=False))


def badge(outcome: Outcome, reason: str, columns: int = 1) -> ChartType:
    """The outcome as symbol and word, the reason below."""
    shape, colour = LOOKS[outcome]
    row = alt.Chart(pl.DataFrame({"told": [outcome.upper()]}))
    symbol = row.mark_point(shape=shape, color=colour, size=150).encode(x=alt.value(7 - MARGIN), y=alt.value(8))
    word = row.mark_text(align="left", color=colour, fontWeight="bold", fontSize=15)
    return alt.layer(
        symbol,
        word.encode(x=alt.value(20 - MARGIN), y=alt.value(8), text="told:N"),
        _words(lines(reason, LINE * columns), 28, INK),
    )


def remark(told: str) -> ChartType:
    """Running text in the place of a panel."""
    return _words(lines(told), 6, QUIET)


def grid(panels: Sequence[ChartType]) -> ChartType:
    """Panels in up to three columns of about the same height, to be read down one column after the other."""
    every = [each for panel in panels for each in (panel.vconcat if isinstance(panel, alt.VConcatChart) else [panel])]
    drawn = [
        alt.vconcat(*column, spacing=22).resolve_scale(
            color="independent", shape="independent", strokeDash="independent"
        )
        for column in _columns(every, [_height(each) for each in every])
    ]
    return drawn[0] if len(drawn) == 1 else alt.hconcat(*drawn, spacing=26)


def _columns(panels: Sequence[ChartType], heights: Sequence[int]) -> list[list[ChartType]]:
    """Panels cut into columns in their order, the highest column as low as can be."""
    count = len(panels)
    sums = sorted({sum(heights[first:last]) for first in range(count) for last in range(first + 1, count + 1)})
    return next(cut for most in sums if len(cut := _cut(panels, heights, most)) <= COLUMNS)


def _cut(panels: Sequence[ChartType], heights: Sequence[int], most: int) -> list[list[ChartType]]:
    """As few columns of at most that height as can be; more than are allowed if a panel is higher than that."""
    if max(heights) > most:
        return [[] for _ in range(COLUMNS + 1)]
    columns: list[list[ChartType]] = [[]]
    left = most
    for panel, height in zip(panels, heights, strict=True):
        if height > left:
            columns.append([])
            left = most
        columns[-1].append(panel)
        left -= height
    return columns


def _height(panel: ChartType) -> int:
    """About as many pixels as a panel takes."""
    height = getattr(panel, "height", HEIGHT)
    return AROUND + (height if isinstance(height, int) else HEIGHT)


def _words(told: list[str], top: int, colour: str) -> ChartType:
    rows = [
        alt.Chart(pl.DataFrame({"told": [line]})).mark_text(align="left", color=colour).encode(
            x=alt.value(-MARGIN), y=alt.value(top + 17 * index), text="told:N"
        )
        for index, line in enumerate(told)
    ]  # fmt: skip
    size = {"width": WIDTH, "height": top + 17 * len(told) - 6}
    return alt.layer(*rows).properties(**size, view=BARE)
