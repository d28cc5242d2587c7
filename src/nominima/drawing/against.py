"""One step of training against another, a mark for each network; networks without the second have a strip of their own.

A step that never came is no late step: such a network stands above the others, where its first step is, and is counted.
"""

from typing import Any, NamedTuple

import altair as alt
import numpy as np
import polars as pl

from nominima.drawing.canvas import Box, Canvas, Scale, spared
from nominima.drawing.facets import Looks, head, looks_of, places
from nominima.drawing.names import in_short
from nominima.drawing.panels import Panel, of_panel
from nominima.drawing.theme import GRID, INK, PREDICTED, QUIET
from nominima.judging.lanes import conditions, named

HIGH = 330  # pixels in a detail picture
STRIP = 36  # pixels: networks without the second step
SPREAD = 3  # heights in the strip, so that equal steps do not hide each other


class Against(NamedTuple):
    """Two views of the same networks at the same places, with the titles of both axes and of the picture.

    series: what a place is, as in `rate 0.01`; never: what it means to have no y; within: a factor and what is said of
    networks whose steps are not further apart.
    """

    x: str
    y: str
    title: str
    across: str
    up: str
    series: str
    never: str
    within: tuple[float, str]


def against(canvas: Canvas, box: Box, panel: Against, numbers: pl.DataFrame) -> bool:
    """Draw the largest networks; the axes stand below the box. Returns whether there was anything to draw."""
    found = _pairs(panel, numbers)
    table = found.filter(pl.col("x").is_not_null(), pl.col("y").is_not_null() | pl.col("never"))
    if table.is_empty():
        return False
    looks = looks_of(table["series"].unique(maintain_order=True).to_list(), ordered=True)
    lost = found.height - table.height
    note = f"shaded: {panel.within[1]}; line: the same step" + (f"; {lost} more lost" if lost else "")
    top = head(canvas, box, panel.title, note, looks, lines=False, filled=False)
    facets = table["facet"].unique(maintain_order=True).to_list()
    left, steps = box.left + 58, pl.concat([table["x"], table["y"]]).drop_nulls()
    ends = {"x": spared(table["x"], log=True), "y": spared(steps, log=True)}
    for at, (facet, place) in enumerate(
        zip(facets, places(Box(left, top, box.right - left - 10, box.bottom - top), facets), strict=True)
    ):
        canvas.word(place.left, place.top - 9, facet, INK, 12, bold=True)
        outer = at % 2 == 0, at + 2 >= len(facets)
        _facet(canvas, place, table.filter(facet=facet), panel, looks, ends, outer)
    return True


def _pairs(panel: Against, numbers: pl.DataFrame) -> pl.DataFrame:
    """A row for each network: facet, series, seed, x, y, and whether y is null because it never came."""
    first, second = (of_panel(Panel(view, "", "", largest=True), numbers) for view in (panel.x, panel.y))
    if first.is_empty() or second.is_empty():
        return pl.DataFrame(schema={"facet": str, "series": str, "seed": int, "x": float, "y": float, "never": bool})
    key = [*conditions(first), "size", "place", "seed"]
    known = named(first).select(*key, "cell", x="value")
    both = known.join(second.select(*key, "status", y="value"), on=key, nulls_equal=True, maintain_order="left")
    groups = in_short(both["cell"].unique(maintain_order=True)).groups
    facet = pl.col("cell").replace_strict(
        {name: group or name for name, group in groups.items()}, return_dtype=pl.String
    )
    return both.sort("place", maintain_order=True).select(
        "seed", "x", "y", facet=facet, never=pl.col("y").is_null() & (pl.col("status") == "lost"),
        series=pl.format("{} {}", pl.lit(panel.series), pl.col("place").map_elements("{:g}".format, pl.String)),
    ).sort("facet", maintain_order=True)  # fmt: skip


def _facet(
    canvas: Canvas, box: Box, rows: pl.DataFrame, panel: Against, looks: dict[str, Looks],
    ends: dict[str, tuple[float, float]], outer: tuple[bool, bool],
) -> None:  # fmt: skip
    """One data set: the strip of networks whose second step never came, and below it those with both."""
    left, lowest = outer
    plot = Box(box.left, box.top + STRIP + 4, box.width, box.height - STRIP - 4)
    x = Scale(*ends["x"], True, [panel.across] if lowest else (), lowest, ".3~s", 70)
    y = Scale(*ends["y"], True, [panel.up] if left else (), left, ".3~s", 50)
    canvas.grid(plot, y)
    axes = canvas.axes(plot, x, y)
    never, both = rows.filter("never"), rows.filter(pl.col("y").is_not_null())
    strip = {"x": box.left, "x2": box.right, "y": box.top, "y2": box.top + STRIP}
    canvas.layers.append(canvas.marks([strip]).mark_rect(filled=False, stroke=GRID, strokeWidth=1, strokeDash=[3, 2]))
    canvas.word(box.right - 4, box.top + 8, f"{panel.never}: {never.height} of {rows.height}", QUIET, 11, right=True)
    band, line = _within(panel.within[0], ends)
    color = {name: look.color for name, look in looks.items()}
    shape = {name: look.shape for name, look in looks.items()}
    drawn = both.select(
        "x", "y", color=pl.col("series").replace_strict(color, return_dtype=pl.String),
        shape=pl.col("series").replace_strict(shape, return_dtype=pl.String),
    )  # fmt: skip
    own: dict[str, Any] = {"color": alt.Color("color:N").scale(None).legend(None),
                           "shape": alt.Shape("shape:N").scale(None).legend(None)}  # fmt: skip
    canvas.layers.append(
        alt.layer(
            alt.Chart(band).mark_area(color=PREDICTED).encode(**axes, y2="y2:Q"),
            alt.Chart(line).mark_line(color=QUIET, strokeWidth=1).encode(**axes),
            alt.Chart(drawn).mark_point(size=34, filled=False, strokeWidth=1.4).encode(**axes, **own),
        )
    )
    canvas.layers.extend([canvas.marks(_above(never, box, x, looks)).mark_point(size=34, filled=False, strokeWidth=1.4)]
                         if never.height else [])  # fmt: skip


def _above(never: pl.DataFrame, box: Box, x: Scale, looks: dict[str, Looks]) -> list[dict[str, Any]]:
    """Marks in the strip, each where its first step is."""
    places = never.select("x", "series", down=20 + 5 * (pl.col("seed") % SPREAD))
    return [
        {"x": round(box.left + x.share(at) * box.width, 1), "y": box.top + down,
         "color": looks[name].color, "shape": looks[name].shape}
        for at, name, down in places.iter_rows()
    ]  # fmt: skip


def _within(factor: float, ends: dict[str, tuple[float, float]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Where y is within a factor of x, and where they are equal, as far as the axes go."""
    across = np.geomspace(*ends["x"], 60)
    low, high = ends["y"]
    band = pl.DataFrame(
        {"x": across, "y": np.clip(across / factor, low, high), "y2": np.clip(across * factor, low, high)}
    )
    line = across[(across >= low) & (across <= high)]
    return band.filter(pl.col("y") < pl.col("y2")), pl.DataFrame({"x": line, "y": line})
