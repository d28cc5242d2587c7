"""A convolutional network for signals or images: three layers of `size` channels, stride 2, then a linear head.

For signals this is the network of MNIST-1D's authors (Greydanus & Kobak 2024; 25 channels there), padded by half a
kernel. No batch normalisation: a lane's answer to an example never depends on other examples.
"""

import math
from itertools import pairwise, product

import torch
from torch import Tensor
from torch.nn.functional import pad

from nominima.training.dropout import Drop, all_kept
from nominima.training.model import Gradient, Layout, Leaf, Model, Parameters, Stack

KERNELS = (5, 3, 3)
STRIDE = 2
LAYERS = range(1, len(KERNELS) + 1)


def build(size: int, inputs: tuple[int, ...], outputs: int) -> Model:
    """A CNN for inputs (length,), (height, width) or (channel, height, width).

    Activations are (lane, channel, *place, example): windows become columns by one copy, and every layer is one
    product per lane over all places and examples. The hand-written pass is 2 to 4 times as fast as autograd.
    """
    channels, space = (inputs[0], inputs[1:]) if len(inputs) == 3 else (1, inputs)
    spaces = _spaces(space)

    def shaped(x: Tensor) -> Tensor:
        """x (…, batch, *input) as (lane or 1, channel, *place, batch)."""
        x = x if x.dim() == len(inputs) + 2 else x.unsqueeze(0)
        return x.reshape(*x.shape[:2], channels, *space).movedim(1, -1)

    def dropped(parameters: Parameters, x: Tensor, drop: Drop) -> Tensor:
        lanes, h = len(parameters["weight1"]), shaped(x)
        for layer, kernel, out in zip(LAYERS, KERNELS, spaces[1:], strict=True):
            edges = (0, 0) + (kernel // 2, kernel // 2) * len(space)
            columns = _columns(_windows(pad(h, edges), kernel, len(space)), len(space)).expand(lanes, -1, -1)
            bias, weight = parameters[f"bias{layer}"].unsqueeze(-1), parameters[f"weight{layer}"].flatten(2)
            h = drop(torch.baddbmm(bias, weight, columns).relu_()).unflatten(2, (*out, -1))
        return torch.baddbmm(parameters["bias4"].unsqueeze(-1), parameters["weight4"], h.flatten(1, -2)).mT

    def forward(parameters: Parameters, x: Tensor) -> Tensor:
        return dropped(parameters, x, all_kept)

    def backward(parameters: Stack, gradient: Stack) -> Gradient:
        passes: dict[int, _Pass] = {}

        def fill(x: Tensor, targets: Tensor) -> None:
            batch = x.shape[1]
            if batch not in passes:
                passes.clear()
                passes[batch] = _Pass(parameters, gradient, spaces, batch)
            passes[batch].fill(shaped(x), targets)

        return fill

    belows = (channels, size, size)
    columns = [
        below * kernel ** len(space) * math.prod(out)
        for below, kernel, out in zip(belows, KERNELS, spaces[1:], strict=True)
    ]
    layout = _layout(size, channels, spaces, outputs)
    return Model(layout, forward, backward, widest=max(columns), dropped=dropped)


def _spaces(space: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The extent of the input and of each layer's output."""
    spaces = [space]
    for kernel in KERNELS:
        spaces.append(tuple((side + 2 * (kernel // 2) - kernel) // STRIDE + 1 for side in spaces[-1]))
    return spaces


def _layout(size: int, channels: int, spaces: list[tuple[int, ...]], outputs: int) -> Layout:
    leaves: list[Leaf] = []
    for layer, kernel, below in zip(LAYERS, KERNELS, (channels, size, size), strict=True):
        shape = (size, below, *(kernel,) * len(spaces[0]))
        fan_in = math.prod(shape[1:])
        leaves.append(Leaf(f"weight{layer}", shape, fan_in, "hidden", math.sqrt(2)))
        leaves.append(Leaf(f"bias{layer}", (size,), fan_in, "bias"))
    features = size * math.prod(spaces[-1])
    head = (Leaf("weight4", (outputs, features), features, "output"), Leaf("bias4", (outputs,), features, "bias"))
    return (*leaves, *head)


def _windows(padded: Tensor, kernel: int, dims: int) -> Tensor:
    """A view (lane, channel, *tap, *place, example) of padded activations (lane, channel, *place, example)."""
    view = padded
    for dim in range(2, 2 + dims):
        view = view.unfold(dim, kernel, STRIDE)
    taps = range(3 + dims, 3 + 2 * dims)
    return view.permute(0, 1, *taps, *range(2, 3 + dims))


def _columns(windows: Tensor, dims: int) -> Tensor:
    """Windows as matrices (lane, channel·tap, place·example)."""
    return windows.flatten(2 + dims).flatten(1, 1 + dims)


class _Convolution:
    """A layer with the buffers of one batch size: padded input, columns, output and the gradients at them."""

    def __init__(
        self, parameters: Stack, gradient: Stack, layer: int, space: tuple[int, ...], out: tuple[int, ...], batch: int
    ) -> None:
        """space and out: the extent of its input and its output."""
        weight, edge, dims = parameters.leaves[f"weight{layer}"], KERNELS[layer - 1] // 2, len(space)
        self.weight, self.bias = weight.flatten(2), parameters.leaves[f"bias{layer}"].unsqueeze(-1)
        self.weight_gradient = gradient.leaves[f"weight{layer}"].view_as(self.weight)
        self.bias_gradient = gradient.leaves[f"bias{layer}"]
        lanes, channels, below = weight.shape[:3]
        inner = (slice(None), slice(None), *(slice(edge, edge + side) for side in space))
        self._padded = weight.new_zeros(lanes, below, *(side + 2 * edge for side in space), batch)
        self._padded_gradient = torch.zeros_like(self._padded)
        self.input, self.input_gradient = self._padded[inner], self._padded_gradient[inner]
        self._windows = _windows(self._padded, KERNELS[layer - 1], dims)
        columns = torch.empty(self._windows.shape, dtype=weight.dtype, device=weight.device)
        self._unrolled, self._columns = columns, _columns(columns, dims)
        self._taps = self._matching_taps(columns, KERNELS[layer - 1], dims)
        self.output = weight.new_empty(lanes, channels, *out, batch)
        self._flat, self.delta = self.output.flatten(2), torch.empty_like(self.output).flatten(2)

    def _matching_taps(self, columns: Tensor, kernel: int, dims: int) -> list[tuple[Tensor, Tensor]]:
        """For each tap of the kernel, its inputs' gradients and its columns' rows, as views of one shape."""
        windows = _windows(self._padded_gradient, kernel, dims)
        taps = product(range(kernel), repeat=dims)
        return [(windows[:, :, *tap], columns[:, :, *tap]) for tap in taps]

    def forward(self) -> None:
        """From `input` to `output`, before the ReLU."""
        self._unrolled.copy_(self._windows)
        torch.baddbmm(self.bias, self.weight, self._columns, out=self._flat)

    def backward(self, through: bool) -> None:
        """From `delta` to the gradients of weight and bias and, if `through`, of `input`; spoils the columns."""
        torch.bmm(self.delta, self._columns.mT, out=self.weight_gradient)
        torch.sum(self.delta, -1, out=self.bias_gradient)
        if through:
            torch.bmm(self.weight.mT, self.delta, out=self._columns)
            self._padded_gradient.zero_()
            for inputs, rows in self._taps:
                inputs.add_(rows)


class _Pass:
    """Forward and backward pass in buffers that are made once for a batch size and reused every step."""

    def __init__(self, parameters: Stack, gradient: Stack, spaces: list[tuple[int, ...]], batch: int) -> None:
        self._layers = [
            _Convolution(parameters, gradient, layer, *extents, batch)
            for layer, extents in zip(LAYERS, pairwise(spaces), strict=True)
        ]
        self._weight, self._bias = parameters.leaves["weight4"], parameters.leaves["bias4"].unsqueeze(-1)
        self._weight_gradient, self._bias_gradient = gradient.leaves["weight4"], gradient.leaves["bias4"]
        self._logits = self._weight.new_empty(*self._weight.shape[:2], batch)

    def fill(self, x: Tensor, targets: Tensor) -> None:
        """x: (lane, channel, *place, batch); targets: (lane, batch, class)."""
        layers = self._layers
        layers[0].input.copy_(x)
        for layer, above in pairwise(layers):
            layer.forward()
            torch.clamp_min(layer.output, 0, out=above.input)
        layers[-1].forward()
        features = layers[-1].output.relu_().flatten(1, -2)
        torch.baddbmm(self._bias, self._weight, features, out=self._logits)
        delta = torch.softmax(self._logits, 1).sub_(targets.mT).mul_(1 / targets.shape[1])
        torch.bmm(delta, features.mT, out=self._weight_gradient)
        torch.sum(delta, -1, out=self._bias_gradient)
        torch.bmm(self._weight.mT, delta, out=layers[-1].delta.view_as(features))
        _stop_at_zero(layers[-1].delta.view_as(layers[-1].output), layers[-1])
        for below, layer in reversed(list(pairwise(layers))):
            layer.backward(through=True)
            _stop_at_zero(layer.input_gradient, below)
        layers[0].backward(through=False)


def _stop_at_zero(gradient: Tensor, layer: _Convolution) -> None:
    """From the gradient after a layer's ReLU to its `delta`."""
    out = layer.delta.view_as(layer.output)
    torch.ops.aten.threshold_backward.grad_input(gradient, layer.output, 0, grad_input=out)
