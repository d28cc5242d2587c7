"""The shape of a path of losses: how convex, concave, monotone and uphill it is."""

from dataclasses import dataclass

import torch
from torch import Tensor

TOLERANCE = 1e-3
"""Share of the drop below which a rise does not count."""


@dataclass(frozen=True)
class Convexity:
    """First-order convexity over the ordered pairs t < s of a path's points; float64 (lane,).

    share: of pairs with f(s) ≥ f(t) + ⟨g_t, θ_s − θ_t⟩, to rounding; NaN where a loss or gradient is not finite.
    violation: mean of what is missing, as a share of the drop from the first to the lowest loss; NaN without a drop.
    """

    share: Tensor
    violation: Tensor


def convexity(losses: Tensor, gradients: Tensor, path: Tensor) -> Convexity:
    """Pairwise first-order convexity gaps of losses (lane, point) and gradients, path (lane, point, param)."""
    f, theta = losses.double(), path.double()
    below = below_tangents(f, gradients.double(), theta, f, theta)
    before, after = torch.triu_indices(f.shape[1], f.shape[1], offset=1)
    pairs = -below[:, before, after]
    slack = 16 * torch.finfo(losses.dtype).eps * f.abs().amax(-1, keepdim=True)
    drop = _drop(f)
    share = (pairs >= -slack).double().mean(-1).masked_fill(~pairs.isfinite().all(-1), torch.nan)
    return Convexity(share, (-pairs).clamp(min=0).mean(-1) / drop)


def below_tangents(losses: Tensor, gradients: Tensor, path: Tensor, there: Tensor, others: Tensor) -> Tensor:
    """f(a) + ⟨∇f(a), b − a⟩ − f(b), (…, from, to): how far f lies below its tangent plane at a, where b is.

    losses (…, from) and gradients (…, from, param) are those at the points a of path (…, from, param), there (…, to)
    the losses at the points b of others (…, to, param). All of one dtype, which the result has.
    """
    origin = path[..., :1, :]  # inner products of differences round less
    slopes = gradients @ (others - origin).mT - (gradients * (path - origin)).sum(-1, keepdim=True)
    return losses.unsqueeze(-1) + slopes - there.unsqueeze(-2)


@dataclass(frozen=True)
class Descent:
    """How a sequence of losses goes down; float64 (lane,), NaN where it never falls below its first loss.

    monotone: 1 where no loss exceeds an earlier one by more than the tolerance, else 0.
    rise: the highest rise above an earlier loss, as a share of the drop.
    uphill: the sum of all rises as a share of the sum of all changes; NaN also where no change is beyond rounding.
    rising: share of steps that rise. Neither counts changes within rounding.
    """

    monotone: Tensor
    rise: Tensor
    uphill: Tensor
    rising: Tensor


def descent(losses: Tensor, *, tolerance: float = TOLERANCE) -> Descent:
    """Shares of losses (lane, point), both ends included; the drop is from the first to the lowest loss."""
    f = losses.double()
    changes, drop, size = f.diff(dim=-1), _drop(f), f.abs()
    rounding = 8 * torch.finfo(losses.dtype).eps * torch.maximum(size[:, 1:], size[:, :-1])
    steps = changes.where(changes.abs() > rounding, 0.0)
    rise = (f - f.cummin(-1).values).amax(-1) / drop
    uphill = steps.clamp(min=0).sum(-1) / steps.abs().sum(-1)
    lost = drop.isnan()
    monotone = (rise <= tolerance).double().masked_fill(lost, torch.nan)
    rising = (steps > 0).double().mean(-1).masked_fill(lost, torch.nan)
    return Descent(monotone, rise, uphill.masked_fill(lost, torch.nan), rising)


def concave_share(losses: Tensor, *, tolerance: float = TOLERANCE) -> Tensor:
    """Share of the inner points of an evenly spaced line (lane, point) at which it bends down, float64 (lane,).

    A bend counts if the second difference is below −tolerance·drop/points², so that rounding on flat parts does not.
    """
    f = losses.double()
    edge = torch.maximum(tolerance * _drop(f) / f.shape[-1] ** 2, _rounding(losses))
    return (f.diff(n=2, dim=-1) < -edge[:, None]).double().mean(-1).masked_fill(edge.isnan(), torch.nan)


def _rounding(losses: Tensor) -> Tensor:
    """Of differences of losses (lane, point), float64 (lane,)."""
    return 8 * torch.finfo(losses.dtype).eps * losses.double().abs().amax(-1)


def _drop(losses: Tensor) -> Tensor:
    """First minus lowest loss; NaN where there is none or a loss is not finite."""
    drop = losses[:, 0] - losses.amin(-1)
    return torch.where((drop > 0) & losses.isfinite().all(-1), drop, torch.nan)
