"""Widths of valleys."""

from itertools import pairwise

import numpy as np

from nominima.judging.intervals import Floats


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
