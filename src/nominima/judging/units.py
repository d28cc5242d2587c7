"""Units of accuracy: the smallest difference that counts on a data set, so that one limit is asked of all of them."""

import polars as pl

UNITS, UNIT = {"digits": 0.02}, 0.01  # 600 test examples of digits tell less apart than 10 000
EACH = pl.col("dataset").replace_strict(UNITS, default=UNIT, return_dtype=pl.Float64)
"""The unit of a lane's data set."""


def unit(dataset: str) -> float:
    """The unit of a data set, share right."""
    return UNITS.get(dataset, UNIT)


def in_units(lanes: pl.DataFrame) -> pl.DataFrame:
    """Lanes: differences of accuracy in the units of their data sets."""
    return lanes.with_columns(pl.col("value") / EACH)
