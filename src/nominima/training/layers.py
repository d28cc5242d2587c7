"""Layers of hand-written passes: forward and backward in buffers that are made once and reused every step."""

import torch
from torch import Tensor

from nominima.training.stack import Stack

EPSILON = 1e-5  # of normalisations


class Linear:
    """An affine layer with the buffer of its output; leaves `<name>.weight` (out, in) and `<name>.bias`."""

    def __init__(self, parameters: Stack, gradient: Stack, name: str, columns: int) -> None:
        self._weight, self._bias = parameters.leaves[f"{name}.weight"], parameters.leaves[f"{name}.bias"].unsqueeze(-1)
        self._gradients = gradient.leaves[f"{name}.weight"], gradient.leaves[f"{name}.bias"]
        self.out = self._weight.new_empty(*self._weight.shape[:2], columns)
        self._x = self.out

    def forward(self, x: Tensor) -> Tensor:
        """x: (lane, feature, column), kept for the way back."""
        self._x = x
        return torch.baddbmm(self._bias, self._weight, x, out=self.out)

    def backward(self, delta: Tensor, into: Tensor | None = None) -> None:
        """From the gradient at the output to those of the parameters and, where it is asked for, of the input."""
        torch.bmm(delta, self._x.mT, out=self._gradients[0])
        torch.sum(delta, -1, out=self._gradients[1])
        if into is not None:
            torch.bmm(self._weight.mT, delta, out=into)


class Normal:
    """Normalisation over features (Ba 2016); leaves `<name>.scale`, the gain's distance from 1, and `<name>.shift`."""

    def __init__(self, parameters: Stack, gradient: Stack, name: str, like: Tensor) -> None:
        self._scale, self._shift = (parameters.leaves[f"{name}.{part}"].unsqueeze(-1) for part in ("scale", "shift"))
        self._gradients = gradient.leaves[f"{name}.scale"], gradient.leaves[f"{name}.shift"]
        self._normal, self._out = torch.empty_like(like), torch.empty_like(like)
        self._row, self._root = (like.new_empty(len(like), 1, like.shape[2]) for _ in range(2))
        self._gain = torch.empty_like(self._scale)

    def forward(self, h: Tensor) -> Tensor:
        """h: (lane, feature, column)."""
        torch.sub(h, torch.mean(h, 1, keepdim=True, out=self._row), out=self._normal)
        torch.mean(torch.mul(self._normal, self._normal, out=self._out), 1, keepdim=True, out=self._root)
        self._normal.mul_(self._root.add_(EPSILON).rsqrt_())
        return torch.addcmul(self._shift, self._normal, torch.add(self._scale, 1, out=self._gain), out=self._out)

    def backward(self, delta: Tensor, into: Tensor) -> None:
        """Add the gradient of the input to `into`; spoils `delta`, that at the output."""
        torch.sum(torch.mul(delta, self._normal, out=self._out), -1, out=self._gradients[0])
        torch.sum(delta, -1, out=self._gradients[1])
        delta.mul_(self._gain)
        torch.mean(torch.mul(delta, self._normal, out=self._out), 1, keepdim=True, out=self._row)
        delta.addcmul_(self._normal, self._row, value=-1)
        into.addcmul_(delta.sub_(torch.mean(delta, 1, keepdim=True, out=self._row)), self._root)
