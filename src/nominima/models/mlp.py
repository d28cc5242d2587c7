"""A multilayer perceptron: `depth` hidden layers of `size` units, inputs flattened, start of He 2015."""

import math
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from nominima.ground.records import Natural
from nominima.training.dropout import Drop, all_kept
from nominima.training.model import Gradient, Layout, Leaf, Model, Parameters, Stack

ACTIVATION = {"relu": torch.relu_, "tanh": torch.tanh_}


def build(
    size: int,
    inputs: tuple[int, ...],
    outputs: int,
    *,
    depth: Natural = 2,
    activation: Literal["relu", "tanh"] = "relu",
) -> Model:
    """An MLP from `inputs` to `outputs` logits; of depth 0 softmax regression, whatever `size` says.

    Weights are (out, in) and activations (lane, unit, example): with the examples innermost, narrow layers
    still fill vector registers (4 units: 4 times as fast as examples outermost; 512 units: level).
    """
    layout = _layout(math.prod(inputs), [size] * depth, outputs, math.sqrt(2) if activation == "relu" else 1.0)

    def dropped(parameters: Parameters, x: Tensor, drop: Drop) -> Tensor:
        x = x.flatten(x.dim() - len(inputs))
        lanes = len(parameters["weight1"])
        h = (x.expand(lanes, *x.shape) if x.dim() == 2 else x).mT
        for layer in range(1, depth + 2):
            h = torch.baddbmm(parameters[f"bias{layer}"].unsqueeze(-1), parameters[f"weight{layer}"], h)
            if layer <= depth:
                h = drop(ACTIVATION[activation](h))
        return h.mT

    def forward(parameters: Parameters, x: Tensor) -> Tensor:
        return dropped(parameters, x, all_kept)

    def backward(parameters: Stack, gradient: Stack) -> Gradient:
        return _backward(parameters, gradient, depth, activation)

    widest = max(size, outputs) if depth else outputs
    return Model(layout, forward, backward, perceptron=activation, widest=widest, dropped=dropped)


def _layout(inputs: int, hidden: list[int], outputs: int, gain: float) -> Layout:
    leaves: list[Leaf] = []
    for layer, (fan_in, width) in enumerate(pairwise([inputs, *hidden, outputs]), start=1):
        last = layer == len(hidden) + 1
        role, scale = ("output", 1.0) if last else ("hidden", gain)
        leaves.append(Leaf(f"weight{layer}", (width, fan_in), fan_in, role, scale))
        leaves.append(Leaf(f"bias{layer}", (width,), fan_in, "bias"))
    return tuple(leaves)


def _backward(parameters: Stack, gradient: Stack, depth: int, activation: Literal["relu", "tanh"]) -> Gradient:
    """Forward and backward pass in buffers that are made once and reused every step."""
    layers = range(1, depth + 2)
    weights = [parameters.leaves[f"weight{layer}"] for layer in layers]
    biases = [parameters.leaves[f"bias{layer}"].unsqueeze(-1) for layer in layers]
    weight_gradients = [gradient.leaves[f"weight{layer}"] for layer in layers]
    bias_gradients = [gradient.leaves[f"bias{layer}"] for layer in layers]
    turned = [weight.mT for weight in weights]
    units: list[Tensor] = []
    turned_units: list[Tensor] = []
    deltas: list[Tensor] = []

    def allocate(batch: int) -> None:
        units[:], deltas[:] = ([bias.new_empty(*bias.shape[:2], batch) for bias in biases] for _ in range(2))
        turned_units[:] = [unit.mT for unit in units]

    def fill(x: Tensor, targets: Tensor) -> None:
        batch = x.shape[1]
        if not units or units[0].shape[-1] != batch:
            allocate(batch)
        x = x.flatten(2)
        below, turned_below = [x.mT, *units[:-1]], [x, *turned_units[:-1]]
        for weight, bias, h, above in zip(weights, biases, below, units, strict=True):
            torch.baddbmm(bias, weight, h, out=above)
            if above is not units[-1]:
                ACTIVATION[activation](above)
        torch.softmax(units[-1], 1, out=deltas[-1])
        deltas[-1].sub_(targets.mT).mul_(1 / batch)
        for layer in reversed(range(depth + 1)):
            torch.bmm(deltas[layer], turned_below[layer], out=weight_gradients[layer])
            torch.sum(deltas[layer], -1, out=bias_gradients[layer])
            if layer:
                torch.bmm(turned[layer], deltas[layer], out=deltas[layer - 1])
                _through(activation, deltas[layer - 1], below[layer])

    return fill


def _through(activation: Literal["relu", "tanh"], delta: Tensor, h: Tensor) -> None:
    """Turn the gradient at an activation's output h into that at its input, in place."""
    if activation == "relu":
        torch.ops.aten.threshold_backward.grad_input(delta, h, 0, grad_input=delta)
    else:
        torch.ops.aten.tanh_backward.grad_input(delta, h, grad_input=delta)
