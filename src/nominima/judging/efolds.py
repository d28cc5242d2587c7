"""Slopes of a number over the logarithm of the step, in the last e-folds of a training, and whether it grows so."""

import numpy as np
import polars as pl

STEP = pl.col("step")
FEWEST_POINTS = 3


def growth(y: pl.Expr, efolds: float) -> pl.Expr:
    """Of the rows of a network: the least-squares slope of y over ln(step), last e-folds; null below three points."""
    late = _late(efolds)
    return pl.when(late.sum() >= FEWEST_POINTS).then(_slope(STEP.filter(late).log(), y.filter(late)))


def misfit(y: pl.Expr, efolds: float) -> pl.Expr:
    """ln of the squared misfit of c·t^p, fitted in logarithms, over that of a + b·ln t: above 0 favours the latter."""
    late = _late(efolds)
    x, y = STEP.filter(late).log(), y.filter(late)
    power, logarithm = ((y - _line(x, y.log()).exp()) ** 2).sum(), ((y - _line(x, y)) ** 2).sum()
    return pl.when(late.sum() >= FEWEST_POINTS).then((power / logarithm).log())


def _late(efolds: float) -> pl.Expr:
    return (STEP > 0) & (STEP.max() / np.exp(efolds) <= STEP)


def _slope(x: pl.Expr, y: pl.Expr) -> pl.Expr:
    return pl.cov(x, y) / x.var()


def _line(x: pl.Expr, y: pl.Expr) -> pl.Expr:
    """The least-squares line through (x, y), at x."""
    return y.mean() + _slope(x, y) * (x - x.mean())
