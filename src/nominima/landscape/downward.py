"""Whether a Hessian curves downwards by more than a share of its largest curvature: yes or no, for few products."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from nominima.landscape.lanczos import Tridiagonal, led, random_starts, rounding, side_by_side, tridiagonalise
from nominima.landscape.loss import Landscape
from nominima.landscape.parts import Product
from nominima.landscape.ritz import Ritz, pairs_of, ritz_of
from nominima.landscape.wanted import RISK


@dataclass(frozen=True)
class Downward:
    """Whether λ_min < −share · λ_max at one lane.

    answer: "yes", "no", "not converged" (the products did not suffice), "not finite" or "not deterministic". "yes" and
        "no" are wrong with a chance of at most `RISK`, whatever the spectrum.
    low, high: the lowest and the highest curvature seen, λ_min ≤ low and high ≤ λ_max; not the eigenvalues themselves,
        which `ends` finds for more products. NaN where nothing was seen.
    vector: (param,), the direction of curvature `low`, of length 1.
    products: Hessian-vector products used.
    """

    answer: str
    low: float
    high: float
    vector: Tensor
    products: int


def curves_down(
    landscape: Landscape,
    theta: Tensor,
    *,
    share: float = 1e-4,
    steps: int = 500,
    seed: int = 0,
    guess: Tensor | None = None,
) -> list[Downward]:
    """Whether λ_min < −share · λ_max at each lane; Lanczos ends with the first step that decides it.

    Yes: a direction is found whose curvature is lower than −share times all that λ_max may be. No: an eigenvalue as low
    as that would have shown itself. Both use the bound of `Ritz.missed`; rounding decides nothing.

    Args:
        landscape: the loss.
        theta: (lane, param).
        share: of the largest eigenvalue; at least 0. If it is below rounding and rounding ended the space, "no" means
            that λ_min ≥ −`SLIGHT`·λ_max; what rounding can hide is less than that in float64 only.
        steps: most products of a lane.
        seed: of the random starts.
        guess: (lane, param) near the lowest eigenvector, as the `vector` of the checkpoint before; it saves products
            where the answer is yes and costs some where it is no.

    Raises:
        Refusal: steps < 1.
    """
    decide = partial(_decided, share=share, rounding=rounding(theta))
    steady = landscape.steady(theta)
    good = [lane for lane, status in enumerate(steady) if status == "ok"]
    together = side_by_side(theta, steps)
    found: dict[int, Downward] = {}
    for some in (good[at : at + together] for at in range(0, len(good), together)):
        product = landscape.product(theta[some])
        start = led(random_starts(len(some), 1, theta, seed), guess, some)
        known = tridiagonalise(product, start, steps, halt=partial(_all_decided, decide))
        found |= dict(zip(some, _answers(product, known, decide), strict=True))
    nothing = torch.full_like(theta[0], torch.nan)
    return [found.get(lane, Downward(status, torch.nan, torch.nan, nothing, 0)) for lane, status in enumerate(steady)]


Decide = Callable[..., str]
SLIGHT = 1e-6
"""Curvature, relative to the largest, that counts as none where a share below rounding is asked for."""


def _decided(found: Ritz, *, share: float, rounding: float, low: float | None = None) -> str:
    """The answer that Ritz values allow, with `low` in place of the lowest where given."""
    low = float(found.values[0]) if low is None else low
    slack = max(rounding * found.radius, float(np.finfo(np.float64).tiny))
    highest = float(found.values[-1])
    most = share * (highest + found.beyond(1, RISK)) if share else 0.0
    if low < -most - slack:
        return "yes"
    edge = -share * highest - slack
    if found.missed(edge, -1) <= RISK:
        return "no"
    slight = found.rest and share <= rounding and found.beyond(-1, RISK) <= SLIGHT * found.radius
    return "no" if slight and low >= edge else "not converged"


def _all_decided(decide: Decide, known: Tridiagonal) -> bool:
    """Whether every lane is decided, or its space full."""
    open_lanes = (known.off[:, 0, -1] != 0).nonzero().flatten().tolist()
    return all(decide(ritz_of(known, lane)) != "not converged" for lane in open_lanes)


def _answers(product: Product, known: Tridiagonal, decide: Decide) -> list[Downward]:
    """One of each lane, its lowest curvature from a product made for the purpose."""
    finite = known.finite[:, 0].tolist()
    each = [ritz_of(known, lane) if fine else None for lane, fine in enumerate(finite)]
    nothing = torch.full_like(known.basis[:1, 0, 0], torch.nan)
    vectors = torch.cat([
        nothing if one is None else pairs_of(known, lane, one, [0]).vectors for lane, one in enumerate(each)
    ])  # fmt: skip
    vectors = vectors / vectors.norm(dim=1, keepdim=True)
    low = (product(vectors.unsqueeze(1))[:, 0].double() * vectors.double()).sum(1).tolist()
    used = known.diagonal.shape[-1] + 1
    return [
        Downward("not finite", torch.nan, torch.nan, vector, used)
        if one is None or not math.isfinite(curvature)
        else Downward(decide(one, low=curvature), curvature, float(one.values[-1]), vector, used)
        for one, curvature, vector in zip(each, low, vectors, strict=True)
    ]
