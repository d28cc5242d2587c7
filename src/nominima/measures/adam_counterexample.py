"""Adam on a convex problem of one number on which it converges to the worst point."""

import numpy as np
import polars as pl

from nominima.ground.records import Count, Positive
from nominima.measuring.table import frame
from nominima.planning.steps import metric_steps

OF = "theory"
KEY = ("update", "start", "step")
SCHEMA = {
    "update": "String",
    "start": "Float64",
    "step": "Int64",
    "status": "String",
    "x": "Float64",
    "regret": "Float64?",
}
STARTS = (-1.0, -0.5, 0.0, 0.5, 1.0)
PERIOD = 3


def measure(
    subject: None,  # noqa: ARG001 - theory is given nothing
    *,
    steep: Positive = 4.0,
    rate: Positive = 0.05,
    steps: Count = 30_000,
) -> pl.DataFrame:
    """x after so many steps on losses f_t(x) = C·x for t ≡ 1 (mod 3), else −x, kept in [−1, 1], from five starts.

    C = `steep` > 2, so that the sum over a period falls with x towards −1, where its minimum is. With β₁ = 0,
    β₂ = 1/(1 + C²) and the rate `rate`/√t, as in theorem 1 of Reddi, Kale & Kumar (2018, On the convergence of Adam and
    beyond), Adam forgets the one steep loss over the two flat ones and goes to +1. x_{t+1} = Π(x_t − α_t·g_t/√v_t)
    without bias correction and ε, v_0 = 0. update: `Adam`, v_t = β₂·v_{t−1} + (1 − β₂)·g_t²; `AMSGrad`, the largest v
    so far; `gradient descent`, v = 1.

    regret: Σ_{s ≤ t} (f_s(x_s) − f_s(−1)) / t. Null at step 0.
    """
    start = np.array(STARTS)
    rows: list[dict[str, object]] = []
    for update in UPDATES:
        beta, x, v, most, total = 1 / (1 + steep**2), start, 0.0, 0.0, 0 * start
        looked = set(metric_steps(steps))
        rows += _rows(update, 0, x, None)
        for step in range(1, steps + 1):
            slope = steep if step % PERIOD == 1 else -1.0
            total = total + slope * (x + 1)
            v = beta * v + (1 - beta) * slope**2
            most = max(most, v)
            scale = {"Adam": v, "AMSGrad": most, "gradient descent": 1.0}[update]
            x = np.clip(x - rate / step**0.5 * slope / scale**0.5, -1, 1)
            if step in looked:
                rows += _rows(update, step, x, total / step)
    return frame(rows, SCHEMA, KEY)


UPDATES = ("Adam", "AMSGrad", "gradient descent")


def _rows(update: str, step: int, x: np.ndarray, regret: np.ndarray | None) -> list[dict[str, object]]:
    return [
        {"update": update, "start": start, "step": step, "status": "ok", "x": float(x[at]),
         "regret": None if regret is None else float(regret[at])}
        for at, start in enumerate(STARTS)
    ]  # fmt: skip
