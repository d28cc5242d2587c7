"""Lanczos with full reorthogonalisation: orthonormal bases and tridiagonal matrices for several starts at
once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.landscape.parts import Product

BASIS_BYTES = 2**29
"""What the bases of all starts that run side by side may take."""
ROOM = 32
"""Steps that a basis has room for at first; it doubles when they are made."""


@dataclass(frozen=True)
class Tridiagonal:
    """What Lanczos knows after some steps.

    diagonal, off: float64 (lane, probe, step); off[..., j] couples steps j and j+1; 0 where the space is full.
    basis: (lane, probe, step, param), orthonormal; rows of zeros after a full space.
    scale: float64 (lane, probe), length of each start before it was scaled to 1.
    dimension: of the space that the starts lie in.
    """

    diagonal: Tensor
    off: Tensor
    basis: Tensor
    scale: Tensor
    dimension: int

    def length(self, lane: int, probe: int = 0) -> int:
        """Steps of one start until its space was full."""
        closed = (self.off[lane, probe] == 0).nonzero()
        return int(closed[0]) + 1 if len(closed) else self.off.shape[-1]

    @property
    def finite(self) -> Tensor:
        """bool (lane, probe)."""
        return (self.diagonal + self.off).isfinite().all(-1)


def tridiagonalise(
    product: Product,
    start: Tensor,
    steps: int,
    *,
    against: Tensor | None = None,
    halt: Callable[[Tridiagonal], bool] | None = None,
) -> Tridiagonal:
    """Run Lanczos with full reorthogonalisation (Golub & Van Loan 2013, 10.3), all starts side by side.

    Args:
        product: (lane, probe, param) → Hessian · probe.
        start: (lane, probe, param), not zero.
        steps: at most so many products per start; fewer if every space is full or a product is not finite.
        against: orthonormal (lane, found, param) that the spaces stay orthogonal to.
        halt: asked now and then whether what is known is enough.

    Raises:
        Refusal: steps < 1.
    """
    if steps < 1:
        raise Refusal(f"steps={steps}: of a Hessian nothing is known without a product with it; give at least 1")
    lane, probe, size = start.shape
    dimension = size - (0 if against is None else against.shape[1])
    steps = min(steps, dimension)
    fixed = None if against is None else against.unsqueeze(1)
    basis = start.new_zeros(lane, probe, min(steps, ROOM), size)
    diagonal, off = torch.zeros(2, lane, probe, steps, dtype=torch.float64, device=start.device)
    following, scale = _unit(start if fixed is None else _without(start, fixed), 0)
    known, asked = Tridiagonal(diagonal, off, basis, scale, dimension), 4
    for step in range(steps):
        if step == basis.shape[2]:
            basis = torch.cat([basis, torch.zeros_like(basis)], 2)
        basis[:, :, step] = following
        rest = product(following)
        diagonal[:, :, step] = (rest * following).sum(-1)
        rest = rest - diagonal[:, :, step, None].to(rest.dtype) * following
        if step:
            rest -= off[:, :, step - 1, None].to(rest.dtype) * basis[:, :, step - 1]
        rest = _orthogonal(rest, basis[:, :, : step + 1], fixed)
        following, off[:, :, step] = _unit(rest, no_more(diagonal, off, rest.dtype))
        known = Tridiagonal(diagonal[..., : step + 1], off[..., : step + 1], basis[:, :, : step + 1], scale, dimension)
        if not known.finite.all() or not off[:, :, step].any():
            return known
        if halt is not None and step + 1 >= asked:
            if halt(known):
                return known
            asked = step + 1 + max(1, step // 32)
    return known


def no_more(diagonal: Tensor, off: Tensor, dtype: torch.dtype) -> Tensor:
    """Length (lane, probe) below which what is left of a product is rounding: the space counts as full."""
    return 16 * torch.finfo(dtype).eps * (diagonal.abs() + off).amax(-1)


def _unit(vectors: Tensor, rounding: Tensor | int) -> tuple[Tensor, Tensor]:
    """Vectors at length 1 and their lengths; zeros where they are no longer than `rounding`."""
    lengths = torch.linalg.vector_norm(vectors.double(), dim=-1)
    lengths = torch.where(lengths <= rounding, 0.0, lengths)
    scale = torch.where(lengths == 0, 0.0, 1 / lengths)
    return vectors * scale.unsqueeze(-1).to(vectors.dtype), lengths


def _orthogonal(rest: Tensor, basis: Tensor, fixed: Tensor | None) -> Tensor:
    """Take basis and fixed out of `rest`, a second time where the first removed much (Daniel et al. 1976)."""
    before = rest.norm(dim=-1)
    for _ in range(2):
        rest = _without(rest, basis)
        rest = rest if fixed is None else _without(rest, fixed)
        after = rest.norm(dim=-1)
        if bool((after > 0.7 * before).all()):
            break
        before = after
    return rest


def _without(vectors: Tensor, basis: Tensor) -> Tensor:
    """vectors (lane, probe, param) less their projections on orthonormal (lane, probe or 1, found, param)."""
    shares = basis @ vectors.unsqueeze(-1)
    return vectors - (shares.mT @ basis).squeeze(-2)


def side_by_side(theta: Tensor, steps: int) -> int:
    """How many starts may run at once; at least one."""
    return max(1, BASIS_BYTES // (max(1, min(steps, theta.shape[1])) * theta.shape[1] * theta.itemsize))


def random_starts(lane: int, probe: int, like: Tensor, seed: int) -> Tensor:
    """Gaussian starts (lane, probe, param), the same for every lane, of the dtype and device of `like`."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(probe, like.shape[-1], generator=generator, dtype=torch.float64)
    return drawn.to(like).expand(lane, probe, -1)


def led(starts: Tensor, guess: Tensor | None, lanes: list[int]) -> Tensor:
    """Random starts (lane, probe, param) plus as much of a guess at the vector sought, (…, param) at the same lanes.

    What the random part shows of eigenvectors that the guess lacks stays as sure as without it. A guess of length zero
    or not finite is none.
    """
    if guess is None:
        return starts
    chosen = guess[lanes].unsqueeze(1).to(starts)
    length = chosen.norm(dim=-1, keepdim=True)
    usable = (length > 0) & length.isfinite()
    return starts + torch.where(usable, starts.norm(dim=-1, keepdim=True) * chosen / length, 0.0)


def rounding(theta: Tensor) -> float:
    """What of an eigenvalue is rounding, relative to the spectral radius."""
    return 16 * torch.finfo(theta.dtype).eps
