"""How evenly far apart the inputs of a data set are, and how many dimensions they fill."""

import numpy as np
import polars as pl
from numpy.random import default_rng
from numpy.typing import NDArray

from nominima.ground.files import Refusal
from nominima.ground.records import Natural, Repeats
from nominima.measuring.concentration import spread
from nominima.training.dataset import Dataset

OF = "dataset"
KEY = ("seed",)
SCHEMA = {"seed": "Int64", "cv": "Float64", "dimension": "Int64", "effective_dimension": "Float64"}


def measure(subject: Dataset, *, points: Repeats = 50, seeds: Repeats = 20, first_seed: Natural = 100) -> pl.DataFrame:
    """Coefficient of variation of the distances between `points` training inputs, drawn anew for each seed.

    dimension: numbers in an input; effective_dimension: (tr C)²/tr C² for the covariance C of all training inputs, the
    same for every seed. For normal inputs cv would be near 1/√(2·effective_dimension) (Beyer et al. 1999).

    Raises:
        Refusal: there are fewer training inputs than points.
    """
    x = subject.train.x.reshape(len(subject.train.x), -1).astype(np.float64)
    if points > len(x):
        raise Refusal(f"input_distances: points is {points}; the data set has {len(x)} training inputs: ask for fewer")
    drawn = {seed: default_rng(seed).permutation(len(x))[:points] for seed in range(first_seed, first_seed + seeds)}
    return pl.DataFrame(
        {
            "seed": list(drawn),
            "cv": [spread(x[rows])[0] for rows in drawn.values()],
            "dimension": [x.shape[1]] * len(drawn),
            "effective_dimension": [participation_ratio(x)] * len(drawn),
        },
        schema={"seed": pl.Int64, "cv": pl.Float64, "dimension": pl.Int64, "effective_dimension": pl.Float64},
    )


def participation_ratio(x: NDArray[np.float64]) -> float:
    """(Σλ)²/Σλ² over the covariance's eigenvalues of x (example, coordinate): d if all are equal, 1 if one is all."""
    centred = x - x.mean(0)
    covariance = centred.T @ centred
    return float(np.trace(covariance) ** 2 / (covariance**2).sum())
