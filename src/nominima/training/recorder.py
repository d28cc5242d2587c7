"""What is kept of a run while it is trained: metrics, records, checkpoints and the two stopping points."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
import torch
from torch import Tensor

from nominima.planning.run import Run
from nominima.planning.steps import checkpoint_steps, metric_steps
from nominima.training.evaluation import Answers
from nominima.training.mapped import Kind
from nominima.training.trajectory import (
    METRICS,
    NUMBERS,
    Records,
    Trajectory,
    parameter_kinds,
    record_kinds,
)

LARGEST_HALF = 65504.0

Room = Callable[[Run, str, dict[str, Kind]], dict[str, Tensor]]
"""(run, file of places.TRAJECTORY, what it holds) ↦ zeros of these kinds."""


def in_memory(_run: Run, _file: str, kinds: dict[str, Kind]) -> dict[str, Tensor]:
    """Room that no file stands for."""
    return {name: torch.zeros(shape, dtype=dtype) for name, (dtype, shape) in kinds.items()}


@dataclass(frozen=True)
class Seen:
    """Lanes at a metric step, on the CPU.

    rows: float32 (lane, param), their parameters; train, validation: their answers to those examples;
    validation_loss: float32 (lane, example), expected under the noise of training; numbers: float64 (lane,)
    by the names of METRICS, without validation where there are no examples, without test where it is not looked at.
    """

    rows: Tensor
    train: Answers
    validation: Answers
    validation_loss: Tensor
    numbers: dict[str, Tensor]

    def of(self, lanes: Tensor) -> "Seen":
        """Some of the lanes, bool (lane,)."""
        if lanes.all():
            return self
        train, validation = (Answers(*(part[lanes] for part in each)) for each in (self.train, self.validation))
        numbers = {name: value[lanes] for name, value in self.numbers.items()}
        return Seen(self.rows[lanes], train, validation, self.validation_loss[lanes], numbers)

    @property
    def finite(self) -> Tensor:
        """bool (lane,): the parameters and all numbers are."""
        return torch.stack([self.rows.isfinite().all(1), *map(torch.isfinite, self.numbers.values())]).all(0)


class Recorder:
    """Takes down one metric step after another where `room` says: memory is what stands in no file.

    That is one copy of the parameters; checkpoints and stopping points are about 26 more, and records 3
    bytes a metric step, lane and example.
    """

    def __init__(self, run: Run, initial: Tensor, labels: Tensor, moved: Tensor, validation: int, room: Room) -> None:
        """initial: float32 (lane, param); labels: int64 (lane, example); moved: bool (lane, example);
        validation: how many examples."""
        last, self._run = run.training.steps, run
        self._at = {step: at for at, step in enumerate(metric_steps(last))}
        self._kept = {step: at for at, step in enumerate(checkpoint_steps(last))}
        # A start beyond float32 never was a point: zeros stand for it, and the lane diverges at step 0.
        initial = initial.where(initial.isfinite().all(1, keepdim=True), 0)
        self._last = initial.clone()
        self._parameters = room(run, "parameters.safetensors", parameter_kinds(run, initial.shape[1]))
        self._records = room(run, "records.safetensors", record_kinds(run, labels.shape[1], validation))
        self._parameters["steps"].copy_(torch.tensor(list(self._kept)))
        self._parameters["diverged"].fill_(-1)
        self._parameters["rate"].fill_(run.training.rates[0])
        self._best: dict[str, Tensor] = {}
        for name in ("loss", "accuracy"):
            self._parameters[f"best_{name}"].copy_(initial)
            self._best[name] = torch.full((len(initial),), torch.inf, dtype=torch.float64)
        self._records["steps"].copy_(torch.tensor(list(self._at)))
        self._records["labels"].copy_(labels)
        self._records["moved"].copy_(moved)
        self._numbers = torch.full((len(NUMBERS), len(initial), len(self._at)), torch.nan, dtype=torch.float64)

    def note(self, step: int, lanes: Tensor, seen: Seen) -> None:
        """Take down a metric step, later than the one before.

        Args:
            step: the metric step.
            lanes: int64 (alive,), the lanes still trained; the others stay as they were. Those that are not
                finite have diverged and must not come again.
            seen: what is seen of them.
        """
        at, finite = self._at[step], seen.finite
        self._parameters["diverged"][lanes[~finite]] = step
        well, seen = lanes[finite], seen.of(finite)
        self._last[well] = seen.rows
        for name, value in seen.numbers.items():
            self._numbers[NUMBERS.index(name), well, at] = value
        told = {
            "loss": seen.train.own.clamp(max=LARGEST_HALF).half(),
            "prediction": seen.train.prediction,
            "validation_loss": seen.validation_loss.clamp(max=LARGEST_HALF).half(),
            "validation_right": seen.validation.right,
        }
        for name, value in told.items():
            record = self._records[name]
            record[at] = record[at - 1] if at else (LARGEST_HALF if record.is_floating_point() else 0)
            record[at, well] = value
        if step in self._kept:
            self._parameters["theta"][self._kept[step]] = self._last
        self._stop(step, well, seen.numbers)

    def _stop(self, step: int, lanes: Tensor, numbers: dict[str, Tensor]) -> None:
        """Move the stopping points where this step is strictly better; without validation, every step is."""
        every = torch.full((len(lanes),), -float(step), dtype=torch.float64)
        for name, sign in (("loss", 1), ("accuracy", -1)):
            new = sign * numbers[f"validation_{name}"] if f"validation_{name}" in numbers else every
            better = new < self._best[name][lanes]
            self._best[name][lanes[better]] = new[better]
            self._parameters[f"best_{name}"][lanes[better]] = self._last[lanes[better]]
            self._parameters[f"best_{name}_step"][lanes[better]] = step

    def note_stops(self, look: Callable[[Tensor], dict[str, Tensor]]) -> None:
        """Take down, once the last step is noted, what is looked at only where the lanes are stopped.

        Args:
            look: parameters, float32 (lane, param) ↦ numbers by the names of METRICS, float64 (lane,). Those
                that are not finite are left out.
        """
        lanes, diverged = torch.arange(len(self._last)), self._parameters["diverged"]
        for name in ("loss", "accuracy"):
            steps = self._parameters[f"best_{name}_step"]
            at = torch.tensor([self._at[step] for step in steps.tolist()])
            for told, values in look(self._parameters[f"best_{name}"]).items():
                sound = values.isfinite() & ((diverged < 0) | (steps < diverged))
                self._numbers[NUMBERS.index(told), lanes[sound], at[sound]] = values[sound]

    def trajectory(self) -> Trajectory:
        """All of it but the records, once the last step is noted."""
        return Trajectory(run=self._run, metrics=self._table(), **self._parameters)

    def records(self) -> Records:
        """What each lane made of each example."""
        return Records(**self._records)

    def _table(self) -> pl.DataFrame:
        steps, diverged = torch.tensor(list(self._at)), self._parameters["diverged"].unsqueeze(1)
        seeds = torch.tensor(list(self._run.seeds))
        gone = (diverged >= 0) & (steps >= diverged)
        columns = {
            "seed": seeds.repeat_interleave(len(steps)).numpy(),
            "step": steps.repeat(len(seeds)).numpy(),
            "gone": gone.flatten().numpy(),
            **{name: values.flatten().numpy() for name, values in zip(NUMBERS, self._numbers, strict=True)},
        }
        status = pl.when("gone").then(pl.lit("diverged")).otherwise(pl.lit("ok")).alias("status")
        return pl.DataFrame(columns).with_columns(status, pl.col(NUMBERS).fill_nan(None)).select(*METRICS)
