"""Whose a measurement is: its run with all knobs as columns, its data set, or nothing for theory."""

import polars as pl

from nominima.planning.knobs import KNOBS, Knob, is_knob

CENSORED = ("censored", "censored_accuracy")  # whether a network's best point is the last one looked at
IDENTITY = {
    "run": {"sweep": "String", "run": "String", "parameters": "Int64", **dict.fromkeys(CENSORED, "Boolean")}
    | {name: its.kind for name, its in KNOBS.items()},
    "dataset": {"dataset": "String"},
    "theory": {},
}
"""What is measured → the columns in front of its tables and their dtypes; a run's options come after them."""


def completed(table: pl.DataFrame) -> pl.DataFrame:
    """The table of a run with the knobs that `sparse` left out; identity first, then options, then the rest."""
    lacking = [name for name in KNOBS if name not in table.columns and not _required(KNOBS[name])]
    whole = table.with_columns(_default(name, table) for name in lacking)
    front = [name for name in IDENTITY["run"] if name in whole.columns]
    options = [name for name in whole.columns if is_knob(name) and name not in KNOBS]
    return whole.select(*front, *options, *(name for name in whole.columns if name not in {*front, *options}))


def sparse(table: pl.DataFrame) -> pl.DataFrame:
    """The table of a run without the knobs that have their default in all rows, so that a new knob changes no table."""
    optional = [name for name in KNOBS if name in table.columns and not _required(KNOBS[name])]
    usual = [name for name in optional if table.select(pl.col(name).eq_missing(_default(name, table)).all()).item()]
    return table.drop(usual)


def _required(knob: Knob) -> bool:
    """Whether every run sets it."""
    return knob.needed and not knob.part


def _default(name: str, table: pl.DataFrame) -> pl.Expr:
    """The value of a run that does not set a knob; null for a part that it does not have, as a teacher."""
    knob = KNOBS[name]
    value = pl.lit(knob.default, getattr(pl, knob.kind))
    if knob.part:
        needed = [other for other, its in KNOBS.items() if its.part == knob.part and its.needed]
        had = pl.any_horizontal(
            pl.lit(value=False), *(pl.col(other).is_not_null() for other in needed if other in table.columns)
        )
        value = pl.when(had).then(value)
    return value.alias(name)
