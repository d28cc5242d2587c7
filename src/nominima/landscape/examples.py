"""Examples as a module takes them: one tensor, a tuple of arguments or a dict of keywords, and the targets."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map_only

from nominima.ground.files import Refusal


@dataclass(frozen=True)
class Examples:
    """Inputs and targets that belong together.

    x: what `arguments` turns into those of the module. y: what the loss compares with.
    Every tensor with an axis has one row per example.
    """

    x: Any
    y: Any

    @classmethod
    def of(cls, x: Any, y: Any) -> "Examples":
        """Check that inputs and targets belong together.

        Raises:
            Refusal: x is no tensor, tuple or dict; there is no example; or the numbers of rows differ.
        """
        if not isinstance(x, Tensor | tuple | dict):
            raise Refusal(f"x is a {type(x).__name__}: give a tensor, a tuple of the module's arguments or "
                          f"a dict of its keywords")  # fmt: skip
        inputs, targets = (sorted({len(leaf) for leaf in tree_leaves(one) if _rows(leaf)}) for one in (x, y))
        if len(inputs) != 1 or inputs != targets or inputs[0] == 0:
            told = " or ".join(map(str, inputs)) or "no", " or ".join(map(str, targets)) or "no"
            raise Refusal(f"{told[0]} inputs and {told[1]} targets: give one target for each of at least one input")
        return cls(_own(x), _own(y))

    def __len__(self) -> int:
        """Number of examples."""
        return next(len(leaf) for leaf in tree_leaves(self.y) if _rows(leaf))

    def __getitem__(self, rows: slice) -> "Examples":
        """Some of the examples."""
        return Examples(_cut(self.x, rows), _cut(self.y, rows))

    def split(self, rows: int) -> Iterator["Examples"]:
        """Chunks of at most `rows` examples."""
        for first in range(0, len(self), rows):
            yield self[first : first + rows]

    @property
    def arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Positional and keyword arguments of the module."""
        if isinstance(self.x, dict):
            return (), self.x
        return self.x if isinstance(self.x, tuple) else (self.x,), {}


def _rows(leaf: Any) -> bool:
    return isinstance(leaf, Tensor) and leaf.ndim > 0


def _cut(tree: Any, rows: slice) -> Any:
    def cut(leaf: Tensor) -> Tensor:
        return leaf[rows].detach().requires_grad_(leaf.requires_grad) if leaf.ndim else leaf

    return tree_map_only(Tensor, cut, tree)


def _own(tree: Any) -> Any:
    """Leaves of no other graph; those made under inference_mode copied, since autograd cannot keep them."""

    def own(leaf: Tensor) -> Tensor:
        return (leaf.clone() if leaf.is_inference() else leaf.detach()).requires_grad_(leaf.requires_grad)

    return tree_map_only(Tensor, own, tree)
