"""How far the parameter vectors of a run's seeds lie from each other."""

from itertools import combinations

import polars as pl
import torch
from torch import Tensor

from nominima.landscape.matching import match, sequential
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
KEY = ("seed", "other")
SCHEMA = {
    "seed": "Int64",
    "other": "Int64",
    "status": "String",
    "init_init": "Float64",
    "best_best": "Float64",
    "end_end": "Float64",
    "init_early": "Float64",
    "init_best": "Float64",
    "init_end": "Float64",
    "best_matched": "Float64?",
}


def measure(subject: RunSubject) -> pl.DataFrame:
    """‖a_seed − b_other‖ for all ordered pairs of seeds, a seed with itself included; column `a_b`.

    init: before training; early: the first checkpoint after it; best: the stop by validation loss; end: the last step.
    Distances of independent points concentrate with dimension (Beyer et al. 1999); in the lazy regime a seed's own
    solution stays near its start while those of others stay far (Chizat et al. 2019, Lee et al. 2019). Differences
    and sums are taken in float64. A pair is `diverged` if either seed is.

    best_matched: best to best once the units of one of the pair were put in the order that brings it nearest to the
    other (weight matching, Ainsworth et al. 2023, a local search begun once); null for families that are no
    perceptrons.
    """
    points = subject.points() | {"early": subject.trajectory.theta[1]}
    pairs = [(name, *name.split("_")) for name in SCHEMA if name not in (*KEY, "status", "best_matched")]
    count, status = len(subject.seeds), subject.status
    columns = {
        "seed": [seed for seed in subject.seeds for _ in range(count)],
        "other": subject.seeds * count,
        "status": ["diverged" if "diverged" in pair else "ok" for pair in ((a, b) for a in status for b in status)],
        **{name: _between(points[one], points[other]).flatten().tolist() for name, one, other in pairs},
        "best_matched": _matched(subject),
    }
    return frame(columns, SCHEMA, KEY)


def _matched(subject: RunSubject) -> list[float | None]:
    """Distances between all stopped solutions, the units of each pair matched; the same in both orders of a pair."""
    best, count = subject.points()["best"], len(subject.seeds)
    if subject.model.perceptron is None:
        return [None] * count**2
    symmetry = sequential(leaf.shape for leaf in subject.model.layout)
    apart = torch.zeros(count, count, dtype=torch.float64)
    for one, other in combinations(range(count), 2):
        if subject.status[one] == subject.status[other] == "ok":
            near, _ = match(symmetry, best[one], best[other], restarts=0)
            apart[one, other] = apart[other, one] = (best[one].double() - near.double()).norm()
    return apart.flatten().tolist()


def _between(one: Tensor, other: Tensor) -> Tensor:
    """Euclidean distances (row of one, row of other), from differences: products would cancel for near points."""
    return torch.cdist(one.double(), other.double(), compute_mode="donot_use_mm_for_euclid_dist")
