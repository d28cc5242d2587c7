"""How much of the curvature of the training loss is downward where validation stops training."""

from typing import Any

import polars as pl
import torch

from nominima.ground.records import Count, Repeats
from nominima.landscape.quadrature import density
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
APART = True
KEY = ("seed",)
SCHEMA = {
    "seed": "Int64",
    "status": "String",
    "lambda_min": "Float64",
    "lambda_max": "Float64",
    "mass": "Float64",
}


def measure(subject: RunSubject, *, seeds: Repeats = 5, products: Count = 32) -> pl.DataFrame:
    """Both ends of the spectrum of ∇²f at the stop by validation loss, and the share of curvature that is negative.

    f is the mean cross-entropy, nats, of all training examples on the labels trained on, without decay, in float32; the
    first `seeds` seeds are looked at. At most `products` steps of Lanczos' method from one random start v give nodes λ
    and weights w, a quadrature of the spectrum as v sees it (Ubaru, Chen & Saad 2017).

    lambda_min, lambda_max: the outermost nodes, so that but for rounding the true λ_min is at most lambda_min and the
    true λ_max at least lambda_max. mass: Σ w·|λ| of the negative nodes, as a share of that of all: an estimate of what
    negative eigenvalues make of Σ|λ|, 0 for a convex f. One start makes it noisy, so that it is for means over seeds.
    A row is `not_finite` or `not_deterministic`, without numbers, if the loss or a product is.
    """
    rows = [{"seed": seed, **_lane(subject, lane, products)} for lane, seed in enumerate(subject.seeds[:seeds])]
    return frame(rows, SCHEMA, KEY)


def _lane(subject: RunSubject, lane: int, products: int) -> dict[str, Any]:
    if subject.status[lane] == "diverged":
        return {"status": "diverged"}
    theta, seed = subject.trajectory.best_loss[lane : lane + 1], subject.seeds[lane]
    (found,) = density(subject.landscape(lane, torch.float32), theta, probes=1, steps=products, seed=seed)
    if found.status != "ok":
        return {"status": found.status.replace(" ", "_")}
    nodes, shares = found.nodes[0], found.weights[0] * found.nodes[0].abs()
    return {
        "status": "ok",
        "lambda_min": nodes.min().item(),
        "lambda_max": nodes.max().item(),
        "mass": (shares[nodes < 0].sum() / shares.sum()).item(),
    }
