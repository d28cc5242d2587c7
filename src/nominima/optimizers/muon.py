"""Muon (Jordan 2024): orthogonalised momentum for hidden matrices, Adam for the rest."""

import math

import torch
from torch import Tensor

from nominima.ground.records import Positive, Share
from nominima.training.optimizer import Optimizer, adam, is_matrix
from nominima.training.stack import Layout, Stack

QUINTIC = (3.4445, -4.7750, 2.0315)  # steepest at 0 while singular values stay near 1
ITERATIONS = 5
SMALLEST_NORM = 1e-7


def build(*, momentum: Share = 0.95, beta1: Share = 0.9, beta2: Share = 0.999, epsilon: Positive = 1e-8) -> Optimizer:
    """b ← momentum·b + (1-momentum)g; θ ← θ - rate·.2√max(A, B)·orthogonal(momentum·b + (1-momentum)g).

    For hidden weights, as matrices (A, B) of a convolution's kernels laid side by side; the factor gives the
    steps the size of Adam's, so that one rate suits all leaves (Liu 2025). The others take Adam's step.
    """

    def step(parameters: Stack, gradient: Stack, memory: list[Stack], rate: float, t: int) -> None:
        first, second = memory
        rest = [leaf.name for leaf in second.layout]
        moments = ([first.leaves[name] for name in rest], [second.leaves[name] for name in rest])
        adam([parameters.leaves[name] for name in rest], [gradient.leaves[name] for name in rest], moments,
             rate, t, beta1, beta2, epsilon)  # fmt: skip
        for leaf in filter(is_matrix, parameters.layout):
            g, b = gradient.leaves[leaf.name], first.leaves[leaf.name]
            b.lerp_(g, 1 - momentum)
            update = orthogonal(torch.lerp(g, b, momentum).flatten(2))
            scale = 0.2 * math.sqrt(max(update.shape[1:]))
            parameters.leaves[leaf.name].add_(update.view_as(b), alpha=-rate * scale)

    return Optimizer(step, _memory)


def _memory(layout: Layout) -> list[Layout]:
    return [layout, tuple(leaf for leaf in layout if not is_matrix(leaf))]


def orthogonal(matrices: Tensor) -> Tensor:
    """Nearly UVᵀ of each matrix USVᵀ of (lane, A, B): singular values above .1 of the norm come to .7 … 1.2.

    Five Newton–Schulz iterations X ← aX + (bXXᵀ + c(XXᵀ)²)X.
    """
    a, b, c = QUINTIC
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=SMALLEST_NORM)
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x
