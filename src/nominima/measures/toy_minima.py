"""Certified minima of a small network by width: how good they are, and what a neuron more makes of them."""

import math
from typing import Any

import polars as pl
import torch
from torch import Tensor

from nominima.ground.records import Count, Natural, Positive, Repeats, Share
from nominima.landscape.closed_forms import goe_all_positive
from nominima.landscape.newton import Stationary, certify
from nominima.landscape.toy import Toy
from nominima.measuring.table import frame
from nominima.measuring.toy import descend, task, way_down
from nominima.training.dataset import Dataset
from nominima.training.feed import generator

OF = "dataset"
APART = True
KEY = ("l2", "hidden", "seed")
SCHEMA = {
    "l2": "Float64",
    "hidden": "Int64",
    "seed": "Int64",
    "status": "String",
    "kind": "String",
    "parameters": "Int64",
    "goe_log10": "Float64",
    "loss": "Float64",
    "gap": "Float64",
    "gradient_norm": "Float64",
    "norm": "Float64",
    "lambda_min": "Float64?",
    "lambda_max": "Float64?",
    "fall": "Float64?",
    "embedded": "String",
    "embedded_index": "Float64?",
    "embedded_lambda_min": "Float64?",
    "embedded_lambda_max": "Float64?",
    "embedded_fall": "Float64?",
    "embedded_drop": "Float64?",
}
MOST_EXACT = 12


def measure(
    subject: Dataset,
    *,
    examples: Count = 300,
    inputs: Count = 6,
    noise: Share = 0.15,
    decay: Positive = 1e-3,
    widest: Count = 64,
    widest_undecayed: Count = 16,
    starts: Repeats = 20,
    deciding: Repeats = 72,
    first_seed: Natural = 300,
    widest_embedded: Count = 32,
) -> pl.DataFrame:
    """Where descent ends from starts of a tanh network of 1, 2, 4, … `widest` neurons, certified.

    f is the mean cross-entropy of three classes, the last as reference, of `examples` examples through `inputs`
    principal components with a share `noise` of the labels moved, plus l2/2·‖θ‖²; l2 is 0 (up to `widest_undecayed`)
    and `decay`. Each seed has its own draw of examples, labels and start: `starts` of them, and `deciding` at the two
    largest widths with decay. float64, exact Hessian. See measuring/toy.py and landscape/newton.py.

    kind: what is certain of the end; `strict minimum` if ‖∇f‖ < 1e-10, all eigenvalues are above rounding and Newton's
    step is short; `minimum at infinity` if it is long. lambda_*, of certified ends, and fall: how far the loss falls
    along the lowest eigenvalue's direction, either way (0 if not).

    gap: nats above the best end of the same seed and l2 at this width or a smaller one. A network contains the smaller
    ones (with weights of zero, which cost no decay), so that it could have had that loss.

    goe_log10: log10 of the probability that a Gaussian orthogonal matrix of as many rows has positive eigenvalues only
    (Dean & Majumdar 2006): how rare minima would be if curvature were random.

    embedded: the same certificate after a strict minimum with decay, up to `widest_embedded`, was given a neuron with
    zero weights, which keeps the loss and the gradient (Fukumizu & Amari 2000); `none`: not asked. embedded_index:
    negative eigenvalues there; embedded_fall: along the most negative; embedded_drop: how much lower a descent from
    there ends.
    """
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    for l2, most in ((0.0, widest_undecayed), (decay, widest)):
        widths = [1 << power for power in range(most.bit_length())]
        for hidden in widths:
            count = deciding if l2 and hidden in widths[-2:] else starts
            for seed in range(first_seed, first_seed + count):
                x, y = task(subject, examples=examples, inputs=inputs, noise=noise, seed=seed)
                rows.append(_row(Toy(x, y, hidden), l2, seed, embed=bool(l2) and hidden <= widest_embedded))
    made = pl.DataFrame(rows, {**{name: getattr(pl, kind.rstrip("?")) for name, kind in SCHEMA.items()}})
    best = pl.col("loss").fill_nan(None).cum_min().forward_fill().over("l2", "seed", order_by="hidden")
    return frame(made.with_columns(gap=pl.col("loss") - best).to_dicts(), SCHEMA, KEY)


def _row(toy: Toy, l2: float, seed: int, *, embed: bool) -> dict[str, Any]:
    landscape = toy.landscape(l2)
    end = descend(landscape, toy.initial(generator(seed, "toy start")), thorough=l2 > 0)
    row = {"l2": l2, "hidden": toy.hidden, "seed": seed, **_end(end)}
    row |= {"parameters": toy.dimension, "embedded": "none", "goe_log10": _goe(toy.dimension)}
    if end.inertia is not None:
        row["fall"] = way_down(landscape, end.theta)[1].fall
    return row | (_embedded(toy, l2, end) if end.status == "strict minimum" and embed else {})


def _goe(size: int) -> float:
    exact = size <= MOST_EXACT
    return math.log10(goe_all_positive(size)) if exact else -math.log(3) / 4 * size**2 / math.log(10)


def _end(end: Stationary) -> dict[str, Any]:
    told = {
        "status": "not_finite" if end.status == "not finite" else "ok",
        "kind": end.status,
        "loss": end.loss,
        "gradient_norm": end.gradient_norm,
        "norm": end.theta.norm().item(),
    }
    return told if end.inertia is None else told | _span(end.inertia.eigenvalues)


def _span(eigenvalues: Tensor) -> dict[str, float]:
    return {"lambda_min": eigenvalues[0].item(), "lambda_max": eigenvalues[-1].item()}


def _embedded(toy: Toy, l2: float, end: Stationary) -> dict[str, Any]:
    wider, theta = toy.embed(end.theta)
    landscape = wider.landscape(l2)
    place = certify(landscape, theta)
    told: dict[str, Any] = {"embedded": place.status}
    if place.index is None:
        return told
    values, out = way_down(landscape, theta)
    lower = descend(landscape, out.theta) if out.descended else end
    return told | {
        "embedded_index": float(place.index),
        **{f"embedded_{name}": value for name, value in _span(values).items()},
        "embedded_fall": out.fall,
        "embedded_drop": end.loss - lower.loss,
    }
