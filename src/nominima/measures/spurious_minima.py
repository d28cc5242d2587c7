"""The counter-example: local minima that are bad for certain, and what a neuron more does to them."""

import polars as pl
import torch

from nominima.ground.records import Count, Natural, Repeats
from nominima.landscape.safran_shamir import descend
from nominima.measuring.table import frame

OF = "theory"
KEY = ("teachers", "units", "seed")
SCHEMA = {
    "teachers": "Int64",
    "units": "Int64",
    "seed": "Int64",
    "status": "String",
    "kind": "String",
    "loss": "Float64",
    "gradient_norm": "Float64",
    "lambda_min": "Float64?",
    "spurious": "Boolean",
}
TEACHERS = (6, 8, 12, 16)
GLOBAL = 1e-6


def measure(
    subject: None,  # noqa: ARG001 - theory is given nothing
    *,
    runs: Repeats = 30,
    first_seed: Natural = 100,
    most: Count = 16,
) -> pl.DataFrame:
    """Ends of gradient descent on the population loss of n ReLU units learning k = 6, 8, 12, 16 (up to `most`) ones.

    The k units of the teacher are orthonormal, the inputs normal, the student has n = k or k + 1 units; the loss, its
    gradient and its Hessian are closed forms (Safran & Shamir 2018), and 0 can be reached. seed numbers the runs, which
    draw their starts from one generator seeded with `first_seed`. spurious: certified a strict minimum, above a loss of
    1e-6. Known for k = 8: 13 % at n = k, the lowest at .0215080, none at n = k + 1.
    """
    torch.set_num_threads(1)
    rows = [
        {
            "teachers": k,
            "units": n,
            "seed": first_seed + run,
            "status": "not_finite" if end.status == "not finite" else "ok",
            "kind": end.status,
            "loss": end.loss,
            "gradient_norm": end.gradient_norm,
            "lambda_min": end.smallest,
            "spurious": end.status == "strict minimum" and end.loss > GLOBAL,
        }
        for k in TEACHERS
        if k <= most
        for n in (k, k + 1)
        for found in [descend(n, k, runs=runs, seed=first_seed)]
        for run, end in enumerate(found.ends)
    ]
    return frame(rows, SCHEMA, KEY)
