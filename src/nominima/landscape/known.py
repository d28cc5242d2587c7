"""Landscapes whose whole spectrum is known: quadratics and deep linear networks."""

import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.landscape.loss import Landscape, of_stack


def quadratic(eigenvalues: Tensor, *, seed: int = 0) -> Landscape:
    """½ θᵀHθ with exactly these eigenvalues (param,) in a random orthonormal basis; minimum, if there is one, at 0."""
    generator = torch.Generator().manual_seed(seed)
    size = len(eigenvalues)
    turn = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))[0]
    hessian = ((turn * eigenvalues.double()) @ turn.T).to(eigenvalues.dtype)
    return of_stack(lambda theta: ((theta @ hessian) * theta).sum(-1) / 2, size)


def deep_linear(wanted: Tensor, hidden: int) -> Landscape:
    """½ ‖W₂W₁ − A‖² for A (out, in), W₁ (hidden, in), W₂ (out, hidden): not convex, yet every minimum is global.

    θ is W₁ then W₂, row by row (Kawaguchi 2016).
    """
    out, inputs = wanted.shape

    def loss(theta: Tensor) -> Tensor:
        first, second = theta.split([hidden * inputs, out * hidden], dim=-1)
        made = second.unflatten(-1, (out, hidden)) @ first.unflatten(-1, (hidden, inputs))
        return (made - wanted).square().sum((-1, -2)) / 2

    return of_stack(loss, hidden * (inputs + out))


def deep_linear_saddle(wanted: Tensor, hidden: int) -> tuple[Tensor, Tensor]:
    """The strict saddle at θ = 0 and its spectrum: ± each singular value of A, `hidden` times each, else zeros."""
    values = torch.linalg.svdvals(wanted).repeat(hidden)
    dimension = hidden * sum(wanted.shape)
    rest = values.new_zeros(dimension - 2 * len(values))
    return values.new_zeros(1, dimension), torch.cat([-values, rest, values]).sort().values


def deep_linear_minimum(wanted: Tensor, hidden: int) -> tuple[Tensor, Tensor]:
    """A balanced global minimum θ (1, param) and its spectrum: σᵢ + σⱼ over outputs i and inputs j, else zeros.

    Raises:
        Refusal: too few hidden units to reach A.
    """
    out, inputs = wanted.shape
    rank = min(out, inputs)
    if hidden < rank:
        raise Refusal(f"hidden={hidden}: reaching a {out}×{inputs} matrix takes at least {rank} hidden units")
    left, scale, right = torch.linalg.svd(wanted, full_matrices=False)
    first, second = wanted.new_zeros(hidden, inputs), wanted.new_zeros(out, hidden)
    first[:rank], second[:, :rank] = scale.sqrt()[:, None] * right, left * scale.sqrt()
    rows = torch.cat([scale, scale.new_zeros(out - rank)])
    columns = torch.cat([scale, scale.new_zeros(inputs - rank)])
    curved = (rows[:, None] + columns).flatten()
    flat = curved.new_zeros(hidden * (inputs + out) - len(curved))
    return torch.cat([first.flatten(), second.flatten()])[None], torch.cat([flat, curved]).sort().values
