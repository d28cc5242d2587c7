"""Stopping against decay where both are exact: gradient flow and ridge in linear regression."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from nominima.ground.records import Natural, Positive, Repeats

OF = "theory"
KEY = ("law", "dimension", "seed")
SCHEMA = {"law": "String", "dimension": "Int64", "seed": "Int64", "worst_on_path": "Float64", "best": "Float64"}
DIMENSIONS = (20, 50, 100, 200, 400)
TIMES = np.logspace(-3, 6, 451)
Floats = NDArray[np.float64]


def measure(
    _subject: None,
    *,
    replicas: Repeats = 20,
    first_seed: Natural = 10_000,
    examples: Repeats = 100,
    deviation: Positive = 1.0,
) -> pl.DataFrame:
    """Risk of gradient flow as a multiple of that of ridge: at t = 1/λ the largest of all t, and each at its best.

    y = xβ + ε with `examples` rows x, β ~ N(0, I/p) in p = `dimension` coordinates, ε ~ N(0, deviation²). Law of x:
    `even`, independent standard normal; `steep`, the j-th coordinate 1/j times as large. With XᵀX/n = VSVᵀ both
    estimators shrink each coordinate of VᵀXᵀy/n separately: flow from zero to (1 − e^(−ts))/s, ridge to 1/(s + λ).
    So the risk E‖β̂ − β‖² over ε, for the β that was drawn, is

        flow:  Σ e^(−2ts)·(v·β)² + deviation²/n · Σ (1 − e^(−ts))²/s,
        ridge: Σ (λ/(s + λ))²·(v·β)² + deviation²/n · Σ s/(s + λ)²,

    both with what of β lies outside the row space: exact for all t and λ from one singular value decomposition. The
    first number is at most 1.69 for every X, β and noise (Ali, Kolter & Tibshirani 2019). The best of each is taken on
    the same grid of t and 1/λ, fifty a decade.
    """
    rows = [
        {"law": law, "dimension": dimension, "seed": seed}
        | _ratios(LAWS[law](default_rng((seed, dimension)), examples, dimension), deviation)
        for law in LAWS
        for dimension in DIMENSIONS
        for seed in range(first_seed, first_seed + replicas)
    ]
    return pl.DataFrame(rows, schema=list(SCHEMA)).sort(KEY)


Problem = tuple[Floats, Floats]
"""x (example, coordinate) and β (coordinate,)."""


def _even(draw: Generator, examples: int, dimension: int) -> Problem:
    return draw.standard_normal((examples, dimension)), draw.standard_normal(dimension) / np.sqrt(dimension)


def _steep(draw: Generator, examples: int, dimension: int) -> Problem:
    x, beta = _even(draw, examples, dimension)
    return x / np.arange(1, dimension + 1), beta


LAWS: dict[str, Callable[[Generator, int, int], Problem]] = {"even": _even, "steep": _steep}


def _ratios(problem: Problem, deviation: float) -> dict[str, Any]:
    flow, ridge = risks(*problem, deviation, TIMES)
    return {"worst_on_path": float((flow / ridge).max()), "best": float(flow.min() / ridge.min())}


def risks(x: Floats, beta: Floats, deviation: float, times: Floats) -> tuple[Floats, Floats]:
    """Risks (time,) of gradient flow at these times and of ridge at λ = 1/t, for x (example, coordinate) and β."""
    _, singular, rows = np.linalg.svd(x / np.sqrt(len(x)), full_matrices=False)
    s, signal = singular**2, (rows @ beta) ** 2
    outside = max(float(beta @ beta - signal.sum()), 0.0)
    ts = times[:, None] * s
    noise = deviation**2 / (len(x) * s)
    flow = np.exp(-2 * ts) @ signal + np.expm1(-ts) ** 2 @ noise + outside
    ridge = (1 + ts) ** -2.0 @ signal + (ts / (1 + ts)) ** 2 @ noise + outside
    return flow, ridge
