"""When the gradient of the whole training set turns from signal into noise, and when validation is best."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from nominima.ground.records import Count
from nominima.measuring.moments import HELD, Floats, held, lowest
from nominima.measuring.replay import Replay
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame
from nominima.planning.steps import metric_steps
from nominima.training.feed import generator
from nominima.training.model import Gradient
from nominima.training.objective import noisy_loss
from nominima.training.stack import Stack

OF = "run"
APART = True
KEY = ("seed",)
SCHEMA = {
    "seed": "Int64",
    "status": "String",
    "seen": "Int64",
    "drift": "Float64",
    "peak": "Float64?",
    "noise_from": "Float64?",
    "apart_from": "Float64?",
    "unshared_from": "Float64?",
    "share_at_peak": "Float64?",
}
FAR = 2.0  # times the peak: a run must be as long, and HELD points more, for a crossing to be told from none
ASTRAY = 0.01  # of the way made: how far a training that is made again may be off
BATCH, BATCHES = 64, 16  # examples of a batch at most; batches at least
TOGETHER = 500  # test examples at once
HALF = 0.5


def measure(subject: RunSubject, *, tested: Count = 2000) -> pl.DataFrame:
    """Of each seed the step of its lowest validation loss, and those from which gradients tell of noise.

    The training is made again (`measuring.replay`) and looked at at all its metric steps. g is the gradient of the mean
    cross-entropy of all N training examples on the targets trained on, without priors and dropout, the mean of disjoint
    batches, drawn by lot, of 64 examples, or fewer where these would be less than 16 batches. Each condition must hold
    at three looked-at points in a row; its step is the first of these, null if there is none; step 0 is left out.

    peak: by a parabola (`moments.lowest`). noise_from: tr Σ / (N·‖G‖²) > 1, or ‖G‖² ≤ 0, with ‖G‖² = ‖g‖² − tr Σ/N the
    square of the population's gradient without the bias of noise and tr Σ = Σ_b n_b‖g_b − g‖²/(B−1) the trace of the
    covariance of one example's gradient, whose expectation it has for batches of any sizes (McCandlish et al. 2018; a
    criterion to stop without validation: Mahsereci et al. 2017). apart_from: cos(g, h) < ½, where h is the gradient on
    the first `tested` test examples, expected under the noise of training. unshared_from: ⟨g, h⟩/‖g‖² < ½, how much of
    what a small step down g wins on the training examples it wins on those (Liu et al. 2020). share_at_peak:
    tr Σ / (N·‖g‖²) at the looked-at point nearest to the peak; noise_from is where it is above ½.

    seen: the last step; drift: how far the training made again was from its checkpoints. Status `astray`: by
    more than a hundredth of the way made; `short`: the run ends before noise_from can be told.
    """
    replay = Replay(subject)
    steps, curves = _validation(subject)
    peaks = [lowest(steps, curve) if np.isfinite(curve).all() else None for curve in curves]
    grid = metric_steps(subject.run.training.steps)
    seen = looked(subject, replay, grid, tested) if len(replay.alive) else ()
    rows = [{"seed": seed, "status": "diverged", "seen": grid[-1]} for seed in subject.seeds]
    for at, lane in enumerate(replay.alive.tolist()):
        its = Moment(*(part[:, at] for part in seen))
        rows[lane] |= {"drift": replay.drift[at].item(), **_told(np.array(grid, float), peaks[lane], its)}
        rows[lane]["status"] = _status(rows[lane], grid)
    return frame(rows, SCHEMA, KEY)


class Moment(NamedTuple):
    """Gradients at a looked-at point, float64 (lane,), or at all, (point, lane): tr Σ/N, ‖g‖², ‖h‖² and ⟨g, h⟩."""

    noise: Floats
    square: Floats
    other: Floats
    both: Floats


def _validation(subject: RunSubject) -> tuple[Floats, Floats]:
    """Steps (point,) and validation losses (lane, point), NaN where there are none."""
    metrics = subject.trajectory.metrics.sort("seed", "step")
    losses = metrics["validation_loss"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    steps = np.array(metric_steps(subject.run.training.steps), float)
    return steps, losses.reshape(len(subject.seeds), len(steps))


def _status(row: dict[str, Any], grid: list[int]) -> str:
    if row["drift"] > ASTRAY:
        return "astray"
    known = row["peak"] is None or row["noise_from"] is not None or grid[-HELD:][0] >= FAR * row["peak"]
    return "ok" if known else "short"


def _told(steps: Floats, peak: float | None, its: Moment) -> dict[str, float | None]:
    with np.errstate(divide="ignore", invalid="ignore"):
        share, slope = its.noise / its.square, its.both / its.square
        cosine = its.both / np.sqrt(its.square * its.other)
    nearest = None if peak is None else int(np.abs(np.log(np.maximum(steps, 0.5) / peak)).argmin())
    return {
        "peak": peak,
        "noise_from": held(steps, its.noise > its.square - its.noise),
        "apart_from": held(steps, cosine < HALF),
        "unshared_from": held(steps, slope < HALF),
        "share_at_peak": None if nearest is None else float(share[nearest]),
    }


@torch.no_grad()
def looked(subject: RunSubject, replay: Replay, grid: list[int], tested: int, batch: int = BATCH) -> Moment:
    """What is seen at each of these steps, (point, lane)."""
    gradient = replay.parameters.zeros()
    fill = subject.model.gradient(replay.parameters, gradient)
    x = subject.x.to(replay.targets.device)
    order = torch.randperm(len(x), generator=generator(0, "batches")).to(x.device)
    own = Batches(x[order], replay.targets[:, order], max(1, min(batch, len(x) // BATCHES)))
    inputs, wanted = _tested(subject, tested, len(replay.alive))
    far = Batches(inputs.to(x), wanted.to(x), TOGETHER)
    found = []
    for step in grid:
        replay.advance(step)
        g, noise = mean_and_noise(_each(fill, gradient, own))
        h, _ = mean_and_noise(_each(fill, gradient, far))
        found.append(torch.stack([noise, g.square().sum(1), h.square().sum(1), (g * h).sum(1)]).cpu().numpy())
    return Moment(*np.array(found).swapaxes(0, 1))


class Batches(NamedTuple):
    """x: float32 (example, *input); targets: float32 (lane, example, class); and how many make a batch."""

    x: Tensor
    targets: Tensor
    size: int


def _each(fill: Gradient, gradient: Stack, batches: Batches) -> Iterator[tuple[int, Tensor]]:
    """The examples of each batch and the gradient of its mean loss, float64 (lane, param)."""
    x, targets, size = batches
    for inputs, wanted in zip(x.split(size), targets.split(size, 1), strict=True):
        fill(inputs.expand(len(targets), *inputs.shape), wanted)
        yield len(inputs), gradient.rows().double()


def mean_and_noise(gradients: Iterable[tuple[int, Tensor]]) -> tuple[Tensor, Tensor]:
    """The gradient g of all examples, (lane, param), and tr Σ/N, how much of ‖g‖² is noise, (lane,); float64.

    tr Σ = Σ_b n_b‖g_b − g‖² / (B − 1) = (Σ_b n_b‖g_b‖² − N‖g‖²) / (B − 1); NaN of a single batch.

    Args:
        gradients: n_b and g_b, float64 (lane, param), of batches that split the examples.
    """
    examples, batches, total, squares = 0, 0, torch.zeros(()), torch.zeros(())
    for count, rows in gradients:
        examples, batches = examples + count, batches + 1
        total, squares = total + count * rows, squares + count * rows.square().sum(1)
    mean = total / examples
    scatter = (squares - examples * mean.square().sum(1)).clamp(min=0)
    return mean, scatter / examples / (batches - 1 if batches > 1 else torch.nan)


def _tested(subject: RunSubject, count: int, lanes: int) -> tuple[Tensor, Tensor]:
    """Test examples, and the targets that labels moved like those of training would be on the mean."""
    test, classes, noise = subject.dataset.test, subject.dataset.classes, subject.run.training.noise
    right = one_hot(torch.from_numpy(test.y[:count]), classes).float()
    targets = noisy_loss(right, torch.ones_like(right), noise, classes)
    return torch.from_numpy(test.x[:count]), targets.expand(lanes, -1, -1)
