"""Marks placed at pixels: pictures that are rows of words and bars rather than charts with axes."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from nominima.drawing.theme import MARGIN, WIDTH

FULL = MARGIN + WIDTH  # pixels a row is wide
Mark = dict[str, Any]
"""x and y in pixels from the left and the top of the row's full width, and what else the kind of mark has."""


def layer(marks: Sequence[Mark], height: int, width: int = FULL, left: int = MARGIN) -> alt.Chart:
    """A layer of marks of one kind, of so many pixels, that begins `left` pixels before the panels do."""
    across = alt.Scale(domain=(0, width), range=[-left, width - left], nice=False, zero=False)
    down = alt.Scale(domain=(0, height), range=[0, height], nice=False, zero=False)
    encoding: dict[str, Any] = {
        "x": alt.X("x:Q").scale(across).axis(None),
        "x2": "x2:Q",
        "y": alt.Y("y:Q").scale(down).axis(None),
        "y2": "y2:Q",
        "color": alt.Color("color:N").scale(None).legend(None),
        "shape": alt.Shape("shape:N").scale(None).legend(None),
        "text": "text:N",
    }
    names = {name for mark in marks for name in mark}
    return alt.Chart(alt.InlineData(list(marks))).encode(**{key: encoding[key] for key in encoding if key in names})
