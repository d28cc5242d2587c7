"""SOAP (Vyas 2024): Adam in the eigenbasis of Shampoo's preconditioner, for hidden matrices; Adam for the
rest."""

import math

import torch
from torch import Tensor

from nominima.ground.records import Count, Positive, Share
from nominima.training.optimizer import Optimizer, Rates, adam, is_matrix, root
from nominima.training.stack import Layout, Leaf, Stack


def build(*, beta1: Share = 0.95, beta2: Share = 0.95, epsilon: Positive = 1e-8, every: Count = 10) -> Optimizer:
    """Algorithms 3 and 4 of the paper, bases refreshed `every` so many steps.

    L ← β₂L + (1-β₂)GGᵀ and R ← β₂R + (1-β₂)GᵀG with eigenbases Q_L, Q_R; v averages the squares of
    Q_LᵀGQ_R; θ ← θ - rate·Q_L(Q_LᵀmQ_R / (√v̂ + ε))Q_Rᵀ. As in the authors' program the first step only sets
    the bases, so that no gradient is seen through a basis made of itself alone.
    """

    def step(parameters: Stack, gradient: Stack, memory: list[Stack], rates: Rates, t: int) -> None:
        first, second, rotated, factors, bases = memory
        for leaf in filter(is_matrix, parameters.layout):
            g = gradient.leaves[leaf.name].flatten(2)
            sides = [(factors.leaves[name], bases.leaves[name]) for name in _sides(leaf)]
            if t > 1:
                m, v = (stack.leaves[leaf.name].view_as(g) for stack in (first, rotated))
                update = _preconditioned(g, m, v, (sides[0][1], sides[1][1]), t - 1, beta1, beta2, epsilon)
                parameters.leaves[leaf.name].flatten(2).sub_(update * update.new_tensor(rates).view(-1, 1, 1))
            for (factor, basis), product in zip(sides, (g @ g.mT, g.mT @ g), strict=True):
                factor.mul_(beta2).add_(product.mul_(1 - beta2))
                if t == 1:
                    # A lane that has diverged already must not stop the others.
                    basis.copy_(torch.linalg.eigh(factor.nan_to_num()).eigenvectors.flip(-1))
                elif t % every == 0:
                    basis.copy_(torch.linalg.qr(factor @ basis).Q)
        if t > 1:
            adam(parameters, gradient, (first, second), rates, t - 1, beta1, beta2, epsilon)

    return Optimizer(step, _memory)


def _preconditioned(
    g: Tensor, m: Tensor, v: Tensor, bases: tuple[Tensor, Tensor], t: int,
    beta1: float, beta2: float, epsilon: float,
) -> Tensor:  # fmt: skip
    """Adam's step (lane, A, B) in the bases; moves m (as given) and v (in the bases) in place."""
    left, right = bases
    rotated = left.mT @ g @ right
    m.mul_(beta1).add_(g * (1 - beta1))
    v.mul_(beta2).add_(rotated.square_().mul_(1 - beta2))
    scale = root(v / (1 - beta2**t)).add_(epsilon).mul_(1 - beta1**t)
    return left @ (left.mT @ m @ right).div_(scale) @ right.mT


def _memory(layout: Layout) -> list[Layout]:
    square = tuple(
        Leaf(name, (side, side), 1, "factor")
        for leaf in filter(is_matrix, layout)
        for name, side in zip(_sides(leaf), (leaf.shape[0], math.prod(leaf.shape[1:])), strict=True)
    )
    rest, matrices = (tuple(leaf for leaf in layout if is_matrix(leaf) is kind) for kind in (False, True))
    return [layout, rest, matrices, square, square]


def _sides(leaf: Leaf) -> tuple[str, str]:
    return f"{leaf.name}.left", f"{leaf.name}.right"
