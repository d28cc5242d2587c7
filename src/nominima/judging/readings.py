"""Numbers of networks read off the tables of measures, as lanes."""

from collections.abc import Sequence

import polars as pl

from nominima.judging.lanes import conditions, lanes, paired

STOPS = {"best": "censored", "best_loss": "censored", "best_accuracy": "censored_accuracy"}
"""Points that are stops → the column that says of a network that it has none."""


def at_point(table: pl.DataFrame, point: str, value: str | pl.Expr) -> pl.DataFrame:
    """Lanes: a number at a point of a measure that has some (`init`, `best`, `best_accuracy`, `end`).

    At a stop, networks whose best point is the last one looked at have none, and are `censored`.
    """
    number, there = _column(value), pl.col("point") == point
    fine = (pl.col("status") == "ok").filter(there).all()
    return _read(table, number.filter(there).first(), point, fine)


def at_mark(curve: pl.DataFrame, mark: str, value: str | pl.Expr) -> pl.DataFrame:
    """Lanes: a number of the learning curve where a mark is set (`best_loss`, `best_accuracy`, `end`)."""
    return _read(curve, _column(value).filter(pl.col(mark)).first(), mark, (pl.col("status") == "ok").all())


def less(one: pl.DataFrame, other: pl.DataFrame, *but: str) -> pl.DataFrame:
    """Lanes: the first's value less that of the same network in the second; they may differ in the conditions `but`."""
    return combined(one, other, pl.col("value") - pl.col("value_right"), *but)


def combined(one: pl.DataFrame, other: pl.DataFrame, value: pl.Expr, *but: str) -> pl.DataFrame:
    """Lanes: `value` of the columns value and value_right, of the same networks in two frames (`lanes.paired`)."""
    return paired(one, other, but).with_columns(value=value).drop("value_right")


def foremost(frame: pl.DataFrame, across: Sequence[str]) -> pl.DataFrame:
    """Of lanes of a size whose conditions differ in nothing but these, those with the largest values there, the first
    first: the sizes of one control may differ in them.
    """
    others = [*(name for name in conditions(frame) if name not in across), "size"]
    for name in filter(frame.columns.__contains__, across):
        frame = frame.filter(pl.col(name).eq_missing(pl.col(name).max().over(others)))
    return frame


def swept(frame: pl.DataFrame, least: int = 2) -> pl.DataFrame:
    """The lanes of those conditions that have several sizes."""
    names = conditions(frame)
    return frame.filter((pl.col("size").n_unique().over(names) if names else pl.col("size").n_unique()) >= least)


def _read(table: pl.DataFrame, number: pl.Expr, point: str, fine: pl.Expr) -> pl.DataFrame:
    stopped = point in STOPS
    return lanes(table, number, fine=fine, stopped=stopped, censored=STOPS.get(point, "censored"))


def _column(value: str | pl.Expr) -> pl.Expr:
    return pl.col(value) if isinstance(value, str) else value
