"""What tells the lanes of a stack apart before the first step: labels, targets, order, start and mask."""

from collections.abc import Sequence

import torch
from torch import Tensor

from nominima.planning.run import Run
from nominima.training.feed import drawn, generator
from nominima.training.model import Model
from nominima.training.objective import corrupt
from nominima.training.pacing import Examples, released
from nominima.training.reference import References
from nominima.training.start import initial, mask
from nominima.training.targets import targets, taught


class Ensemble:
    """The lanes of a stack, run after run and seed after seed.

    lanes, seeds: the training and the seed of each; x: float32 (example, *input), shared; labels: int64 (lane,
    example), those trained on; moved: bool (lane, example), whether noise moved them; targets: float32 (lane,
    example, class); released: which examples may be served, see pacing; initial: float32 (lane, param); mask:
    bool (lane, param) or None; noise: float64 (lane,); drops: whether any lane has dropout.
    """

    def __init__(
        self, runs: Sequence[Run], model: Model, train: tuple[Tensor, Tensor], classes: int, references: References
    ) -> None:
        """train: inputs and clean labels, int64 (example,)."""
        self.runs, self._seeds = runs, len(runs[0].seeds)
        self.lanes = [run.training for run in runs for _ in run.seeds]
        self.seeds = [seed for run in runs for seed in run.seeds]
        self.x, clean = train
        noisy = [
            corrupt(clean.cpu(), classes, lane.noise, generator(seed, "noise"))
            for lane, seed in zip(self.lanes, self.seeds, strict=True)
        ]
        self.labels, self.moved = (torch.stack(column) for column in zip(*noisy, strict=True))
        self.initial = torch.cat([initial(run, model, references) for run in runs])
        self.targets = torch.cat([
            targets(run, labels, classes, _lesson(run, self.x, labels, classes, references))
            for run, labels in zip(runs, self.by_run(self.labels), strict=True)
        ])  # fmt: skip
        told = zip(runs, self.by_run(self.labels), self.by_run(self.moved), strict=True)
        self.released = [
            each
            for run, labels, moved in told
            for each in released(run, Examples(self.x.cpu(), labels, moved, classes), references)
        ]
        self.mask = _masks([mask(run, model, references) for run in runs], self.by_run(self.initial))
        if self.mask is not None:
            self.initial = self.initial * self.mask
        self.noise = torch.tensor([lane.noise for lane in self.lanes], dtype=torch.float64)
        self.drops = any(lane.dropout for lane in self.lanes)

    def generators(self, purpose: str) -> list[torch.Generator]:
        """The random numbers of each lane for a purpose."""
        return [drawn(seed, purpose, lane.draw) for lane, seed in zip(self.lanes, self.seeds, strict=True)]

    def by_run(self, each: Tensor) -> Sequence[Tensor]:
        """(lane, …) cut into the lanes of each run."""
        return each.split(self._seeds)


def _lesson(run: Run, x: Tensor, labels: Tensor, classes: int, references: References) -> Tensor | None:
    teacher = run.training.teacher
    return None if teacher is None else taught(run, teacher, references[teacher.run], x.cpu(), labels, classes)


def _masks(masks: list[Tensor | None], initial: Sequence[Tensor]) -> Tensor | None:
    """bool (lane, param) for the whole stack; None where no lane has one."""
    if all(each is None for each in masks):
        return None
    return torch.cat([
        torch.ones_like(rows, dtype=torch.bool) if each is None else each
        for each, rows in zip(masks, initial, strict=True)
    ])  # fmt: skip
