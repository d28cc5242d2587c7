"""Networks each of which has training examples of its own, trained side by side and stopped by validation."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from nominima.planning.run import Training
from nominima.planning.steps import metric_steps
from nominima.training.feed import Feed, epochs, generator
from nominima.training.model import Model, Parameters
from nominima.training.optimizer import chosen_optimizer
from nominima.training.stack import Stack
from nominima.training.update import Update

AT_ONCE = 2**18
"""Parameters of the lanes that are trained side by side: their gradient and memory stay near the core."""
RESTED = 1e-5
"""Nats by which the validation loss may still fall between the last two looks where nothing is left to wait for."""


Examples = tuple[Tensor, Tensor]
"""x, float32 (lane, example, *input), and labels, int64 (lane, example)."""


class Validation(Protocol):
    """By which lanes are stopped."""

    def __call__(self, parameters: Parameters, which: slice) -> Tensor:
        """The validation loss, float64 (lane,), of the lanes `which`, of these parameters."""
        ...


class Trained(NamedTuple):
    """What a training left of each lane.

    initial, stop, end: float32 (lane, param). step: int64 (lane,), that of the stop, the look of the lowest validation
    loss. censored: bool (lane,), whether that is the last look and the loss was still falling there.
    """

    initial: Tensor
    stop: Tensor
    end: Tensor
    step: Tensor
    censored: Tensor


def knobs(**given: Any) -> Training:
    """A training without priors that no data set and no size is named for: what the engine's pieces read of it."""
    unread = {"dataset": "own", "model": "own", "size": 1, "first_seed": 0, "seeds": 1}
    return Training.model_validate(unread | given)


def train(
    model: Model,
    training: Training,
    seeds: Sequence[int],
    examples: Examples,
    validation: Validation,
) -> Trained:
    """Train a lane for each seed on examples of its own, by the pieces that train runs, and look at it when they do.

    A lane draws its initial parameters and the order of its examples from its seed, so that it has the same numbers
    whatever lanes are trained with it. The validation loss is looked at after every step up to 10, then at steps that
    grow by 1.15; the first look of the lowest one is the stop, step 0 included. One that lies at the last look is no
    stop (`censored`) unless training has come to rest there: the loss fell by less than RESTED since the look before.

    Args:
        model: of one size for all lanes.
        training: its optimizer, rate, schedule, batch and steps; priors if it has any.
        seeds: of the lanes.
        examples: theirs.
        validation: that by which they are stopped.
    """
    together, x, y = max(1, AT_ONCE // model.size), *examples
    parts = [slice(at, at + together) for at in range(0, len(seeds), together)]
    found = [_train(model, training, seeds[its], (x[its], y[its]), partial(validation, which=its)) for its in parts]
    return Trained(*(torch.cat(pieces) for pieces in zip(*found, strict=True)))


@torch.no_grad()
def _train(
    model: Model,
    training: Training,
    seeds: Sequence[int],
    examples: Examples,
    validation: Callable[[Parameters], Tensor],
) -> Trained:
    walk = _Walk(model, training, seeds, examples)
    initial = walk.parameters.rows()
    kept, step = initial, torch.zeros(len(seeds), dtype=torch.int64)
    best = last = fall = torch.full((len(seeds),), torch.inf, dtype=torch.float64)
    for look in metric_steps(training.steps):
        walk.go_to(look)
        seen = validation(walk.parameters.leaves)
        better = seen < best
        fall, last = last - seen, seen
        best, step = torch.where(better, seen, best), torch.where(better, look, step)
        kept = torch.where(better.unsqueeze(1), walk.parameters.rows(), kept)
    return Trained(initial, kept, walk.parameters.rows(), step, (step == training.steps) & (fall > RESTED))


class _Walk:
    """Lanes on their way."""

    def __init__(self, model: Model, training: Training, seeds: Sequence[int], examples: Examples) -> None:
        x, y = examples
        start = torch.stack([model.initial(generator(seed, "initial")) for seed in seeds])
        self.parameters = Stack.of(model.layout, start)
        gradient, optimizer = self.parameters.zeros(), chosen_optimizer(training)
        self._fill = model.gradient(self.parameters, gradient)
        memory = optimizer.start(self.parameters)
        self._update = Update([training] * len(seeds), optimizer, self.parameters, gradient, memory, None)
        self._batches = _batches(x, one_hot(y, model.layout[-1].numel).float(), training.batch, seeds)
        self._made = 0

    def go_to(self, step: int) -> None:
        """Go on until so many steps are made."""
        for number in range(self._made + 1, step + 1):
            self._fill(*next(self._batches))
            self._update(number)
        self._made = step


def _batches(x: Tensor, targets: Tensor, batch: int, seeds: Sequence[int]) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless batches (lane, batch, …) of each lane's own examples; all of them at once if they are no more."""
    lanes, count = x.shape[:2]
    if batch >= count:
        return repeat((x, targets))
    # A feed shares its inputs among lanes: all lanes hold the examples of all, and each is served its own.
    own = torch.arange(lanes * count).split(count)
    orders = [epochs(lambda _, its=its: its, generator(seed, "order")) for its, seed in zip(own, seeds, strict=True)]
    feed = Feed(x.flatten(0, 1), targets.flatten(0, 1).expand(lanes, -1, -1), batch, orders)
    return iter(feed.__next__, None)
