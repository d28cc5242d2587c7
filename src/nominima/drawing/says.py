"""What a mark says of itself to who points at it, or has it read aloud: its condition and number, in one line."""

from collections import Counter
from typing import Any, NamedTuple

import polars as pl

from nominima.drawing.theme import interval
from nominima.ground.texts import number
from nominima.judging.intervals import Estimate

APART = "; "  # between the parts of a line; the first is the condition, by its whole name
NAMED: dict[str, Any] = {"aria": True, "description": {"expr": "split(datum.says, '; ')[0]"}}
"""Of lines and intervals: they say whose they are, and their points the rest."""


class Spot(NamedTuple):
    """Where a mark stands: the title of the horizontal axis and the value there, and that of the vertical axis."""

    x: str
    at: float
    y: str


def of_mark(name: str, estimate: Estimate, *more: str, place: Spot | None = None) -> str:
    """`digits, noise 0.3, mlp; parameters 1,314; loss 0.102 [0.098, 0.107]; n = 8; 2 censored`.

    Args:
        name: of the condition; empty where there is but one.
        estimate: its number, with the count behind it.
        more: what else is said of it, such as its word and what is lost.
        place: in a chart with two axes.
    """
    told = interval(estimate)
    where = () if place is None else (f"{place.x} {_counted(place.at)}",)
    what = told if place is None else f"{place.y} {told}"
    return APART.join(filter(None, (name or "all", *where, what, f"n = {estimate.n}", *more)))


def lost(lanes: pl.DataFrame) -> str:
    """`2 censored, 1 diverged`: how many networks have no number, and why; columns value, status."""
    gone = Counter(lanes.filter(pl.col("value").is_null())["status"].fill_null("lost").to_list())
    return ", ".join(f"{count} {why}" for why, count in sorted(gone.items()))


def _counted(value: float) -> str:
    return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e9 else number(value)
