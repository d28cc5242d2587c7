"""The frame of a figure: title, outcome, running text and the last line, around its panels."""

import json
from typing import Any

import altair as alt
import polars as pl
from altair.typing import ChartType

from nominima.drawing.theme import INK, LOOKS, MARGIN, QUIET, THEME, WIDTH, lines
from nominima.judging.rules import Outcome

BARE = alt.ViewBackground(stroke=None)


def framed(*panels: ChartType, title: str, foot: str) -> dict[str, Any]:
    """A figure as Vega-Lite: a title, panels, and a last line with what was counted and the trace code.

    Raises:
        ValueError: a number in it is not finite.
    """
    whole = alt.vconcat(*panels, _words(lines(foot), 6, QUIET), spacing=14).resolve_scale(
        color="independent", shape="independent"
    )
    spec = whole.properties(title=alt.Title(lines(title, 50), fontSize=17)).to_dict() | {"config": THEME}
    return json.loads(json.dumps(spec, allow_nan=False))


def badge(outcome: Outcome, reason: str) -> ChartType:
    """The outcome as symbol and word, the reason below."""
    shape, colour = LOOKS[outcome]
    row = alt.Chart(pl.DataFrame({"told": [outcome.upper()]}))
    symbol = row.mark_point(shape=shape, color=colour, size=150).encode(x=alt.value(7 - MARGIN), y=alt.value(8))
    word = row.mark_text(align="left", color=colour, fontWeight="bold", fontSize=15)
    return alt.layer(
        symbol,
        word.encode(x=alt.value(20 - MARGIN), y=alt.value(8), text="told:N"),
        _words(lines(reason), 28, INK),
    )


def remark(told: str) -> ChartType:
    """Running text in the place of a panel."""
    return _words(lines(told), 6, QUIET)


def _words(told: list[str], top: int, colour: str) -> ChartType:
    rows = [
        alt.Chart(pl.DataFrame({"told": [line]})).mark_text(align="left", color=colour).encode(
            x=alt.value(-MARGIN), y=alt.value(top + 17 * index), text="told:N"
        )
        for index, line in enumerate(told)
    ]  # fmt: skip
    size = {"width": WIDTH, "height": top + 17 * len(told) - 6}
    return alt.layer(*rows).properties(**size, view=BARE)
