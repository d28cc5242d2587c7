"""The panels that claims are drawn with.

Panels plot plain columns: Vega computes no statistics, and a value that cannot be drawn is counted in them.
A figure is a column of panels about 470 pixels wide, so that it can be read on a screen of 400.
"""

import math
from collections.abc import Collection
from itertools import cycle, islice
from typing import Any, NamedTuple

import altair as alt
import polars as pl

from nominima.drawing.kinds import kinds, within
from nominima.drawing.says import NAMED
from nominima.drawing.spec import Spec, joined, spec
from nominima.drawing.theme import (
    DASHES,
    HEIGHT,
    QUIET,
    SHAPES,
    WIDTH,
    lines,
    palette,
    sizes,
)

SMALL = 120  # pixels high: a panel that repeats the one above for another kind


def curves(
    table: pl.DataFrame,
    *,
    title: str,
    x: str,
    y: str,
    log: str = "",
    ordered: bool = False,
    dots: pl.DataFrame | None = None,
    guide: pl.DataFrame | None = None,
    height: int = HEIGHT,
    like: pl.DataFrame | None = None,
    apart: bool = False,
    remark: str = "",
) -> Spec:
    """Lines with their 95 % intervals, a colour, shape and dash a series.

    Series of several kinds (see `kinds`) have a panel for each kind, the first of the full height; a panel that is
    `like` one above shows the first kind alone.

    Args:
        table: columns x, y (Float64), series (String), and optionally low, high, and says, what a
            point says of itself, by default its series; a row per point of a line.
        title: what the panel shows, one sentence.
        x: title of the horizontal axis, with unit.
        y: title of the vertical axis, with unit.
        log: the axes that are logarithmic: "", "x", "y" or "xy"; values that have no logarithm are counted.
        ordered: series are ordered (sizes, times) in the order of their rows, and so are their colours.
        dots: single runs behind the lines, with columns x, y, series.
        guide: a theory to compare with, as a thin grey line: columns x, y, and one label (String) throughout.
        height: of the panel in pixels.
        like: the table of the panel above, if it has these series: they keep their looks, the legend stands there.
        apart: no lines join the points.
        remark: what is to be known of the whole panel, below its title.
    """
    above, theirs = ("", None) if like is None else kinds(like)[0]
    (kind, first), *others = kinds(table, above)
    single = {kind: dots} if dots is None or not kind else dict(kinds(dots, kind))
    left = f"other kinds, not drawn: {len(others)}" if others and like is not None else ""
    note = "; ".join(filter(None, (kind, left, remark)))
    shared = {"x": x, "y": y, "log": log, "ordered": ordered, "apart": apart}

    def theory(rows: pl.DataFrame) -> pl.DataFrame | None:
        return guide if guide is None or not others else within(guide, rows)

    whole = _curves(
        first, title=title, note=note, dots=single.get(kind), guide=theory(first), height=height, like=theirs, **shared
    )
    if like is not None or not others:
        return whole
    small = [
        _curves(
            rows,
            title=kind,
            note=title,
            dots=single.get(kind),
            guide=theory(rows),
            height=SMALL,
            like=first,
            below=True,
            **shared,
        )
        for kind, rows in others
    ]
    return stack(whole, *small)


def _curves(
    table: pl.DataFrame,
    *,
    title: str,
    note: str,
    x: str,
    y: str,
    log: str,
    ordered: bool,
    dots: pl.DataFrame | None,
    guide: pl.DataFrame | None,
    height: int,
    like: pl.DataFrame | None,
    apart: bool,
    below: bool = False,
) -> Spec:
    """One panel; the note stands below its title. below: what the guide is, the panel above says."""
    above = [] if like is None else like["series"].to_list()
    names = list(dict.fromkeys([*above, *table["series"]]))
    told = set(table["series"])
    legend = [name for name in names if name in told] if any(names) and not told <= set(above) else []
    parts = _parts(table, dots, guide, log)
    axes, colour = _axes(parts, x, lines(y, height // 6), log), _colour(names, ordered=ordered, legend=legend)
    ends = {"x": axes["x"], "y": "low:Q", "y2": "high:Q"}
    layers = [
        alt.Chart(parts.guide).mark_line(color=QUIET, strokeWidth=1.2, strokeDash=[3, 3]).encode(**axes),
        alt.Chart(parts.dots).mark_point(size=14, opacity=0.5).encode(**axes, color=colour),
        alt.Chart(parts.whiskers).mark_rule(strokeWidth=1.5, **NAMED).encode(**ends, color=colour),
        *(
            alt.Chart(parts.points.filter(series=name)).mark_line(strokeDash=dash, **NAMED).encode(**axes, color=colour)
            for name, dash in zip(names, cycle(DASHES), strict=False)
            if not apart
        ),
        alt.Chart(parts.points)
        .mark_point(aria=True)
        .encode(**axes, color=colour, shape=_shape(names, legend=legend), description="says:N"),
    ]
    notes = lines(note) if note else []
    if guide is not None and not guide.is_empty() and not below:
        notes += lines(f"thin dashes: {guide['label'][0]}")
    if parts.hidden:
        notes.append(f"not drawn (lost, infinite or with no logarithm): {parts.hidden}")
    heading = alt.Title(lines(title), subtitle=notes)
    return spec(alt.layer(*layers).properties(title=heading, width=WIDTH, height=height))


class Layers(NamedTuple):
    """What of a panel has a place on its axes, and how many values have none."""

    points: pl.DataFrame
    whiskers: pl.DataFrame
    dots: pl.DataFrame
    guide: pl.DataFrame
    hidden: int


def _parts(table: pl.DataFrame, dots: pl.DataFrame | None, guide: pl.DataFrame | None, log: str) -> Layers:
    table = table if "says" in table.columns else table.with_columns(says="series")
    nothing = table.clear().select("x", "y", "series")
    points = drawable(table, log)
    intervals = (
        points.drop_nulls(["low", "high"]) if "low" in table.columns else points.clear().with_columns(low="y", high="y")
    )
    whiskers = drawable(drawable(intervals, log, "low"), log, "high")
    single = nothing if dots is None else drawable(dots, log)
    hidden = table.height - points.height + intervals.height - whiskers.height
    return Layers(
        points=points.select("x", "y", "series", "says"),
        whiskers=whiskers.select("x", "low", "high", "series", "says"),
        dots=single.select("x", "y", "series"),
        guide=nothing if guide is None else drawable(guide, log).select("x", "y"),
        hidden=hidden + (0 if dots is None else dots.height - single.height),
    )


def drawable(table: pl.DataFrame, log: str = "", y: str = "y") -> pl.DataFrame:
    """The rows whose x and y have a place on the axes; `log` names the axes that are logarithmic."""
    places = {"x": "x", "y": y}
    finite = [pl.col(column).is_finite() & pl.col(column).is_not_null() for column in places.values()]
    return table.filter(*finite, *(pl.col(column) > 0 for axis, column in places.items() if axis in log))


def stack(*panels: Spec) -> Spec:
    """Panels below each other, each with its own colours and legend."""
    return joined("vconcat", panels, apart=("color", "shape", "strokeDash"), spacing=22)


def _axes(parts: Layers, x: str, y: list[str], log: str) -> dict[str, Any]:
    across = parts.points["x"].unique().sort().to_list()
    up = [*parts.points["y"], *parts.dots["y"], *parts.guide["y"], *parts.whiskers["low"], *parts.whiskers["high"]]
    ticks = {"x": across if len(across) <= 6 else log_ticks(across), "y": log_ticks(up)}
    return {
        "x": alt.X("x:Q")
        .title(lines(x))
        .scale(_scale("x" in log))
        .axis(axis("~g" if min(across, default=1) < 1 else ".3~s", ticks["x"], "x" in log)),
        "y": alt.Y("y:Q").title(y).scale(_scale("y" in log)).axis(axis("~g", ticks["y"], "y" in log)),
    }


def axis(form: str, ticks: list[float], log: bool) -> alt.Axis:
    """An axis with these ticks, or of numbers in general where it is not logarithmic or has but one."""
    return alt.Axis(format=form, values=ticks) if log and len(ticks) > 1 else alt.Axis(format="~r")


def log_ticks(numbers: Collection[float]) -> list[float]:
    """Round places among positive numbers: 1, 2 and 5 of each decade, or the decades alone if those are many."""
    low, high = min(numbers, default=1.0), max(numbers, default=1.0)
    if low <= 0:
        return []
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    fine = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
    inside = [tick for tick in fine if low <= tick <= high]
    return inside if len(inside) <= 7 else [10.0**power for power in powers if low <= 10.0**power <= high]


def _scale(log: bool) -> alt.Scale:
    if log:
        return alt.Scale(type="log", nice=False, padding=8)
    return alt.Scale(zero=False, nice=True, padding=8)


def _colour(names: list[str], *, ordered: bool, legend: list[str]) -> alt.Color:
    colours = sizes(len(names)) if ordered else palette(len(names))
    return alt.Color("series:N").scale(domain=names, range=colours).legend(_legend(legend))


def _shape(names: list[str], *, legend: list[str]) -> alt.Shape:
    shapes = list(islice(cycle(SHAPES), len(names)))
    return alt.Shape("series:N").scale(domain=names, range=shapes).legend(_legend(legend))


def _legend(names: list[str]) -> alt.Legend | None:
    """A legend of these names, in as many columns as the longest leaves room for; none where there are none."""
    room = WIDTH // (30 + 7 * max(map(len, names), default=1))
    return alt.Legend(title=None, columns=max(1, room), values=names) if names else None
