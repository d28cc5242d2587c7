"""A training made again, so that what needs parameters between the checkpoints can be looked at."""

import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.measuring.subject import RunSubject
from nominima.training.engine import chosen_device
from nominima.training.ensemble import Ensemble
from nominima.training.lanes import Lanes
from nominima.training.stack import Stack

LEAST = 1e-3  # of the length of the start: what counts as a way at least


class Replay:
    """The lanes of a run that never diverged, from their start on, step for step as the engine trains them.

    alive: int64 (alive,), which lanes of the run these are; targets: float32 (alive, example, class), those trained
    towards; drift: float64 (alive,), how far they have come from the checkpoints passed so far, at most: ‖θ' − θ‖ as a
    share of ‖θ − θ_0‖ (of a thousandth of ‖θ_0‖ where that is more). 0 where a processor of the same kind makes the
    same bits; elsewhere rounding is what it starts from.
    """

    def __init__(self, subject: RunSubject) -> None:
        """The lanes at their start.

        Raises:
            Refusal: the training takes something from other runs, which a measure is not given.
        """
        run, trajectory = subject.run, subject.trajectory
        if run.training.sources:
            raise Refusal(f"{run.name} takes from {', '.join(run.training.sources)}: a training is made again only "
                          "where it takes nothing from other runs")  # fmt: skip
        training = run.training.model_copy(update={"rate": trajectory.rate.item()})
        device, first = chosen_device(training), training.skip
        clean = torch.from_numpy(subject.dataset.train.y[first : first + len(subject.x)])
        ensemble = Ensemble(
            [run.model_copy(update={"training": training})],
            subject.model, (subject.x.to(device), clean.to(device)), subject.dataset.classes, {},
        )  # fmt: skip
        self._trajectory, self._lanes = trajectory, Lanes(ensemble, subject.model)
        self.alive = (trajectory.diverged < 0).nonzero().flatten()
        self._lanes.keep(trajectory.diverged < 0)
        self.targets = ensemble.targets[self.alive].to(device)
        self.drift = torch.zeros(len(self.alive), dtype=torch.float64)

    @property
    def parameters(self) -> Stack:
        """Where the lanes are; they move in place."""
        return self._lanes.parameters

    def advance(self, step: int) -> None:
        """Go on until `step` steps are made."""
        self._lanes.advance(step)
        steps = self._trajectory.steps.tolist()
        if step in steps:
            self.drift = self.drift.maximum(self._off(steps.index(step)))

    def _off(self, checkpoint: int) -> Tensor:
        start, there = (self._trajectory.theta[at, self.alive].double() for at in (0, checkpoint))
        way = (there - start).norm(dim=1).maximum(LEAST * start.norm(dim=1))
        off = (self.parameters.rows().cpu().double() - there).norm(dim=1) / way
        return off.nan_to_num(nan=torch.inf)


def of_first(subject: RunSubject, seeds: int) -> Replay:
    """The same of the first `seeds` seeds of a run only: each has the bits that it has among all.

    Raises:
        Refusal: the training takes something from other runs.
    """
    replay = Replay(subject)
    some = replay.alive < seeds
    replay._lanes.keep(some)
    replay.alive, replay.targets, replay.drift = replay.alive[some], replay.targets[some], replay.drift[some]
    return replay
