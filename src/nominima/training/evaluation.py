"""Losses and answers of all lanes on a split, some lanes and examples at a time, so that memory is bounded."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from nominima.training.model import Model, Parameters
from nominima.training.objective import noisy_accuracy, noisy_loss, predictions, surprisals

AT_ONCE = 2**18  # numbers of an intermediate that are made at once: 1 MiB, what a second-level cache holds
FEWEST, MOST = 128, 512  # examples at once: products of fewer are slow, of more no faster


class Answers(NamedTuple):
    """What the lanes say to the examples of a split.

    own: cross-entropy of the label, float32 (lane, example), nats; total: its sum over all classes.
    prediction: uint8 (lane, example); right: bool (lane, example), against the label.
    """

    own: Tensor
    total: Tensor
    prediction: Tensor
    right: Tensor

    @property
    def means(self) -> "Means":
        """Over the examples."""
        return Means(*(part.mean(1, dtype=torch.float64) for part in (self.own, self.total, self.right)))


class Means(NamedTuple):
    """Of the same over all examples, float64 (lane,)."""

    own: Tensor
    total: Tensor
    right: Tensor


def answers(model: Model, parameters: Parameters, x: Tensor, labels: Tensor) -> Answers:
    """Run all lanes over x (example, *input) with labels (example,) or (lane, example), none or more; on the CPU."""
    shape = (_lanes(parameters), len(x))
    found = Answers(*(torch.empty(shape, dtype=dtype) for dtype in (torch.float32,) * 2 + (torch.uint8, torch.bool)))
    for at, part in _parts(model, parameters, x, labels):
        for whole, piece in zip(found, part, strict=True):
            whole[at] = piece
    return found


def means(model: Model, parameters: Parameters, x: Tensor, labels: Tensor) -> Means:
    """What `answers` says on the mean, without keeping what it says to each example; on the CPU."""
    found = Means(*torch.zeros(3, _lanes(parameters), dtype=torch.float64))
    for (lanes, _), part in _parts(model, parameters, x, labels):
        for whole, piece in zip(found, (part.own, part.total, part.right), strict=True):
            whole[lanes] += piece.sum(1, dtype=torch.float64).cpu()
    return Means(*(whole / len(x) for whole in found))


def mean_losses(model: Model, parameters: Parameters, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """`own` and `total` of `means` alone, float64 (lane,): to tell what is right takes as long as a narrow network."""
    own, total = torch.zeros(2, _lanes(parameters), dtype=torch.float64)
    truth = labels.expand(_lanes(parameters), -1)
    for at, logits in passes(model, parameters, x):
        parts = surprisals(logits, truth[at])
        for whole, piece in zip((own, total), parts, strict=True):
            whole[at[0]] += piece.sum(1, dtype=torch.float64).cpu()
    return own / len(x), total / len(x)


def scores(found: Means, noise: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Expected loss and accuracy when labels move with probability `noise`, all float64 (lane,)."""
    return noisy_loss(found.own, found.total, noise, classes), noisy_accuracy(found.right, noise, classes)


def passes(model: Model, parameters: Parameters, x: Tensor) -> Iterator[tuple[tuple[slice, slice], Tensor]]:
    """Logits (lane, example, class) of some lanes for some of x (example, *input) after others, with their place.

    How many examples go together depends on the model only, so that a lane has the same bits in any stack.
    """
    examples = min(max(AT_ONCE // 8 // model.widest, FEWEST), MOST)
    together = max(AT_ONCE // (examples * model.widest), 1)
    for start in range(0, len(x), examples):
        for first in range(0, _lanes(parameters), together):
            lanes, here = slice(first, first + together), slice(start, start + examples)
            yield (lanes, here), model.forward({name: leaf[lanes] for name, leaf in parameters.items()}, x[here])


def _parts(
    model: Model, parameters: Parameters, x: Tensor, labels: Tensor
) -> Iterator[tuple[tuple[slice, slice], Answers]]:
    truth = labels.expand(_lanes(parameters), -1)
    for at, logits in passes(model, parameters, x):
        prediction = predictions(logits)
        yield at, Answers(*surprisals(logits, truth[at]), prediction, prediction.eq(truth[at]))


def _lanes(parameters: Parameters) -> int:
    return len(next(iter(parameters.values())))
