"""Whether there is a direction of negative curvature along training, and whether it leads down."""

from collections.abc import Iterator
from typing import Any

import polars as pl
import torch
from torch import Tensor

from nominima.ground.records import Count, Natural, Repeats
from nominima.landscape.critical import escape
from nominima.landscape.extremes import ends
from nominima.landscape.loss import Landscape, of_model
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
KEY = ("seed", "point")
SCHEMA = {
    "seed": "Int64",
    "point": "String",
    "status": "String",
    "step": "Int64",
    "method": "String",
    "train_loss": "Float64",
    "lambda_min": "Float64",
    "lambda_max": "Float64",
    "residual_min": "Float64",
    "residual_max": "Float64",
    "converged": "Boolean",
    "fall": "Float64",
    "bend": "Float64",
}
TOLERANCE, FLOOR = 0.05, 2e-5
HALVES = 0.5 ** torch.arange(8, dtype=torch.float64)


def measure(
    subject: RunSubject,
    *,
    examples: Count = 200,
    seeds: Repeats = 8,
    exact: Count = 1500,
    exact_seeds: Natural = 3,
    iterations: Repeats = 300,
    largest: Count = 100_000,
) -> pl.DataFrame:
    """λ_min and λ_max of the training loss's Hessian along training, and the fall of the loss along λ_min's direction.

    Points: `init`, `middle` (the checkpoint nearest to the square root of the last step), `best` (the stop by
    validation loss) and `end`. The loss is that of the first `examples` examples on the labels trained on, without
    decay, in float64; the first `seeds` seeds are looked at. Up to `exact` parameters the Hessian of the
    first `exact_seeds` seeds is made and diagonalised; for all others Lanczos' method with full reorthogonalisation
    makes at most `iterations` products, and its λ_min is never below the true one. Networks of more than `largest`
    parameters have no rows.

    residual_*: ‖H·v − λ·v‖, within which of λ there is an eigenvalue; 0 by construction where `method` is exact.
    converged: both ends are estimated to be within 0.05·|λ| or 2e-5·max|λ|. fall: how much lower the loss gets along
    the direction, either way, at lengths of 10·2^−k; 0 if by no more than rounding. bend: the part of it that is even
    in the step, max f(θ) − (f(θ+s) + f(θ−s))/2 over eight lengths up to that of the fall: what curvature alone gains,
    without the slope. (Sagun et al. 2017, Ghorbani et al. 2019, Alain et al. 2019.)
    """
    rows: list[dict[str, Any]] = []
    if subject.model.size <= largest:
        x = subject.x[:examples].double()
        for lane, seed in enumerate(subject.seeds[:seeds]):
            dense = subject.model.size <= exact and lane < exact_seeds
            landscape = of_model(subject.model, x, subject.labels[lane, :examples])
            rows += [
                {"seed": seed, **at, **_looked(subject, landscape, theta, lane, 0 if dense else iterations)}
                for at, theta in _points(subject, lane)
            ]
    return frame(rows, SCHEMA, KEY)


def _points(subject: RunSubject, lane: int) -> Iterator[tuple[dict[str, Any], Tensor]]:
    trajectory = subject.trajectory
    steps, last = trajectory.steps, int(trajectory.steps[-1])
    middle = int((steps.double().clamp(min=0.5).log() - torch.tensor(last).double().log() / 2).abs().argmin())
    yield {"point": "init", "step": 0}, trajectory.theta[0, lane]
    yield {"point": "middle", "step": int(steps[middle])}, trajectory.theta[middle, lane]
    yield {"point": "best", "step": int(trajectory.best_loss_step[lane])}, trajectory.best_loss[lane]
    yield {"point": "end", "step": last}, trajectory.theta[-1, lane]


def _looked(subject: RunSubject, landscape: Landscape, place: Tensor, lane: int, iterations: int) -> dict[str, Any]:
    """A row's numbers, from a dense Hessian if no iterations are allowed."""
    dense = iterations == 0
    told: dict[str, Any] = {"method": "exact" if dense else "lanczos", "converged": dense}
    theta = place.double()
    if subject.status[lane] == "diverged":
        return told | {"status": "diverged", "converged": False}
    status = landscape.steady(theta[None])[0]
    if status != "ok":
        return told | {"status": status.replace(" ", "_"), "converged": False}
    found = _exact(landscape, theta) if dense else _lanczos(landscape, theta, iterations, subject.seeds[lane])
    direction = found.pop("direction")
    step = escape(landscape, theta, direction)
    bend = _bend(landscape, theta, step.step * direction / direction.norm(), step.before)
    return told | {"status": "ok", "train_loss": step.before, "fall": step.fall, "bend": bend} | found


def _exact(landscape: Landscape, theta: Tensor) -> dict[str, Any]:
    hessian = landscape.hessian(theta[None])[0]
    values = torch.linalg.eigvalsh(hessian)
    # Two steps of inverse iteration from a fixed start give the vector at a tenth of the cost of all of them.
    scale = values.abs().max() if values.any() else 1.0  # of a dead network all are 0, and any vector will do
    shifted = hessian - (values[0] - 1e-7 * scale) * torch.eye(len(hessian), dtype=hessian.dtype)
    factor = torch.linalg.cholesky(shifted)
    vector = torch.ones(len(hessian), 1, dtype=hessian.dtype)
    for _ in range(3):
        vector = torch.cholesky_solve(vector / vector.norm(), factor)
    return {
        "lambda_min": values[0].item(),
        "lambda_max": values[-1].item(),
        "residual_min": 0.0,
        "residual_max": 0.0,
        "direction": vector[:, 0],
    }


def _lanczos(landscape: Landscape, theta: Tensor, iterations: int, seed: int) -> dict[str, Any]:
    (found,) = ends(landscape, theta[None], tolerance=TOLERANCE, floor=FLOOR, steps=iterations, seed=seed)
    return {
        "lambda_min": found.values[0].item(),
        "lambda_max": found.values[-1].item(),
        "residual_min": found.residuals[0].item(),
        "residual_max": found.residuals[-1].item(),
        "converged": found.converged,
        "direction": found.vectors[0],
    }


def _bend(landscape: Landscape, theta: Tensor, step: Tensor, before: float) -> float:
    there, back = (landscape.value(theta + sign * HALVES[:, None] * step) for sign in (1, -1))
    return before - float(((there + back) / 2).min())
