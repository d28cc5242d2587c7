"""A small transformer encoder on patches, `size` features wide: normalised before each block, as in Xiong
2020.

Tokens are patches of the input with fixed sinusoidal positions (Vaswani 2017); blocks are attention with heads of
8 features and a ReLU layer of 4·size; the answer is read off the mean token. Dropout, where it is asked for, is on
what each block adds, as in Vaswani 2017. No batch normalisation.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import pad

from nominima.ground.records import Count
from nominima.training.dropout import Drop, all_kept
from nominima.training.model import Layout, Leaf, Model, Parameters

HEAD = 8
EPSILON = 1e-5


def build(size: int, inputs: tuple[int, ...], outputs: int, *, depth: Count = 2, patch: Count = 4) -> Model:
    """An encoder of `depth` blocks for inputs (length,) or (height, width), cut into patches of `patch` a
    side.

    Sides that are no multiple of `patch` are padded with zeros. A size that is no multiple of 8 has one head.
    Activations are (lane, feature, example·token), so that each layer is one product per lane.
    """
    heads = size // HEAD if size % HEAD == 0 else 1
    tokens = math.prod(math.ceil(side / patch) for side in inputs)
    positions = _positions(size, tokens)

    def dropped(parameters: Parameters, x: Tensor, drop: Drop) -> Tensor:
        lanes, batch = len(parameters["embed.weight"]), x.shape[-1 - len(inputs)]
        patches = _patches(x if x.dim() == len(inputs) + 2 else x.unsqueeze(0), patch, len(inputs))
        h = _linear(parameters, "embed", patches.expand(lanes, -1, -1))
        h = (h.unflatten(-1, (batch, tokens)) + positions.to(h).unsqueeze(1)).flatten(-2)
        for block in range(1, depth + 1):
            near = _normal(parameters, f"norm{block}a", h)
            h = h + drop(_attention(parameters, block, near, (heads, size // heads), (batch, tokens)))
            up = torch.relu(_linear(parameters, f"up{block}", _normal(parameters, f"norm{block}b", h)))
            h = h + drop(_linear(parameters, f"down{block}", up))
        mean = _normal(parameters, "norm", h).unflatten(-1, (batch, tokens)).mean(-1)
        return _linear(parameters, "head", mean).mT

    def forward(parameters: Parameters, x: Tensor) -> Tensor:
        return dropped(parameters, x, all_kept)

    layout = _layout(size, patch ** len(inputs), outputs, depth)
    return Model(layout, forward, widest=tokens * max(4 * size, heads * tokens), dropped=dropped)


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
    """x (lane, batch, *input) as (lane, value, batch·token)."""
    sides = x.shape[2:]
    x = pad(x, [edge for side in reversed(sides) for edge in (0, -side % patch)])
    for dim in range(dims):
        x = x.unfold(2 + dim, patch, patch)  # (lane, batch, *token, *value)
    x = x.flatten(2 + dims).flatten(2, 1 + dims)
    return x.movedim(3, 1).flatten(2)


def _linear(parameters: Parameters, name: str, h: Tensor) -> Tensor:
    return torch.baddbmm(parameters[f"{name}.bias"].unsqueeze(-1), parameters[f"{name}.weight"], h)


def _normal(parameters: Parameters, name: str, h: Tensor) -> Tensor:
    """Layer normalisation over features (Ba 2016). By hand: torch's kernel wants them innermost, at 5 times
    the cost."""
    h = h - h.mean(1, keepdim=True)
    h = h * (h.square().mean(1, keepdim=True) + EPSILON).rsqrt()
    return torch.addcmul(h + parameters[f"{name}.shift"].unsqueeze(-1), h, parameters[f"{name}.scale"].unsqueeze(-1))


def _attention(parameters: Parameters, block: int, h: Tensor, heads: tuple[int, int], grid: tuple[int, int]) -> Tensor:
    """Softmax attention of all tokens of an example to each other; heads: (count, features); grid: (batch,
    token)."""
    split = _linear(parameters, f"qkv{block}", h).unflatten(1, (3, *heads)).unflatten(-1, grid)
    q, k, v = split.permute(1, 0, 2, 4, 3, 5).flatten(1, 3)  # (lane·head·batch, feature, token) each
    weights = (torch.bmm(q.mT, k) / math.sqrt(heads[1])).softmax(-1)
    mixed = torch.bmm(v, weights.mT).unflatten(0, (len(h), heads[0], grid[0]))
    return _linear(parameters, f"mix{block}", mixed.transpose(2, 3).flatten(3).flatten(1, 2))
