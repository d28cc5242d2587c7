"""The little task whose critical points can be certified, and a descent that ends in one."""

import numpy as np
import scipy.optimize
import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.landscape.critical import Escape, escape
from nominima.landscape.loss import Landscape
from nominima.landscape.newton import Stationary, minimise
from nominima.training.dataset import Dataset
from nominima.training.objective import corrupt

CLASSES = 3
NEAR = 1e-5
"""Gradient norm from which Newton's method takes over: it costs a Hessian a step."""
ROUNDS = 3


def task(dataset: Dataset, *, examples: int, inputs: int, noise: float, seed: int) -> tuple[Tensor, Tensor]:
    """The first `examples` training examples of the first three classes, seen through their principal components.

    Returns:
        x: float64 (example, inputs), the scores of the leading components, each of mean 0 and variance 1.
        y: int64 (example,), a share `noise` of which is moved to another of the three classes.

    Raises:
        Refusal: the data set has fewer examples of these classes, or they fill fewer dimensions.
    """
    chosen = np.flatnonzero(dataset.train.y < CLASSES)[:examples]
    if len(chosen) < examples:
        raise Refusal(f"examples is {examples}; the data set has {len(chosen)} of its first {CLASSES} classes: "
                      f"ask for fewer")  # fmt: skip
    x = dataset.train.x[chosen].reshape(examples, -1).astype(np.float64)
    left, scale, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    if inputs > len(scale) or scale[inputs - 1] <= 1e-9 * scale[0]:
        raise Refusal(f"inputs is {inputs}; the examples fill fewer dimensions: ask for fewer")
    generator = torch.Generator().manual_seed(seed)
    labels, _ = corrupt(torch.from_numpy(dataset.train.y[chosen]), CLASSES, noise, generator)
    return torch.from_numpy(left[:, :inputs] * examples**0.5), labels


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
    def loss(vector: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = landscape.gradient(torch.from_numpy(vector)[None])
        return float(value), gradient[0].numpy()

    options = {"maxiter": evaluations, "maxfun": evaluations, "gtol": NEAR, "ftol": 0.0, "maxcor": 30}
    found = scipy.optimize.minimize(loss, start.numpy(), jac=True, method="L-BFGS-B", options=options)
    return torch.from_numpy(found.x)
