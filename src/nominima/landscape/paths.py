"""Ways from one set of parameters to another: straight, curved and trained, and the barrier on them."""

import numpy as np
import scipy.optimize
import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.landscape.loss import Landscape

NODES = 8
"""Gauss–Legendre points on which a curve is trained."""


def straight(start: Tensor, end: Tensor, points: int = 51) -> Tensor:
    """Evenly spaced points from start to end (lane, param), both included to the last bit: (lane, point, param)."""
    share = _shares(points, start)
    path = start.unsqueeze(1) + share * (end - start).unsqueeze(1)
    path[:, -1] = end
    return path


def bezier(start: Tensor, control: Tensor, end: Tensor, points: int = 51) -> Tensor:
    """Points on (1−t)²a + 2t(1−t)m + t²b at evenly spaced t, both ends included: (lane, point, param)."""
    t = _shares(points, start)
    path = (1 - t) ** 2 * start.unsqueeze(1) + 2 * t * (1 - t) * control.unsqueeze(1) + t**2 * end.unsqueeze(1)
    path[:, 0], path[:, -1] = start, end
    return path


def _shares(points: int, like: Tensor) -> Tensor:
    if points < 2:
        raise Refusal(f"points={points}: a path has at least its two ends")
    return torch.linspace(0, 1, points, dtype=like.dtype, device=like.device)[:, None]


def along(landscape: Landscape, path: Tensor) -> Tensor:
    """Losses (lane, point) on a path (lane, point, param).

    Raises:
        Refusal: the loss is not deterministic.
    """
    landscape.refuse_chance(path[:1, 0])
    return landscape.value(path.flatten(0, 1)).unflatten(0, path.shape[:2])


def lines(landscape: Landscape, start: Tensor, end: Tensor, points: int = 51) -> Tensor:
    """Losses (lane, point) on the straight lines from start to end (lane, param): `along` of `straight`, but quicker.

    Both ends have the losses that `landscape.value` gives them, to the last bit.

    Raises:
        Refusal: the loss is not deterministic.
    """
    landscape.refuse_chance(start[:1])
    share = _shares(points, start)
    shares = torch.cat([1 - share, share], dim=1)
    losses = torch.stack([landscape.combined(torch.stack(pair), shares) for pair in zip(start, end, strict=True)])
    losses[:, 0], losses[:, -1] = landscape.value(start), landscape.value(end)
    return losses


def connect(landscape: Landscape, start: Tensor, end: Tensor, *, steps: int = 100) -> Tensor:
    """Middle points (lane, param) of quadratic Bézier curves trained to low mean loss (Garipov 2018).

    The mean over t is taken by Gauss–Legendre quadrature and minimised by L-BFGS from the straight line, so that the
    curve is never worse than the line in that mean, and the same each time.

    Args:
        landscape: the loss.
        start, end: (lane, param).
        steps: of L-BFGS at most, each a gradient at 8 points of the curve.

    Raises:
        Refusal: the loss is not deterministic.
    """
    landscape.refuse_chance(start[:1])
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    t = torch.from_numpy((nodes + 1) / 2).to(start)[:, None]
    pairs = zip(start, end, strict=True)
    shares = torch.from_numpy(weights / 2).to(start.device)
    return torch.stack([_middle(landscape, a, b, t, shares, steps) for a, b in pairs])


def _middle(landscape: Landscape, start: Tensor, end: Tensor, t: Tensor, weights: Tensor, steps: int) -> Tensor:
    fixed = (1 - t) ** 2 * start + t**2 * end
    share = 2 * t * (1 - t)

    def mean_loss(middle: np.ndarray) -> tuple[float, np.ndarray]:
        losses, gradients = landscape.gradient(fixed + share * torch.from_numpy(middle).to(start))
        slope = (weights[:, None] * share.double() * gradients.double()).sum(0)
        return float(weights @ losses.double()), slope.cpu().numpy()

    halfway = ((start + end) / 2).double().cpu().numpy()
    found = scipy.optimize.minimize(mean_loss, halfway, jac=True, method="L-BFGS-B", options={"maxiter": steps})
    return torch.from_numpy(found.x).to(start)


def barrier(losses: Tensor, gain: Tensor | None = None) -> Tensor:
    """Highest rise of a path's losses (lane, point) above the line between its ends (Frankle 2020), float64 (lane,).

    At least 0, since the ends are on the path. With `gain` (lane,), the loss won from initial to trained parameters,
    as a share of it: NaN where nothing was won. NaN where a loss is not finite.
    """
    losses = losses.double()
    share = torch.linspace(0, 1, losses.shape[-1], dtype=torch.float64, device=losses.device)
    line = losses[:, :1] * (1 - share) + losses[:, -1:] * share
    height = (losses - line).amax(-1).clamp(min=0)
    height = torch.where(losses.isfinite().all(-1), height, torch.nan)
    return height if gain is None else torch.where(gain > 0, height / gain.double(), torch.nan)
