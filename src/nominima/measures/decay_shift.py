"""What a penalty on the parameters does to curvature: every eigenvalue with and without it."""

from typing import Any

import polars as pl
import torch
from torch import Tensor

from nominima.ground.records import Count, Repeats
from nominima.landscape.hessian import spectrum
from nominima.landscape.loss import Landscape, of_model
from nominima.landscape.parts import Traced
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
KEY = ("seed",)
SCHEMA = {
    "seed": "Int64",
    "status": "String",
    "lambda_min": "Float64",
    "lambda_max": "Float64",
    "lambda_min_held": "Float64",
    "shift_least": "Float64?",
    "shift_most": "Float64?",
}


def measure(subject: RunSubject, *, examples: Count = 300, seeds: Repeats = 5, largest: Count = 800) -> pl.DataFrame:
    """All eigenvalues at the end of training of the loss, and of the loss with the penalty that the run had.

    The loss is the mean cross-entropy of the first `examples` examples on the labels trained on, the penalty
    l2/2·‖θ‖², differentiated like any other loss; exact Hessians in float64, the first `seeds` seeds. Networks of more
    than `largest` parameters have no rows.

    lambda_min, lambda_max: of the loss alone; lambda_min_held: with the penalty, the same where l2 is 0. shift_least,
    shift_most: the smallest and the largest change of an eigenvalue, as a share of l2; by algebra both are 1. Null
    where l2 is 0.
    """
    rows: list[dict[str, Any]] = []
    if subject.model.size <= largest:
        x = subject.x[:examples].double()
        rows = [{"seed": seed, **_lane(subject, x, lane)} for lane, seed in enumerate(subject.seeds[:seeds])]
    return frame(rows, SCHEMA, KEY)


def _lane(subject: RunSubject, x: Tensor, lane: int) -> dict[str, Any]:
    if subject.status[lane] == "diverged":
        return {"status": "diverged"}
    theta, l2 = subject.points()["end"][lane : lane + 1].double(), subject.run.training.l2
    alone = of_model(subject.model, x, subject.labels[lane, : len(x)])
    (free,) = spectrum(alone, theta)
    (held,) = spectrum(_with_penalty(alone, l2), theta) if l2 else (free,)
    shift = (held - free) / l2 if l2 else free.new_full((1,), torch.nan)
    return {
        "status": "ok",
        "lambda_min": free[0].item(),
        "lambda_max": free[-1].item(),
        "lambda_min_held": held[0].item(),
        "shift_least": shift.min().item(),
        "shift_most": shift.max().item(),
    }


def _with_penalty(landscape: Landscape, l2: float) -> Landscape:
    penalty = Traced(lambda theta: l2 / 2 * theta.square().sum(-1))
    return Landscape((*landscape.parts, penalty), landscape.dimension)
