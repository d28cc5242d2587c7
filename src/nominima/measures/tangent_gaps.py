"""How far the training loss lies below its own tangent planes on the way to the stop: nowhere, were it convex."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import polars as pl
import torch
from torch import Tensor

from nominima.landscape.geometry import below_tangents
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
APART = True
KEY = ("seed", "until")
SCHEMA = {
    "seed": "Int64",
    "until": "String",
    "status": "String",
    "points": "Int64",
    "fall": "Float64",
    "gap": "Float64",
    "gap_in_time": "Float64",
    "gap_in_loss": "Float64",
    "largest": "Float64",
    "satisfied": "Float64",
    "other": "Float64?",
}
UNTIL = {"stop": 0.0, "0.75": 0.75, "0.5": 0.5}  # shares of the loss of guessing at which a way ends
EVEN = 11  # heights of a fall, both ends among them
ROUNDING = 1e-9  # of the fall: a gap that is none


class Path(NamedTuple):
    """A lane at its checkpoints before the stop and at the stop: int64 (point,), float64 (point, param)."""

    steps: Tensor
    theta: Tensor


def measure(subject: RunSubject) -> pl.DataFrame:
    """Gaps max(0, f(t) + ⟨∇f(t), θ_s − θ_t⟩ − f(s)) of pairs of checkpoints t < s, as shares of the fall f_0 − f_stop.

    A convex f lies above each of its tangent planes, so that all its gaps are 0 (Guille-Escuret et al. 2024 and
    Tran et al. 2024 ask networks for inequalities of that kind). f is the mean cross-entropy of all training examples
    on the labels trained on, plus l2/2·‖θ‖² where the run has coupled decay, in float64, at the start, at the
    checkpoints before the stop by validation loss and at the stop itself: at most 24 points.

    gap: mean over all ordered pairs. gap_in_time: each point counts as the length of ln(1 + step) that is nearest to
    it. gap_in_loss: over the pairs of those points alone at which the loss first falls to each of 11 heights evenly
    from the start's to the last one's. largest, satisfied: the largest gap, and the share of pairs whose inequality
    holds to rounding.

    until `stop`: the whole way. until `0.75`, `0.5`: as if it ended where the loss first falls to that share
    of ln K, the loss of guessing among K classes, and as a share of the fall up to there; so sizes that stop at
    other losses are compared over the same losses. Status `not_reached`: it stops above that; `no_drop`: it ends no
    lower than it starts.

    other, the control, until `stop`: the same mean for planes of this seed and points of the next one, the last one's
    next being the first, whose steps are later: f with this seed's labels, there in float32. Null where either
    diverged, and for a single seed.
    """
    away = _away(subject)
    return frame([row for lane in range(len(subject.seeds)) for row in _rows(subject, lane, away)], SCHEMA, KEY)


def _rows(subject: RunSubject, lane: int, away: Tensor) -> Iterator[dict[str, Any]]:
    told = {"seed": subject.seeds[lane], "status": subject.status[lane], "points": 0}
    if told["status"] == "diverged":
        yield from (told | {"until": until} for until in UNTIL)
        return
    path = _path(subject, lane)
    losses, gradients = subject.landscape(lane, decay=subject.run.training.l2).gradient(path.theta)
    own = below_tangents(losses, gradients, path.theta, losses, path.theta).clamp(min=0)
    for until, level in UNTIL.items():
        below = (losses <= level * math.log(subject.dataset.classes)).nonzero().flatten().tolist()
        count = (below[0] + 1 if below else 0) if level else len(losses)
        row = told | {"until": until} | _means(path.steps[:count], losses[:count], own[:count, :count])
        if row["status"] == "ok" and not level:
            row["other"] = _other(subject, lane, path, losses, gradients, away)
        yield row


def _means(steps: Tensor, losses: Tensor, own: Tensor) -> dict[str, Any]:
    """What a row says of a path of points (point,) and of the gaps between them (point, point)."""
    if not len(steps):
        return {"status": "not_reached"}
    fall = (losses[0] - losses[-1]).item()
    told = {"points": len(steps), "fall": fall}
    if not fall > 0:
        return told | {"status": "no_drop" if math.isfinite(fall) else "not_finite"}
    shares, ordered = own / fall, steps.unsqueeze(1) < steps
    even = torch.zeros_like(losses)
    even[[int((losses <= losses[0] - fall * at / (EVEN - 1)).nonzero()[0]) for at in range(EVEN - 1)]] = 1
    even[-1] = 1
    return told | {
        "gap": shares[ordered].mean().item(),
        "gap_in_time": _weighted(shares, ordered, _lengths(steps)),
        "gap_in_loss": _weighted(shares, ordered, even),
        "largest": shares[ordered].max().item(),
        "satisfied": (shares[ordered] <= ROUNDING).double().mean().item(),
    }


def _weighted(values: Tensor, ordered: Tensor, weights: Tensor) -> float:
    """The mean of values (point, point) over the ordered pairs, each weighing as much as its points together."""
    pairs = weights.unsqueeze(1) * weights * ordered
    return ((values * pairs).sum() / pairs.sum()).item()


def _lengths(steps: Tensor) -> Tensor:
    """Lengths (point,) of the logarithm of time that are nearest to each point."""
    between = (1 + steps.double()).log().diff() / 2
    return torch.cat([between, between.new_zeros(1)]) + torch.cat([between.new_zeros(1), between])


def _path(subject: RunSubject, lane: int) -> Path:
    trajectory = subject.trajectory
    before, stop = trajectory.steps < trajectory.best_loss_step[lane], slice(lane, lane + 1)
    theta = torch.cat([trajectory.theta[before, lane], trajectory.best_loss[stop]]).double()
    return Path(torch.cat([trajectory.steps[before], trajectory.best_loss_step[stop]]), theta)


def _away(subject: RunSubject) -> Tensor:
    """Losses (point, lane) of each lane's labels at the next lane's checkpoints, and last at its stop; float64."""
    trajectory = subject.trajectory
    points = [*trajectory.theta[trajectory.steps < trajectory.best_loss_step.max()], trajectory.best_loss]
    rolled = [theta.roll(-1, 0) for theta in points]
    penalties = [subject.run.training.l2 / 2 * theta.double().square().sum(1) for theta in rolled]
    return torch.stack([subject.train_loss(at) + more for at, more in zip(rolled, penalties, strict=True)])


def _other(subject: RunSubject, lane: int, path: Path, losses: Tensor, gradients: Tensor, away: Tensor) -> float | None:
    """The mean gap between planes of a lane and later points of the next one, as a share of the lane's own fall."""
    following = (lane + 1) % len(subject.seeds)
    if following == lane or subject.status[following] == "diverged":
        return None
    others = _path(subject, following)
    there = torch.cat([away[: len(others.steps) - 1, lane], away[-1:, lane]])
    between = below_tangents(losses, gradients, path.theta, there, others.theta).clamp(min=0)
    later = path.steps.unsqueeze(1) < others.steps
    return (between[later].mean() / (losses[0] - losses[-1])).item()
