"""Lanes scored: one number per seed, averaged to the estimates of cells, controls, rows and charts.

A score turns the lanes of one cell into a table of seed and value, with a null for a seed that lost a run it needs.
"""

from collections.abc import Callable, Iterable

import numpy as np
import polars as pl

from nominima.judging import stats
from nominima.judging.claim import Cell, Estimate, Row
from nominima.judging.evidence import Missing
from nominima.judging.lanes import each_cell, largest, named

Score = Callable[[pl.DataFrame], pl.DataFrame]
NOTHING = Estimate(value=None, low=None, high=None, n=0)


def at_largest(rows: pl.DataFrame) -> pl.DataFrame:
    """Score: the value at the cell's largest size."""
    return largest(rows).select("seed", "value").sort("seed")


def over_sizes(function: Callable[[stats.Floats, stats.Floats], stats.Floats]) -> Score:
    """Score by a function of (sizes (size,), values (seed, size)) → (seed,), for the seeds that ran at every size.

    A seed that lost a run, or whose number is not finite, gets a null. Raises Missing for fewer than two sizes.
    """

    def score(rows: pl.DataFrame) -> pl.DataFrame:
        sizes = rows["size"].unique().sort().to_numpy()
        if len(sizes) < 2:
            raise Missing(f"it has {len(sizes)} size; at least two are compared")
        ran = rows.sort("size", "seed").group_by("seed", maintain_order=True).agg("value").sort("seed")
        ran = ran.filter(pl.col("value").list.len() == len(sizes))
        values = np.array(ran["value"].to_list(), dtype=float).reshape(-1, len(sizes))
        whole = np.isfinite(values).all(axis=1)
        scored = np.full(len(values), np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            scored[whole] = function(sizes, values[whole])
        return ran.select("seed", value=np.where(np.isfinite(scored), scored, np.nan)).fill_nan(None)

    return score


def cells(table: pl.DataFrame, score: Score) -> list[Cell]:
    """A cell of the verdict for every cell of the lanes: the mean score over its seeds."""
    return [_cell(name, rows, score) for name, rows in each_cell(table)]


def pooled(table: pl.DataFrame, score: Score) -> Estimate:
    """The mean over seeds of every seed's mean score over the cells: for controls.

    Only seeds that have a score in as many cells as any has count, so that what varies is the seed and not which cells
    it ran in.
    """
    parts = [scored for _, rows in each_cell(table) if (scored := _scored(rows, score)) is not None]
    if not parts:
        return NOTHING
    each = pl.concat(parts).drop_nulls().group_by("seed").agg(pl.col("value").mean(), cells=pl.len()).sort("seed")
    seeds = each.filter(pl.col("cells") == pl.col("cells").max())
    return stats.mean(seeds["value"].to_numpy())


def sensitivity(name: str, table: pl.DataFrame, score: Score, *, variant: bool = False) -> list[Row]:
    """A row for every cell of the lanes."""
    return [Row(name=name, cell=cell.name, estimate=cell.estimate, variant=variant) for cell in cells(table, score)]


def share_of(rows: pl.DataFrame, hit: pl.Expr) -> Estimate:
    """The share of rows for which `hit` holds, with its exact interval; a null does not count as a hit."""
    return stats.share(int(rows.select(hit.fill_null(value=False).sum()).item()), rows.height)


def exactly(value: float | None, count: int = 0) -> Estimate:
    """A number without uncertainty, as a published or computed one, from `count` runs."""
    return Estimate(value=value, low=value, high=value, n=count)


def points(found: Iterable[tuple[str, float, Estimate]]) -> pl.DataFrame:
    """(series, x, estimate) ready to draw: series, x, y, low, high; those of nothing are left out."""
    rows = [{"series": name, "x": float(x), **_drawn(each)} for name, x, each in found if each.value is not None]
    return pl.DataFrame(rows, schema={"series": pl.String} | dict.fromkeys(("x", "y", "low", "high"), pl.Float64))


def by_size(table: pl.DataFrame) -> pl.DataFrame:
    """Means over seeds with their intervals, ready to draw: series (the cell), x (size), y, low, high."""
    return points(
        (cell, size, stats.mean(rows["value"].drop_nulls().to_numpy()))
        for cell, lanes in each_cell(table)
        for (size,), rows in lanes.sort("size").group_by("size", maintain_order=True)
    )


def dots(table: pl.DataFrame) -> pl.DataFrame:
    """Every lane, ready to draw behind its mean: series, x, y."""
    return named(table).select(pl.col("cell").alias("series"), pl.col("size").alias("x"), pl.col("value").alias("y"))


def _cell(name: str, rows: pl.DataFrame, score: Score) -> Cell:
    try:
        scored = score(rows)
    except Missing as lack:
        return Cell(name=name, estimate=NOTHING, runs=rows["seed"].n_unique(), lacks=str(lack))
    found = scored["value"].drop_nulls()
    return Cell(name=name, estimate=stats.mean(found.to_numpy()), runs=len(scored), lost=len(scored) - len(found))


def _scored(rows: pl.DataFrame, score: Score) -> pl.DataFrame | None:
    try:
        return score(rows)
    except Missing:
        return None


def _drawn(estimate: Estimate) -> dict[str, float | None]:
    return {"y": estimate.value, "low": estimate.low, "high": estimate.high}
