"""Newton's decrement: how far a quadratic model lets the loss fall."""

import numpy as np
import torch
from scipy.linalg import eigh_tridiagonal
from torch import Tensor

from nominima.landscape.lanczos import Tridiagonal, tridiagonalise
from nominima.landscape.loss import Landscape

SHIFT = 1e-3
"""Least curvature, relative to the largest eigenvalue."""


def decrements(landscape: Landscape, theta: Tensor, *, steps: int = 100, shift: float = SHIFT) -> Tensor:
    """½·gᵀ(|H| + shift·λ_max)⁻¹g at each lane, float64 (lane,), in the units of the loss.

    |H| has the absolute eigenvalues of the exact Hessian H (the step of a saddle-free Newton method, Dauphin et al.
    2014); λ_max is the largest of them. Where H is positive and the shift is 0 it is half the square of Newton's
    decrement (Boyd & Vandenberghe 2004, 9.5.1): what a quadratic loses on the way to its minimum. By Gauss quadrature
    from Lanczos' matrix begun at g (Golub & Meurant 2010): exact once its steps span all that g has a share in.

    Args:
        landscape: the loss.
        theta: (lane, param).
        steps: Hessian-vector products at most; fewer where the space is full.
        shift: relative to λ_max, as it shows itself to g.

    Returns:
        0 where the gradient is 0, infinity where the gradient sees no curvature at all, NaN where the gradient or a
        product is not finite.
    """
    gradient = landscape.gradient(theta)[1]
    known = tridiagonalise(landscape.product(theta), gradient.unsqueeze(1), steps)
    return torch.tensor([_lane(known, lane, shift) for lane in range(len(theta))], dtype=torch.float64)


def _lane(known: Tridiagonal, lane: int, shift: float) -> float:
    length, square = known.length(lane), float(known.scale[lane, 0]) ** 2
    diagonal, off = (part[lane, 0, :length].cpu().numpy() for part in (known.diagonal, known.off))
    if square == 0:
        return 0.0
    if not (np.isfinite(square) and bool(known.finite[lane, 0])):
        return float("nan")
    nodes, vectors = eigh_tridiagonal(diagonal, off[:-1])
    curvature = np.abs(nodes) + shift * np.abs(nodes).max()
    with np.errstate(divide="ignore"):
        return square / 2 * float((vectors[0] ** 2 / curvature).sum())
