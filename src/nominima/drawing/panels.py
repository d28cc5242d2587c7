"""Panels of a claim's figure, drawn from the numbers behind its verdict: means by size or place, single networks
behind.

A claim lists what is drawn: `PANELS = (Panel("gradient at the stop", "Gradient left at the stop", "share of the
start's", log="xy", limit=(0.05, "the claim puts all above")), …)`. A panel names a view; what has no number is counted
in it.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import polars as pl

from nominima.drawing.names import with_model
from nominima.drawing.says import Spot, lost, of_mark
from nominima.judging.evidence import COLUMNS, of_view
from nominima.judging.intervals import mean
from nominima.judging.lanes import each_cell, named

LOWER = 150  # pixels: a panel below the first
POINTS = {"series": pl.String, "x": pl.Float64, "y": pl.Float64, "low": pl.Float64, "high": pl.Float64,
          "says": pl.String}  # fmt: skip


class Panel(NamedTuple):
    """A view with a title, the unit of its numbers, and what is drawn across.

    limit: a height and what it says, as the rule's limit; guide: of the table of means (x, y), a theory's (x, y,
    label).
    x: the title of the horizontal axis; along: the column there, `size` or `place`; largest: only the largest size of
    each condition; where: which rows; value: of the column value; card: it is the one that stands on the claim's card,
    which is else the first; ratio: what the numbers that decide are the logarithm of, for a card that tells them as
    multiples; words: parts of the names of series → how they are told; apart: no lines join the points.
    """

    view: str
    title: str
    y: str
    log: str = "x"
    limit: tuple[float, str] | None = None
    guide: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    x: str = "parameters"
    along: str = "size"
    largest: bool = False
    where: pl.Expr | None = None
    value: pl.Expr = pl.col("value")
    single: bool = True
    ordered: bool = False
    height: int = LOWER
    card: bool = False
    ratio: str = ""
    words: Mapping[str, str] = {}
    apart: bool = False


class Upright(NamedTuple):
    """A guide: an upright line at a share of the largest x, as high as what is drawn, and what it says."""

    share: float
    label: str

    def __call__(self, table: pl.DataFrame) -> pl.DataFrame:
        """Of a table of means: x, y, label."""
        ends = pl.concat([table["y"], table["low"], table["high"]])
        at = self.share * pl.lit(table["x"]).max()
        return pl.DataFrame({"y": [ends.min(), ends.max()]}).with_columns(x=at, label=pl.lit(self.label))


def means(rows: pl.DataFrame, panel: Panel) -> pl.DataFrame:
    """Means over seeds with their 95 % intervals, ready to draw: series (the cell), x, y, low, high, says."""
    found = [
        {
            "series": name,
            "x": x,
            "y": its.value,
            "low": its.low,
            "high": its.high,
            "says": of_mark(name, its, lost(at), place=Spot(panel.x, x, panel.y)),
        }
        for name, lanes in each_cell(rows)
        for (x,), at in lanes.sort(panel.along).group_by(panel.along, maintain_order=True)
        if (its := mean(at["value"].drop_nulls().to_numpy())).value is not None
    ]
    return pl.DataFrame(found, schema=POINTS)


def of_panel(panel: Panel, numbers: pl.DataFrame) -> pl.DataFrame:
    """The lanes of a panel's view, with those conditions only that vary in it, data set and noise always."""
    lanes = _asked(panel, numbers)
    told = [name for name in lanes.columns if name not in COLUMNS]
    gone = [name for name in told if lanes[name].n_unique() < 2 and name not in ("dataset", "noise")]
    gone += ["steps"] if "steps" not in gone and steps_by_size(panel, numbers) else []
    return _with_models(lanes.drop(*gone, "view"))


def steps_by_size(panel: Panel, numbers: pl.DataFrame) -> bool:
    """Whether the sizes of a condition were trained for different steps, but each size for one number of them.

    Then steps tell no conditions apart: the panel has a curve over the sizes, not one for every number of steps.
    """
    lanes = _asked(panel, numbers)
    if panel.along != "size" or "steps" not in lanes.columns:
        return False
    others = [name for name in lanes.columns if name not in (*COLUMNS, "steps")]
    cells, each, whole = (lanes.select(*others, *more).n_unique() for more in (["steps"], ["size"], ["size", "steps"]))
    return each == whole and cells > lanes.select(others).n_unique()


def _asked(panel: Panel, numbers: pl.DataFrame) -> pl.DataFrame:
    """The lanes of a panel's view that it draws, with all their conditions."""
    lanes = of_view(numbers, panel.view).with_columns(value=panel.value)
    lanes = lanes if panel.where is None or lanes.is_empty() else lanes.filter(panel.where)
    told = [name for name in lanes.columns if name not in COLUMNS]
    if panel.largest and told:
        lanes = lanes.filter(pl.col("size") == pl.col("size").max().over(told))
    return lanes


def _with_models(rows: pl.DataFrame) -> pl.DataFrame:
    """The same; with names of its own, in a column `cell`, where those of its cells do not tell the families apart."""
    if rows.is_empty() or {"model", "cell"} & set(rows.columns) != {"model"}:
        return rows
    cells = named(rows).select("cell", "model").unique()
    told = {cell: with_model(cell, model) for cell, model in cells.iter_rows()}
    if all(cell == name for cell, name in told.items()):
        return rows
    return named(rows).with_columns(pl.col("cell").replace(told))


def across(panel: Panel, table: pl.DataFrame) -> pl.DataFrame | None:
    """What is drawn across a table of means: a theory's line, or the rule's limit; columns x, y, label."""
    if panel.guide is not None:
        return panel.guide(table)
    if panel.limit is None:
        return None
    at, label = panel.limit
    return table.select("x", y=pl.lit(float(at)), label=pl.lit(label)).unique().sort("x")


def told(series: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    """Names of series with parts of them told in other words."""
    return series.str.split(", ").list.eval(pl.element().replace(words)).list.join(", ")
