"""What a model family is: a layout of parameters, a forward pass over a stack of lanes, and its gradient."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.planning import shelf
from nominima.planning.run import Training
from nominima.training.dropout import Drop
from nominima.training.stack import Layout, Leaf, Parameters, Stack

Gradient = Callable[[Tensor, Tensor], None]
"""(x, targets) ↦ fills a gradient stack: x (lane, batch, *input), targets (lane, batch, class) of sum 1."""


@dataclass(frozen=True)
class Model:
    """A family at one size.

    forward(parameters, x): x is (batch, *input) shared by all lanes or (lane, batch, *input) → logits
    (lane, batch, class).
    backward(parameters, gradient), where it pays: a hand-written `Gradient`, bound to the two stacks and
    equal to autograd of `forward` to rounding.
    perceptron: activation, relu or tanh, of a chain of dense layers laid out as weight (out, in), bias (out,), …;
    None for any other family. The curvature of such a chain is known by hand.
    widest: numbers in the largest intermediate that a forward pass makes of one example, about; evaluation takes
    as many examples at a time as keep these near the core.
    dropped(parameters, x, drop), where the family has dropout: `forward` with `drop` applied to its hidden units.
    """

    layout: Layout
    forward: Callable[[Parameters, Tensor], Tensor]
    backward: Callable[[Stack, Stack], Gradient] | None = None
    perceptron: str | None = None
    widest: int = 512
    dropped: Callable[[Parameters, Tensor, Drop], Tensor] | None = None

    @property
    def size(self) -> int:
        """Parameters of one lane."""
        return sum(leaf.numel for leaf in self.layout)

    def views(self, theta: Tensor) -> Parameters:
        """Named views (lane, *shape) of flat parameters (lane, param)."""
        chunks = theta.split([leaf.numel for leaf in self.layout], dim=-1)
        return {leaf.name: chunk.unflatten(-1, leaf.shape) for leaf, chunk in zip(self.layout, chunks, strict=True)}

    def initial(self, generator: torch.Generator) -> Tensor:
        """Parameters (param,) of one lane: N(0, gain²/fan_in) weights, zero biases (He 2015)."""
        parts = [
            torch.zeros(leaf.numel)
            if leaf.role == "bias"
            else torch.randn(leaf.numel, generator=generator) * (leaf.gain / math.sqrt(leaf.fan_in))
            for leaf in self.layout
        ]
        return torch.cat(parts)

    def gradient(self, parameters: Stack, gradient: Stack, drop: Drop | None = None) -> Gradient:
        """How a step finds the gradient of the mean cross-entropy over a lane's batch.

        By hand, where the family has it, else by autograd, which needs stacks made outside of inference mode.

        Raises:
            Refusal: dropout is asked of a family that has none.
        """
        if drop is not None:
            dropped = self.dropped
            if dropped is None:
                raise Refusal("dropout: this model has none; give it `dropped` or set dropout: 0")
            return _autograd(lambda leaves, x: dropped(leaves, x, drop), parameters, gradient)
        return self.backward(parameters, gradient) if self.backward else _autograd(self.forward, parameters, gradient)


def build_model(training: Training, inputs: tuple[int, ...], classes: int) -> Model:
    """The model that a training names, for inputs of one shape and `classes` logits."""
    options = shelf.options("models", training.model).model_validate_json(json.dumps(training.model_options))
    return shelf.load("models", training.model).build(training.size, inputs, classes, **options.model_dump())


def _autograd(forward: Callable[[Parameters, Tensor], Tensor], parameters: Stack, gradient: Stack) -> Gradient:
    leaves = {name: leaf.detach().requires_grad_() for name, leaf in parameters.leaves.items()}

    def fill(x: Tensor, targets: Tensor) -> None:
        with torch.enable_grad():
            logits = forward(leaves, x)
            loss = -(targets * logits.log_softmax(-1)).sum() / targets.shape[1]
            found = torch.autograd.grad(loss, list(leaves.values()))
        for name, value in zip(leaves, found, strict=True):
            gradient.leaves[name].copy_(value)

    return fill


__all__ = ["Gradient", "Layout", "Leaf", "Model", "Parameters", "Stack", "build_model"]
