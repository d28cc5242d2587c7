"""Spreads over seeds as lanes with a number for each seed, and widths of valleys."""

from itertools import pairwise

import numpy as np
import polars as pl

from nominima.judging.lanes import conditions
from nominima.judging.stats import Floats


def log_deviations(table: pl.DataFrame, *, relative: bool = False) -> pl.DataFrame:
    """Lanes: jackknife pseudo-values (Tukey 1958) of ln(deviation over the seeds), so that their mean estimates it.

    Args:
        table: a frame of lanes; the seeds with a value at a size are its sample.
        relative: of the deviation as a share of the mean.

    Returns:
        the same rows; null where a seed has no value, fewer than 3 seeds have one or all are equal.
    """
    parts = []
    for _, rows in table.group_by(*conditions(table), "size", maintain_order=True):
        known = rows.filter(pl.col("value").is_not_null())
        values = pl.Series("value", _pseudo(known["value"].to_numpy(), relative=relative), nan_to_null=True)
        parts += [known.with_columns(values), rows.filter(pl.col("value").is_null())]
    return pl.concat(parts).sort(*conditions(table), "size", "seed")


def valley_width(x: Floats, y: Floats, tolerance: float) -> float:
    """Length of the places x at which the straight lines between the points are at most tolerance · min y.

    Args:
        x: (point,), ascending.
        y: (point,), positive; infinite where there is none, from which no line leads.
    """
    limit = tolerance * y.min()
    shares = [_below(min(pair), max(pair), limit) for pair in pairwise(y)]
    return float(np.diff(x) @ np.array(shares))


def _below(low: float, high: float, limit: float) -> float:
    """Share of the straight line between two values that is not above the limit."""
    if high <= limit:
        return 1.0
    return (limit - low) / (high - low) if low <= limit else 0.0


def _pseudo(values: Floats, *, relative: bool) -> Floats:
    count = len(values)
    if count < 3:
        return np.full(count, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = np.array([_log_deviation(np.delete(values, at), relative=relative) for at in range(count)])
        found = count * _log_deviation(values, relative=relative) - (count - 1) * rest
    return np.where(np.isfinite(found), found, np.nan)


def _log_deviation(values: Floats, *, relative: bool) -> float:
    return float(np.log(values.std(ddof=1) / (values.mean() if relative else 1)))
