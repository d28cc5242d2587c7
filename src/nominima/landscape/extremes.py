"""Both ends of a Hessian's spectrum with true residuals, and a converged flag that is true."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.landscape.lanczos import Tridiagonal, led, random_starts, rounding, side_by_side, tridiagonalise
from nominima.landscape.loss import Landscape
from nominima.landscape.parts import Product
from nominima.landscape.ritz import Array, Pairs, Ritz, pairs_of, ritz_of
from nominima.landscape.wanted import RISK, Wanted

FLOOR = 1e-7
"""Smallest error asked for, relative to the spectral radius: an eigenvalue of zero has no relative error."""


@dataclass(frozen=True)
class Ends:
    """Eigenpairs at both ends of one lane's spectrum, ascending: first the `low`, then the `high` ones.

    values: float64 (pair,), Rayleigh quotients.
    vectors: (pair, param), orthonormal.
    residuals: float64 (pair,), ‖H v − λ v‖ from a product made for the purpose: an eigenvalue lies within it.
    errors: float64 (pair,), how far λ may be from the eigenvalue of its rank, but for a chance of `RISK` for each end.
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
    guess: Tensor | None = None,
) -> list[Ends]:
    """The `low` smallest and `high` largest eigenvalues of the Hessian at each lane, copies counted.

    A small residual does not say that nothing lies further out. What does is how little of a random start can hide from
    a Krylov space, see `Ritz.missed`; Lanczos goes on until that is within what is asked. A Krylov space holds one copy
    of each eigenvalue: where more than one pair is asked of an end, Lanczos is begun again orthogonally to what was
    found, until nothing further out is left.

    Args:
        landscape: the loss.
        theta: (lane, param).
        low, high: how many pairs of each end.
        tolerance: error allowed relative to each eigenvalue.
        floor: error allowed relative to the spectral radius, at least rounding; the larger of the two counts.
        steps: most products of one run of Lanczos.
        seed: of the random starts.
        guess: (lane, param) near the vectors sought, as of the checkpoint before. It may save products; a wrong one
            costs some and cannot spoil the result.

    Raises:
        Refusal: no pair or more pairs than parameters are asked for, or steps < 1.
    """
    if low < 0 or high < 0 or not 1 <= low + high <= landscape.dimension:
        raise Refusal(
            f"low={low} and high={high} pairs asked of a Hessian with {landscape.dimension} eigenvalues; "
            f"give counts from 0 with a sum from 1 to that"
        )
    wanted = Wanted(low, high, tolerance, max(floor, rounding(theta)), steps)
    steady = landscape.steady(theta)
    good = [lane for lane, status in enumerate(steady) if status == "ok"]
    together = side_by_side(theta, steps)
    found = chain.from_iterable(
        _search(landscape, theta[some], wanted, led(random_starts(len(some), 1, theta, seed), guess, some), seed)
        for some in (good[at : at + together] for at in range(0, len(good), together))
    )
    return [next(found) if status == "ok" else _nothing(theta, low + high, status) for status in steady]


def most_negative(
    landscape: Landscape, theta: Tensor, *, tolerance: float = 1e-4, steps: int = 500, guess: Tensor | None = None
) -> list[Ends]:
    """The smallest eigenvalue and its direction at each lane, to `tolerance` relative to it."""
    return ends(landscape, theta, low=1, high=0, tolerance=tolerance, steps=steps, guess=guess)


def _search(landscape: Landscape, theta: Tensor, wanted: Wanted, start: Tensor, seed: int) -> list[Ends]:
    """First run for all lanes together, the rest lane by lane."""
    known = tridiagonalise(landscape.product(theta), start, wanted.steps, halt=partial(_enough, wanted))
    used = known.diagonal.shape[-1]
    found = []
    for lane, finite in enumerate(known.finite[:, 0].tolist()):
        if not finite:
            found.append(_nothing(theta, wanted.count, "not finite"))
            continue
        product, ritz = landscape.product(theta[lane : lane + 1]), ritz_of(known, lane)
        pairs = pairs_of(known, lane, ritz, wanted.chosen(len(ritz.values)))
        if wanted.single and len(pairs.values) == wanted.count:
            errors = np.array([ritz.beyond(side, RISK) for side, _ in wanted.sides((0, 0))])
            found.append(_certify(product, pairs, errors, wanted, used))
        else:
            pairs, errors, more = _copies(product, pairs, wanted, seed)
            found.append(_certify(product, pairs, errors, wanted, used + more))
    return found


def _enough(wanted: Wanted, known: Tridiagonal) -> bool:
    """Whether every lane is answered, or its space full."""
    open_lanes = (known.off[:, 0, -1] != 0).nonzero().flatten().tolist()
    return all(wanted.answered(ritz_of(known, lane)) for lane in open_lanes)


def _copies(product: Product, pairs: Pairs, wanted: Wanted, seed: int) -> tuple[Pairs, Array, int]:
    """Begin again orthogonally to the pairs until nothing further out is left; (pairs, errors, products used)."""
    used, dimension = 0, pairs.vectors.shape[1]
    while len(pairs.values) < dimension:
        if (pairs.residuals > wanted.allowed(pairs.values, pairs.radius)).any():
            return pairs, np.full_like(pairs.values, np.inf), used
        seed += 1
        known = tridiagonalise(
            product,
            random_starts(1, 1, pairs.vectors, seed),
            wanted.steps,
            against=pairs.vectors[None],
            halt=lambda known, pairs=pairs: wanted.settled(ritz_of(known, 0), pairs),
        )
        used += known.diagonal.shape[-1]
        ritz, one = ritz_of(known, 0), replace(wanted, low=min(wanted.low, 1), high=min(wanted.high, 1))
        fresh = pairs_of(known, 0, ritz, one.chosen(len(ritz.values)))
        further = fresh.take(np.flatnonzero(wanted.further(fresh.values, pairs)).tolist())
        if not len(further.values):
            return pairs, _ranked(pairs, ritz, wanted), used
        joined = pairs.join(further)
        pairs = joined.take(wanted.chosen(len(joined.values)))
    return pairs, pairs.residuals, used


def _ranked(pairs: Pairs, rest: Ritz, wanted: Wanted) -> Array:
    """Errors of the pairs as eigenvalues of their rank: nothing that was left may lie further out."""
    low, high = rest.values[0] - rest.beyond(-1, RISK), rest.values[-1] + rest.beyond(1, RISK)
    reach = np.concatenate([pairs.values[: wanted.low] - low, high - pairs.values[wanted.low :]])
    return np.maximum(pairs.residuals, reach)


def _certify(product: Product, pairs: Pairs, errors: Array, wanted: Wanted, used: int) -> Ends:
    """True residuals from one more product each, and the status they earn.

    What a true residual exceeds its estimate by counts in full.
    """
    vectors = pairs.vectors / pairs.vectors.norm(dim=1, keepdim=True)
    images = product(vectors[None])[0].double()
    values = (vectors.double() * images).sum(1)
    residuals = (images - values[:, None] * vectors.double()).norm(dim=1).cpu()
    off = torch.from_numpy(errors) + (residuals - torch.from_numpy(pairs.residuals)).clamp(min=0)
    values = values.cpu()
    allowed = wanted.allowed(values.numpy(), pairs.radius)
    complete = len(values) == wanted.count and bool((off.numpy() <= allowed).all())
    status = "ok" if complete else "not converged" if bool(images.isfinite().all()) else "not finite"
    return Ends(values, vectors, residuals, off, status, used + len(values))


def _nothing(theta: Tensor, count: int, status: str) -> Ends:
    """What is said of a lane that has no spectrum."""
    empty = torch.full((count,), torch.nan, dtype=torch.float64)
    return Ends(empty, torch.full_like(theta[:1], torch.nan).expand(count, -1), empty, empty, status, 0)
