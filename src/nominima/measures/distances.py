"""How far the parameter vectors of a run's seeds lie from each other."""

from itertools import combinations

import numpy as np
import polars as pl
import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.ground.records import Natural
from nominima.landscape.matching import Symmetry, match, permuted, sequential
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
    "init_spread": "Float64?",
    "best_spread": "Float64?",
    "matched_spread": "Float64?",
}
SPREADS = {"init_spread": "init_init", "best_spread": "best_best", "matched_spread": "best_matched"}
FEWEST = 4  # seeds, so that three pairs are left without one
SAME = 1e-3  # of the loss: what permuting units may change by rounding


def measure(subject: RunSubject, *, restarts: Natural = 1) -> pl.DataFrame:
    """‖a_seed − b_other‖ for all ordered pairs of seeds, a seed with itself included; column `a_b`.

    init: before training; early: the first checkpoint after it; best: the stop by validation loss; end: the last step.
    Distances of independent points concentrate with dimension (Beyer et al. 1999); in the lazy regime a seed's own
    solution stays near its start while those of others stay far (Chizat et al. 2019, Lee et al. 2019). Differences
    and sums are taken in float64. A pair is `diverged` if either seed is.

    best_matched: best to best once the units of one of the pair were put in the order that brings it nearest to the
    other (weight matching, Ainsworth et al. 2023, a local search begun at the given order and at `restarts` random
    ones); null for families whose units cannot be permuted layer by layer.

    init_spread, best_spread, matched_spread: in the row of a seed with itself its jackknife pseudo-value (Tukey 1958)
    of ln CV over all pairs of different seeds, so that the mean over seeds estimates ln CV; null in other rows and for
    fewer than four seeds.
    """
    points = subject.points() | {"early": subject.trajectory.theta[1]}
    pairs = [(name, *name.split("_")) for name in SCHEMA if name not in (*KEY, "status", "best_matched", *SPREADS)]
    status = subject.status
    apart = {name: _between(points[one], points[other]) for name, one, other in pairs}
    apart["best_matched"] = _matched(subject, restarts)
    sound = torch.tensor([state == "ok" for state in status])
    spreads = {name: torch.diag(pseudo_log_cv(apart[of], sound)) for name, of in SPREADS.items()}
    off = ~torch.eye(len(status), dtype=torch.bool)
    columns = {
        "seed": [seed for seed in subject.seeds for _ in status],
        "other": subject.seeds * len(status),
        "status": ["diverged" if "diverged" in pair else "ok" for pair in ((a, b) for a in status for b in status)],
        **{name: values.flatten().tolist() for name, values in apart.items()},
        **{name: values.masked_fill(off, torch.nan).flatten().tolist() for name, values in spreads.items()},
    }
    return frame(columns, SCHEMA, KEY)


def pseudo_log_cv(apart: Tensor, sound: Tensor) -> Tensor:
    """Pseudo-values (lane,) of ln CV of the distances (lane, lane) between different sound lanes, float64.

    n ln CV − (n − 1) ln CV of the rest; NaN for the other lanes, and for all where fewer than four are sound.
    """
    kept = apart[sound][:, sound]
    found = torch.full(sound.shape, torch.nan, dtype=torch.float64)
    n = len(kept)
    if n >= FEWEST:
        rest = [_log_cv(kept[mask][:, mask]) for mask in ~torch.eye(n, dtype=torch.bool)]
        found[sound] = n * _log_cv(kept) - (n - 1) * torch.stack(rest)
    return found


def _log_cv(apart: Tensor) -> Tensor:
    pairs = apart[~torch.eye(len(apart), dtype=torch.bool)]
    return (pairs.std(correction=0) / pairs.mean()).log()


def _matched(subject: RunSubject, restarts: int) -> Tensor:
    """Distances between all stopped solutions, the units of each pair matched; the same in both orders of a pair."""
    best, count = subject.points()["best"], len(subject.seeds)
    apart = torch.full((count, count), torch.nan, dtype=torch.float64)
    symmetry = _symmetry(subject)
    if symmetry is None:
        return apart
    apart.fill_diagonal_(0.0)
    for one, other in combinations(range(count), 2):
        if subject.status[one] == subject.status[other] == "ok":
            near, _ = match(symmetry, best[one], best[other], restarts=restarts, seed=subject.seeds[one])
            apart[one, other] = apart[other, one] = (best[one].double() - near.double()).norm()
    return apart


def _symmetry(subject: RunSubject) -> Symmetry | None:
    """That of a chain of layers, if units in another order leave the initial losses as they are."""
    try:
        symmetry = sequential(leaf.shape for leaf in subject.model.layout)
    except Refusal:
        return None
    init = subject.points()["init"]
    turned = [permuted(symmetry, each, [np.roll(np.arange(size), 1) for size in symmetry.sizes]) for each in init]
    losses, others = subject.train_loss(init), subject.train_loss(torch.stack(turned))
    return symmetry if torch.allclose(losses, others, rtol=SAME, atol=0) else None


def _between(one: Tensor, other: Tensor) -> Tensor:
    """Euclidean distances (row of one, row of other), from differences: products would cancel for near points."""
    return torch.cdist(one.double(), other.double(), compute_mode="donot_use_mm_for_euclid_dist")
