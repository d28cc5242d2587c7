"""Both ends of a Hessian's spectrum with true residuals, and a converged flag that is true."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.landscape.lanczos import Tridiagonal, random_starts, side_by_side, tridiagonalise
from nominima.landscape.loss import Landscape
from nominima.landscape.parts import Product
from nominima.landscape.ritz import Array, Pairs, ritz_pairs

FLOOR = 1e-7
"""Smallest error asked for, relative to the spectral radius: an eigenvalue of zero has no relative error."""


@dataclass(frozen=True)
class Ends:
    """Eigenpairs at both ends of one lane's spectrum, ascending: first the `low`, then the `high` ones.

    values: float64 (pair,), Rayleigh quotients.
    vectors: (pair, param), orthonormal.
    residuals: float64 (pair,), ‖H v − λ v‖ from a product made for the purpose: an eigenvalue lies within it.
    errors: float64 (pair,), estimate of |λ − eigenvalue|: the residual r; or, if smaller, the larger of r²/gap to the
        neighbour and the distance the value moved over the last eighth of the steps.
    status: "ok" (every error is within what was asked, so that `converged` holds), "not converged", "not finite"
        (parameters, loss or a product) or "not deterministic" (the same loss came out twice different).
    products: Hessian-vector products used.
    """

    values: Tensor
    vectors: Tensor
    residuals: Tensor
    errors: Tensor
    status: str
    products: int

    @property
    def converged(self) -> bool:
        """Whether every pair is as exact as was asked."""
        return self.status == "ok"


@dataclass(frozen=True)
class _Wanted:
    low: int
    high: int
    tolerance: float
    floor: float
    steps: int

    def allowed(self, values: Array, radius: float) -> Array:
        """Largest error for each value."""
        return np.maximum(self.tolerance * np.abs(values), self.floor * radius)

    def chosen(self, count: int) -> list[int]:
        """Which of `count` ascending values are asked for."""
        low = min(self.low, count)
        high = min(self.high, count - low)
        return [*range(low), *range(count - high, count)]


def ends(
    landscape: Landscape,
    theta: Tensor,
    *,
    low: int = 1,
    high: int = 1,
    tolerance: float = 1e-4,
    floor: float = FLOOR,
    steps: int = 500,
    seed: int = 0,
) -> list[Ends]:
    """The `low` smallest and `high` largest eigenvalues of the Hessian at each lane, copies counted.

    One Krylov space holds one copy of each eigenvalue. Where more than one pair is asked of an end, Lanczos is begun
    again orthogonally to what was found until it finds nothing further out: multiplicities are right.

    Args:
        landscape: the loss.
        theta: (lane, param).
        low, high: how many pairs of each end.
        tolerance: error allowed relative to each eigenvalue.
        floor: error allowed relative to the spectral radius, at least rounding; the larger of the two counts.
        steps: most products of one run of Lanczos.
        seed: of the random starts.

    Raises:
        Refusal: no pair or more pairs than parameters are asked for.
    """
    if low < 0 or high < 0 or not 1 <= low + high <= landscape.dimension:
        raise Refusal(
            f"low={low} and high={high} pairs asked of a Hessian with {landscape.dimension} eigenvalues; "
            f"give counts from 0 with a sum from 1 to that"
        )
    floor = max(floor, 16 * torch.finfo(theta.dtype).eps)
    wanted = _Wanted(low, high, tolerance, floor, steps)
    steady = landscape.steady(theta)
    good = [lane for lane, status in enumerate(steady) if status == "ok"]
    groups = theta[good].split(side_by_side(theta, steps)) if good else []
    found = chain.from_iterable(_search(landscape, group, wanted, seed) for group in groups)
    return [next(found) if status == "ok" else _nothing(theta, low + high, status) for status in steady]


def most_negative(landscape: Landscape, theta: Tensor, *, tolerance: float = 1e-4, steps: int = 500) -> list[Ends]:
    """The smallest eigenvalue and its direction at each lane, to `tolerance` relative to it."""
    return ends(landscape, theta, low=1, high=0, tolerance=tolerance, steps=steps)


def _search(landscape: Landscape, theta: Tensor, wanted: _Wanted, seed: int) -> list[Ends]:
    """First run for all lanes together, the rest lane by lane."""
    known = tridiagonalise(
        landscape.product(theta),
        random_starts(len(theta), 1, theta, seed),
        wanted.steps,
        halt=partial(_enough, wanted),
    )
    used = known.diagonal.shape[-1]
    found = []
    for lane in range(len(theta)):
        if not known.finite[lane, 0]:
            found.append(_nothing(theta, wanted.low + wanted.high, "not finite"))
            continue
        product = landscape.product(theta[lane : lane + 1])
        pairs = _first(known, lane, wanted)
        more = 0
        if max(wanted.low, wanted.high) > 1 or len(pairs.values) < wanted.low + wanted.high:
            pairs, more = _copies(product, pairs, wanted, seed)
        found.append(_certify(product, pairs, wanted, used + more))
    return found


def _enough(wanted: _Wanted, known: Tridiagonal) -> bool:
    """Whether every lane's wanted pairs are exact enough, or its space full."""
    for lane in range(len(known.diagonal)):
        if known.off[lane, 0, -1] == 0:
            continue
        ritz = ritz_pairs(known, lane)
        chosen = wanted.chosen(len(ritz.values))
        allowed = wanted.allowed(ritz.values[chosen], float(np.abs(ritz.values).max()))
        if len(ritz.values) <= wanted.low + wanted.high or (ritz.errors[chosen] > allowed).any():
            return False
    return True


def _first(known: Tridiagonal, lane: int, wanted: _Wanted) -> Pairs:
    """The wanted Ritz pairs of a run."""
    ritz = ritz_pairs(known, lane)
    chosen = wanted.chosen(len(ritz.values))
    basis = known.basis[lane, 0, : len(ritz.values)]
    vectors = torch.from_numpy(ritz.coordinates[:, chosen].T.copy()).to(basis) @ basis
    radius = float(np.abs(ritz.values).max())
    return Pairs(ritz.values[chosen], ritz.residuals[chosen], ritz.errors[chosen], vectors, radius)


def _copies(product: Product, pairs: Pairs, wanted: _Wanted, seed: int) -> tuple[Pairs, int]:
    """Begin again orthogonally to the pairs until nothing further out is left; (pairs, products used)."""
    used, dimension = 0, pairs.vectors.shape[1]
    while len(pairs.values) < dimension:
        if (pairs.errors > wanted.allowed(pairs.values, pairs.radius)).any():
            break
        seed += 1
        start = random_starts(1, 1, pairs.vectors, seed)
        known = tridiagonalise(
            product, start, wanted.steps, against=pairs.vectors[None], halt=partial(_settled, pairs, wanted)
        )
        used += known.diagonal.shape[-1]
        fresh = _first(known, 0, replace(wanted, low=min(wanted.low, 1), high=min(wanted.high, 1)))
        further = fresh.take(np.flatnonzero(_further(pairs, fresh.values, wanted)).tolist())
        if not len(further.values):
            break
        joined = pairs.join(further)
        pairs = joined.take(wanted.chosen(len(joined.values)))
    return pairs, used


def _limits(pairs: Pairs, wanted: _Wanted) -> tuple[float, float]:
    """A further value counts if it lies below the first or above the second limit."""
    if len(pairs.values) < wanted.low + wanted.high:
        return np.inf, -np.inf
    allowed = wanted.allowed(pairs.values, pairs.radius)
    low = pairs.values[wanted.low - 1] - allowed[wanted.low - 1] if wanted.low else -np.inf
    high = pairs.values[-wanted.high] + allowed[-wanted.high] if wanted.high else np.inf
    return float(low), float(high)


def _further(pairs: Pairs, values: Array, wanted: _Wanted) -> NDArray[np.bool_]:
    low, high = _limits(pairs, wanted)
    return (values < low) | (values > high)


def _settled(pairs: Pairs, wanted: _Wanted, known: Tridiagonal) -> bool:
    """Whether the outermost values of a further run are exact, or not further out than what was found."""
    ritz = ritz_pairs(known, 0)
    low, high = _limits(pairs, wanted)
    exact = ritz.errors <= wanted.allowed(ritz.values, pairs.radius)
    down = not wanted.low or exact[0] or ritz.values[0] - ritz.residuals[0] >= low
    up = not wanted.high or exact[-1] or ritz.values[-1] + ritz.residuals[-1] <= high
    return bool(down and up)


def _certify(product: Product, pairs: Pairs, wanted: _Wanted, used: int) -> Ends:
    """True residuals from one more product each, and the status they earn.

    What a true residual exceeds its estimate by counts in full.
    """
    vectors = pairs.vectors / pairs.vectors.norm(dim=1, keepdim=True)
    images = product(vectors[None])[0].double()
    values = (vectors.double() * images).sum(1)
    residuals = (images - values[:, None] * vectors.double()).norm(dim=1)
    estimated, errors = torch.from_numpy(pairs.residuals), torch.from_numpy(pairs.errors)
    errors = torch.minimum(residuals, errors + (residuals - estimated).clamp(min=0))
    allowed = wanted.allowed(values.numpy(), pairs.radius)
    complete = len(values) == wanted.low + wanted.high and bool((errors.numpy() <= allowed).all())
    status = "ok" if complete else "not converged" if bool(images.isfinite().all()) else "not finite"
    return Ends(values, vectors, residuals, errors, status, used + len(values))


def _nothing(theta: Tensor, count: int, status: str) -> Ends:
    """What is told of a lane that has no spectrum."""
    empty = torch.full((count,), torch.nan, dtype=torch.float64)
    return Ends(empty, torch.full((count, theta.shape[1]), torch.nan, dtype=theta.dtype), empty, empty, status, 0)
