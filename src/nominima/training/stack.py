"""A stack: the parameters of all lanes in one buffer, so that one operation moves every model of a run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

Parameters = dict[str, Tensor]
"""name → (lane, *shape)"""

ROUND = 16  # numbers: as many as the widest vector register holds


class Leaf(NamedTuple):
    """One parameter tensor of a single model. `gain` is √2 before a ReLU (He 2015) and 1 elsewhere."""

    name: str
    shape: tuple[int, ...]
    fan_in: int
    role: str  # hidden, output or bias
    gain: float = 1.0

    @property
    def numel(self) -> int:
        """Numbers in it."""
        return math.prod(self.shape)


Layout = tuple[Leaf, ...]


@dataclass(frozen=True)
class Stack:
    """Tensors of one layout for all lanes.

    flat: leaf after leaf and lane after lane within a leaf: each leaf is one contiguous block, which batched
    products write 1.5 times as fast as slices of (lane, param), and element-wise steps take `flat` at once.
    Blocks end in zeros up to a multiple of `ROUND`: kernels that move the numbers left over at the end of a
    buffer by other instructions find none, so that a lane's bits do not depend on where it lies.
    """

    layout: Layout
    lanes: int
    flat: Tensor

    @staticmethod
    def of(layout: Layout, rows: Tensor) -> "Stack":
        """The stack of the lanes' flat parameters (lane, param)."""
        stack = Stack(layout, len(rows), rows.new_zeros(sum(_sizes(layout, len(rows)))))
        parts = rows.split([leaf.numel for leaf in layout], dim=1)
        for leaf, part in zip(layout, parts, strict=True):
            stack.leaves[leaf.name].copy_(part.unflatten(1, leaf.shape))
        return stack

    @cached_property
    def blocks(self) -> dict[str, Tensor]:
        """Views by name, one-dimensional, with the zeros at the end."""
        blocks = self.flat.split(_sizes(self.layout, self.lanes))
        return {leaf.name: block for leaf, block in zip(self.layout, blocks, strict=True)}

    @cached_property
    def leaves(self) -> Parameters:
        """Views by name, (lane, *shape), contiguous."""
        return {
            leaf.name: self.blocks[leaf.name][: self.lanes * leaf.numel].view(self.lanes, *leaf.shape)
            for leaf in self.layout
        }

    def rows(self) -> Tensor:
        """A copy as (lane, param), leaves in the order of the layout."""
        return torch.cat([leaf.flatten(1) for leaf in self.leaves.values()], dim=1)

    def zeros(self, layout: Layout | None = None) -> "Stack":
        """Zeros for the same lanes, of this layout or another."""
        layout = self.layout if layout is None else layout
        return Stack(layout, self.lanes, self.flat.new_zeros(sum(_sizes(layout, self.lanes))))

    def beside(self, numbers: Sequence[float]) -> list[tuple[Tensor, Tensor]]:
        """Its tensors, each with the numbers of the lanes: `flat` with one where all are equal, else leaf by leaf.

        Exactly rounded operations on them have the same bits whether the numbers differ or not.
        """
        if len(set(numbers)) == 1:
            return [(self.flat, self.flat.new_tensor(numbers[0]))]
        each = self.flat.new_tensor(numbers)
        return [(leaf, each.view(-1, *(1,) * (leaf.dim() - 1))) for leaf in self.leaves.values()]

    def scale(self, factors: Sequence[float]) -> None:
        """Multiply each lane by its factor, in place."""
        for part, factor in self.beside(factors):
            part.mul_(factor)

    def take(self, lanes: Tensor) -> "Stack":
        """A stack of some of the lanes, int64 (lane,)."""
        return Stack.of(self.layout, self.rows()[lanes])


def _sizes(layout: Layout, lanes: int) -> list[int]:
    """Of the blocks."""
    return [-(-lanes * leaf.numel // ROUND) * ROUND for leaf in layout]
