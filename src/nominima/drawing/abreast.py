"""Views beside each other: a row for each cell, a column for each view, the mean in each with its 95 % interval."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import altair as alt
import polars as pl
from altair.typing import ChartType

from nominima.drawing.arms import told_of
from nominima.drawing.canvas import Box, Canvas, Scale, heading, spared
from nominima.drawing.names import Short, in_short
from nominima.drawing.panels import Panel, of_panel
from nominima.drawing.theme import INK, NULL, QUIET, palette
from nominima.drawing.widths import width, wrapped
from nominima.judging.lanes import each_cell

GAP, BETWEEN = 10, 14  # pixels between labels and the first column, and from a column to the next
LINE, BELOW = 15, 46  # pixels from a line to the next, and below a column for its axis
ROW = 21  # pixels of a row in the detail picture
NUMBERS = {"name": str, "told": str, "says": str, "value": float, "low": float, "high": float}


class Abreast(NamedTuple):
    """Columns, each a view with its head and what is said below it; the title, and that of their common axis.

    sides: what it means to lie left and right of nothing; limit: a value and what it says; log: of the axis; value: of
    the column value; words: labels → how they are told, in the order of the rows; largest: as in a panel.
    """

    columns: tuple[tuple[str, str, str], ...]
    title: str
    x: str
    sides: tuple[str, str] = ("", "")
    limit: tuple[float, str] | None = None
    log: bool = False
    value: pl.Expr = pl.col("value")
    words: Mapping[str, str] = {}
    largest: bool = False


class TableRow(NamedTuple):
    """A line of the table: of a heading there is no cell."""

    y: float
    label: str
    cell: str | None


def height(panel: Abreast, numbers: pl.DataFrame) -> int:
    """Pixels that it takes in a detail picture; 0 where it has no numbers."""
    names = _names(panel, _columns(panel, numbers))
    groups = set(in_short(names).groups.values()) - {""}
    return round(ROW * (len(names) + len(groups)) + 5 * LINE + BELOW) if names else 0


def abreast(canvas: Canvas, box: Box, panel: Abreast, numbers: pl.DataFrame) -> bool:
    """Draw the columns; the axes and their title stand below the box. Returns whether there was anything to draw."""
    columns = _columns(panel, numbers)
    names = _names(panel, columns)
    if not names:
        return False
    short = in_short(names)
    top = heading(canvas, box, panel.title)
    if panel.limit:
        canvas.word(box.left, top, f"thin dashes: {panel.limit[1]}", QUIET, 12)
        top += LINE
    says = any(told for _, _, told in panel.columns)
    below = top + LINE * (0.4 + says + any(panel.sides))
    rows = list(_rows(names, short, panel.words, Box(box.left, below, box.width, box.bottom - below)))
    for y, label, cell in rows:
        canvas.word(box.left, y, label, INK, 12, bold=cell is None)
    left = box.left + GAP + max(width(label, 12, bold=cell is None) for _, label, cell in rows)
    count = len(panel.columns)
    wide = (box.right - 6 - left - BETWEEN * (count - 1)) / count
    limits = [*([] if panel.log else [0.0]), *([panel.limit[0]] if panel.limit else [])]
    scale = Scale(*_ends(columns, limits, log=panel.log), panel.log, every=50)
    for at, ((_, head, told), column) in enumerate(zip(panel.columns, columns, strict=True)):
        plot = Box(left + at * (wide + BETWEEN), below, wide, box.bottom - below)
        canvas.word(plot.left, top, head, INK, 12, bold=True)
        canvas.word(plot.left, top + LINE, told, QUIET, 12)
        _sides(canvas, plot, panel.sides, scale)
        canvas.frame(plot)
        canvas.layers.append(estimates(canvas, plot, scale, _at(rows, column), limits))
        _lost(canvas, plot, rows, column)
    for at, line in enumerate(wrapped(panel.x, box.right - left, 12)):
        canvas.word(left, box.bottom + 31 + LINE * at, line, QUIET, 12)
    return True


def _columns(panel: Abreast, numbers: pl.DataFrame) -> list[dict[str, pl.DataFrame]]:
    """Of each view its cells by name."""
    views = [Panel(view, "", "", value=panel.value, largest=panel.largest) for view, _, _ in panel.columns]
    return [dict(each_cell(rows)) if not (rows := of_panel(view, numbers)).is_empty() else {} for view in views]


def _names(panel: Abreast, columns: Sequence[Mapping[str, pl.DataFrame]]) -> list[str]:
    """The cells of all columns, those whose last words are told in their order first."""
    order = list(panel.words)
    names = list(dict.fromkeys(name for column in columns for name in column))
    return sorted(
        names, key=lambda name: next((at for at, last in enumerate(order) if name.endswith(last)), len(order))
    )


def _rows(names: Sequence[str], short: Short, words: Mapping[str, str], box: Box) -> Iterator[TableRow]:
    """Headings and rows from top to bottom of a box."""
    groups = list(short.usual)
    step = box.height / (len(names) + sum(group != "" for group in groups))
    y, above = box.top + step / 2, ""
    for name in sorted(names, key=lambda name: groups.index(short.groups[name])):
        group = short.groups[name]
        if group != above:
            yield TableRow(y, group, None)
            above, y = group, y + step
        yield TableRow(y, words.get(short.labels[name], short.labels[name]), name)
        y += step


def _at(rows: Sequence[TableRow], column: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The estimates of a column at their rows: value, low, high, at."""
    found = [told_of(row.cell, column[row.cell]) | {"at": row.y} for row in rows if row.cell and row.cell in column]
    return pl.DataFrame(found, schema=NUMBERS | {"at": float})


def _ends(columns: Sequence[Mapping[str, pl.DataFrame]], limits: Sequence[float], *, log: bool) -> tuple[float, float]:
    found = [told_of(name, lanes) for column in columns for name, lanes in column.items()]
    table = pl.DataFrame(found, schema=NUMBERS)
    ends = pl.concat([table["value"], table["low"], table["high"], pl.Series(limits, dtype=pl.Float64)])
    return spared(ends.filter(ends > 0) if log else ends, log=log)


def _sides(canvas: Canvas, plot: Box, sides: tuple[str, str], scale: Scale) -> None:
    """What lies left and right of nothing, above it."""
    if not any(sides):
        return
    middle, y = plot.left + plot.width * scale.share(0.0), plot.top - 8
    for told, x, right in ((f"← {sides[0]}", middle - 5, True), (f"{sides[1]} →", middle + 5, False)):
        canvas.word(x, y, told, QUIET, 12, right=right)


def _lost(canvas: Canvas, plot: Box, rows: Sequence[TableRow], column: Mapping[str, pl.DataFrame]) -> None:
    for row in rows:
        lost = column[row.cell]["value"].null_count() if row.cell and row.cell in column else 0
        canvas.word(plot.right - 3, row.y, f"{lost} lost" if lost else "", QUIET, 11, right=True)


def estimates(canvas: Canvas, box: Box, scale: Scale, table: pl.DataFrame, limits: Collection[float]) -> ChartType:
    """Means and their intervals at the heights `at`; nothing and a limit stand upright, the limit dashed."""
    x = canvas.axes(box, scale)["x"]
    y = alt.Y("at:Q").scale(domain=(0, canvas.height), range=[0, canvas.height], nice=False, zero=False).axis(None)
    looks = [{"color": NULL, "strokeWidth": 1.5}, {"color": QUIET, "strokeDash": [3, 3], "strokeWidth": 1.2}]
    upright = [
        alt.Chart(pl.DataFrame({"x": [at]})).mark_rule(**look)
        .encode(x=x, y=alt.value(box.top), y2=alt.value(box.bottom))
        for at, look in zip(limits, looks[-len(limits):] if scale.log else looks, strict=False)
    ]  # fmt: skip
    ends = pl.col("low", "high").clip(scale.low, scale.high)
    drawable = table.filter(pl.col("value") > 0).with_columns(ends) if scale.log else table
    bars = alt.Chart(drawable.drop_nulls(["low", "high"]).select("high", "at", x="low"))
    points = alt.Chart(drawable.drop_nulls("value").select("at", "says", x="value"))
    return alt.layer(
        *upright,
        bars.mark_rule(strokeWidth=3, color=palette(1)[0]).encode(x=x, x2="high:Q", y=y),
        points.mark_point(size=70, color=palette(1)[0], aria=True).encode(x=x, y=y, description="says:N"),
    )
