"""Examples released one after the other: in which order, and how many at a step."""

from collections.abc import Callable

import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.planning.run import Pacing, Run
from nominima.training.feed import generator
from nominima.training.reference import References

Released = Callable[[int], Tensor]
"""How many examples were served before ↦ which may be served next, int64 (example,)."""


def released(run: Run, moved: Tensor, references: References) -> list[Released]:
    """For each lane; moved: bool (lane, example), whose labels noise moved."""
    pacing, examples = run.training.pacing, moved.shape[1]
    if pacing is None:
        every = torch.arange(examples)
        return [lambda _: every for _ in run.seeds]
    orders = _orders(run, pacing, moved, references)
    return [_paced(order, pacing, run.training.batch, run.training.steps) for order in orders]


def _paced(order: Tensor, pacing: Pacing, batch: int, steps: int) -> Released:
    """The first of `order`: a share `at_once` at the start, then more by a line until the step at which all are."""

    def now(served: int) -> Tensor:
        past = min(1.0, served / (batch * steps * pacing.complete))
        share = pacing.at_once + (1 - pacing.at_once) * past
        return order[: max(1, round(share * len(order)))]

    return now


def _orders(run: Run, pacing: Pacing, moved: Tensor, references: References) -> list[Tensor]:
    """int64 (example,) for each lane: which example comes first, second, …"""
    lots = [torch.randperm(moved.shape[1], generator=generator(seed, "pacing")) for seed in run.seeds]
    if pacing.order == "random":
        return lots
    if pacing.order == "clean":
        return [lot[mine[lot].int().argsort(stable=True)] for lot, mine in zip(lots, moved, strict=True)]
    assert pacing.run is not None, "checked with the params"
    reference = references[pacing.run]
    loss = reference.records.loss[:, reference.lanes(run.seeds)].double().mean(0)
    if loss.shape != moved.shape:
        raise Refusal(f"pacing.run: {pacing.run} has {loss.shape[1]} examples, this run {moved.shape[1]}")
    return list(loss.argsort(dim=1, descending=pacing.order == "reversed", stable=True))
