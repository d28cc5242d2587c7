"""A row for each arm of a comparison: its mean over networks with the 95 % interval, and single networks behind it."""

from typing import NamedTuple

import altair as alt
import polars as pl

from nominima.drawing.says import of_mark
from nominima.drawing.spec import Spec, spec
from nominima.drawing.theme import NULL, QUIET, WIDTH, interval, lines, palette
from nominima.judging.intervals import Estimate, mean

ABOVE, ROW, HEAD = 5, 34, 22  # pixels: above the rows, of a row, and from its words to its mark


class Arms(NamedTuple):
    """A view with a title, the condition whose values are the arms, from top to bottom, and the title of the axis.

    limit: a value and what it says, as the rule's limit; nothing is at 0.
    """

    view: str
    title: str
    key: str
    rows: tuple[str, ...]
    x: str
    limit: tuple[float, str] | None = None


def arms(panel: Arms, lanes: pl.DataFrame) -> Spec:
    """The rows of a view's lanes, those without a network left out; what is lost is counted beside them."""
    there = [name for name in panel.rows if name in set(lanes[panel.key])]
    top = pl.col(panel.key).replace_strict(there, range(ABOVE, ABOVE + ROW * len(there), ROW), return_dtype=pl.Int64)
    placed = lanes.with_columns(top=top, row=top + HEAD)
    table = pl.DataFrame([_row(name, placed.filter(pl.col(panel.key) == name)) for name in there])
    height = ROW * len(there) + ABOVE
    x, y = alt.X("value:Q").title(lines(panel.x)).scale(zero=False, padding=8).axis(format="~r"), _at("row", height)
    words = alt.Chart(table).encode(y=_at("top", height))
    layers = [
        _upright(0.0).mark_rule(color=NULL, strokeWidth=1.5).encode(x=x),
        *([_upright(panel.limit[0]).mark_rule(color=QUIET, strokeDash=[3, 3]).encode(x=x)] if panel.limit else []),
        words.mark_text(align="left", baseline="top").encode(x=alt.value(4), text="name:N"),
        words.mark_text(align="right", baseline="top", color=QUIET).encode(x=alt.value(WIDTH - 4), text="told:N"),
        alt.Chart(placed.drop_nulls("value").select("value", "row"))
        .mark_point(size=14, opacity=0.5, color=QUIET)
        .encode(x=x, y=y),
        alt.Chart(table.drop_nulls(["low", "high"]))
        .mark_rule(strokeWidth=3, color=palette(1)[0])
        .encode(x="low:Q", x2="high:Q", y=y),
        alt.Chart(table.drop_nulls("value"))
        .mark_point(size=90, color=palette(1)[0], aria=True)
        .encode(x=x, y=y, description="says:N"),
    ]
    notes = lines(f"thin dashes: {panel.limit[1]}") if panel.limit else []
    heading = alt.Title(lines(panel.title), subtitle=notes)
    return spec(alt.layer(*layers).properties(title=heading, width=WIDTH, height=height))


def _row(name: str, lanes: pl.DataFrame) -> dict[str, object]:
    """A row, and where it stands."""
    return told_of(name, lanes) | lanes.select("top", "row").row(0, named=True)


def told_of(name: str, lanes: pl.DataFrame) -> dict[str, object]:
    """The estimate of an arm, and the same in words."""
    known, lost = lanes["value"].drop_nulls(), lanes["value"].null_count()
    found: Estimate = mean(known.to_numpy())
    words = interval(found) + (f", {lost} lost" if lost else "")
    says = of_mark(name, found, f"{lost} lost" if lost else "")
    return {"name": name, "told": words, "says": says, "value": found.value, "low": found.low, "high": found.high}


def _at(column: str, height: int) -> alt.Y:
    """Pixels from the top."""
    return alt.Y(f"{column}:Q").scale(domain=(0, height), range=[0, height], nice=False, zero=False).axis(None)


def _upright(value: float) -> alt.Chart:
    return alt.Chart(pl.DataFrame({"value": [value]}))
