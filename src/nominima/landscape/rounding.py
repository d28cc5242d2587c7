"""How much of a loss and of a Hessian is rounding, measured on the computation at hand."""

import torch
from torch import Tensor

from nominima.landscape.loss import Landscape

DRAWS = 16
SAFE = 4.0
"""What is measured is multiplied by this before anything may count as more than rounding."""


def signs_of(count: int, like: Tensor) -> Tensor:
    """±1, (count, param), the same each time, of the dtype and device of `like` (…, param)."""
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randint(2, (count, like.shape[-1]), generator=generator) * 2 - 1
    return drawn.to(like)


def of_loss(landscape: Landscape, theta: Tensor) -> float:
    """Largest change of the loss at theta (param,) when the last digit of every parameter is drawn again.

    It holds the rounding of every operation, and that of theta itself, which no step along a direction escapes. At
    least the rounding of the loss as a number; NaN where a loss is not finite.
    """
    eps = torch.finfo(theta.dtype).eps
    size = theta.abs().clamp(min=float(theta.double().square().mean().sqrt()) or 1.0)
    losses = landscape.value(torch.cat([theta[None], theta + eps * size * signs_of(DRAWS, theta)])).double()
    least = 2 * eps * losses[:1].abs()
    return SAFE * float(torch.cat([(losses[1:] - losses[0]).abs(), least]).max())


def of_hessian(landscape: Landscape, theta: Tensor, hessian: Tensor) -> Tensor:
    """Frobenius norm of the error with which Hessians (lane, param, param) at theta were formed, float64 (lane,).

    Products with random signs s are made once through the landscape and once from the matrix; between the two lie
    other sums of other terms. The mean of ‖difference‖² is the squared Frobenius norm (Hutchinson 1990).
    """
    signs = signs_of(DRAWS, theta).expand(len(theta), -1, -1)
    made = landscape.product(theta)(signs).double()
    given = signs.double() @ hessian.double()
    return SAFE * (made - given).square().sum(-1).mean(-1).sqrt()
