"""The detail picture of a claim: all its panels, below one another."""

from collections.abc import Sequence

import polars as pl

from nominima.drawing.abreast import Abreast, abreast
from nominima.drawing.abreast import height as of_abreast
from nominima.drawing.against import HIGH, Against, against
from nominima.drawing.arms import Arms, arms
from nominima.drawing.canvas import Box, Canvas
from nominima.drawing.charts import curves
from nominima.drawing.panels import Panel, across, means, of_panel, steps_by_size, told
from nominima.drawing.spec import Spec
from nominima.drawing.tally import Tally, tally
from nominima.drawing.theme import HEIGHT, MARGIN, WIDTH
from nominima.judging.evidence import Missing, of_view
from nominima.judging.lanes import named

BY_SIZE = "each size is trained for its own number of steps"
BELOW = 46  # pixels below a box for its axes and what stands under them

Asked = Sequence[Panel | Tally | Arms | Abreast | Against]


def panels(asked: Asked, numbers: pl.DataFrame) -> list[Spec]:
    """The panels of a claim, below one another; the first has the legend, those of the same series look like it.

    Raises:
        Missing: there are no numbers at all.
    """
    drawn: list[Spec] = []
    first: pl.DataFrame | None = None
    for panel in asked:
        if isinstance(panel, Abreast | Against):
            drawn += _laid_out(panel, numbers)
            continue
        if not isinstance(panel, Panel):
            lanes = of_view(numbers, panel.view)
            if not lanes.is_empty():
                drawn.append(tally(panel, lanes) if isinstance(panel, Tally) else arms(panel, lanes))
            continue
        rows = of_panel(panel, numbers)
        if rows.is_empty():
            continue
        table = means(rows, panel).with_columns(told(pl.col("series"), panel.words))
        like = first if first is not None and set(table["series"]) <= set(first["series"]) else None
        dots = (
            named(rows).select(series=told(pl.col("cell"), panel.words), x=panel.along, y="value")
            if panel.single
            else None
        )
        drawn.append(
            curves(
                table, title=panel.title, x=panel.x, y=panel.y, log=panel.log, ordered=panel.ordered, dots=dots,
                guide=across(panel, table), like=like, height=panel.height if drawn else HEIGHT, apart=panel.apart,
                remark=BY_SIZE * steps_by_size(panel, numbers),
            )
        )  # fmt: skip
        first = table if first is None else first
    if not drawn:
        raise Missing("there are no numbers")
    return drawn


def _laid_out(panel: Abreast | Against, numbers: pl.DataFrame) -> list[Spec]:
    """A picture that is laid out to the pixel, as a panel; none where there are no numbers."""
    high = of_abreast(panel, numbers) if isinstance(panel, Abreast) else HIGH
    canvas = Canvas(WIDTH, high, [], [])
    box = Box(-MARGIN, 10, MARGIN + WIDTH, high - 10 - BELOW)
    there = abreast(canvas, box, panel, numbers) if isinstance(panel, Abreast) else against(canvas, box, panel, numbers)
    return [canvas.part()] if there else []
