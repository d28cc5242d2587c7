"""Two-dimensional cuts through a landscape: random filter-normalised planes and the plane of a trajectory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.landscape.loss import Landscape


@dataclass(frozen=True)
class Surface:
    """losses[i, j] at centre + x[i]·directions[0] + y[j]·directions[1]; the middle cell is the centre itself."""

    x: Tensor
    y: Tensor
    losses: Tensor


def surface(
    landscape: Landscape, centre: Tensor, directions: Tensor, *, span: float = 1.0, points: int = 51
) -> Surface:
    """Losses on a square of side 2·span around the centre.

    Args:
        landscape: the loss.
        centre: (param,).
        directions: (2, param).
        span: farthest coefficient of each direction.
        points: along each side; odd, so that the middle cell has exactly the centre's parameters.

    Raises:
        Refusal: an even number of points, or a loss that is not deterministic.
    """
    if points % 2 == 0 or points < 3:
        raise Refusal(f"points={points}: give an odd number of at least 3, so that one cell is the centre itself")
    landscape.refuse_chance(centre[None])
    half = points // 2
    steps = torch.arange(-half, half + 1, dtype=centre.dtype, device=centre.device) * (span / half)
    shares = torch.cartesian_prod(torch.ones_like(steps[:1]), steps, steps)
    losses = landscape.combined(torch.cat([centre[None], directions]), shares).view(points, points)
    losses[half, half] = landscape.value(centre[None])[0]  # in a batch the last bit may differ
    return Surface(steps, steps, losses)


def filter_directions(shapes: Iterable[Sequence[int]], centre: Tensor, *, count: int = 2, seed: int = 0) -> Tensor:
    """Random directions (count, param), each filter as long as the centre's (Li 2018); none along biases.

    Args:
        shapes: of the tensors in the flat vector; the first axis of those with two or more counts filters.
        centre: (param,).
        count: how many directions.
        seed: of the random numbers.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(count, len(centre), generator=generator, dtype=torch.float64).to(centre)
    counts = [torch.Size(shape).numel() for shape in shapes]
    pieces = zip(drawn.split(counts, dim=1), centre.split(counts), shapes, strict=True)
    return torch.cat([_scaled(piece, part, shape) for piece, part, shape in pieces], dim=1)


def _scaled(drawn: Tensor, centre: Tensor, shape: Sequence[int]) -> Tensor:
    if len(shape) < 2:
        return torch.zeros_like(drawn)
    filters = drawn.view(len(drawn), shape[0], -1)
    lengths = centre.view(shape[0], -1).norm(dim=-1, keepdim=True)
    return (filters * (lengths / filters.norm(dim=-1, keepdim=True))).flatten(1)


@dataclass(frozen=True)
class Plane:
    """The plane of a trajectory through its last point.

    directions: (2, param), orthonormal. places: (point, 2), the trajectory's points in it; the last is (0, 0).
    explained: share of the squared distances to the last point that lies in the plane.
    """

    directions: Tensor
    places: Tensor
    explained: float


def trajectory_plane(path: Tensor) -> Plane:
    """Principal plane of the differences of a path (point, param) to its last point (Li 2018)."""
    if len(path) < 3:
        raise Refusal(f"{len(path)} points do not span a plane; give at least three")
    if not path.isfinite().all():
        raise Refusal("a trajectory that is not finite has no plane; leave out what diverged")
    moves = (path - path[-1]).double()
    _, scale, right = torch.linalg.svd(moves, full_matrices=False)
    share = float(scale[:2].square().sum() / scale.square().sum())
    return Plane(right[:2].to(path), (moves @ right[:2].T).to(path), share)
