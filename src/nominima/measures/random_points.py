"""How evenly far apart independent random points are, by dimension."""

import numpy as np
import polars as pl
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from nominima.ground.records import Count, Natural, Repeats
from nominima.landscape.closed_forms import distance_cv
from nominima.measuring.concentration import spread

OF = "theory"
KEY = ("law", "dimension", "seed")
SCHEMA = {
    "law": "String",
    "dimension": "Int64",
    "seed": "Int64",
    "cv": "Float64",
    "mean_distance": "Float64",
    "gaussian_exact": "Float64",
}

Points = NDArray[np.float64]
Shape = tuple[int, int]


def measure(
    subject: None,  # noqa: ARG001 - theory is given nothing
    *,
    points: Repeats = 50,
    seeds: Repeats = 20,
    first_seed: Natural = 100,
    lowest: Count = 16,
    highest: Count = 4096,
) -> pl.DataFrame:
    """Coefficient of variation (cv) and mean of the distances between all pairs of `points` random points.

    dimension: `lowest`, doubled while not above `highest`. For independent coordinates with finite moments the
    coefficient falls as dimension^−½ (Beyer et al. 1999): laws gaussian, uniform, rademacher, exponential and, more
    slowly, lognormal (σ = 1) and student5 (Student's t with 5 degrees of freedom). Controls, for which it must not:
    cauchy (no moments), equicorrelated (a common factor holds half the variance) and random_radius (gaussian points
    scaled by independent uniform radii). gaussian_exact is the closed form for normal points in that dimension, next to
    every law.
    """
    doubled = [lowest << power for power in range((highest // lowest).bit_length())]
    rows = [
        {"law": law, "dimension": dimension, "seed": seed, **_spread(law, (points, dimension), seed)}
        for law in LAWS
        for dimension in doubled
        for seed in range(first_seed, first_seed + seeds)
    ]
    return pl.DataFrame(rows, schema=list(SCHEMA)).sort(KEY)


def _spread(law: str, shape: Shape, seed: int) -> dict[str, float]:
    drawn = LAWS[law](default_rng((seed, shape[1], list(LAWS).index(law))), shape)
    cv, mean = spread(drawn)
    return {"cv": cv, "mean_distance": mean, "gaussian_exact": distance_cv(shape[1])}


def _equicorrelated(draw: Generator, shape: Shape) -> Points:
    return draw.standard_normal(shape) + draw.standard_normal((shape[0], 1))


def _random_radius(draw: Generator, shape: Shape) -> Points:
    return draw.standard_normal(shape) * draw.random((shape[0], 1))


LAWS = {
    "gaussian": Generator.standard_normal,
    "uniform": Generator.random,
    "rademacher": lambda draw, shape: draw.integers(0, 2, shape) * 2.0 - 1,
    "exponential": Generator.standard_exponential,
    "cauchy": Generator.standard_cauchy,
    "equicorrelated": _equicorrelated,
    "random_radius": _random_radius,
    "lognormal": lambda draw, shape: draw.lognormal(size=shape),
    "student5": lambda draw, shape: draw.standard_t(5, shape),
}
