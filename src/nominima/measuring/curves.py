"""Curves between networks, fitted as the networks were: by the run's optimizer, batch and rate, stopped by
validation.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.measuring.subject import RunSubject
from nominima.planning.steps import log_steps
from nominima.training.evaluation import mean_losses
from nominima.training.feed import Feed, epochs, generator
from nominima.training.objective import noisy_loss
from nominima.training.optimizer import chosen_optimizer
from nominima.training.stack import Stack
from nominima.training.update import Update

NUMBERS = 2**24
"""Parameters of the curves that are fitted side by side."""
NODES = 5
"""Gauss–Legendre points at which validation sees a curve."""
PATIENT = 8
"""Steps from which a curve is stopped when validation does not find it better than at the look before."""
THICKNESS = 0.1
"""Standard deviation of a wall, share of the distance between the ends."""


@dataclass(frozen=True)
class Ways:
    """Pairs of ends to be joined, a lane each.

    start, end: float32 (lane, param). labels: int64 (lane, example), of the training examples. seeds: for the order of
    examples and points. wall: float32 (lane,), height in nats of a wall midway between the ends; 0: none.
    """

    start: Tensor
    end: Tensor
    labels: Tensor
    seeds: list[int]
    wall: Tensor

    def take(self, lanes: list[int]) -> "Ways":
        """Some of them."""
        seeds = [self.seeds[lane] for lane in lanes]
        return Ways(self.start[lanes], self.end[lanes], self.labels[lanes], seeds, self.wall[lanes])

    def profile(self, path: Tensor) -> Tensor:
        """The height of a wall of 1, (lane, point), at points (lane, point, param)."""
        across, apart = self._across
        place = ((path - (self.start + self.end).unsqueeze(1) / 2) @ across.unsqueeze(-1)).squeeze(-1)
        return torch.exp(-0.5 * (place / (THICKNESS * apart)).square())

    def slope(self, theta: Tensor) -> Tensor:
        """The gradient of the walls at theta (lane, param)."""
        across, apart = self._across
        place = ((theta - (self.start + self.end) / 2) * across).sum(1, keepdim=True)
        height = self.wall.unsqueeze(1) * self.profile(theta.unsqueeze(1))
        return -height * place / (THICKNESS * apart).square() * across

    @property
    def _across(self) -> tuple[Tensor, Tensor]:
        """Unit vectors (lane, param) from start to end, and the distances (lane, 1)."""
        apart = (self.end - self.start).norm(dim=1, keepdim=True)
        return (self.end - self.start) / apart.clamp(min=1e-30), apart.clamp(min=1e-30)


def fit(subject: RunSubject, ways: Ways, steps: int) -> tuple[Tensor, Tensor]:
    """Middle points (lane, param) of quadratic Bézier curves of low mean loss, and the steps (lane,) they stopped at.

    Each step draws a place t on the curve evenly and a batch of all training examples, and moves the middle by the
    run's optimizer along the gradient of the loss there (Garipov et al. 2018); priors of the run are left out, its
    rate follows its schedule over `steps`. It begins halfway on the straight line. The middle is kept that has the
    lowest mean validation loss along the curve, noise and wall included, of those after 0, 1, 2, 4, … `steps` steps, up
    to the first one after the eighth that is not lower than the one before.

    Raises:
        Refusal: the data set has no validation examples to stop by.
    """
    if not len(subject.dataset.validation.x):
        name = subject.run.training.dataset
        raise Refusal(f"{name} has no validation examples, by which curves are stopped; give it some, or leave out "
                      f"what asks for barriers")  # fmt: skip
    together = max(1, NUMBERS // subject.model.size)
    parts = torch.arange(len(ways.seeds)).split(together)
    middles, stopped = zip(*(_fit(subject, ways.take(part.tolist()), steps) for part in parts), strict=True)
    return torch.cat(middles), torch.cat(stopped)


@torch.no_grad()
def losses(subject: RunSubject, path: Tensor, labels: Tensor | None = None) -> Tensor:
    """Mean cross-entropy, nats, float64 (lane, point), at points (lane, point, param).

    Of the clean test examples; with labels, int64 (lane, example), of those trained on.
    """
    test = subject.dataset.test
    x = torch.from_numpy(test.x) if labels is None else subject.x
    rows = torch.from_numpy(test.y).expand(len(path), -1) if labels is None else labels
    found = [
        mean_losses(subject.model, subject.model.views(points), x, row)[0]
        for points, row in zip(path, rows, strict=True)
    ]
    return torch.stack(found)


class _Fitting:
    """The curves that are still fitted; a lane moves to the same bits whatever lanes are beside it."""

    def __init__(self, subject: RunSubject, ways: Ways, steps: int) -> None:
        rate = subject.trajectory.rate.item()
        changes = {"rate": rate, "l2": 0.0, "decay": 0.0, "l1": 0.0, "dropout": 0.0, "steps": steps}
        self._training = subject.run.training.model_copy(update=changes)
        self._optimizer, self._model = chosen_optimizer(self._training), subject.model
        everything = torch.arange(len(subject.x))
        orders = [epochs(lambda _: everything, generator(seed, "curve order")) for seed in ways.seeds]
        targets = torch.nn.functional.one_hot(ways.labels, subject.dataset.classes).float()
        self._feed = Feed(subject.x, targets, self._training.batch, orders)
        draws = [torch.rand(steps, generator=generator(seed, "curve"), dtype=torch.float64) for seed in ways.seeds]
        self._draws = torch.stack(draws, 1)
        middle = Stack.of(subject.model.layout, (ways.start + ways.end) / 2)
        self._bind(ways, middle, self._optimizer.start(middle))

    def _bind(self, ways: Ways, middle: Stack, memory: list[Stack]) -> None:
        """Make the step anew for these lanes."""
        self.ways, self.middle, self._memory = ways, middle, memory
        self._start, self._end = Stack.of(middle.layout, ways.start), Stack.of(middle.layout, ways.end)
        self._place, self._gradient, self._part = (middle.zeros() for _ in range(3))
        self._fill = self._model.gradient(self._place, self._gradient)
        each = [self._training] * middle.lanes
        self._update = Update(each, self._optimizer, middle, self._gradient, memory, None)

    def keep(self, lanes: Tensor) -> None:
        """Go on with some of the lanes, int64 (lane,), at least one."""
        self._feed.keep(lanes.tolist())
        self._draws = self._draws[:, lanes]
        memory = [stack.take(lanes) for stack in self._memory]
        self._bind(self.ways.take(lanes.tolist()), self.middle.take(lanes), memory)

    def step(self, number: int) -> None:
        """Step 1, 2, …"""
        drawn = self._draws[number - 1].tolist()
        shares = [[(1 - t) ** 2 for t in drawn], [2 * t * (1 - t) for t in drawn], [t**2 for t in drawn]]
        self._place.flat.zero_()
        for share, stack in zip(shares, (self._start, self.middle, self._end), strict=True):
            self._part.flat.copy_(stack.flat)
            self._part.scale(share)
            self._place.flat.add_(self._part.flat)
        self._fill(*next(self._feed))
        if self.ways.wall.any():
            self._gradient.flat.add_(Stack.of(self._gradient.layout, self.ways.slope(self._place.rows())).flat)
        self._gradient.scale(shares[1])
        self._update(number)


@torch.no_grad()
def _fit(subject: RunSubject, ways: Ways, steps: int) -> tuple[Tensor, Tensor]:
    fitting, made, falling = _Fitting(subject, ways, steps), 0, torch.arange(len(ways.seeds))
    best = torch.full((len(ways.seeds),), torch.inf, dtype=torch.float64)
    kept, stopped = fitting.middle.rows(), torch.zeros(len(ways.seeds), dtype=torch.int64)
    for look in log_steps(steps, 2.0, 1):
        for number in range(made + 1, look + 1):
            fitting.step(number)
        made, middle = look, fitting.middle.rows()
        seen = _validation(subject, fitting.ways, middle)
        better = seen < best[falling]
        found = falling[better]
        best[found], stopped[found], kept[found] = seen[better], look, middle[better]
        if look >= PATIENT and not better.all():
            if not better.any():
                break
            falling = found
            fitting.keep(better.nonzero().flatten())
    return kept, stopped


def _validation(subject: RunSubject, ways: Ways, middle: Tensor) -> Tensor:
    """Mean loss (lane,) along each curve, of the validation examples with the training's noise, walls included."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    t, weigh = torch.from_numpy((nodes + 1) / 2).float()[:, None], torch.from_numpy(weights / 2)
    ends = [end.unsqueeze(1) for end in (ways.start, middle, ways.end)]
    path = (1 - t) ** 2 * ends[0] + 2 * t * (1 - t) * ends[1] + t**2 * ends[2]
    split, noise = subject.dataset.validation, subject.run.training.noise
    x, y = torch.from_numpy(split.x), torch.from_numpy(split.y)
    found = []
    for points in path:
        own, total = mean_losses(subject.model, subject.model.views(points), x, y)
        found.append(noisy_loss(own, total, noise, subject.dataset.classes))
    return (torch.stack(found) + ways.wall.unsqueeze(1) * ways.profile(path)) @ weigh
