"""The frame of a picture of panels: title, outcome, running text and the last line around them."""

from collections.abc import Sequence

import altair as alt
import polars as pl

from nominima.drawing.charts import stack
from nominima.drawing.spec import Spec, joined, picture, spec, views
from nominima.drawing.theme import HEIGHT, INK, LINE, LOOKS, MARGIN, QUIET, WIDTH, lines, plain
from nominima.judging.rules import Outcome

BARE = alt.ViewBackground(stroke=None)
COLUMNS = 3  # of a grid, each as wide as a panel: about 1400 pixels
AROUND = 78  # pixels of a panel's title, its axis and what lies between it and the next


def framed(*panels: Spec, title: str, foot: str, told: str = "", columns: int = 1) -> Spec:
    """A figure as Vega-Lite: a title, panels, and a last line with what was counted and the trace code.

    told: what it shows, in words, for those who do not see it; columns: how many panels lie beside each other, so that
    lines of text are as long.

    Raises:
        ValueError: a number in it is not finite.
    """
    parts = [*panels, _words(lines(foot, LINE * columns), 6, QUIET)]
    heading = {"text": lines(title, 50 * columns), "fontSize": 17}
    return picture(joined("vconcat", parts, apart=("color", "shape"), spacing=14, title=heading), told or plain(title))


def badge(outcome: Outcome, reason: str, columns: int = 1) -> Spec:
    """The outcome as symbol and word, the reason below."""
    shape, colour = LOOKS[outcome]
    row = alt.Chart(pl.DataFrame({"told": [outcome.upper()]}))
    symbol = row.mark_point(shape=shape, color=colour, size=150).encode(x=alt.value(7 - MARGIN), y=alt.value(8))
    word = row.mark_text(align="left", color=colour, fontWeight="bold", fontSize=15)
    text, size = _text(lines(reason, LINE * columns), 28, INK)
    named = word.encode(x=alt.value(20 - MARGIN), y=alt.value(8), text="told:N")
    return spec(alt.layer(symbol, named, text).properties(**size, view=BARE))


def remark(told: str) -> Spec:
    """Running text in the place of a panel."""
    return _words(lines(told), 6, QUIET)


def grid(panels: Sequence[Spec]) -> Spec:
    """Panels in up to three columns of about the same height, to be read down one column after the other."""
    every = [each for panel in panels for each in views(panel)]
    drawn = [stack(*column) for column in _columns(every, [_height(each) for each in every])]
    return drawn[0] if len(drawn) == 1 else joined("hconcat", drawn, apart=(), spacing=26)


def _columns(panels: Sequence[Spec], heights: Sequence[int]) -> list[list[Spec]]:
    """Panels cut into columns in their order, the highest column as low as can be."""
    count = len(panels)
    sums = sorted({sum(heights[first:last]) for first in range(count) for last in range(first + 1, count + 1)})
    return next(cut for most in sums if len(cut := _cut(panels, heights, most)) <= COLUMNS)


def _cut(panels: Sequence[Spec], heights: Sequence[int], most: int) -> list[list[Spec]]:
    """As few columns of at most that height as can be; more than are allowed if a panel is higher than that."""
    if max(heights) > most:
        return [[] for _ in range(COLUMNS + 1)]
    columns: list[list[Spec]] = [[]]
    left = most
    for panel, height in zip(panels, heights, strict=True):
        if height > left:
            columns.append([])
            left = most
        columns[-1].append(panel)
        left -= height
    return columns


def _height(panel: Spec) -> int:
    """About as many pixels as a panel takes."""
    return AROUND + panel.get("height", HEIGHT)


def _words(told: list[str], top: int, colour: str) -> Spec:
    text, size = _text(told, top, colour)
    return spec(text.properties(**size, view=BARE))


def _text(told: list[str], top: int, colour: str) -> tuple[alt.Chart, dict[str, int]]:
    """Lines of text that begin so many pixels from the top, and the size of a view that holds them."""
    rows = [{"told": line, "at": top + 17 * index} for index, line in enumerate(told)]
    text = alt.Chart(pl.DataFrame(rows, {"told": pl.String, "at": pl.Int64})).mark_text(align="left", color=colour)
    placed = text.encode(x=alt.value(-MARGIN), y=alt.Y("at:Q").scale(None).axis(None), text="told:N")
    return placed, {"width": WIDTH, "height": top + 17 * len(told) - 6}
