"""Muon (Jordan 2024): orthogonalised momentum for hidden matrices, Adam for the rest."""

import math

import torch
from torch import Tensor

from nominima.ground.records import Positive, Share
from nominima.training.optimizer import Optimizer, Rates, adam, is_matrix
from nominima.training.stack import Layout, Stack

QUINTIC = (3.4445, -4.7750, 2.0315)  # steepest at 0 while singular values stay near 1
ITERATIONS = 5
SMALLEST_NORM = 1e-7


def build(*, momentum: Share = 0.95, beta1: Share = 0.9, beta2: Share = 0.999, epsilon: Positive = 1e-8) -> Optimizer:
    """b ← momentum·b + (1-momentum)g; θ ← θ - rate·.2√max(A, B)·orthogonal(momentum·b + (1-momentum)g).

    For hidden weights, as matrices (A, B) of a convolution's kernels laid side by side; the factor gives the
    steps the size of Adam's, so that one rate suits all leaves (Liu 2025). The others take Adam's step.
    """

    def step(parameters: Stack, gradient: Stack, memory: list[Stack], rates: Rates, t: int) -> None:
        first, second = memory
        adam(parameters, gradient, (first, second), rates, t, beta1, beta2, epsilon)
        for leaf in filter(is_matrix, parameters.layout):
            g, b = gradient.leaves[leaf.name], first.leaves[leaf.name]
            b.mul_(momentum).add_(g.mul_(1 - momentum))
            update = orthogonal((momentum * b).add_(g).flatten(2))
            scale = 0.2 * math.sqrt(max(update.shape[1:]))
            sizes = update.new_tensor([rate * scale for rate in rates])
            parameters.leaves[leaf.name].sub_((update * sizes.view(-1, 1, 1)).view_as(b))

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
