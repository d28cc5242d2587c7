"""A small transformer encoder on patches, `size` features wide: normalised before each block, as in Xiong
2020.

Tokens are patches of the input with fixed sinusoidal positions (Vaswani 2017); blocks are attention with heads of
8 features and a ReLU layer of 4·size; the answer is read off the mean token. Dropout, where it is asked for, is on
what each block adds, as in Vaswani 2017. No batch normalisation.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from nominima.ground.records import Count
from nominima.training.dropout import Drop, all_kept
from nominima.training.layers import EPSILON, Linear, Normal
from nominima.training.model import Gradient, Layout, Leaf, Model, Parameters, Stack

HEAD = 8


def build(size: int, inputs: tuple[int, ...], outputs: int, *, depth: Count = 2, patch: Count = 4) -> Model:
    """An encoder of `depth` blocks for inputs (length,) or (height, width), cut into patches of `patch` a
    side.

    Sides that are no multiple of `patch` are padded with zeros. A size that is no multiple of 8 has one head.
    Activations are (lane, feature, token·example): each layer is one product per lane, and attention, whose
    matrices are tiny, is element by element over examples, with softmax 20 times as fast as over innermost tokens.
    """
    heads = size // HEAD if size % HEAD == 0 else 1
    tokens = math.prod(math.ceil(side / patch) for side in inputs)
    positions = _positions(size, tokens)

    def dropped(parameters: Parameters, x: Tensor, drop: Drop) -> Tensor:
        lanes, batch = len(parameters["embed.weight"]), x.shape[-1 - len(inputs)]
        patches = _patches(x if x.dim() == len(inputs) + 2 else x.unsqueeze(0), patch, len(inputs))
        h = _linear(parameters, "embed", patches.flatten(2).expand(lanes, -1, -1)).unflatten(-1, (tokens, batch))
        h = (h + positions.to(h).unsqueeze(-1)).flatten(-2)
        for block in range(1, depth + 1):
            near = _normal(parameters, f"norm{block}a", h)
            h = h + drop(_attention(parameters, block, near, heads, (tokens, batch)))
            up = torch.relu(_linear(parameters, f"up{block}", _normal(parameters, f"norm{block}b", h)))
            h = h + drop(_linear(parameters, f"down{block}", up))
        mean = _normal(parameters, "norm", h).unflatten(-1, (tokens, batch)).mean(-2)
        return _linear(parameters, "head", mean).mT

    def forward(parameters: Parameters, x: Tensor) -> Tensor:
        return dropped(parameters, x, all_kept)

    def backward(parameters: Stack, gradient: Stack) -> Gradient:
        passes: dict[int, _Pass] = {}

        def fill(x: Tensor, targets: Tensor) -> None:
            batch = x.shape[1]
            if batch not in passes:
                passes.clear()
                passes[batch] = _Pass(parameters, gradient, positions.to(x), heads, batch)
            passes[batch].fill(_patches(x, patch, len(inputs)), targets)

        return fill

    layout = _layout(size, patch ** len(inputs), outputs, depth)
    widest = tokens * max(4 * size, heads * tokens)
    return Model(layout, forward, backward, widest=widest, dropped=dropped)


def _layout(size: int, values: int, outputs: int, depth: int) -> Layout:
    """`scale` leaves tell how far a normalisation's gain is from 1, so that zeros are where training
    starts."""

    def linear(name: str, out: int, fan_in: int, gain: float = 1.0, role: str = "hidden") -> Layout:
        weight = Leaf(f"{name}.weight", (out, fan_in), fan_in, role, gain)
        return weight, Leaf(f"{name}.bias", (out,), fan_in, "bias")

    def normal(name: str) -> Layout:
        return Leaf(f"{name}.scale", (size,), size, "bias"), Leaf(f"{name}.shift", (size,), size, "bias")

    leaves = [*linear("embed", size, values)]
    for block in range(1, depth + 1):
        leaves += [*normal(f"norm{block}a"), *linear(f"qkv{block}", 3 * size, size)]
        leaves += [*linear(f"mix{block}", size, size), *normal(f"norm{block}b")]
        leaves += [*linear(f"up{block}", 4 * size, size, math.sqrt(2)), *linear(f"down{block}", size, 4 * size)]
    return (*leaves, *normal("norm"), *linear("head", outputs, size, role="output"))


def _positions(size: int, tokens: int) -> Tensor:
    """float32 (size, token): sin and cos of t / 10000^(i/size) in turn."""
    feature = torch.arange(size).unsqueeze(1)
    angle = torch.arange(tokens) / 10000 ** ((feature - feature % 2) / size)
    return torch.sin(angle + feature % 2 * (math.pi / 2))


def _patches(x: Tensor, patch: int, dims: int) -> Tensor:
    """x (lane, batch, *input) as a view or copy (lane, value, token, batch)."""
    sides = x.shape[2:]
    x = pad(x, [edge for side in reversed(sides) for edge in (0, -side % patch)])
    for dim in range(dims):
        x = x.unfold(2 + dim, patch, patch)  # (lane, batch, *token, *value)
    return x.flatten(2 + dims).flatten(2, 1 + dims).permute(0, 3, 2, 1)


def _linear(parameters: Parameters, name: str, h: Tensor) -> Tensor:
    return torch.baddbmm(parameters[f"{name}.bias"].unsqueeze(-1), parameters[f"{name}.weight"], h)


def _normal(parameters: Parameters, name: str, h: Tensor) -> Tensor:
    """Layer normalisation over features (Ba 2016). By hand: torch's kernel wants them innermost, at 5 times
    the cost."""
    h = h - h.mean(1, keepdim=True)
    h = h * (h.square().mean(1, keepdim=True) + EPSILON).rsqrt()
    return torch.addcmul(h + parameters[f"{name}.shift"].unsqueeze(-1), h, parameters[f"{name}.scale"].unsqueeze(-1))


def _attention(parameters: Parameters, block: int, h: Tensor, heads: int, grid: tuple[int, int]) -> Tensor:
    """Softmax attention of all tokens of an example to each other; grid: (token, batch)."""
    q, k, v = _heads(_linear(parameters, f"qkv{block}", h), heads, grid)
    weights = (_summed(q.unsqueeze(3), k.unsqueeze(4), 2) / math.sqrt(q.shape[2])).softmax(2)
    return _linear(parameters, f"mix{block}", _summed(v.unsqueeze(4), weights.unsqueeze(2), 3).flatten(3).flatten(1, 2))


def _heads(qkv: Tensor, heads: int, grid: tuple[int, int]) -> Sequence[Tensor]:
    """Queries, keys and values, views (lane, head, feature, token, batch)."""
    return qkv.unflatten(1, (3, heads, -1)).unflatten(-1, grid).unbind(1)


def _summed(a: Tensor, b: Tensor, dim: int, out: Tensor | None = None) -> Tensor:
    """Σ a·b over a dimension; of the others, those of size 1 are broadcast."""
    (one, other), *pairs = zip(a.unbind(dim), b.unbind(dim), strict=True)
    total = torch.mul(one, other) if out is None else torch.mul(one, other, out=out)
    for one, other in pairs:
        total = torch.addcmul(total, one, other) if out is None else total.addcmul_(one, other)
    return total


class _Deltas(NamedTuple):
    """Gradients on the way back, (lane, row, column): of a block's width, its queries, keys and values, its ReLUs."""

    h: Tensor
    qkv: Tensor
    up: Tensor
    grid: tuple[int, int]


class _Block:
    """Attention and a layer of ReLUs; on the way back all blocks share the buffers of the gradients."""

    def __init__(self, parameters: Stack, gradient: Stack, number: int, heads: int, deltas: _Deltas) -> None:
        like, self._deltas = deltas.h, deltas
        self._norms = [Normal(parameters, gradient, f"norm{number}{part}", like) for part in "ab"]
        names = (f"{part}{number}" for part in ("qkv", "mix", "up", "down"))
        self._layers = [Linear(parameters, gradient, name, like.shape[2]) for name in names]
        grid = deltas.grid
        self._parts, self._part_deltas = (_heads(each, heads, grid) for each in (self._layers[0].out, deltas.qkv))
        self._mixed = torch.empty_like(like)
        self._weights = like.new_empty(len(like), heads, grid[0], *grid)
        self._scores, self._room = torch.empty_like(self._weights), torch.empty_like(self._weights)

    def forward(self, h: Tensor) -> Tensor:
        """h: (lane, feature, column)."""
        qkv, mix, up, down = self._layers
        qkv.forward(self._norms[0].forward(h))
        q, k, v = self._parts
        _summed(q.unsqueeze(3), k.unsqueeze(4), 2, self._scores).mul_(1 / math.sqrt(q.shape[2]))
        torch.softmax(self._scores, 2, out=self._weights)
        _summed(v.unsqueeze(4), self._weights.unsqueeze(2), 3, self._mixed.view(v.shape))
        h = mix.forward(self._mixed).add_(h)
        return down.forward(up.forward(self._norms[1].forward(h)).relu_()).add_(h)

    def backward(self, delta: Tensor) -> None:
        """From the gradient at its output to that at its input, in place."""
        (qkv, mix, up, down), at = self._layers, self._deltas
        down.backward(delta, at.up)
        torch.ops.aten.threshold_backward.grad_input(at.up, up.out, 0, grad_input=at.up)
        up.backward(at.up, at.h)
        self._norms[1].backward(at.h, delta)
        mix.backward(delta, at.h)
        self._attend_back(at.h.view(self._parts[0].shape))
        qkv.backward(at.qkv, at.h)
        self._norms[0].backward(at.h, delta)

    def _attend_back(self, mixed: Tensor) -> None:
        """From the gradient of what is mixed to those of queries, keys and values."""
        (q, k, v), (dq, dk, dv), weights, scores = self._parts, self._part_deltas, self._weights, self._scores
        _summed(mixed.unsqueeze(3), weights.unsqueeze(2), 4, dv)
        _summed(mixed.unsqueeze(3), v.unsqueeze(4), 2, scores)
        scores.sub_(torch.mul(scores, weights, out=self._room).sum(2, keepdim=True)).mul_(weights)
        scores.mul_(1 / math.sqrt(q.shape[2]))
        _summed(k.unsqueeze(4), scores.unsqueeze(2), 3, dq)
        _summed(q.unsqueeze(3), scores.unsqueeze(2), 4, dk)


class _Pass:
    """Forward and backward pass in buffers that are made once for a batch size and reused every step."""

    def __init__(self, parameters: Stack, gradient: Stack, positions: Tensor, heads: int, batch: int) -> None:
        """positions: (feature, token)."""
        weight = parameters.leaves["embed.weight"]
        (lanes, size, values), grid = weight.shape, (positions.shape[1], batch)
        self._positions, self._grid, columns = positions.unsqueeze(-1), grid, math.prod(grid)
        h, qkv, up = (weight.new_empty(lanes, rows * size, columns) for rows in (1, 3, 4))
        self._deltas = _Deltas(h, qkv, up, grid=grid)
        self._x, self._delta = weight.new_empty(lanes, values, *grid), torch.empty_like(self._deltas.h)
        self._embed = Linear(parameters, gradient, "embed", columns)
        depth = sum(leaf.name.startswith("up") for leaf in parameters.layout) // 2
        self._blocks = [_Block(parameters, gradient, 1 + at, heads, self._deltas) for at in range(depth)]
        self._normal = Normal(parameters, gradient, "norm", self._delta)
        self._head = Linear(parameters, gradient, "head", batch)
        self._mean = weight.new_empty(lanes, size, batch)

    def fill(self, x: Tensor, targets: Tensor) -> None:
        """x: (lane, value, token, batch); targets: (lane, batch, class)."""
        tokens, batch = self._grid
        self._x.copy_(x)
        h = self._embed.forward(self._x.flatten(2))
        h.unflatten(-1, self._grid).add_(self._positions)
        for block in self._blocks:
            h = block.forward(h)
        torch.mean(self._normal.forward(h).unflatten(-1, self._grid), 2, out=self._mean)
        delta = torch.softmax(self._head.forward(self._mean), 1).sub_(targets.mT).mul_(1 / batch)
        self._head.backward(delta, self._mean)
        self._deltas.h.unflatten(-1, self._grid).copy_(self._mean.mul_(1 / tokens).unsqueeze(2))
        self._normal.backward(self._deltas.h, self._delta.zero_())
        for block in reversed(self._blocks):
            block.backward(self._delta)
        self._embed.backward(self._delta)
