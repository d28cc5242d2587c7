"""Linear regression with one feature more and more: its risk with and without stopping."""

import numpy as np
import polars as pl
from numpy.random import Generator, default_rng

from nominima.ground.records import Count, Natural, Positive, Repeats
from nominima.measuring.linear_flow import Floats, Flow, losses, stops, times
from nominima.measuring.table import frame

OF = "theory"
KEY = ("truth", "features", "seed")
SCHEMA = {
    "truth": "String",
    "features": "Int64",
    "seed": "Int64",
    "status": "String",
    "never_stopped": "Boolean",
    "examples": "Int64",
    "stopped_risk": "Float64",
    "end_risk": "Float64",
    "validation": "Float64",
    "validation_end": "Float64",
}
PER_OCTAVE = 4


def measure(
    subject: None,  # noqa: ARG001 - theory is given nothing
    *,
    replicas: Repeats = 100,
    first_seed: Natural = 10000,
    examples: Count = 100,
    validation: Count = 100,
    features: Count = 400,
    nonzero: Count = 20,
    energy: Positive = 5.0,
    noise: Positive = 1.0,
    per_decade: Count = 20,
) -> pl.DataFrame:
    """Risk of gradient flow on the first p of `features` nested features of one design, stopped and never stopped.

    y = x·β + noise·ε with x ~ N(0, I). truth: `sparse`, the first `nonzero` coefficients are N(0, energy/nonzero), the
    others 0, so that from p = nonzero on a feature more is one that says nothing; `dense`, all are
    N(0, energy/features). Inputs and noise of both truths are the same numbers. p: from examples/8 to `features`, four
    an octave, and one more than the examples.

    β(t) is the exact gradient flow from 0 (measuring/linear_flow.py), at 0, `per_decade` times a decade from 10⁻² to
    10⁷, and ∞. It is stopped where the mean squared error on `validation` other examples is lowest; never_stopped:
    that is not below the end, t = ∞, the least-squares solution of smallest norm.

    *_risk: E(y − ŷ)² on new examples, noise included: noise² + ‖β_p − β̂‖² + ‖β beyond p‖² (Belkin et al. 2019, Hastie
    et al. 2022). validation, validation_end: the mean squared error on the validation examples at the two.
    """
    at, rows = times(per_decade), []
    for seed in range(first_seed, first_seed + replicas):
        draw = default_rng(seed)
        betas = _truths(draw, features, nonzero, energy)
        x = draw.standard_normal((examples + validation, features))
        y = betas @ x.T + noise * draw.standard_normal(examples + validation)  # (truth, example)
        for count in counts(examples, features):
            told = _fitted(x[:, :count], y, betas, examples, noise, at)
            rows += [
                {"truth": truth, "features": count, "seed": seed, "examples": examples, **its}
                for truth, its in zip(TRUTHS, told, strict=True)
            ]
    return frame(rows, SCHEMA, KEY)


TRUTHS = ("sparse", "dense")


def counts(examples: int, features: int) -> list[int]:
    """Numbers of features, ascending: half, once and twice the examples among them, and one more than the examples."""
    powers = np.arange(-3 * PER_OCTAVE, np.log2(features / examples) * PER_OCTAVE + 1e-9) / PER_OCTAVE
    asked = {*np.rint(examples * 2.0**powers).astype(int).tolist(), examples + 1}
    return sorted(count for count in asked if 1 <= count <= features)


def _truths(draw: Generator, features: int, nonzero: int, energy: float) -> Floats:
    """Coefficients (truth, feature), in the order of TRUTHS."""
    betas = draw.standard_normal((2, features))
    betas[0, nonzero:] = 0
    return betas * np.sqrt([[energy / nonzero], [energy / features]])


def _fitted(x: Floats, y: Floats, betas: Floats, examples: int, noise: float, at: Floats) -> list[dict[str, object]]:
    """Of each truth, the risk at its stop and at the end; x: (example, feature), y: (truth, example)."""
    flow = Flow.of(x[:examples], y[:, :examples])
    path = flow.at(at)  # (truth, time, feature)
    curves = losses(x[examples:], y[:, examples:], path)
    best, never = stops(curves)
    count = x.shape[1]
    unseen = noise**2 + (betas[:, count:] ** 2).sum(axis=1)
    risks = unseen[:, None] + ((path - betas[:, None, :count]) ** 2).sum(axis=-1)
    return [
        {
            "status": "ok",
            "never_stopped": bool(never[truth]),
            "stopped_risk": float(risks[truth, best[truth]]),
            "end_risk": float(risks[truth, -1]),
            "validation": float(curves[truth, best[truth]]),
            "validation_end": float(curves[truth, -1]),
        }
        for truth in range(len(betas))
    ]
