"""What ten times the steps still do: how far the training loss falls and the parameters go after a stop."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from nominima.ground.records import Count, Repeats
from nominima.landscape.decrement import decrements
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
KEY = ("seed", "point")
SCHEMA = {
    "seed": "Int64",
    "point": "String",
    "status": "String",
    "step": "Int64",
    "left": "Float64",
    "won": "Float64",
    "moved": "Float64",
    "decrement": "Float64?",
}
FURTHER = 10  # times the steps
FITTED = 0.01  # nats of training loss: learned by heart
Floats = NDArray[np.float64]


def measure(subject: RunSubject, *, decremented: Repeats = 2, products: Count = 100) -> pl.DataFrame:
    """At a step t of each seed, what the steps up to 10·t do beyond what those up to t have done.

    point: `best` and `best_accuracy`, the stops by validation; `fitted`, the first step with kept parameters at which
    the training loss is below .01 nats, else the last. f is the mean cross-entropy of all training examples on the
    labels trained on.

    won = (f_t − f_10t)/(f_0 − f_t), how much more is won; left = f_t/(f_0 − f_t), which it cannot exceed, since f ≥ 0.
    moved = ‖θ_10t − θ_t‖/‖θ_t − θ_0‖; an even pace in the logarithm of steps would make it ln 10/ln t, a random walk 3,
    a straight line at one speed 9. Losses are known every 15 % of steps, parameters at about 24 points evenly spaced in
    the logarithm: f_10t and the distance from θ_t are interpolated between the two around 10·t, linearly in ln step.

    decrement = ½·gᵀ(|H| + 10⁻³·λ_max)⁻¹g/(f_0 − f_t), the share that a quadratic model at θ_t promises: of the first
    `decremented` seeds, by at most `products` Hessian-vector products (landscape/decrement.py), in float64; not of
    `best_accuracy`.

    Status, besides `diverged`: `unfitted`: the loss never is below .01 nats; `unlearned`: f_t is not below f_0;
    `censored`: the run is shorter than 10·t. Nothing is told of these.
    """
    rows: list[dict[str, Any]] = []
    for lane, seed in enumerate(subject.seeds):
        course = _course(subject, lane)
        for point, step, theta in _points(subject, lane, course):
            told = {"seed": seed, "point": point, "step": step}
            told["status"] = "diverged" if subject.status[lane] == "diverged" else _status(course, point, step)
            if told["status"] == "ok":
                told |= _afterwards(course, step, theta)
                if lane < decremented and point != "best_accuracy":
                    promised = decrements(subject.landscape(lane), theta[None], steps=products).item()
                    told["decrement"] = promised / (course.losses[0] - course.at(step))
            rows.append(told)
    return frame(rows, SCHEMA, KEY)


class Course(NamedTuple):
    """A lane's way.

    steps, losses: (point,), looked at, nats; kept: (checkpoint,), steps; path: float64 (checkpoint, param).
    """

    steps: Floats
    losses: Floats
    kept: Floats
    path: Tensor

    def at(self, step: float) -> float:
        """The loss at a step."""
        return interpolated(step, self.steps, self.losses)


def interpolated(step: float, steps: Floats, values: Floats) -> float:
    """A value between steps, linear in the logarithm of the step; step 0 lies as far before 1 as 2 behind it."""
    return float(np.interp(np.log(max(step, 0.5)), np.log(np.maximum(steps, 0.5)), values))


def _course(subject: RunSubject, lane: int) -> Course:
    its = subject.trajectory.metrics.filter(seed=subject.seeds[lane]).sort("step")
    steps, losses = (its[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("step", "train_loss"))
    return Course(steps, losses, subject.trajectory.steps.double().numpy(), subject.trajectory.theta[:, lane].double())


def _points(subject: RunSubject, lane: int, course: Course) -> Iterator[tuple[str, int, Tensor]]:
    """Each point with its step and parameters, float64 (param,)."""
    trajectory = subject.trajectory
    yield "best", int(trajectory.best_loss_step[lane]), trajectory.best_loss[lane].double()
    yield "best_accuracy", int(trajectory.best_accuracy_step[lane]), trajectory.best_accuracy[lane].double()
    fitted = [course.at(step) < FITTED for step in course.kept]
    first = fitted.index(True) if any(fitted) else -1
    yield "fitted", int(course.kept[first]), course.path[first]


def _status(course: Course, point: str, step: int) -> str:
    if point == "fitted" and not course.at(step) < FITTED:
        return "unfitted"
    if not course.at(step) < course.losses[0]:
        return "unlearned"
    return "censored" if FURTHER * step > course.steps[-1] else "ok"


def _afterwards(course: Course, step: int, theta: Tensor) -> dict[str, float]:
    loss, won = course.at(step), course.losses[0] - course.at(step)
    distances = torch.linalg.vector_norm(course.path - theta, dim=1).numpy()
    way = interpolated(FURTHER * step, course.kept, distances)
    return {"left": loss / won, "won": (loss - course.at(FURTHER * step)) / won, "moved": way / distances[0]}
