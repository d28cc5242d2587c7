"""Whether there is a direction of negative curvature along training, and whether it leads down."""

from collections.abc import Iterator
from typing import Any

import polars as pl
import torch
from torch import Tensor

from nominima.ground.records import Count, Natural, Repeats
from nominima.landscape.downward import curves_down
from nominima.landscape.extremes import Ends, ends
from nominima.landscape.loss import Landscape
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
APART = True
KEY = ("seed", "point")
SCHEMA = {
    "seed": "Int64",
    "point": "String",
    "status": "String",
    "step": "Int64",
    "method": "String",
    "train_loss": "Float64",
    "won": "Float64",
    "lambda_min": "Float64",
    "lambda_max": "Float64",
    "residual_min": "Float64?",
    "residual_max": "Float64?",
    "converged": "Boolean",
    "answered": "Boolean",
    "fall": "Float64",
    "bend": "Float64",
}
POINTS = ("init", "early", "middle", "late", "best", "end")
FINISHED = "best"
LEAST, DEEP = 1e-4, 1e-5
TOLERANCE, FLOOR = 0.05, 2e-5
ROUGH = 16 * torch.finfo(torch.float32).eps  # of a loss: an error that float32 does not reach
LENGTHS = 10 * 0.5 ** torch.arange(16, dtype=torch.float64)


def measure(
    subject: RunSubject,
    *,
    seeds: Repeats = 16,
    exact: Count = 1500,
    exact_seeds: Natural = 1,
    iterations: Repeats = 300,
    largest: Count = 100_000,
) -> pl.DataFrame:
    """λ_min and λ_max of the whole training loss's Hessian along training, and the fall along the vector of λ_min.

    Points: `init`, the stop by validation loss (`best`), `end`, and between them `early`, `middle` and `late`: of the
    four checkpoints that divide ln t evenly into five those that are not the nearest to the stop. The loss is that of
    all training examples on the labels trained on, without decay; the first `seeds` seeds are looked at. Up to `exact`
    parameters the Hessian of the first `exact_seeds` seeds is made in float64 and diagonalised; for all others Lanczos'
    method makes at most `iterations` products in float32, and its λ_min is never below the true one but for rounding.
    Networks of more than `largest` parameters have no rows.

    Lanczos stops as soon as λ_min < −1e-4·λ_max is sure; at the stop, whose value is compared between sizes, and where
    the loss does not fall by 1e-5 of `won` along what was found so far, it goes on until both ends are within 0.05·|λ|
    or 2e-5·max|λ|: `converged`. answered: whether λ_min < −1e-4·λ_max, or its opposite, is sure. lambda_* that are not
    converged are bounds: λ_min is lower, λ_max higher. residual_*: ‖H·v − λ·v‖, within which of λ there is an
    eigenvalue; 0 by construction where `method` is exact, null where only the question was answered.

    won: f_0 − f_best. fall: how much lower the loss gets along the direction, either way, at lengths of 10·2^−k; bend:
    the even part of that, max f(θ) − (f(θ+s) + f(θ−s))/2 over those lengths, what curvature gives without the slope;
    both float64, 0 if no more than rounding. (Sagun et al. 2017, Ghorbani et al. 2019, Alain et al. 2019.)
    """
    rows: list[dict[str, Any]] = []
    if subject.model.size <= largest:
        for lane in range(min(seeds, len(subject.seeds))):
            dense = subject.model.size <= exact and lane < exact_seeds
            rows += _lane(subject, lane, 0 if dense else iterations)
    return frame(rows, SCHEMA, KEY)


def _lane(subject: RunSubject, lane: int, iterations: int) -> Iterator[dict[str, Any]]:
    landscape, rough = subject.landscape(lane), subject.landscape(lane, torch.float32)
    points = _points(subject, lane)
    start, best = (landscape.value(points[name][1].double()[None]).item() for name in ("init", "best"))
    guess: Tensor | None = None
    for point, (step, place) in points.items():
        told: dict[str, Any] = {"seed": subject.seeds[lane], "point": point, "step": step, "won": start - best}
        told |= {"method": "lanczos" if iterations else "exact", "converged": False, "answered": False}
        theta, state = place.double(), subject.status[lane]
        state = state if state == "diverged" else landscape.steady(theta[None])[0].replace(" ", "_")
        if state != "ok":
            yield told | {"status": state}
            continue
        if iterations:
            found = _lanczos(landscape, rough, theta, point, guess, iterations, (subject.seeds[lane], start - best))
            guess = found["direction"][None]
        else:
            found = _exact(landscape, rough, theta)
        del found["direction"]
        yield told | {"status": "ok"} | found


def _points(subject: RunSubject, lane: int) -> dict[str, tuple[int, Tensor]]:
    """The steps and parameters (param,) of the points, in the order of time but for the stop."""
    trajectory, stop = subject.trajectory, int(subject.trajectory.best_loss_step[lane])
    logs = trajectory.steps.double().clamp(min=0.5).log()
    inner = [int((logs - logs[-1] * share / 5).abs().argmin()) for share in range(1, 5)]
    inner.remove(min(inner, key=lambda at: abs(float(logs[at]) - float(torch.tensor(max(stop, 0.5)).log()))))
    at = dict(zip(("init", "early", "middle", "late", "end"), (0, *inner, len(logs) - 1), strict=True))
    found = {name: (int(trajectory.steps[one]), trajectory.theta[one, lane]) for name, one in at.items()}
    return found | {"best": (stop, trajectory.best_loss[lane])}


def _exact(landscape: Landscape, rough: Landscape, theta: Tensor) -> dict[str, Any]:
    hessian = landscape.hessian(theta[None])[0]
    values = torch.linalg.eigvalsh(hessian)
    # Steps of inverse iteration from a fixed start give the vector at a tenth of the cost of all of them.
    shift = values[0] - 1e-7 * values.abs().max().clamp(min=torch.finfo(values.dtype).tiny)
    factor = torch.linalg.cholesky(hessian - shift * torch.eye(len(hessian), dtype=hessian.dtype))
    vector = torch.ones(len(hessian), 1, dtype=hessian.dtype)
    for _ in range(3):
        vector = torch.cholesky_solve(vector / vector.norm(), factor)
    numbers = {"lambda_min": values[0].item(), "lambda_max": values[-1].item()}
    return numbers | {"residual_min": 0.0, "residual_max": 0.0, "converged": True, "answered": True,
                      "direction": vector[:, 0], **_along(landscape, rough, theta, vector[:, 0])}  # fmt: skip


def _lanczos(
    landscape: Landscape, rough: Landscape, theta: Tensor, point: str, guess: Tensor | None, iterations: int,
    known: tuple[int, float],
) -> dict[str, Any]:  # fmt: skip
    """Both ends, only as far as the question needs it away from the stop; known: seed and what was won."""
    (seed, won), place = known, theta.float()[None]
    if point != FINISHED:
        (asked,) = curves_down(rough, place, share=LEAST, steps=iterations, seed=seed, guess=guess)
        if asked.answer == "yes":
            there = _along(landscape, rough, theta, asked.vector.double())
            if there["bend"] > DEEP * won:
                seen = {"lambda_min": asked.low, "lambda_max": asked.high, "converged": False, "answered": True}
                return seen | there | {"direction": asked.vector}
    (found,) = ends(rough, place, tolerance=TOLERANCE, floor=FLOOR, steps=iterations, seed=seed)
    return _numbers(found) | _along(landscape, rough, theta, found.vectors[0].double())


def _numbers(found: Ends) -> dict[str, Any]:
    names = ("lambda_min", "lambda_max", "residual_min", "residual_max")
    numbers = zip(names, [*found.values.tolist(), *found.residuals.tolist()], strict=True)
    return {
        **dict(numbers),
        "converged": found.converged,
        "answered": found.converged or bool(found.values[0] < -LEAST * (found.values[-1] + found.errors[-1])),
        "direction": found.vectors[0],
    }


def _along(landscape: Landscape, rough: Landscape, theta: Tensor, direction: Tensor) -> dict[str, float]:
    """The loss at theta (param,), and how far it falls along a direction and on the mean of both ways.

    The rough loss, in float32, tells which lengths may be the best; only these are looked at in float64.
    """
    points, steps = torch.stack([theta, direction / direction.norm()]), torch.cat([LENGTHS, -LENGTHS])
    shares = torch.stack([torch.ones_like(steps), steps], 1)
    losses = rough.combined(points.float(), shares.float()).double()
    near = _near(losses) | _near(losses.view(2, -1).mean(0)).repeat(2)
    before, losses[~near] = landscape.value(theta[None]).item(), torch.inf
    losses[near] = landscape.combined(points, shares[near])
    losses = torch.where(losses.isfinite(), losses, torch.inf)
    rounding = 8 * torch.finfo(losses.dtype).eps * abs(before)
    falls = before - losses.min().item(), before - losses.view(2, -1).mean(0).min().item()
    fall, bend = (fall if fall > rounding else 0.0 for fall in falls)
    return {"train_loss": before, "fall": fall, "bend": bend}


def _near(losses: Tensor) -> Tensor:
    """Which of losses (length,) that are exact to within ROUGH may be the lowest; all where none is finite."""
    slack = ROUGH * losses.abs()
    return ~(losses - slack > (losses + slack).nan_to_num(torch.inf, torch.inf).min())
