"""Lanes on their way: a stack in parts that stay near the core while they are moved."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from nominima.planning.run import Training
from nominima.training.dropout import Dropout
from nominima.training.ensemble import Ensemble
from nominima.training.feed import Feed, epochs
from nominima.training.model import Model
from nominima.training.optimizer import Optimizer, chosen_optimizer
from nominima.training.stack import Stack
from nominima.training.update import Update

ALIKE, UNLIKE = 2**23, 2**21
"""Most bytes of parameters, gradient and memory of the runs of a part: of runs that are updated alike, and of others.

The first is what stays in a third-level cache beside activations and other programs. Of runs of different rates or
strengths each makes the update of all others dearer, but every part costs a third of a millisecond a step: half as much
as that of 2 MiB.
"""
EVERY = slice(None)


class Lanes:
    """The lanes that are still trained: their parameters, their optimizer's memory and their examples."""

    def __init__(self, ensemble: Ensemble, model: Model, which: slice = EVERY) -> None:
        """which: of the ensemble's lanes."""
        self.alive = torch.arange(len(ensemble.lanes))[which]
        self._ensemble, self._model, device = ensemble, model, ensemble.x.device
        training = ensemble.lanes[0]
        rows = map(epochs, ensemble.released[which], ensemble.generators("order")[which])
        self._feed = Feed(ensemble.x, ensemble.targets[which].to(device), training.batch, list(rows))
        shares, draws = [lane.dropout for lane in ensemble.lanes[which]], ensemble.generators("dropout")[which]
        self._drop = Dropout(shares, draws) if ensemble.drops else None
        self._optimizer = chosen_optimizer(training)
        parameters = Stack.of(model.layout, ensemble.initial[which].to(device))
        self._step = 0
        self._bind(parameters, self._optimizer.start(parameters))

    def advance(self, step: int) -> None:
        """Go on until `step` steps are made."""
        for t in range(self._step + 1, step + 1 if len(self.alive) else 0):
            self._fill(*next(self._feed))
            self._update(t)
        self._step = step

    def keep(self, which: Tensor) -> None:
        """Go on with some of the lanes only, bool (alive,)."""
        if which.all():
            return
        lanes = which.nonzero().flatten()
        self.alive = self.alive[lanes]
        self._feed.keep(lanes.tolist())
        self._drop = self._drop and self._drop.keep(lanes.tolist())
        self._bind(self.parameters.take(lanes), [stack.take(lanes) for stack in self._memory])

    def _bind(self, parameters: Stack, memory: list[Stack]) -> None:
        """Make the step anew for these stacks."""
        self.parameters, self._memory = parameters, memory
        gradient = parameters.zeros()
        self._fill = self._model.gradient(parameters, gradient, self._drop)
        mask = self._ensemble.mask
        if mask is not None:
            mask = Stack.of(parameters.layout, mask[self.alive].to(parameters.flat)).flat
        trainings = [self._ensemble.lanes[lane] for lane in self.alive.tolist()]
        if trainings:
            self._update = Update(trainings, self._optimizer, parameters, gradient, memory, mask)


class Parts:
    """All lanes of a stack that are still trained, in parts of whole runs (`parted`).

    Each part makes all the steps that are asked for before the next one makes its first, so that it is fetched from
    memory once. A lane has the same bits in any part.
    """

    def __init__(self, ensemble: Ensemble, model: Model) -> None:
        trainings, self._layout = [run.training for run in ensemble.runs], model.layout
        each = _bytes(chosen_optimizer(trainings[0]), model)
        parts = parted(trainings, each) if ensemble.x.device.type == "cpu" else [EVERY]
        self._parts = [Lanes(ensemble, model, which) for which in parts]

    @property
    def alive(self) -> Tensor:
        """Which lanes of the ensemble these are, int64 (alive,)."""
        return torch.cat([part.alive for part in self._parts])

    @property
    def parameters(self) -> Stack:
        """A copy of where they are."""
        return Stack.of(self._layout, torch.cat([part.parameters.rows() for part in self._parts]))

    def advance(self, step: int) -> None:
        """Go on until `step` steps are made."""
        for part in self._parts:
            part.advance(step)

    def keep(self, which: Tensor) -> None:
        """Go on with some of the lanes only, bool (alive,)."""
        for part, its in zip(self._parts, which.split([len(part.alive) for part in self._parts]), strict=True):
            part.keep(its)


def parted(trainings: Sequence[Training], lane: int) -> list[slice]:
    """The lanes of each part: as many of the runs, in their order, as stay below ALIKE or UNLIKE; one at least.

    Args:
        trainings: of the runs, of as many seeds each.
        lane: bytes of one.
    """
    seeds, starts = trainings[0].seeds, [0]
    for at in range(1, len(trainings)):
        part = trainings[starts[-1] : at + 1]
        most = ALIKE if len({(each.rate, each.l2, each.decay, each.l1) for each in part}) == 1 else UNLIKE
        if len(part) * seeds * lane > most:
            starts.append(at)
    return [slice(first * seeds, end * seeds) for first, end in pairwise([*starts, len(trainings)])]


def _bytes(optimizer: Optimizer, model: Model) -> int:
    """Of a lane's parameters, gradient and memory."""
    layouts = [model.layout, model.layout, *optimizer.memory(model.layout)]
    return torch.float32.itemsize * sum(leaf.numel for layout in layouts for leaf in layout)
