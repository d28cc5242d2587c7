"""Measurements reduced to a number for every trained network: tables of cell, size, seed, value.

A cell is a condition under which only size and seed vary; size is the number of parameters; value is null for
a lane that diverged or has nothing to show, so that it can be counted.
"""

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from nominima.judging.evidence import Missing

CONDITION = ("dataset", "noise", "examples", "model", "optimizer", "tuned", "l2", "sweep")
NAMED_ALWAYS: tuple[str, ...] = ("dataset", "noise")
ALL_FINE = (pl.col("status") == "ok").all()


class Blocks(NamedTuple):
    """The seeds of a cell that have a value at every size.

    sizes: (size,) ascending; seeds: ascending; values: (seed, size); lost: seeds with a null at some size.
    """

    sizes: NDArray[np.float64]
    seeds: list[int]
    values: NDArray[np.float64]
    lost: int


def lanes(table: pl.DataFrame, value: pl.Expr, *, fine: pl.Expr = ALL_FINE) -> pl.DataFrame:
    """One row for every lane (run × seed) of a run measure: cell, size, seed, value, sorted.

    Args:
        table: identity columns, seed, status and what `value` needs.
        value: aggregates the rows of a lane to a Float64.
        fine: aggregates them to whether the lane counts; value is null where it does not, or is not finite.

    Raises:
        Missing: two runs of the same condition and size hold the same seed.
    """
    number = pl.when(fine & value.is_finite()).then(value)
    each = with_cells(table).group_by("run", "cell", "parameters", "seed", maintain_order=True).agg(value=number)
    found = each.select("cell", pl.col("parameters").cast(pl.Float64).alias("size"), "seed", "value", "run")
    twins = found.filter(pl.struct("cell", "size", "seed").is_duplicated())
    if twins.height:
        names = ", ".join(sorted(twins["run"].unique())[:2])
        raise Missing(f"runs that differ in something this claim does not tell apart, as {names}, are in one sweep")
    return found.drop("run").sort("cell", "size", "seed")


def with_cells(table: pl.DataFrame) -> pl.DataFrame:
    """A run measure with a column `cell`: the name of the condition of each row."""
    return table.join(_named(table), on=CONDITION, nulls_equal=True, how="left", maintain_order="left")


def each_cell(table: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """(cell, its rows) for all cells, by name."""
    parts = table.sort("cell", maintain_order=True).partition_by("cell", as_dict=True, maintain_order=True)
    return [(str(cell), rows) for (cell,), rows in parts.items()]


def blocks(rows: pl.DataFrame) -> Blocks:
    """The complete blocks of one cell's lanes: seeds that are absent or lost at some size are left out."""
    sizes = rows["size"].unique().sort()
    wide = rows.sort("size", "seed").pivot(on="size", index="seed", values="value").drop_nulls().sort("seed")
    lost = rows.filter(pl.col("value").is_null())["seed"].n_unique()
    return Blocks(sizes.to_numpy(), wide["seed"].to_list(), wide.drop("seed").to_numpy().astype(float), lost)


def largest(rows: pl.DataFrame) -> pl.DataFrame:
    """The lanes of one cell at its largest size."""
    return rows.filter(pl.col("size") == pl.col("size").max())


def _named(table: pl.DataFrame) -> pl.DataFrame:
    """Every condition with a name that tells it from the others in as few words as will do."""
    conditions = table.select(CONDITION).unique().sort(CONDITION)
    words = {
        "dataset": pl.col("dataset"),
        "noise": pl.format("noise {}", "noise"),
        "examples": pl.when(pl.col("examples").is_null())
        .then(pl.lit("all examples"))
        .otherwise(pl.format("{} examples", "examples")),
        "model": pl.col("model"),
        "optimizer": pl.col("optimizer"),
        "tuned": pl.when("tuned").then(pl.lit("tuned rate")).otherwise(pl.lit("fixed rate")),
        "l2": pl.format("l2 {}", "l2"),
        "sweep": pl.format("sweep {}", "sweep"),
    }
    varied = [*NAMED_ALWAYS]
    for name in CONDITION[len(NAMED_ALWAYS) : -1]:
        if conditions.n_unique(subset=[*varied, name]) > conditions.n_unique(subset=varied):
            varied.append(name)
    plain = conditions.select(pl.concat_str([words[name] for name in varied], separator=", ").alias("cell"))
    if plain["cell"].is_duplicated().any():
        plain = conditions.select(
            pl.concat_str([words[name] for name in (*varied, "sweep")], separator=", ").alias("cell")
        )
    return conditions.hstack(plain)
