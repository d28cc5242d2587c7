"""How evenly far apart points are: the spread of their distances."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist


def spread(points: NDArray[np.floating]) -> tuple[float, float]:
    """Coefficient of variation (deviation over mean; NaN if all points are equal) and mean of all pairs' distances.

    Args:
        points: (point, coordinate), at least two.
    """
    apart = pdist(points)
    mean = float(apart.mean())
    return (float(apart.std() / mean) if mean else math.nan), mean
