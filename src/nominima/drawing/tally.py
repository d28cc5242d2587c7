"""A card of what goes up and what goes down: a row for each kind, its share of ups to the right, of downs to the left.

Values are 1 (up), -1 (down) or 0 (neither); those that are null are counted as lost.
"""

from collections.abc import Iterator
from typing import NamedTuple

import altair as alt
import polars as pl

from nominima.drawing.frame import BARE
from nominima.drawing.marks import Mark, layer
from nominima.drawing.spec import Spec, spec
from nominima.drawing.theme import INK, LOOKS, QUIET, WIDTH, lines

HEAD, ROW = 24, 40  # pixels: above the rows, and of a row
MIDDLE, HALF = 290, 84  # pixels: where the bars begin, and a bar of all
UP, DOWN = LOOKS["supported"][1], LOOKS["contradicted"][1]


class Tally(NamedTuple):
    """A view with a title, the condition that has a row for each of its values, and words for down and up."""

    view: str
    title: str
    key: str
    down: str = "less true"
    up: str = "truer"


def tally(panel: Tally, rows: pl.DataFrame) -> Spec:
    """The card of a view's lanes, most ups first."""
    marks, height = placed(panel, rows)
    layers = [
        layer([mark for mark in marks if "x2" in mark], height).mark_rect(),
        layer([{"x": MIDDLE, "y": HEAD - 4, "y2": height - 8, "color": QUIET}], height).mark_rule(strokeWidth=1),
        *(
            layer(those, height).mark_text(align=side, baseline="middle")
            for side in ("left", "right")
            if (those := [mark for mark in marks if mark.get("side") == side])
        ),
    ]
    heading = alt.Title(lines(panel.title))
    return spec(alt.layer(*layers).properties(title=heading, width=WIDTH, height=height, view=BARE))


def placed(panel: Tally, rows: pl.DataFrame, room: float | None = None) -> tuple[list[Mark], int]:
    """Words and bars at their pixels, and how high they are together; in less room without what is counted."""
    value = pl.col("value")
    table = rows.group_by(name=panel.key).agg(
        up=(value > 0).sum(), down=(value < 0).sum(), neither=(value == 0).sum(), lost=value.is_null().sum()
    )
    counted = pl.sum_horizontal("up", "down", "neither")
    share = ((pl.col("up").cast(pl.Int64) - pl.col("down").cast(pl.Int64)) / counted).fill_nan(None)
    ordered = table.with_columns(counted=counted, share=share).sort(
        "share", "name", descending=[True, False], nulls_last=True
    )
    step = ROW if room is None else min(ROW, int(room - HEAD) // max(table.height, 1))
    marks = [mark for at, row in enumerate(ordered.iter_rows(named=True)) for mark in _row(row, HEAD + step * at, step)]
    return [*_head(panel, int(ordered["lost"].sum())), *marks], HEAD + step * table.height


def _head(panel: Tally, lost: int) -> list[Mark]:
    left_out = f"; no trend in {lost}" if lost else ""
    yes = {"x": MIDDLE + 6, "y": 8, "text": f"{panel.up} →", "side": "left", "color": UP}
    key = {"x": 0, "y": 8, "text": f"bars: share of cells{left_out}", "side": "left", "color": QUIET}
    return [key, yes, {"x": MIDDLE - 6, "y": 8, "text": f"← {panel.down}", "side": "right", "color": DOWN}]


def _row(row: Mark, top: int, step: int) -> Iterator[Mark]:
    """Marks of a row: its name, what is counted if there is room, and two bars with their numbers."""
    name, bar = {"x": 0, "side": "left"}, min(22, step - 3)
    yield name | {"y": top + (8 if step == ROW else bar / 2), "text": str(row["name"]).replace("_", " "), "color": INK}
    if step == ROW:
        yield name | {"y": top + 24, "text": _counted(row), "color": QUIET}
    for word, sign, side, color in (("up", 1, "left", UP), ("down", -1, "right", DOWN)):
        if row[word]:
            end = MIDDLE + sign * HALF * row[word] / row["counted"]
            yield {"x": MIDDLE, "x2": end, "y": top, "y2": top + bar, "color": color}
            told = f"{row[word]} of {row['counted']}"
            yield {"x": end + 5 * sign, "y": top + bar / 2, "text": told, "side": side, "color": color}
    if not row["up"] and not row["down"]:
        yield name | {"x": MIDDLE + 6, "y": top + bar / 2, "text": _neither(row), "color": QUIET}


def _neither(row: Mark) -> str:
    return f"neither in {row['neither']}" if row["counted"] else f"no trend in {row['lost']}"


def _counted(row: Mark) -> str:
    count, lost = row["counted"], row["lost"]
    told = [f"{count or lost} cell{'' if (count or lost) == 1 else 's'}"]
    told += [f"{row['neither']} neither"] if row["neither"] else []
    told += [f"{lost} more without a trend" if count else "no trend"] if lost else []
    return ", ".join(told)
