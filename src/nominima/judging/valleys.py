"""Widths of valleys."""

from itertools import pairwise

import numpy as np

from nominima.judging.intervals import Floats


def valley_widths(x: Floats, y: Floats, limit: Floats) -> Floats:
    """Length of the places x at which the straight lines between the points are at or below a limit.

    Args:
        x: (point,), ascending.
        y: (…, point); very large where there is none, from which no line leads.
        limit: (…).

    Returns:
        (…), in the unit of x.
    """
    rows, limits = y.reshape(-1, y.shape[-1]), np.broadcast_to(limit, y.shape[:-1]).ravel()
    shares = [
        [_below(min(pair), max(pair), top) for pair in pairwise(row)] for row, top in zip(rows, limits, strict=True)
    ]
    return (np.array(shares) @ np.diff(x)).reshape(y.shape[:-1])


def _below(low: float, high: float, limit: float) -> float:
    """Share of the straight line between two values that is not above the limit."""
    if high <= limit:
        return 1.0
    return (limit - low) / (high - low) if low <= limit else 0.0
