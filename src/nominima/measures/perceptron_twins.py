"""Two nearly equal inputs of a perceptron, whose weights start equal: what tells twins apart, learned twice."""

from collections.abc import Iterator
from typing import Any

import polars as pl
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from nominima.ground.records import Count, Natural, Positive, Repeats
from nominima.measuring.table import frame
from nominima.planning import shelf
from nominima.planning.steps import metric_steps
from nominima.training.feed import generator
from nominima.training.model import Model
from nominima.training.objective import surprisals
from nominima.training.stack import Stack

OF = "theory"
APART = True
KEY = ("copy", "seed", "point")
SCHEMA = {
    "copy": "Float64",
    "seed": "Int64",
    "point": "String",
    "status": "String",
    "coefficients": "Int64",
    "difference": "Float64",
    "sum": "Float64",
    "validation": "Float64",
}
CLASSES = 2
AT_ONCE = 50  # pairs of sets, side by side


def measure(
    subject: None,  # noqa: ARG001 - theory is given nothing
    *,
    pairs: Repeats = 100,
    first_seed: Natural = 10000,
    twins: Count = 20,
    examples: Count = 400,
    validation: Count = 400,
    width: Count = 32,
    deviation: Positive = 0.5,
    closest: Positive = 0.05,
    furthest: Positive = 1.0,
    rate: Positive = 0.2,
    steps: Count = 600,
) -> pl.DataFrame:
    """Perceptrons trained on two independent sets of one truth, at the validation optimum and at the end.

    Labels are 1 with probability 1/(1 + exp(−x·β)), with x ~ N(0, I) of `twins` inputs and β ~ N(0, deviation²),
    drawn once a pair of sets (the seed). Networks of two hidden layers of `width` units are given x and copies
    x' = x + c·ε, c: `closest`, and the control `furthest`; those of a pair have the same initial parameters, in which
    the weights W⁻ of a copy equal those W⁺ of its original. Gradient descent at `rate` on all `examples` of a set; the
    inputs, copies and labels of sets and of the `validation` examples are independent, those of both c the same.

    point: `best`, the looked-at step with the lowest mean cross-entropy of the set's own validation examples; `end`,
    the last one. status: `censored` at the optimum if in one of the sets that is the end, `unmoved` if it is the start.

    difference: Pearson's correlation between the two sets, over all weights of the first layer, of W⁺ − W⁻;
    sum: of W⁺ + W⁻ less its start. validation: that cross-entropy, nats, mean of the two sets.
    coefficients: weights of the first layer.
    """
    torch.set_num_threads(1)
    its = shelf.load("models", "mlp").build(width, (2 * twins,), CLASSES, depth=2)
    rows: list[dict[str, Any]] = []
    for first in range(first_seed, first_seed + pairs, AT_ONCE):
        seeds = range(first, min(first + AT_ONCE, first_seed + pairs))
        drawn = [_draw(seed, twins, examples + validation, deviation) for seed in seeds]
        x, moved, y = (torch.cat(parts) for parts in zip(*drawn, strict=True))
        for copy in (closest, furthest):
            inputs = torch.cat([x, x + copy * moved], dim=-1)
            parts = ((inputs[:, :examples], y[:, :examples]), (inputs[:, examples:], y[:, examples:]))
            for row in _rows(its, seeds, twins, _trained(its, _starts(its, seeds, twins), *parts, rate, steps)):
                rows.append({"copy": copy, "coefficients": 2 * twins * width} | row)
    return frame(rows, SCHEMA, KEY)


def _draw(seed: int, twins: int, examples: int, deviation: float) -> tuple[Tensor, Tensor, Tensor]:
    """Of both sets: x, what copies are moved by, float32 (set, example, twin), and labels, int64 (set, example)."""
    source = generator(seed, "twins")
    beta = deviation * torch.randn(twins, generator=source)
    x, moved = torch.randn(2, 2, examples, twins, generator=source)
    return x, moved, (torch.rand(2, examples, generator=source) < (x @ beta).sigmoid()).long()


def _starts(its: Model, seeds: range, twins: int) -> Tensor:
    """Initial parameters (lane, param), those of a pair of sets next to each other and the same."""
    start = torch.stack([its.initial(generator(seed, "initial")) for seed in seeds for _ in range(2)])
    weight = its.views(start)["weight1"]
    weight[..., twins:] = weight[..., :twins]
    return start


Trained = tuple[Tensor, Tensor, Tensor, Tensor]
"""Parameters (lane, param) at the start, the stop and the end; and validation losses float64 (look, lane)."""


@torch.no_grad()
def _trained(
    its: Model, start: Tensor, fitted: tuple[Tensor, Tensor], held: tuple[Tensor, Tensor], rate: float, steps: int
) -> Trained:
    parameters = Stack.of(its.layout, start)
    gradient = parameters.zeros()
    fill, targets = its.gradient(parameters, gradient), one_hot(fitted[1], CLASSES).float()
    best, lowest, curve, made = start, torch.full((len(start),), torch.inf, dtype=torch.float64), list[Tensor](), 0
    for look in metric_steps(steps):
        for _ in range(look - made):
            fill(fitted[0], targets)
            parameters.flat.sub_(gradient.flat, alpha=rate)
        made = look
        own, _ = surprisals(its.forward(parameters.leaves, held[0]), held[1])
        curve.append(own.mean(1, dtype=torch.float64))
        best = torch.where((curve[-1] < lowest).unsqueeze(1), parameters.rows(), best)
        lowest = torch.minimum(curve[-1], lowest)
    return start, best, parameters.rows(), torch.stack(curve)


def _rows(its: Model, seeds: range, twins: int, trained: Trained) -> Iterator[dict[str, Any]]:
    start, best, end, curve = trained
    at = curve.argmin(0)
    for point, there, losses in (("best", best, curve.amin(0)), ("end", end, curve[-1])):
        told = {"difference": _agreed(its, there, -1, twins), "sum": _agreed(its, there - start, 1, twins)}
        told |= {"validation": losses.unflatten(0, (-1, 2)).mean(1)}
        for pair, seed in enumerate(seeds):
            stops, status = at[2 * pair : 2 * pair + 2], "ok"
            if point == "best" and (stops == len(curve) - 1).any():
                status = "censored"
            elif not told["difference"][pair].isfinite():
                status = "unmoved"
            known = {name: value[pair].item() if status == "ok" else None for name, value in told.items()}
            yield {"seed": seed, "point": point, "status": status} | known


def _agreed(its: Model, parameters: Tensor, sign: int, twins: int) -> Tensor:
    """Correlation between the two sets, float64 (pair,), of first-layer weights of originals ± those of copies."""
    weight = its.views(parameters)["weight1"].double()
    values = (weight[..., :twins] + sign * weight[..., twins:]).flatten(1).unflatten(0, (-1, 2))
    centred = values - values.mean(-1, keepdim=True)
    unit = centred / centred.norm(dim=-1, keepdim=True)
    return (unit[:, 0] * unit[:, 1]).sum(-1)
