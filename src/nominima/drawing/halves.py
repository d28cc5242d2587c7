"""What stands on a card's right half: the panel that carries the claim, of whichever kind it is."""

from collections.abc import Collection

import polars as pl

from nominima.drawing.abreast import Abreast, abreast, estimates
from nominima.drawing.against import Against, against
from nominima.drawing.arms import Arms, told_of
from nominima.drawing.canvas import Box, Canvas, Scale, heading, spared
from nominima.drawing.details import Asked
from nominima.drawing.facets import curves
from nominima.drawing.marks import Mark
from nominima.drawing.panels import Panel
from nominima.drawing.tally import HEAD, MIDDLE, Tally, placed
from nominima.drawing.theme import INK, QUIET
from nominima.drawing.widths import width
from nominima.judging.evidence import of_view

ROWS = {"name": str, "told": str, "says": str, "value": float, "low": float, "high": float, "at": float}
GAP = 10  # pixels between words and numbers
NOTHING = "Nothing is drawn: there are no numbers."


def chosen(asked: Asked) -> Panel | Tally | Arms | Abreast | Against:
    """What a claim is carried by: the panel that is marked `card=True`, else the first."""
    return next((panel for panel in asked if isinstance(panel, Panel) and panel.card), asked[0])


def half(canvas: Canvas, box: Box, asked: Asked, numbers: pl.DataFrame, keep: Collection[str]) -> None:
    """Draw the curve of a claim, or that there is nothing to draw."""
    panel = chosen(asked)
    if isinstance(panel, Panel):
        there = curves(canvas, box, panel, numbers, keep)
    elif isinstance(panel, Abreast):
        there = abreast(canvas, box, panel, numbers)
    elif isinstance(panel, Against):
        there = against(canvas, box, panel, numbers)
    else:
        lanes = of_view(numbers, panel.view)
        there = not lanes.is_empty()
        if there and isinstance(panel, Tally):
            _tally(canvas, box, panel, lanes)
        elif there and isinstance(panel, Arms):
            _arms(canvas, box, panel, lanes)
    if not there:
        canvas.word(box.left, box.top, NOTHING, QUIET)


def _tally(canvas: Canvas, box: Box, panel: Tally, lanes: pl.DataFrame) -> None:
    top = heading(canvas, box, panel.title) - 8
    marks, height = placed(panel, lanes, box.bottom - top)
    moved = [_moved(mark, box.left, top) for mark in marks]
    bars = [mark for mark in moved if "x2" in mark]
    middle = {"x": box.left + MIDDLE, "y": top + HEAD - 4, "y2": top + height, "color": QUIET}
    canvas.layers.extend([canvas.marks(bars).mark_rect()] if bars else [])
    canvas.layers.append(canvas.marks([middle]).mark_rule(strokeWidth=1))
    for mark in moved:
        if "text" in mark:
            canvas.word(mark["x"], mark["y"], mark["text"], mark["color"], 12, right=mark["side"] == "right")


def _moved(mark: Mark, left: float, top: float) -> Mark:
    by = {"x": left, "x2": left, "y": top, "y2": top}
    return {name: value + by[name] if name in by else value for name, value in mark.items()}


def _arms(canvas: Canvas, box: Box, panel: Arms, lanes: pl.DataFrame) -> None:
    """A row for each arm: its name and number in words, right of them its mean with the 95 % interval."""
    top = heading(canvas, box, panel.title)
    if panel.limit:
        canvas.word(box.left, top, f"thin dashes: {panel.limit[1]}", QUIET, 12)
    there = [name for name in panel.rows if name in set(lanes[panel.key])]
    found = [told_of(name, lanes.filter(pl.col(panel.key) == name)) for name in there]
    left = box.left + GAP + max((width(str(row[of]), 12) for row in found for of in ("name", "told")), default=0.0)
    plot = Box(left, top + 14, box.right - left - 14, box.bottom - top - 14)
    step = plot.height / max(len(there), 1)
    rows = [row | {"at": plot.top + step * (at + 0.5)} for at, row in enumerate(found)]
    table = pl.DataFrame(rows, schema=ROWS)
    for name, told, at in table.select("name", "told", "at").iter_rows():
        canvas.word(box.left, at - 7, name, INK, 12)
        canvas.word(box.left, at + 7, told, QUIET, 12)
    limits = [0.0, panel.limit[0]] if panel.limit else [0.0]
    ends = pl.concat([table["value"], table["low"], table["high"], pl.Series(limits)])
    scale = Scale(*spared(ends, log=False), title=[panel.x], every=60)
    canvas.frame(plot)
    canvas.layers.append(estimates(canvas, plot, scale, table, limits))
