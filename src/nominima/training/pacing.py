"""Examples released one after the other: which at all, in which order, and how many at a step."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.planning.run import Pacing, Run
from nominima.training.evaluation import passes
from nominima.training.feed import drawn, generator
from nominima.training.model import build_model
from nominima.training.objective import surprisals
from nominima.training.reference import References

Released = Callable[[int], Tensor]
"""How many examples were served before ↦ which may be served next, int64 (example,)."""


class Examples(NamedTuple):
    """What the lanes of a run are trained on.

    x: float32 (example, *input), on the CPU; labels: int64 (lane, example), those trained on; moved: bool (lane,
    example), whether noise moved them; classes: K.
    """

    x: Tensor
    labels: Tensor
    moved: Tensor
    classes: int


def released(run: Run, examples: Examples, references: References) -> list[Released]:
    """For each lane.

    Raises:
        Refusal: a teacher was trained on other labels.
    """
    training, count = run.training, examples.moved.shape[1]
    pacing = training.pacing
    orders = [torch.arange(count) for _ in run.seeds] if pacing is None else _orders(run, pacing, examples, references)
    if training.half != "both":
        first = first_halves(run.seeds, count)
        seen = first if training.half == "first" else ~first
        orders = [order[mine[order]] for order, mine in zip(orders, seen, strict=True)]
    if pacing is None:
        return [lambda _, order=order: order for order in orders]
    return [_paced(order, pacing, training.batch, training.steps) for order in orders]


def first_halves(seeds: range, examples: int) -> Tensor:
    """bool (lane, example): which examples are of the first half, by a lot of the seed; of an odd number the smaller.

    The same in any `draw`, so that two runs of the same seeds can share the examples out.
    """
    first = torch.zeros(len(seeds), examples, dtype=torch.bool)
    for mine, seed in zip(first, seeds, strict=True):
        mine[torch.randperm(examples, generator=generator(seed, "half"))[: examples // 2]] = True
    return first


def _paced(order: Tensor, pacing: Pacing, batch: int, steps: int) -> Released:
    """The first of `order`: a share `at_once` at the start, then more by a line until the step at which all are."""

    def now(served: int) -> Tensor:
        past = min(1.0, served / (batch * steps * pacing.complete))
        share = pacing.at_once + (1 - pacing.at_once) * past
        return order[: max(1, round(share * len(order)))]

    return now


def _orders(run: Run, pacing: Pacing, examples: Examples, references: References) -> list[Tensor]:
    """int64 (example,) for each lane: which example comes first, second, …"""
    count, draw = examples.moved.shape[1], run.training.draw
    lots = [torch.randperm(count, generator=drawn(seed, "pacing", draw)) for seed in run.seeds]
    if pacing.order == "random":
        return lots
    if pacing.order == "clean":
        return [lot[mine[lot].int().argsort(stable=True)] for lot, mine in zip(lots, examples.moved, strict=True)]
    loss = _unseen(run, pacing, examples, references)
    return list(loss.argsort(dim=1, descending=pacing.order == "reversed", stable=True))


def _unseen(run: Run, pacing: Pacing, examples: Examples, references: References) -> Tensor:
    """float64 (lane, example): the teacher's loss; of two that saw one half each, that of the one which did not see it
    (cross-fitted).
    """
    assert pacing.run is not None, "checked with the params"
    one = _loss(run, pacing, pacing.run, examples, references)
    if pacing.other is None:
        return one
    first = first_halves(run.seeds, one.shape[1])
    seen = first if references[pacing.run].run.training.half == "first" else ~first
    return one.where(~seen, _loss(run, pacing, pacing.other, examples, references))


def _loss(run: Run, pacing: Pacing, teacher: str, examples: Examples, references: References) -> Tensor:
    """float64 (lane, example): a teacher's cross-entropy of the labels trained on, nats."""
    reference = references[teacher]
    there = reference.records.labels[reference.lanes(run.seeds)]
    if not torch.equal(there.long(), examples.labels):
        raise Refusal(f"pacing: {teacher} was trained on other labels: its loss would tell which are wrong")
    model = build_model(reference.run.training, tuple(examples.x.shape[1:]), examples.classes)
    parameters = model.views(reference.parameters(pacing.at, run.seeds))
    loss = torch.empty(there.shape, dtype=torch.float64)
    for at, logits in passes(model, parameters, examples.x):
        loss[at] = surprisals(logits.double(), examples.labels[at])[0]
    return loss
