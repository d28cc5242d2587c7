"""What a penalty on the parameters does to curvature: eigenvalues with and without it."""

from functools import partial
from typing import Any

import polars as pl
import torch
from torch import Tensor

from nominima.ground.records import Count, Natural, Repeats
from nominima.landscape.extremes import ends
from nominima.landscape.hessian import spectrum
from nominima.landscape.loss import Landscape
from nominima.landscape.parts import Traced
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
KEY = ("seed",)
TOLERANCE, FLOOR = 0.02, 1e-5
SCHEMA = {
    "seed": "Int64",
    "status": "String",
    "lambda_min": "Float64",
    "lambda_max": "Float64",
    "lambda_min_held": "Float64",
    "error_min": "Float64",
    "converged": "Boolean",
    "shift_least": "Float64?",
    "shift_most": "Float64?",
}


def measure(
    subject: RunSubject,
    *,
    seeds: Repeats = 8,
    exact: Count = 800,
    exact_seeds: Natural = 2,
    iterations: Repeats = 400,
    largest: Count = 100_000,
) -> pl.DataFrame:
    """Both ends of the spectrum at the end of training, of the loss and of the loss with the penalty that the run had.

    The loss is the mean cross-entropy of all training examples on the labels trained on, in float64, the penalty
    l2/2·‖θ‖², differentiated like any other loss; the first `seeds` seeds are looked at. Up to `exact` parameters the
    whole Hessians of the first `exact_seeds` seeds are diagonalised; for all others Lanczos' method makes at most
    `iterations` products. Networks of more than `largest` parameters have no rows.

    lambda_min, lambda_max: of the loss without the penalty; lambda_min_held: with it, the same where l2 is 0.
    error_min: how far lambda_min may be off, 0 where it is exact; converged: by no more than 0.02·|λ_min| or
    1e-5·max|λ|. shift_least, shift_most: the smallest and the largest change of an eigenvalue, as a share of l2; by
    algebra both are 1. Null where l2 is 0 or the spectrum is not whole.
    """
    rows: list[dict[str, Any]] = []
    if subject.model.size <= largest:
        for lane, seed in enumerate(subject.seeds[:seeds]):
            dense = subject.model.size <= exact and lane < exact_seeds
            rows.append({"seed": seed, **_lane(subject, lane, 0 if dense else iterations)})
    return frame(rows, SCHEMA, KEY)


def _lane(subject: RunSubject, lane: int, iterations: int) -> dict[str, Any]:
    if subject.status[lane] == "diverged":
        return {"status": "diverged", "converged": False}
    theta, l2 = subject.points()["end"][lane : lane + 1].double(), subject.run.training.l2
    free = subject.landscape(lane)
    held = _with_penalty(free, l2) if l2 else free
    return _whole(free, held, theta, l2) if iterations == 0 else _ends(free, held, theta, iterations)


def _whole(free: Landscape, held: Landscape, theta: Tensor, l2: float) -> dict[str, Any]:
    (before,) = spectrum(free, theta)
    (after,) = spectrum(held, theta) if l2 else (before,)
    shift = (after - before) / l2 if l2 else before.new_full((1,), torch.nan)
    return {
        "status": "ok",
        "lambda_min": before[0].item(),
        "lambda_max": before[-1].item(),
        "lambda_min_held": after[0].item(),
        "error_min": 0.0,
        "converged": True,
        "shift_least": shift.min().item(),
        "shift_most": shift.max().item(),
    }


def _ends(free: Landscape, held: Landscape, theta: Tensor, iterations: int) -> dict[str, Any]:
    search = partial(ends, theta=theta, tolerance=TOLERANCE, floor=FLOOR, steps=iterations)
    (found,) = search(free)
    (low,) = search(held, high=0) if held is not free else (found,)
    return {
        "status": "ok" if found.status == "not converged" else found.status.replace(" ", "_"),
        "lambda_min": found.values[0].item(),
        "lambda_max": found.values[-1].item(),
        "lambda_min_held": low.values[0].item(),
        "error_min": found.errors[0].item(),
        "converged": found.converged and low.converged,
    }


def _with_penalty(landscape: Landscape, l2: float) -> Landscape:
    penalty = Traced(lambda theta: l2 / 2 * theta.square().sum(-1))
    return Landscape((*landscape.parts, penalty), landscape.dimension)
