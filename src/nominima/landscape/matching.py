"""Permutation matching: hidden units put in another order so that two networks lie close together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from nominima.ground.files import Refusal


@dataclass(frozen=True)
class Axis:
    """An axis whose index is unit·block + place, the units belonging to a group that may be permuted."""

    group: int
    block: int


@dataclass(frozen=True)
class Symmetry:
    """Permutations that leave a network's function as it is.

    shapes: of the tensors in their order in the flat vector. axes: for each tensor, axis number → what permutes it.
    sizes: units of each group.
    """

    shapes: tuple[tuple[int, ...], ...]
    axes: tuple[Mapping[int, Axis], ...]
    sizes: tuple[int, ...]


def sequential(shapes: Iterable[Sequence[int]]) -> Symmetry:
    """Symmetry of layers applied one after the other: perceptrons and convolutional networks without skips.

    Args:
        shapes: of weights (out, in, *kernel), each followed by its bias (out,) if it has one. Where a layer's `in` is a
            multiple of the units below, as after flattening a convolution, channels lie outermost.

    Raises:
        Refusal: the shapes do not chain.
    """
    kept = tuple(tuple(shape) for shape in shapes)
    sizes = [shape[0] for shape in kept if len(shape) > 1][:-1]
    axes: list[Mapping[int, Axis]] = []
    layer = -1
    for shape in kept:
        layer += len(shape) > 1
        own = {0: Axis(layer, 1)} if layer < len(sizes) else {}
        if len(shape) == 1 or layer == 0:
            axes.append(own)
            continue
        if shape[1] % sizes[layer - 1]:
            raise Refusal(f"a layer of {shape[1]} inputs does not follow one of {sizes[layer - 1]} units; "
                          f"give the shapes of one chain of layers")  # fmt: skip
        axes.append(own | {1: Axis(layer - 1, shape[1] // sizes[layer - 1])})
    return Symmetry(kept, tuple(axes), tuple(sizes))


Orders = list[np.ndarray]
"""For each group the unit of the second network that takes each place."""


def permuted(symmetry: Symmetry, theta: Tensor, orders: Orders) -> Tensor:
    """Flat parameters (…, param) with hidden units put in another order; the same function."""
    parts = theta.split([int(np.prod(shape)) for shape in symmetry.shapes], dim=-1)
    moved = []
    for part, shape, axes in zip(parts, symmetry.shapes, symmetry.axes, strict=True):
        tensor = part.unflatten(-1, shape)
        for number, axis in axes.items():
            tensor = tensor.index_select(number - len(shape), _places(orders[axis.group], axis.block).to(theta.device))
        moved.append(tensor.flatten(-len(shape)))
    return torch.cat(moved, dim=-1)


def match(
    symmetry: Symmetry, fixed: Tensor, moving: Tensor, *, restarts: int = 10, seed: int = 0
) -> tuple[Tensor, Orders]:
    """Permute `moving` (param,) to lie near `fixed` (param,): weight matching (Ainsworth 2023), exact for each group.

    Each step solves one group's assignment with the others held; this is local search, so it is begun from the order as
    it is and from random orders, and the nearest result is taken.

    Args:
        symmetry: what may be permuted.
        fixed, moving: flat parameters of two networks of that shape.
        restarts: random beginnings besides the given order.
        seed: of those.

    Returns:
        (moved, orders): `permuted(symmetry, moving, orders)` and the orders.
    """
    if not (fixed.isfinite().all() and moving.isfinite().all()):
        raise Refusal("parameters that are not finite cannot be matched; leave diverged networks out")
    random = np.random.default_rng(seed)
    starts = [[np.arange(size) for size in symmetry.sizes]]
    starts += [[random.permutation(size) for size in symmetry.sizes] for _ in range(restarts)]
    found = [_descend(symmetry, fixed, moving, start, random) for start in starts]
    moved = [permuted(symmetry, moving, orders) for orders in found]
    best = int(torch.stack([(fixed - one).double().norm() for one in moved]).argmin())
    return moved[best], found[best]


def _descend(symmetry: Symmetry, fixed: Tensor, moving: Tensor, orders: Orders, random: np.random.Generator) -> Orders:
    """Improve one group after the other, in random order, until none improves."""
    while True:
        improved = False
        for group in random.permutation(len(symmetry.sizes)):
            likeness = _likeness(symmetry, fixed, permuted(symmetry, moving, orders), int(group))
            _, chosen = linear_sum_assignment(likeness, maximize=True)
            before, after = np.trace(likeness), likeness[np.arange(len(chosen)), chosen].sum()
            if after > before + 1e-9 * abs(before):
                orders = [order[chosen] if n == group else order for n, order in enumerate(orders)]
                improved = True
        if not improved:
            return orders


def _likeness(symmetry: Symmetry, fixed: Tensor, moving: Tensor, group: int) -> np.ndarray:
    """Inner products (unit of fixed, unit of moving) of all weights that touch a group's units."""
    size = symmetry.sizes[group]
    total = np.zeros((size, size))
    counts = [int(np.prod(shape)) for shape in symmetry.shapes]
    tensors = zip(fixed.split(counts), moving.split(counts), symmetry.shapes, symmetry.axes, strict=True)
    for a, b, shape, axes in tensors:
        for number, axis in axes.items():
            if axis.group == group:
                rows = [one.view(shape).movedim(number, 0).reshape(size, -1).double().cpu().numpy() for one in (a, b)]
                total += rows[0] @ rows[1].T
    return total


def _places(order: np.ndarray, block: int) -> Tensor:
    return torch.from_numpy((order[:, None] * block + np.arange(block)).ravel())
