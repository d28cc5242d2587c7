"""Moments of a training: where a curve is lowest, and the first looked-at point from which something holds."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
AROUND = 5  # points that a parabola is fitted to
HELD = 3  # looked-at points in a row for which a condition must hold


def lowest(steps: Floats, values: Floats) -> float:
    """The step, a real number, at which a curve is lowest.

    The vertex of the parabola in ln t, by least squares, through the AROUND points around the lowest one, which near an
    end are the last ones there. Where it opens downwards, or its vertex lies beyond these points, the lowest of them.

    Args:
        steps: (point,) ascending; 0 has no logarithm and is left out.
        values: (point,), as a validation loss.
    """
    x, y = np.log(steps[steps > 0]), values[steps > 0]
    first = min(max(int(y.argmin()) - AROUND // 2, 0), max(len(x) - AROUND, 0))
    x, y = x[first : first + AROUND], y[first : first + AROUND]
    centre = x[y.argmin()]
    if len(x) > 2:
        bend, slope, _ = np.polyfit(x - centre, y, 2)
        vertex = centre - slope / (2 * bend) if bend > 0 else centre
        centre = vertex if x[0] <= vertex <= x[-1] else centre
    return float(np.exp(centre))


def held(steps: Floats, true: NDArray[np.bool_]) -> float | None:
    """The first of HELD looked-at points in a row at which something is true; None without such a row.

    Args:
        steps: (point,) ascending; 0 has no logarithm and is left out.
        true: (point,).
    """
    steps, true = steps[steps > 0], true[steps > 0]
    rows = len(true) - HELD + 1
    runs = [bool(true[at : at + HELD].all()) for at in range(max(rows, 0))]
    return float(steps[runs.index(True)]) if any(runs) else None
