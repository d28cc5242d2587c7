"""What an optimizer is: the layouts of its memory, and a step that moves all lanes in place."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nominima.planning import shelf
from nominima.planning.run import Training
from nominima.training.stack import Layout, Leaf, Stack

Rates = Sequence[float]
"""The learning rate of each lane at a step."""

Step = Callable[[Stack, Stack, list[Stack], Rates, int], None]
"""(parameters, gradient, memory, rates, t): moves parameters and memory in place; t counts from 1; the
gradient may be spoilt. A lane's move must have the same bits whatever the other lanes are."""


@dataclass(frozen=True)
class Optimizer:
    """An update rule.

    memory(layout): the layouts of the stacks it keeps between steps, zeros at first. A lane's memory is its
    own, so that lanes can leave a stack. decay: the decoupled decay that belongs to the rule.
    """

    step: Step
    memory: Callable[[Layout], list[Layout]] = lambda _: []
    decay: float = 0.0

    def start(self, parameters: Stack) -> list[Stack]:
        """Its memory before the first step."""
        return [parameters.zeros(layout) for layout in self.memory(parameters.layout)]


def chosen_optimizer(training: Training) -> Optimizer:
    """The optimizer that a training names, with its options."""
    name, given = training.optimizer, json.dumps(training.optimizer_options)
    options = shelf.options("optimizers", name).model_validate_json(given)
    return shelf.load("optimizers", name).build(**options.model_dump())


def is_matrix(leaf: Leaf) -> bool:
    """Whether a leaf is a hidden layer's weights, which muon and soap treat as one matrix (out, rest)."""
    return leaf.role == "hidden" and len(leaf.shape) > 1


def root(v: Tensor) -> Tensor:
    """The square root, rounded as the standard asks: torch's goes through a library that is off by a bit and slower."""
    return v.sqrt() if v.is_cuda else torch.from_numpy(np.sqrt(v.numpy()))


def adam(
    parameters: Stack, gradient: Stack, memory: tuple[Stack, Stack], rates: Rates, t: int,
    beta1: float, beta2: float, epsilon: float,
) -> None:  # fmt: skip
    """One step of Adam with bias correction for the leaves in `memory`, in place (Kingma & Ba 2015).

    m ← β₁m + (1-β₁)g; v ← β₂v + (1-β₂)g²; θ ← θ - rate·m̂ / (√v̂ + ε). One kernel makes the whole step where all
    rates are equal: 3.5 times as fast as the element-wise operations it stands for. Where they differ it moves
    the moments only and the rest is written out, each operation rounded as in the kernel.
    """
    first, second = memory
    names = [leaf.name for leaf in second.layout]
    stacks = (parameters, gradient, first, second)
    whole = second.layout == parameters.layout
    moved, g, m, v = ([each.flat] if whole else [each.blocks[name] for name in names] for each in stacks)
    count = parameters.flat.new_full((), float(t), dtype=torch.float32)
    alike = len(set(rates)) == 1
    torch._fused_adam_(  # pyright: ignore[reportPrivateImportUsage]
        moved if alike else g, g, m, v, [], [count] * len(g), lr=rates[0], beta1=beta1, beta2=beta2, eps=epsilon,
        weight_decay=0.0, amsgrad=False, maximize=False,
    )  # fmt: skip
    if alike:
        return
    sizes = parameters.flat.new_tensor([-rate / (1 - beta1**t) for rate in rates])
    for name in names:
        leaf = first.leaves[name]
        scale = root(second.leaves[name]).div_(math.sqrt(1 - beta2**t)).add_(epsilon)
        parameters.leaves[name].add_((leaf * sizes.view(-1, *(1,) * (leaf.dim() - 1))).div_(scale))
