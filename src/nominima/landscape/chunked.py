"""How the losses of chunks add up to the loss of all examples, found out by trying."""

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from nominima.ground.files import Refusal
from nominima.landscape.bound import Bound, Loss, double, evaluate, moved, works_in_double
from nominima.landscape.examples import Examples
from nominima.landscape.loss import Landscape, lanes
from nominima.landscape.parts import Traced

AGREE = 1e3
"""How many roundings apart two computations of the same number may lie."""
ALIKE = 20
"""The same for means of thousands of examples, in float32; losses that are no sums differ by more than that."""


def chunked(bound: Bound, theta: Tensor, examples: Examples, rows: int, *, decay: float = 0.0) -> Landscape:
    """The loss of all examples as a sum over chunks of at most `rows`, differentiated by autograd.

    A cross-entropy is summed and divided once, whatever its weights and ignored classes. Of any other loss, and of
    that too, each two neighbouring chunks are compared with both together.

    The comparison is made in float64, unless the module can be computed in float32 only.

    Raises:
        Refusal: the loss of two chunks is neither their mean nor their sum.
    """
    chunks = list(examples.split(rows))
    bound, shares = (bound, [1.0]) if len(chunks) == 1 else _rule(bound, theta[0], examples, chunks)
    losses = [lanes(_part(bound, chunk, share)) for chunk, share in zip(chunks, shares, strict=True)]
    parts = tuple(Traced(loss, len(chunk)) for loss, chunk in zip(losses, chunks, strict=True))
    return Landscape(parts, theta.shape[1], decay)


def near(a: Tensor, b: Tensor, roundings: float = AGREE) -> bool:
    """Whether two losses are the same to rounding."""
    eps = torch.finfo(a.dtype).eps
    return torch.allclose(a, b, rtol=roundings * eps, atol=10 * eps, equal_nan=True)


def _part(bound: Bound, chunk: Examples, share: float) -> Callable[[Tensor], Tensor]:
    return lambda vector: share * bound(vector, chunk)


def _rule(bound: Bound, theta: Tensor, examples: Examples, chunks: list[Examples]) -> tuple[Bound, list[float]]:
    """A loss of chunks and the weights with which it adds up."""
    summed = _summed(bound.loss, examples.y)
    if summed is None:
        weights = {"mean": [len(chunk) / len(examples) for chunk in chunks], "sum": [1.0] * len(chunks)}
    else:
        bound, weights = replace(bound, loss=summed[0]), {"sum": [summed[1]] * len(chunks)}
    wide = theta.dtype == torch.float32 and works_in_double(bound, theta, chunks[0][:1])
    by = bound.double() if wide else bound
    holding = list(weights)
    for place in (theta, moved(theta)):  # at a loss of zero both hold
        held = _holding(by, place.double() if wide else place, examples, chunks)
        holding = [name for name in holding if held[name]]
        if len(holding) <= 1:
            break
    told = getattr(bound.loss, "reduction", None)
    if told not in holding and len(holding) != 1:
        raise Refusal(f"the loss of two chunks together is not clearly their mean or their sum; "
                      f"give rows={len(examples)}, so that all examples are one chunk")  # fmt: skip
    return bound, weights[told if told in holding else holding[0]]


def _holding(bound: Bound, theta: Tensor, examples: Examples, chunks: list[Examples]) -> dict[str, bool]:
    """Whether each two neighbours together have their mean loss, and their sum."""
    wide = theta.dtype == torch.float64
    roundings = AGREE if wide else ALIKE

    def of(chunk: Examples) -> Tensor:
        return evaluate(bound, theta, double(chunk) if wide else chunk)

    losses = [of(chunk) for chunk in chunks]
    held, first = {"mean": True, "sum": True}, 0
    for (one, a), (other, b) in pairwise(zip(chunks, losses, strict=True)):
        count = len(one) + len(other)
        both = of(examples[first : first + count])
        held["mean"] &= near(both, (len(one) * a + len(other) * b) / count, roundings)
        held["sum"] &= near(both, a + b, roundings)
        first += len(one)
    return held


def _summed(loss: Loss, y: Any) -> tuple[Loss, float] | None:
    """torch's mean cross-entropy of classes as a sum, and one over what torch divides that by."""
    plain = {nn.functional.cross_entropy: nn.CrossEntropyLoss, nn.functional.nll_loss: nn.NLLLoss}
    called, options = (loss.func, loss.keywords) if isinstance(loss, partial) and not loss.args else (loss, {})
    known: Any = next((kind(**options) for function, kind in plain.items() if called is function), loss)
    if type(known) not in plain.values() or known.reduction != "mean" or not _classes(y):
        return None
    kept = y[y != known.ignore_index].long()
    total = float(kept.numel() if known.weight is None else known.weight[kept].sum())
    summed = copy.copy(known)
    summed.reduction = "sum"
    return summed, 1 / total if total else float("nan")


def _classes(y: Any) -> bool:
    return isinstance(y, Tensor) and not y.is_floating_point()
