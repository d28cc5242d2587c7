"""The little task whose critical points can be certified, and a descent that ends in one."""

import numpy as np
import scipy.optimize
import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.landscape.critical import Escape, escape
from nominima.landscape.loss import Landscape
from nominima.landscape.newton import Stationary, for_scipy, minimise
from nominima.training.dataset import Dataset
from nominima.training.feed import generator
from nominima.training.objective import corrupt

CLASSES = 3
MOST = 0.8
"""Share of the examples of these classes that a draw may take, so that draws differ."""
NEAR = 1e-5
"""Gradient norm from which Newton's method takes over: it costs a Hessian a step."""
ROUNDS = 3


def task(dataset: Dataset, *, examples: int, inputs: int, noise: float, seed: int) -> tuple[Tensor, Tensor]:
    """A draw of training examples of the first three classes, seen through their principal components.

    Args:
        dataset: of which `examples` are drawn without replacement, but at most MOST of those of these classes.
        inputs: how many components.
        noise: share of the labels that are moved.
        seed: of the draw and of the noise; each has a generator of its own.

    Returns:
        x: float64 (example, inputs), the scores of the leading components, each of mean 0 and variance 1.
        y: int64 (example,), a share `noise` of which is moved to another of the three classes.

    Raises:
        Refusal: the data set has no examples of these classes, or they fill fewer dimensions.
    """
    known = torch.from_numpy(np.flatnonzero(dataset.train.y < CLASSES))
    count = min(examples, int(MOST * len(known)))
    chosen = known[torch.randperm(len(known), generator=generator(seed, "toy examples"))[:count]].numpy()
    if count <= inputs:
        raise Refusal(f"inputs is {inputs}; there are {count} examples of the first {CLASSES} classes: ask for fewer")
    x = dataset.train.x[chosen].reshape(count, -1).astype(np.float64)
    left, scale, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    if inputs > len(scale) or scale[inputs - 1] <= 1e-9 * scale[0]:
        raise Refusal(f"inputs is {inputs}; the examples fill fewer dimensions: ask for fewer")
    labels, _ = corrupt(torch.from_numpy(dataset.train.y[chosen]), CLASSES, noise, generator(seed, "toy labels"))
    return torch.from_numpy(left[:, :inputs] * count**0.5), labels


def descend(landscape: Landscape, start: Tensor, *, thorough: bool = True) -> Stationary:
    """Go down from a start (param,) to a place that is certified: L-BFGS, then trust-region Newton.

    Where the search stalls at a saddle it is left along its most negative curvature, a few times at most.

    Args:
        landscape: a loss whose Hessian can be made.
        start: float64 (param,).
        thorough: otherwise the search is short and made once, for losses that may have no minimum to arrive at.
    """
    evaluations, steps = (3000, 100) if thorough else (500, 20)
    (found,) = minimise(landscape, _approach(landscape, start, evaluations)[None], steps=steps)
    for _ in range(ROUNDS if thorough else 0):
        if found.status not in ("saddle", "not converged"):
            break
        out = way_down(landscape, found.theta)[1]
        if not out.descended:
            break
        (found,) = minimise(landscape, _approach(landscape, out.theta, evaluations)[None], steps=steps)
    return found


def way_down(landscape: Landscape, theta: Tensor) -> tuple[Tensor, Escape]:
    """All eigenvalues (param,) of the exact Hessian at theta (param,), and the step along the lowest one's vector."""
    values, vectors = torch.linalg.eigh(landscape.hessian(theta[None])[0])
    return values, escape(landscape, theta, vectors[:, 0])


def _approach(landscape: Landscape, start: Tensor, evaluations: int) -> Tensor:
    loss, _, place = for_scipy(landscape, start)
    options = {"maxiter": evaluations, "maxfun": evaluations, "gtol": NEAR, "ftol": 0.0, "maxcor": 30}
    found = scipy.optimize.minimize(loss, place, jac=True, method="L-BFGS-B", options=options)
    return torch.from_numpy(found.x)
