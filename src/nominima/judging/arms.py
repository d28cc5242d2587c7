"""Runs that differ in the strength of a prior alone, compared with those that have none, seed by seed."""

import polars as pl

from nominima.judging.lanes import lanes

PAIRED = ["dataset", "examples", "noise", "model", "size", "optimizer", "tuned"]
LANE = ["cell", "size", "seed"]
SCHEMA = {"cell": pl.String, "size": pl.Float64, "seed": pl.Int64, "value": pl.Float64, "strength": pl.Float64}


def arms(table: pl.DataFrame, knob: str, value: pl.Expr) -> pl.DataFrame:
    """Lanes with the `strength` of a prior, 0 included: cell, size, seed, value, strength.

    Args:
        table: of a run measure.
        knob: the identity column that holds the strength, as l2.
        value: aggregates the rows of a lane, as for `lanes`.

    Conditions and sizes that were never trained with the prior are left out; cells are named alike in all arms. Empty
    where nothing was.
    """
    both = table.filter(pl.col(knob) > 0).select(PAIRED).unique()
    paired = table.join(both, on=PAIRED, how="semi", nulls_equal=True).with_columns(strength=pl.col(knob))
    alike = paired.with_columns(pl.lit(0.0).alias(knob), sweep=pl.lit(""))
    parts = [
        lanes(alike.filter(strength=strength), value).with_columns(strength=pl.lit(strength))
        for strength in paired["strength"].unique().sort().to_list()
    ]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *parts])


def less_none(found: pl.DataFrame) -> pl.DataFrame:
    """The arms with a prior, each value less that of the same lane without; lanes without a partner are left out."""
    none = found.filter(strength=0.0).drop("strength")
    pairs = found.filter(pl.col("strength") > 0).join(none, on=LANE, suffix="_none").sort(*LANE, "strength")
    return pairs.with_columns(value=pl.col("value") - pl.col("value_none")).drop("value_none")


def lowest(found: pl.DataFrame) -> pl.DataFrame:
    """Cell, size, strength: the arm with a prior whose mean value over seeds is lowest; of equals the weakest."""
    key = ["cell", "size", "strength"]
    held = found.filter(pl.col("strength") > 0).group_by(key, maintain_order=True).agg(pl.col("value").mean())
    ordered = held.drop_nulls().sort("value", "strength")
    return ordered.group_by("cell", "size", maintain_order=True).first().select(key).sort(key)
