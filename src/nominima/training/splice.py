"""The start of a training, made again, before all that is recorded of it later: whole files that can be compared."""

from dataclasses import replace

import polars as pl
import torch
from torch import Tensor

from nominima.planning.run import Run
from nominima.training.trajectory import Records, Trajectory

POINTS = ("loss", "prediction", "validation_loss", "validation_right")
TESTED = ("test_loss", "test_accuracy", "noisy_test_loss", "noisy_test_accuracy")


def with_rate(run: Run, kept: float) -> Run:
    """A run with the one rate of those it tries that was kept; with the first where that is none of them."""
    rates = run.training.rates
    rate = kept if kept in rates else rates[0]
    return run.model_copy(update={"training": run.training.model_copy(update={"rate": rate})})


def spliced(
    begun: tuple[Trajectory, Records], recorded: tuple[Trajectory, Records], until: int
) -> tuple[Trajectory, Records]:
    """What a start has left up to a metric step, and what is recorded of all that is later.

    A stop, or a divergence, is of the start if the recorded one lies there. The recorded stops also say in which rows
    of the start test examples were looked at, where that is done at stops only.

    Args:
        begun: of `begin`.
        recorded: of the same run, whole.
        until: the metric step.
    """
    (now, seen), (was, records) = begun, recorded
    diverged = torch.where(was.diverged > until, was.diverged, -1)
    trajectory = replace(
        now,
        run=was.run,
        theta=_points(now.theta, was.theta, was.steps > until),
        diverged=torch.where(now.diverged < 0, diverged, now.diverged),
        metrics=_metrics(now, was, until),
        **_stop("best_loss", now, was, until),
        **_stop("best_accuracy", now, was, until),
    )
    later = records.steps > until
    each = {name: _points(getattr(seen, name), getattr(records, name), later) for name in POINTS}
    return trajectory, replace(seen, **each)


def _points(begun: Tensor, recorded: Tensor, later: Tensor) -> Tensor:
    """Points of the one, and of the other where they are later."""
    return torch.where(later.view(-1, *[1] * (recorded.dim() - 1)), recorded, begun)


def _stop(name: str, begun: Trajectory, recorded: Trajectory, until: int) -> dict[str, Tensor]:
    """The parameters at a stop, and its step."""
    steps = getattr(recorded, f"{name}_step")
    later = steps > until
    return {
        name: torch.where(later.unsqueeze(1), getattr(recorded, name), getattr(begun, name)),
        f"{name}_step": torch.where(later, steps, getattr(begun, f"{name}_step")),
    }


def _metrics(begun: Trajectory, recorded: Trajectory, until: int) -> pl.DataFrame:
    start = begun.metrics.filter(pl.col("step") <= until)
    if begun.run.training.tested == "stops":
        seen = pl.struct("seed", "step").is_in(_looked_at(recorded))
        start = start.with_columns(pl.when(seen).then(pl.col(TESTED)))
    rest = recorded.metrics.filter(pl.col("step") > until)
    return pl.concat([start, rest]).sort("seed", "step").rechunk()


def _looked_at(trajectory: Trajectory) -> list[dict[str, int]]:
    """The rows in which test examples were looked at: the start, the two stops and the end of each lane."""
    run = trajectory.run
    stops = zip(run.seeds, trajectory.best_loss_step.tolist(), trajectory.best_accuracy_step.tolist(), strict=True)
    return [{"seed": seed, "step": at} for seed, *steps in stops for at in {0, *steps, run.training.steps}]
