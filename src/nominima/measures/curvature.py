"""Both ends of the spectrum of the training loss's Hessian at the start, at the stop and at the end."""

from typing import Any

import polars as pl

from nominima.ground.records import Repeats
from nominima.landscape.extremes import ends
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
KEY = ("seed", "point")
SCHEMA = {
    "seed": "Int64",
    "point": "String",
    "status": "String",
    "train_loss": "Float64",
    "gradient_norm": "Float64",
    "lambda_min": "Float64",
    "lambda_max": "Float64",
    "residual_min": "Float64",
    "residual_max": "Float64",
    "converged": "Boolean",
    "iterations": "Int64",
}
POINTS = ("init", "best", "end")
TOLERANCE = 1e-2
FLOOR = 1e-3


def measure(subject: RunSubject, *, iterations: Repeats = 100, seeds: Repeats = 2) -> pl.DataFrame:
    """f, ‖∇f‖ and the extreme eigenvalues of ∇²f at init, at the stop by validation loss (`best`) and at the end.

    f is the mean cross-entropy, nats, of all training examples on the labels trained on, without decay, in float64; the
    first `seeds` seeds are looked at. The eigenvalues come from Lanczos' method with full
    reorthogonalisation (Golub & Van Loan 2013, §10.3) on exact products H·v (Pearlmutter 1994), at most `iterations`
    steps of it, so that the true λ_min is at most lambda_min and the true λ_max at least lambda_max.

    residual_*: ‖H·v − λ·v‖, within which of λ there is an eigenvalue. converged: both are estimated to be within
    0.01·|λ| or 0.001·max|λ|. iterations: products used. A row is `not_finite` or `not_deterministic`, without
    numbers, if the loss or a product is.
    """
    rows = [
        {"seed": seed, "point": point, **_curvature(subject, point, lane, iterations)}
        for lane, seed in enumerate(subject.seeds[:seeds])
        for point in POINTS
    ]
    return frame(rows, SCHEMA, KEY)


def _curvature(subject: RunSubject, point: str, lane: int, iterations: int) -> dict[str, Any]:
    if subject.status[lane] == "diverged":
        return {"status": "diverged", "converged": False, "iterations": 0}
    theta = subject.points()[point][lane : lane + 1].double()
    landscape = subject.landscape(lane)
    loss, gradient = landscape.gradient(theta)
    (found,) = ends(landscape, theta, tolerance=TOLERANCE, floor=FLOOR, steps=iterations, seed=subject.seeds[lane])
    return {
        "status": "ok" if found.status == "not converged" else found.status.replace(" ", "_"),
        "train_loss": loss.item(),
        "gradient_norm": gradient.norm().item(),
        "lambda_min": found.values[0].item(),
        "lambda_max": found.values[-1].item(),
        "residual_min": found.residuals[0].item(),
        "residual_max": found.residuals[-1].item(),
        "converged": found.converged,
        "iterations": found.products,
    }
