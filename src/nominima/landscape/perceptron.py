"""The cross-entropy of a plain perceptron with hand-written gradient and R-operator (Pearlmutter 1994)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Any, Self

import torch
from torch import Tensor, nn

from nominima.landscape.examples import Examples
from nominima.training.model import Model

CHUNK_BYTES = 2**20
"""Widest activation of one chunk of examples: what fits a core's cache beside the weights."""


@dataclass(frozen=True)
class Perceptron:
    """Widths from input to classes and one activation; each layer has a weight (out, in), then a bias (out,)."""

    widths: tuple[int, ...]
    activation: str  # relu or tanh

    @classmethod
    def of_module(cls, module: nn.Module, loss: Callable[..., Any], examples: Examples, theta: Tensor) -> "Self | None":
        """The shape of a Linear–…–Linear `Sequential` under plain mean cross-entropy; None for anything else."""
        if type(module) is not nn.Sequential or len(module) % 2 == 0 or not _plain(loss):
            return None
        layers, between = list(module)[::2], {type(layer) for layer in list(module)[1::2]}
        linear = [layer for layer in layers if type(layer) is nn.Linear and layer.bias is not None]
        if len(linear) != len(layers) or between not in ({nn.ReLU}, {nn.Tanh}, set()) or not _bare(module):
            return None
        activation = "tanh" if between == {nn.Tanh} else "relu"
        shape = cls((linear[0].in_features, *(layer.out_features for layer in linear)), activation)
        return shape if shape._fits(examples, theta) else None

    @classmethod
    def of_model(cls, model: Model) -> "Self | None":
        """The shape of a family that calls itself a perceptron; None for any other."""
        if model.perceptron is None:
            return None
        weights = [leaf.shape for leaf in model.layout if len(leaf.shape) == 2]
        return cls((weights[0][1], *(shape[0] for shape in weights)), model.perceptron)

    def _fits(self, examples: Examples, theta: Tensor) -> bool:
        """Whether x and y are what `perceptrons` takes: rows of numbers and known classes or distributions."""
        x, y, classes = examples.x, examples.y, self.widths[-1]
        if not (isinstance(x, Tensor) and isinstance(y, Tensor) and x.shape[1:] == (self.widths[0],)):
            return False
        if x.dtype != theta.dtype or x.requires_grad or not x.device == y.device == theta.device:
            return False
        if y.dtype == torch.int64:
            return y.ndim == 1 and bool(((y >= 0) & (y < classes)).all())
        return y.dtype == theta.dtype and y.shape[1:] == (classes,) and not y.requires_grad

    def split(self, theta: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Views (…, out, in) and (…, out, 1) of flat parameters (…, param), layer by layer."""
        shapes = [shape for i, o in pairwise(self.widths) for shape in ((o, i), (o, 1))]
        pieces = theta.split([rows * columns for rows, columns in shapes], dim=-1)
        views = [piece.unflatten(-1, shape) for piece, shape in zip(pieces, shapes, strict=True)]
        return list(zip(views[::2], views[1::2], strict=True))

    def join(self, layers: list[tuple[Tensor, Tensor]]) -> Tensor:
        """Inverse of `split`."""
        return torch.cat([part.flatten(-2) for layer in layers for part in layer], dim=-1)


def _plain(loss: Callable[..., Any]) -> bool:
    """Whether this is torch's mean cross-entropy with no option set."""
    if type(loss) is not nn.CrossEntropyLoss:
        return loss is nn.functional.cross_entropy
    default, options = nn.CrossEntropyLoss(), ("weight", "reduction", "label_smoothing", "ignore_index")
    return all(getattr(loss, name) == getattr(default, name) for name in options)


def _bare(module: nn.Sequential) -> bool:
    """Whether each layer has its own weight and bias, and nothing of it was changed."""
    names = [f"{number}.{kind}" for number in range(0, len(module), 2) for kind in ("weight", "bias")]
    return [name for name, _ in module.named_parameters()] == names and not any(map(_hooked, module.modules()))


def _hooked(module: nn.Module) -> bool:
    """Whether something beyond the class acts on a module: a hook, a parametrization, a method of its own."""
    plain = type(module).forward
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return any(getattr(module, name) for name in hooks) or getattr(module.forward, "__func__", None) is not plain


@dataclass(frozen=True)
class _Point:
    """What a pass forward and back at theta leaves for the R-operator; tensors are (lane, unit, example)."""

    weights: list[Tensor]  # (lane, out, in)
    inputs: list[Tensor]  # of each layer, and a row of ones that carries the bias
    slopes: list[Tensor]  # derivative of the activation
    bends: list[Tensor | None]  # second derivative over first, times the error below the activation
    errors: list[Tensor]  # derivative of the loss by each layer's output
    odds: Tensor  # softmax

    @cached_property
    def turned(self) -> tuple[list[Tensor], list[Tensor]]:
        """Inputs and errors, (lane, example, unit) in memory: products that sum over examples are twice as fast."""
        return [a.mT.contiguous() for a in self.inputs], [e.mT.contiguous() for e in self.errors]

    @torch.inference_mode(mode=False)
    def room(self, probes: int) -> list[Tensor]:
        """For changes of each layer's output, then of the errors below: fresh memory costs as much as the work."""
        return [e.new_empty(len(e), probes, *e.shape[1:]) for e in (*self.errors, *self.errors[:-1])]


@dataclass(frozen=True)
class Chunk:
    """Some examples: x (input + 1, example), ones last; targets (class, example); weight = 1 / number of all examples.

    Examples lie innermost, so that layers of a few units still fill vector registers.
    """

    shape: Perceptron
    x: Tensor
    targets: Tensor
    weight: float

    def value(self, theta: Tensor) -> Tensor:
        """Losses (lane,)."""
        return self._loss(self._forward(self.shape.split(theta))[-1])

    def combined(self, points: Tensor, shares: Tensor) -> Tensor:
        """Losses (cell,) at shares (cell, point) @ points (point, param); what enters the first layer is linear too."""
        (weight, bias), upper = self.shape.split(points)[0], Perceptron(self.shape.widths[1:], self.shape.activation)
        entered, rest = self._enter(weight, bias).flatten(1), points[:, weight[0].numel() + bias[0].numel() :]
        found = []
        for some in shares.split(self.together):
            z = (some @ entered).unflatten(1, (weight.shape[1], -1))
            found.append(self._loss(self._onward(z, upper.split(some @ rest))[-1]))
        return torch.cat(found)

    def gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """Losses (lane,) and gradients (lane, param)."""
        loss, at = self._point(theta)
        layers = [torch.bmm(e, a.mT) for a, e in zip(at.inputs, at.errors, strict=True)]
        return loss, self.shape.join([(both[..., :-1], both[..., -1:]) for both in layers])

    def product(self, theta: Tensor) -> Callable[[Tensor], Tensor]:
        """Hessian · probes for probes (lane, probe, param); activations at theta are computed once."""
        at = self._point(theta)[1]
        room = cache(at.room)

        def apply(probes: Tensor) -> Tensor:
            split = probes.split(max(1, self.together // len(theta)), dim=1)
            return torch.cat([self._product(at, some, room(some.shape[1])) for some in split], dim=1)

        return apply

    def held(self, theta: Tensor) -> int:
        """Bytes of what `product` holds."""
        return 8 * len(theta) * self.x.shape[1] * sum(self.shape.widths) * theta.itemsize

    @property
    def together(self) -> int:
        """Lanes at once, so that an activation of all of them fits a few times the cache."""
        return max(1, 4 * CHUNK_BYTES // (self.x.shape[1] * max(self.shape.widths) * self.x.itemsize))

    def _forward(self, layers: list[tuple[Tensor, Tensor]]) -> list[Tensor]:
        """Outputs of each layer, the logits last."""
        return self._onward(self._enter(*layers[0]), layers[1:])

    def _enter(self, weight: Tensor, bias: Tensor) -> Tensor:
        """What comes out of the first layer: one product for all lanes, since they see the same examples."""
        return torch.mm(weight.flatten(0, 1), self.x[:-1]).view(*weight.shape[:2], -1).add_(bias)

    def _onward(self, entered: Tensor, layers: list[tuple[Tensor, Tensor]]) -> list[Tensor]:
        outputs = [entered]
        for weight, bias in layers:
            h = outputs[-1].relu_() if self.shape.activation == "relu" else outputs[-1].tanh_()
            outputs.append(torch.baddbmm(bias, weight, h))
        return outputs

    def _loss(self, logits: Tensor) -> Tensor:
        return -self.weight * (logits.log_softmax(1).flatten(1) @ self.targets.flatten())

    def _point(self, theta: Tensor) -> tuple[Tensor, _Point]:
        layers = self.shape.split(theta)
        *hidden, logits = self._forward(layers)
        odds, smooth = logits.softmax(1), self.shape.activation == "tanh"
        errors, slopes, bends = [self.weight * (odds * self.targets.sum(0) - self.targets)], [], []
        for a, (weight, _) in zip(hidden[::-1], layers[:0:-1], strict=True):
            below = weight.mT @ errors[0]
            slopes.insert(0, 1 - a.square() if smooth else a.sign())  # of what is not negative
            bends.insert(0, -2 * a * below if smooth else None)
            errors.insert(0, below * slopes[0])
        inputs = [self.x.expand(len(theta), -1, -1), *(torch.cat([a, torch.ones_like(a[:, :1])], 1) for a in hidden)]
        return self._loss(logits), _Point([weight for weight, _ in layers], inputs, slopes, bends, errors, odds)

    def _product(self, at: _Point, probes: Tensor, room: list[Tensor]) -> Tensor:
        """The R-operator: derivative of the gradient along each probe; changes are (lane, probe, unit, example)."""
        directions, (inputs, errors) = self.shape.split(probes), at.turned
        moved, below = room[: len(directions)], room[len(directions) :]
        self._ahead(at, directions, moved)
        change = moved[-1].mul_(odds := at.odds.unsqueeze(1))
        change.sub_(odds * change.sum(2, keepdim=True)).mul_(self.weight * self.targets.sum(0))
        found: list[tuple[Tensor, Tensor]] = []
        for number in reversed(range(len(directions))):
            both = _each(change, inputs[number])
            found.insert(0, (both[..., :-1], both[..., -1:]))
            if number:
                found[0][0].add_(_each(moved[number - 1], errors[number]).mT)
                change = self._back(at, number, moved[number - 1], change, directions[number][0], below[number - 1])
        return self.shape.join(found)

    def _ahead(self, at: _Point, directions: list[tuple[Tensor, Tensor]], moved: list[Tensor]) -> None:
        """Fill in the change of each layer's input but the first, and of the logits."""
        for number, (direction, z) in enumerate(zip(directions, moved, strict=True)):
            _each(torch.cat(direction, -1), at.inputs[number], z)
            if number:
                entered = moved[number - 1].mul_(at.slopes[number - 1].unsqueeze(1))
                _accumulate(z, at.weights[number].unsqueeze(1), entered)

    def _back(self, at: _Point, number: int, moved: Tensor, change: Tensor, direction: Tensor, below: Tensor) -> Tensor:
        """Change of the error one layer further down, in `below`."""
        _each(direction.mT, at.errors[number], below)
        _accumulate(below, at.weights[number].mT.unsqueeze(1), change)
        below.mul_(at.slopes[number - 1].unsqueeze(1))
        bend = at.bends[number - 1]
        return below if bend is None else below.addcmul_(bend.unsqueeze(1), moved)


def _each(left: Tensor, right: Tensor, into: Tensor | None = None) -> Tensor:
    """left (lane, probe, row, n) @ right (lane, n, column) as one product per lane: a narrow matrix alone is slow."""
    out = None if into is None else into.flatten(1, 2)
    return torch.bmm(left.flatten(1, 2), right, out=out).unflatten(1, left.shape[1:3])


def _accumulate(total: Tensor, left: Tensor, right: Tensor) -> None:
    """total += left @ right, where left has one matrix for all probes."""
    wide = left.expand(*right.shape[:2], *left.shape[2:]).flatten(0, 1)
    total.flatten(0, 1).baddbmm_(wide, right.flatten(0, 1))


def perceptrons(shape: Perceptron, x: Tensor, targets: Tensor) -> Iterator[Chunk]:
    """The mean cross-entropy over all examples as a sum over chunks that fit the cache."""
    if targets.dtype == torch.int64:
        targets = nn.functional.one_hot(targets, shape.widths[-1])
    rows = max(64, CHUNK_BYTES // (max(shape.widths) * x.itemsize))
    x = nn.functional.pad(x.flatten(1), (0, 1), value=1.0)
    for inputs, wanted in zip(x.split(rows), targets.to(x.dtype).split(rows), strict=True):
        yield Chunk(shape, inputs.T.contiguous(), wanted.T.contiguous(), 1 / len(x))
