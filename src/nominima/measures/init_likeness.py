"""How much the weights of a trained layer still look like those it was started with."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from torch import Tensor

from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
KEY = ("seed", "layer", "point")
SCHEMA = {
    "seed": "Int64",
    "layer": "String",
    "point": "String",
    "status": "String",
    "role": "String",
    "count": "Int64",
    "ks": "Float64",
    "excess": "Float64?",
    "sd_ratio": "Float64?",
    "kurtosis": "Float64?",
}
STRETCH = 1.5

Weights = NDArray[np.float64]


def measure(subject: RunSubject) -> pl.DataFrame:
    """Kolmogorov–Smirnov distance sup|F − F_0| of a layer's weights from the seed's own initial ones, biases left out.

    excess: the distance from the *next* seed's initial weights, less that of the seed's own initial weights from them:
    both are between independent samples, so that weights which do not move have 0, while the distance of a layer from
    its own start is 0 only then. Null where there is one seed. The distance is kept, not its p-value, which falls with
    the number of weights however alike they are. sd_ratio is sd/sd_0; kurtosis is the excess m₄/m₂² − 3 of the point
    itself, 0 for a normal distribution; both are null where all weights of the layer are equal. Heavy tails in trained
    layers: Martin & Mahoney 2021, Thamm et al. 2022.

    point `best` (stop by validation loss), `best_accuracy`, `end`, and the control `stretched`, the own start times
    1.5.
    """
    return frame([row for lane in range(len(subject.seeds)) for row in _lane(subject, lane)], SCHEMA, KEY)


def _lane(subject: RunSubject, lane: int) -> Iterator[dict[str, Any]]:
    following = (lane + 1) % len(subject.seeds)
    views = {name: subject.model.views(theta) for name, theta in subject.points().items()}
    for leaf in subject.model.layout:
        if leaf.role == "bias":
            continue
        own, other = (_sorted(views["init"][leaf.name][seed]) for seed in (lane, following))
        chance = distance(own, other) if following != lane else np.nan
        shared = {"seed": subject.seeds[lane], "status": subject.status[lane], "layer": leaf.name, "role": leaf.role}
        looked_at = {name: _sorted(views[name][leaf.name][lane]) for name in ("best", "best_accuracy", "end")}
        for point, weights in (looked_at | {"stretched": own * STRETCH}).items():
            excess = distance(weights, other) - chance
            yield {**shared, "count": own.size, "point": point, "excess": excess, **_likeness(own, weights)}


def _sorted(weights: Tensor) -> Weights:
    return np.sort(weights.flatten().numpy()).astype(np.float64)


def _likeness(own: Weights, weights: Weights) -> dict[str, float]:
    start = own.std()
    return {
        "ks": distance(own, weights),
        "sd_ratio": weights.std() / start if start > 0 else np.nan,
        "kurtosis": excess_kurtosis(weights),
    }


def distance(one: Weights, other: Weights) -> float:
    """Two-sample Kolmogorov–Smirnov distance of sorted samples; scipy.stats would take a second to load."""
    every = np.concatenate([one, other])
    shares = [np.searchsorted(sample, every, side="right") / sample.size for sample in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())


def excess_kurtosis(weights: Weights) -> float:
    """m₄/m₂² − 3; NaN if all weights are equal."""
    centred = weights - weights.mean()
    variance = (centred**2).mean()
    return float((centred**4).mean() / variance**2 - 3) if variance > 0 else np.nan
