"""Critical points of every index of a small network, found by making the gradient short, with their losses."""

from typing import Any

import polars as pl
import torch

from nominima.ground.records import Count, Natural, Positive, Repeats, Share
from nominima.landscape.critical import Found, seek
from nominima.landscape.toy import Toy
from nominima.measuring.table import frame
from nominima.measuring.toy import descend, task
from nominima.training.dataset import Dataset
from nominima.training.feed import generator

OF = "dataset"
KEY = ("hidden", "way", "seed")
SCHEMA = {
    "hidden": "Int64",
    "way": "Float64",
    "seed": "Int64",
    "status": "String",
    "kind": "String",
    "parameters": "Int64",
    "loss": "Float64",
    "gradient_norm": "Float64",
    "residual": "Float64?",
    "index": "Float64?",
}
WAYS = (0.0, 0.6, 0.75, 0.9)


def measure(
    subject: Dataset,
    *,
    examples: Count = 300,
    inputs: Count = 6,
    noise: Share = 0.15,
    decay: Positive = 1e-3,
    widest: Count = 8,
    starts: Repeats = 5,
    first_seed: Natural = 100,
    steps: Repeats = 100,
) -> pl.DataFrame:
    """Where ‖∇f‖² is minimised to, from places on the straight ways from starts to the minima below them.

    f is that of the measure toy_minima, a draw for each seed, l2 = `decay`, at widths 2, 4, … `widest`. way: at which
    share of the way the search begins. kind: `strict minimum`, `saddle` …, with index, the number of negative
    eigenvalues, where ‖∇f‖ < 1e-10; `gradient-flat` where the search stalled because the gradient lies in the Hessian's
    kernel: residual ‖H∇f‖/(‖H‖‖∇f‖) below 1e-4 (Frye et al. 2021). Such a place is no critical point and gets no index;
    nor does one that did not converge in `steps` evaluations.
    """
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    for hidden in (1 << power for power in range(1, widest.bit_length())):
        for seed in range(first_seed, first_seed + starts):
            x, y = task(subject, examples=examples, inputs=inputs, noise=noise, seed=seed)
            toy = Toy(x, y, hidden)
            landscape, start = toy.landscape(decay), toy.initial(generator(seed, "toy start"))
            bottom = descend(landscape, start).theta
            found = seek(landscape, torch.stack([torch.lerp(start, bottom, way) for way in WAYS]), steps=steps)
            rows += [
                {"hidden": toy.hidden, "way": way, "seed": seed, "parameters": toy.dimension, **_told(place)}
                for way, place in zip(WAYS, found, strict=True)
            ]
    return frame(rows, SCHEMA, KEY)


def _told(found: Found) -> dict[str, Any]:
    place = found.place
    return {
        "status": "not_finite" if place.status == "not finite" else "ok",
        "kind": place.status,
        "loss": place.loss,
        "gradient_norm": place.gradient_norm,
        "residual": found.residual,
        "index": None if place.index is None else float(place.index),
    }
