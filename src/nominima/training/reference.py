"""A finished run from which another takes its start, its targets, its mask or its order of examples."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from nominima.planning.run import Point, Run
from nominima.training.trajectory import Records, Trajectory, read_records, read_trajectory


@dataclass(frozen=True)
class Reference:
    """A run and the folder of its trajectory, read when it is asked for."""

    run: Run
    folder: Path

    @cached_property
    def trajectory(self) -> Trajectory:
        """Its checkpoints."""
        return read_trajectory(self.folder, self.run)

    @cached_property
    def records(self) -> Records:
        """What it made of each example."""
        return read_records(self.folder, self.run)

    def lanes(self, seeds: range) -> Tensor:
        """Its lanes of these seeds, int64 (lane,)."""
        return torch.tensor([self.run.seeds.index(seed) for seed in seeds])

    def parameters(self, at: Point, seeds: range) -> Tensor:
        """float32 (lane, param), at a point of its trajectory, of these seeds; a step is one of a checkpoint."""
        trajectory = self.trajectory
        if isinstance(at, int):
            return trajectory.theta[trajectory.steps.tolist().index(at), self.lanes(seeds)]
        named = {"init": trajectory.theta[0], "best": trajectory.best_loss,
                 "best_accuracy": trajectory.best_accuracy, "end": trajectory.theta[-1]}  # fmt: skip
        return named[at][self.lanes(seeds)]


References = Mapping[str, Reference]
"""Runs from which others take something, by name."""
