"""A card's right half: the one curve that carries the claim, as small multiples by data set and noise."""

from collections.abc import Collection, Mapping, Sequence
from itertools import cycle, islice
from typing import Any, NamedTuple

import altair as alt
import polars as pl

from nominima.drawing.canvas import Box, Canvas, Scale, heading, spared
from nominima.drawing.charts import drawable
from nominima.drawing.names import in_short
from nominima.drawing.panels import Panel, across, means, of_panel, told
from nominima.drawing.says import NAMED
from nominima.drawing.theme import DASHES, INK, MARGIN, QUIET, SHAPES, palette, sizes
from nominima.drawing.widths import width, wrapped

SERIES, FACETS = 7, 4  # at most: what is more stands in the detail picture
BETWEEN = 18  # pixels between facets, and above them for their titles
LINE = 17  # pixels from a line of text to the next
KEY = 28  # pixels of a line with its mark in the legend
OVER = 14  # pixels that the last label of an axis needs beside it


class Looks(NamedTuple):
    """Colour, shape and dash of a series."""

    color: str
    shape: str
    dash: list[int]


class Chosen(NamedTuple):
    """What is drawn of a panel: x, y, low, high, series, facet; the names of both in order; how many are left out."""

    table: pl.DataFrame
    series: list[str]
    facets: list[str]
    more: int


def curves(canvas: Canvas, box: Box, panel: Panel, numbers: pl.DataFrame, keep: Collection[str]) -> bool:
    """Draw a panel; labels of the horizontal axis stand below the box. Returns whether there was anything to draw."""
    rows = of_panel(panel, numbers)
    table = pl.DataFrame() if rows.is_empty() else drawable(means(rows, panel), panel.log)
    if table.is_empty():
        return False
    chosen = _chosen(table.with_columns(told(pl.col("series"), panel.words)), keep)
    looks = looks_of(chosen.series, ordered=panel.ordered)
    guide = across(panel, chosen.table.drop("facet"))
    top = head(canvas, box, panel.title, _notes(chosen, guide), looks, lines=not panel.apart)
    ends = _ends(chosen.table, guide, panel.log)
    boxes = places(Box(box.left + MARGIN, top, box.width - MARGIN - OVER, box.bottom - top), chosen.facets)
    for at, (facet, place) in enumerate(zip(chosen.facets, boxes, strict=True)):
        outer = at % 2 == 0, at + 2 >= len(boxes)
        _facet(canvas, place, chosen.table.filter(facet=facet), panel, looks, _scales(panel, ends, place, outer))
        canvas.word(place.left, place.top - 9, facet, INK, 12, bold=True)
    return True


def _chosen(table: pl.DataFrame, keep: Collection[str]) -> Chosen:
    short = in_short(table["series"].unique(maintain_order=True), keep)
    placed = table.with_columns(
        facet=pl.col("series").replace_strict(short.groups, return_dtype=pl.String),
        series=pl.col("series").replace_strict(short.labels, return_dtype=pl.String),
    )
    series, facets = _most(placed, "series", "facet", SERIES), _most(placed, "facet", "series", FACETS)
    kept = placed.filter(pl.col("series").is_in(series), pl.col("facet").is_in(facets))
    counts = [frame.select("facet", "series").n_unique() for frame in (placed, kept)]
    return Chosen(kept, series, [facet for facet in facets if facet in set(kept["facet"])], counts[0] - counts[1])


def _most(table: pl.DataFrame, of: str, by: str, most: int) -> list[str]:
    """The values of a column that are in most groups, then have most points; in the order of the table."""
    counted = table.group_by(of, maintain_order=True).agg(groups=pl.col(by).n_unique(), points=pl.len())
    kept = counted.with_row_index("at").sort("groups", "points", "at", descending=[True, True, False]).head(most)
    return kept.sort("at")[of].to_list()


def looks_of(names: Sequence[str], *, ordered: bool) -> dict[str, Looks]:
    """Series → its looks; those that are ordered have colours that are."""
    colours = sizes(len(names)) if ordered else palette(len(names))
    styles = zip(colours, islice(cycle(SHAPES), len(names)), islice(cycle(DASHES), len(names)), strict=True)
    return {name: Looks(*style) for name, style in zip(names, styles, strict=True)}


def _notes(chosen: Chosen, guide: pl.DataFrame | None) -> str:
    """What is drawn across, and how much is not drawn for want of room."""
    notes = [] if guide is None or guide.is_empty() else [f"thin dashes: {guide['label'][0]}"]
    notes += [f"{chosen.more} more curve{'s' * (chosen.more > 1)} in the detail picture"] if chosen.more else []
    return "; ".join(notes)


def head(
    canvas: Canvas,
    box: Box,
    title: str,
    note: str,
    looks: Mapping[str, Looks],
    *,
    lines: bool = True,
    filled: bool = True,
) -> float:
    """The title, a note and the legend, of lines with their marks or of marks alone; returns where they end."""
    y = heading(canvas, box, title)
    for line in wrapped(note, box.width, 12) if note else []:
        canvas.word(box.left, y, line, QUIET, 12)
        y += LINE
    x, keys = box.left, []
    for name in looks if len(looks) > 1 or "" not in looks else ():
        if x > box.left and x + KEY + width(name) > box.right:
            x, y = box.left, y + LINE
        keys.append((x, y, looks[name]))
        canvas.word(x + KEY, y, name)
        x += KEY + width(name) + 14
    for left, middle, look in keys if lines else ():
        line = {"x": left, "x2": left + KEY - 6, "y": middle, "color": look.color}
        canvas.layers.append(canvas.marks([line]).mark_rule(strokeWidth=2, strokeDash=look.dash))
    points = [{"x": x + KEY / 2 - 3, "y": y, "color": look.color, "shape": look.shape} for x, y, look in keys]
    if points:
        outlined: dict[str, Any] = {} if filled else {"filled": False, "strokeWidth": 1.4}
        canvas.layers.append(canvas.marks(points).mark_point(size=50, **outlined))
    return y + LINE - 6


def places(box: Box, facets: Sequence[str]) -> list[Box]:
    """Boxes for one facet, or for several in two columns, below their titles."""
    titled = BETWEEN if any(facets) else 6
    if len(facets) == 1:
        return [Box(box.left, box.top + titled, box.width, box.height - titled)]
    lines = -(-len(facets) // 2)
    wide, tall = (box.width - BETWEEN) / 2, box.height / lines - titled - 2
    tops = [box.bottom - tall - below * (tall + titled) for below in reversed(range(lines))]
    lefts = (box.left, box.left + wide + BETWEEN)
    return [Box(lefts[at % 2], tops[at // 2], wide, tall) for at in range(len(facets))]


def _ends(table: pl.DataFrame, guide: pl.DataFrame | None, log: str) -> dict[str, tuple[float, float]]:
    """The ends of the axes, the same for all facets."""
    parts = [table[column] for column in ("y", "low", "high")] + ([] if guide is None else [guide["y"]])
    up = pl.concat([part.cast(pl.Float64).drop_nulls() for part in parts])
    known = {"x": table["x"], "y": up.filter(up > 0) if "y" in log else up}
    return {name: spared(values, log=name in log) for name, values in known.items()}


def _scales(
    panel: Panel, ends: Mapping[str, tuple[float, float]], box: Box, outer: tuple[bool, bool]
) -> tuple[Scale, Scale]:
    """The axes of a facet; only outer ones have labels: the left ones, the lowest."""
    left, lowest = outer
    form = "" if ends["x"][0] < 1 else ".3~s"
    up = wrapped(panel.y, box.height + 6, 12) if left else ()
    return (
        Scale(*ends["x"], "x" in panel.log, [panel.x] if lowest else (), lowest, form, 70),
        Scale(*ends["y"], "y" in panel.log, up, left),
    )


def _facet(
    canvas: Canvas, box: Box, rows: pl.DataFrame, panel: Panel, looks: Mapping[str, Looks], scales: tuple[Scale, Scale]
) -> None:
    """One of the small multiples."""
    axes = canvas.axes(box, *scales)
    canvas.grid(box, scales[1])
    kinds = [alt.Scale(domain=list(looks), range=[getattr(each, of) for each in looks.values()])
             for of in ("color", "shape")]  # fmt: skip
    color = alt.Color("series:N").scale(kinds[0]).legend(None)
    shape = alt.Shape("series:N").scale(kinds[1]).legend(None)
    guide = across(panel, rows.drop("facet"))
    theory = pl.DataFrame(schema={"x": float, "y": float}) if guide is None else drawable(guide, panel.log)
    whiskers = drawable(drawable(rows.drop_nulls(["low", "high"]), panel.log, "low"), panel.log, "high")
    layers = [
        alt.Chart(theory.select("x", "y")).mark_line(color=QUIET, strokeWidth=1.2, strokeDash=[3, 3]).encode(**axes),
        alt.Chart(whiskers.select("x", "high", "series", "says", y="low"))
        .mark_rule(strokeWidth=1.5, **NAMED)
        .encode(**axes, y2="high:Q", color=color),
        *(
            alt.Chart(rows.filter(series=name).select("x", "y", "series", "says"))
            .mark_line(strokeWidth=2, strokeDash=looks[name].dash, **NAMED)
            .encode(**axes, color=color)
            for name in looks if name in set(rows["series"]) and not panel.apart
        ),
        alt.Chart(rows.select("x", "y", "series", "says"))
        .mark_point(size=36, aria=True)
        .encode(**axes, color=color, shape=shape, description="says:N"),
    ]  # fmt: skip
    canvas.layers.append(alt.layer(*layers))
