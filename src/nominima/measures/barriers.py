"""Barriers between independent solutions: on straight and trained ways, before and after matching of units."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from torch import Tensor

from nominima.ground.records import Count, Repeats
from nominima.landscape.loss import Landscape, of_model
from nominima.landscape.matching import Symmetry, match, permuted, sequential
from nominima.landscape.paths import along, barrier, bezier, connect, straight
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
KEY = ("seed", "path")
SCHEMA = {
    "seed": "Int64",
    "path": "String",
    "other": "Int64",
    "status": "String",
    "barrier": "Float64",
    "won": "Float64",
    "share": "Float64",
    "restored": "Float64?",
}
PATHS = ("straight", "straight_matched", "curve", "curve_matched", "shuffled", "planted")


def measure(
    subject: RunSubject,
    *,
    pairs: Repeats = 5,
    examples: Count = 1000,
    points: Repeats = 21,
    steps: Repeats = 20,
    restarts: Repeats = 3,
) -> pl.DataFrame:
    """Highest rise of the training loss above the line between the ends of a way, nats and share of what was won.

    The ways lead from a seed's stop by validation loss to the next seed's, the last seed's next being the first, for
    the first `pairs` seeds: `straight`, and `curve`, a quadratic Bézier curve whose middle is trained for `steps` of
    L-BFGS (Garipov et al. 2018) on the examples it is judged on, as the ends were; `_matched`: after the other's units
    were put in the order that brings it nearest (weight matching, Ainsworth et al. 2023), the best of the given order
    and `restarts` random ones. Two controls stay with one solution: `shuffled`, straight to a copy whose units were put
    in random order, and `planted`, the same after matching; restored is the share of the units that it puts back, null
    on other ways.

    The loss is the mean cross-entropy, nats, of the first `examples` training examples with the labels that the seed
    was trained on, at `points` points of a way. won: mean loss of the two starts less that of the two solutions;
    share: barrier/won. A pair is `diverged` if either seed is, a single seed `alone`; where nothing was won a row has
    no share and is `not_finite`.

    Raises:
        Refusal: the units of the family are not those of a chain of layers; there is one point only.
    """
    rows = []
    for lane, seed in enumerate(subject.seeds[:pairs]):
        other = (lane + 1) % len(subject.seeds)
        told = {"seed": seed, "other": subject.seeds[other]}
        state = _state(subject, lane, other)
        if state == "ok":
            found = _ways(subject, lane, other, examples, points, steps, restarts)
            rows += [{**told, "status": "ok", **row} for row in found]
        else:
            rows += [{**told, "status": state, "path": path} for path in PATHS]
    return frame(rows, SCHEMA, KEY)


def _state(subject: RunSubject, lane: int, other: int) -> str:
    if "diverged" in (subject.status[lane], subject.status[other]):
        return "diverged"
    return "alone" if lane == other else "ok"


def _ways(
    subject: RunSubject, lane: int, other: int, examples: int, points: int, steps: int, restarts: int
) -> Iterator[dict[str, Any]]:
    """A row for each way between the solutions of two lanes."""
    landscape = of_model(subject.model, subject.x[:examples], subject.labels[lane, :examples])
    symmetry = sequential(leaf.shape for leaf in subject.model.layout)
    starts, ends = (subject.points()[name][[lane, other]] for name in ("init", "best"))
    won = (landscape.value(starts).double().mean() - landscape.value(ends).double().mean()).item()
    one, two = ends
    seed = subject.seeds[lane]
    near, _ = match(symmetry, one, two, restarts=restarts, seed=seed)
    copy, back, restored = _planted(symmetry, one, restarts, seed)
    targets = dict(zip(PATHS, (two, near, two, near, copy, back), strict=True))
    for path, target in targets.items():
        way = _way(landscape, one, target, points, steps if path.startswith("curve") else 0)
        height = barrier(along(landscape, way)).item()
        told = {"path": path, "barrier": height, "won": won, "share": height / won if won > 0 else np.nan}
        yield told | ({"restored": restored} if path == "planted" else {})


def _way(landscape: Landscape, one: Tensor, two: Tensor, points: int, steps: int) -> Tensor:
    """(1, point, param): a straight way, or a curve that was trained so many steps."""
    if not steps:
        return straight(one[None], two[None], points)
    middle = connect(landscape, one[None], two[None], steps=steps)
    return bezier(one[None], middle, two[None], points)


def _planted(symmetry: Symmetry, one: Tensor, restarts: int, seed: int) -> tuple[Tensor, Tensor, float]:
    """A copy with its units in random order, that copy matched with the original, and the share of units put back."""
    random = np.random.default_rng(seed)
    orders = [random.permutation(size) for size in symmetry.sizes]
    copy = permuted(symmetry, one, orders)
    back, found = match(symmetry, one, copy, restarts=restarts, seed=seed)
    places = [order[its] == np.arange(len(order)) for order, its in zip(orders, found, strict=True)]
    return copy, back, float(np.concatenate(places).mean())
