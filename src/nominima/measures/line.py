"""The training loss along straight lines from a start to its own solution, another seed's, or one of random labels."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl
import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.ground.records import Repeats
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
KEY = ("seed", "target", "alpha")
SCHEMA = {"seed": "Int64", "target": "String", "alpha": "Float64", "status": "String", "train_loss": "Float64"}
MOSTLY = 0.5  # share of moved labels beyond which there is a line judged by the true ones


def measure(subject: RunSubject, *, points: Repeats = 25) -> pl.DataFrame:
    """f((1−α)·θ_0 + α·θ_best) at `points` values of α from 0 to 1, both included (Goodfellow et al. 2015).

    target `own`: to the seed's own stop by validation loss; `other`, the control: to the next seed's, the last seed's
    next being the first. f is the mean cross-entropy in nats over the whole training set with the labels of the seed
    that starts. Where most labels were moved there is a third, `true labels`: from the start to the end of training,
    f of the labels before they were moved. A line is `diverged` if either of its seeds is; that to another seed's
    solution is `alone` where there is one seed, without a value.

    Raises:
        Refusal: there are fewer than two points.
    """
    if points < 2:
        raise Refusal(f"line: points is {points}; a line has at least its 2 ends")
    places, status = subject.points(), subject.status
    start, best = places["init"], places["best"]
    pairs = zip(status, [*status[1:], *status[:1]], strict=True)
    other = ["diverged" if "diverged" in pair else "ok" for pair in pairs] if len(status) > 1 else ["alone"]
    rows = [
        *_line(subject, "own", status, start, best, points),
        *_line(subject, "other", other, start, best.roll(-1, 0), points),
    ]
    if subject.run.training.noise > MOSTLY:
        rows += _line(_unmoved(subject), "true labels", status, start, places["end"], points)
    return frame(rows, SCHEMA, KEY)


def _unmoved(subject: RunSubject) -> RunSubject:
    """The same run with the labels that the data set has."""
    first = subject.run.training.skip
    labels = torch.from_numpy(subject.dataset.train.y[first : first + subject.labels.shape[1]]).long()
    return replace(subject, labels=labels.expand_as(subject.labels))


def _line(
    subject: RunSubject, target: str, status: list[str], start: Tensor, stop: Tensor, points: int
) -> Iterator[dict[str, Any]]:
    """Rows of all lanes; start and stop are (lane, param)."""
    for point in range(points):
        alpha = point / (points - 1)
        losses = subject.train_loss(torch.lerp(start, stop, alpha)).tolist()
        for seed, state, loss in zip(subject.seeds, status, losses, strict=True):
            told = {"seed": seed, "target": target, "alpha": alpha, "status": state}
            yield told if state == "alone" else {**told, "train_loss": loss}
