"""How often single steps of training raise the training loss: bursts of steps on the way to the stop."""

from itertools import pairwise
from typing import Any

import polars as pl
import torch

from nominima.ground.records import Count, Repeats
from nominima.measuring.replay import Replay, of_first
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame
from nominima.training.evaluation import mean_losses

OF = "run"
APART = True
KEY = ("seed", "burst")
SCHEMA = {
    "seed": "Int64",
    "burst": "Int64",
    "status": "String",
    "first": "Int64",
    "rising": "Float64",
    "uphill": "Float64",
    "drift": "Float64",
}
BURSTS = 6
ASTRAY = 0.01  # of the way made: a training made again that is another one


def measure(subject: RunSubject, *, seeds: Repeats = 4, steps: Count = 50) -> pl.DataFrame:
    """f_{t+1} > f_t in bursts of `steps` steps of a training made again, with its batches and its optimizer's memory.

    f is the mean cross-entropy, nats, of all training examples on the labels trained on, in float32. The first `seeds`
    seeds are looked at. There are six bursts; the steps at which they end lie evenly in the logarithm, from `steps` to
    the stop by validation loss, so that early ones may share steps where the stop is near.

    first: the step from which a burst begins; rising: the share of its steps that raise f; uphill: the sum of these
    rises, as a share of f_0 − f_stop; drift: how far the training made again was from its checkpoints (`Replay`).
    Status `short`: the stop comes before `steps` steps; `no_drop`: f is no lower there than at the start; `astray`: by
    more than a hundredth of the way. Full-batch training raises its loss in single steps at the edge of stability
    (Cohen et al. 2021), batches do anywhere.

    Raises:
        Refusal: the training takes something from other runs.
    """
    replay, stops = of_first(subject, seeds), subject.trajectory.best_loss_step.tolist()
    found = {lane: [first + at for first in starts(stops[lane], steps) for at in range(steps + 1)]
             for lane in replay.alive.tolist()}  # fmt: skip
    losses = _losses(subject, replay, found)
    drift = dict(zip(replay.alive.tolist(), replay.drift.tolist(), strict=True))
    rows: list[dict[str, Any]] = []
    for lane, seed in enumerate(subject.seeds[:seeds]):
        told = {"seed": seed, "status": subject.status[lane], "drift": drift.get(lane)}
        begun = starts(stops[lane], steps) if lane in drift else []
        numbers = [_rises([losses[lane, first + at] for at in range(steps + 1)]) for first in begun]
        fall = losses[lane, 0] - losses[lane, stops[lane]] if begun else 0.0
        if lane in drift:
            told["status"] = "short" if not begun else _status(drift[lane], fall)
        for burst in range(BURSTS):
            its = {"rising": numbers[burst][0], "uphill": numbers[burst][1] / fall} if fall > 0 else {}
            rows.append({**told, "burst": burst, "first": begun[burst] if begun else 0, **its})
    return frame(rows, SCHEMA, KEY)


def starts(stop: int, steps: int) -> list[int]:
    """The steps from which bursts begin; none where there is no room for one.

    The first begins at the start, the last one ends at the stop.
    """
    if stop < steps:
        return []
    return [round(steps * (stop / steps) ** (burst / (BURSTS - 1))) - steps for burst in range(BURSTS)]


@torch.no_grad()
def _losses(subject: RunSubject, replay: Replay, asked: dict[int, list[int]]) -> dict[tuple[int, int], float]:
    """(lane, step) → the training loss there, for the steps asked of each lane."""
    wanted: dict[int, list[int]] = {}
    for lane, each in asked.items():
        for step in dict.fromkeys(each):
            wanted.setdefault(step, []).append(lane)
    last = max(wanted, default=0)
    passed = [step for step in subject.trajectory.steps.tolist() if step <= last]
    lanes, found = replay.alive.tolist(), {}
    for step in sorted({*wanted, *passed}):
        replay.advance(step)
        rows = replay.parameters.rows().cpu()
        for lane in wanted.get(step, []):
            theta = rows[lanes.index(lane)][None]
            loss = mean_losses(subject.model, subject.model.views(theta), subject.x, subject.labels[lane][None])[0]
            found[lane, step] = loss.item()
    return found


def _rises(losses: list[float]) -> tuple[float, float]:
    """The share of steps that go up, and the sum of their rises."""
    rises = [max(0.0, after - before) for before, after in pairwise(losses)]
    return sum(rise > 0 for rise in rises) / len(rises), sum(rises)


def _status(drift: float, fall: float) -> str:
    return "astray" if drift > ASTRAY else "ok" if fall > 0 else "no_drop"
