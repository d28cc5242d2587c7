"""Spectral density of a Hessian by stochastic Lanczos quadrature."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.landscape.lanczos import Tridiagonal, random_starts, rounding, side_by_side, tridiagonalise
from nominima.landscape.loss import Landscape


@dataclass(frozen=True)
class Density:
    """A spectrum as weighted points, one set per probe; float64.

    nodes, weights: (probe, node); the weights of a probe are ≥ 0 and sum to 1.
    diagonal, off: (probe, node), Lanczos' matrices, whose eigenvalues the nodes are; off is 0 where the space is full.
    status: "ok", "not finite" or "not deterministic"; nodes are NaN unless ok.
    rounding: of the nodes.
    """

    nodes: Tensor
    weights: Tensor
    diagonal: Tensor
    off: Tensor
    dimension: int
    status: str
    rounding: float

    def moment(self, power: int) -> tuple[float, float]:
        """Mean eigenvalue^power and its standard error over probes."""
        return _mean((self.weights * self.nodes**power).sum(-1))

    @property
    def trace(self) -> tuple[float, float]:
        """Sum of the eigenvalues and its standard error."""
        mean, error = self.moment(1)
        return self.dimension * mean, self.dimension * error

    def below(self, edge: float = 0.0) -> tuple[float, float]:
        """Share of eigenvalues below `edge`, and its error: the standard error plus what the quadrature cannot tell.

        Nodes closer to the edge than rounding lie on it. For each probe the share is known to within the largest weight
        that any spectrum with the same nodes and weights may have at the edge (Chebyshev, Markov & Stieltjes; Szegő
        1975, 3.41): near zero where the edge lies in a gap, near one where it touches a bulk. So for the negative share
        of a network take −ε·λmax and not 0, where most of its eigenvalues lie.
        """
        edge -= self.rounding
        share, error = _mean((self.weights * (self.nodes < edge)).sum(-1))
        return share, error + float(self._unsure(edge).mean())

    def _unsure(self, edge: float) -> Tensor:
        """Christoffel's number at the edge, (probe,): 1 / Σ pⱼ(edge)² of the orthonormal polynomials of each probe."""
        one = torch.ones(len(self.nodes), dtype=torch.float64)
        before, now, total = 0 * one, one, one
        for diagonal, off, last in zip(self.diagonal.T[:-1], self.off.T[:-1], self.off.T.roll(1, 0), strict=False):
            before, now = now, ((edge - diagonal) * now - last * before) / off
            total = total + now.square()
        total = total.nan_to_num(nan=torch.inf)  # the space is full but for rounding: the share is exact to that
        return torch.where(self.off[:, -1] == 0, 0.0, 1 / total)

    @property
    def effective_dimension(self) -> float:
        """Participation ratio (Σλ)² / Σλ²."""
        return self.dimension * self.moment(1)[0] ** 2 / self.moment(2)[0]

    def on(self, grid: Tensor, width: float) -> Tensor:
        """Density at `grid` (point,), smoothed by a Gaussian of standard deviation `width`; integrates to 1."""
        spread = torch.distributions.Normal(self.nodes.flatten()[:, None], width)
        return (spread.log_prob(grid[None].double()).exp() * self.weights.flatten()[:, None]).sum(0) / len(self.nodes)


def _mean(samples: Tensor) -> tuple[float, float]:
    error = float(samples.std() / len(samples) ** 0.5) if len(samples) > 1 else float("nan")
    return float(samples.mean()), error


def density(landscape: Landscape, theta: Tensor, *, probes: int = 10, steps: int = 100, seed: int = 0) -> list[Density]:
    """The spectral density of the Hessian at each lane (Ubaru, Chen & Saad 2017).

    Each Gaussian probe's Lanczos matrix gives Gauss quadrature of the density seen from it: nodes are its eigenvalues,
    weights the squared first components of its eigenvectors. The mean over probes is unbiased up to the quadrature;
    moments below 2·steps are exact for each probe.

    Args:
        landscape: the loss.
        theta: (lane, param).
        probes: starts, which give the standard errors; at least one.
        steps: products per probe.
        seed: of the starts.
    """
    if probes < 1 or steps < 1:
        raise Refusal(f"probes={probes}, steps={steps}: give at least one probe and one step")
    steady = landscape.steady(theta)
    starts = random_starts(1, probes, theta, seed)
    together = side_by_side(theta, steps)
    return [
        _lane(landscape, theta[lane : lane + 1], starts.split(together, dim=1), steps)
        if status == "ok"
        else _nothing(probes, landscape.dimension, status)
        for lane, status in enumerate(steady)
    ]


def _lane(landscape: Landscape, theta: Tensor, starts: tuple[Tensor, ...], steps: int) -> Density:
    product = landscape.product(theta)
    parts = [_quadrature(tridiagonalise(product, some, steps)) for some in starts]
    size = max(part[0].shape[1] for part in parts)
    nodes, weights, diagonal, off = (
        torch.cat([_pad(each, size) for each in column]) for column in zip(*parts, strict=True)
    )
    if not nodes.isfinite().all():
        return _nothing(len(nodes), landscape.dimension, "not finite")
    return Density(nodes, weights, diagonal, off, landscape.dimension, "ok", rounding(theta) * float(nodes.abs().max()))


def _quadrature(known: Tridiagonal) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Nodes, weights, diagonal and off-diagonal (probe, node) of all starts of one lane."""
    diagonal, off = known.diagonal[0].cpu(), known.off[0].cpu()
    if not known.finite.all():
        return torch.full_like(diagonal, torch.nan), diagonal, diagonal, off
    inner = off[:, :-1]
    nodes, vectors = torch.linalg.eigh(diagonal.diag_embed() + inner.diag_embed(1) + inner.diag_embed(-1))
    return nodes, vectors[:, 0].square(), diagonal, off


def _pad(values: Tensor, size: int) -> Tensor:
    """Fill up with nodes 0 of weight 0."""
    return torch.nn.functional.pad(values, (0, size - values.shape[1]))


def _nothing(probes: int, dimension: int, status: str) -> Density:
    empty = torch.full((probes, 1), torch.nan, dtype=torch.float64)
    return Density(empty, empty, empty, empty, dimension, status, torch.nan)
