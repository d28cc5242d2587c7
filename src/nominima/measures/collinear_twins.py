"""Two nearly equal inputs in linear regression: what tells twins apart, learned twice from independent examples."""

import numpy as np
import polars as pl
from numpy.random import default_rng

from nominima.ground.records import Count, Natural, Positive, Repeats
from nominima.measuring.linear_flow import Floats, Flow, losses, stops, times
from nominima.measuring.table import frame

OF = "theory"
KEY = ("copy", "seed", "point")
SCHEMA = {
    "copy": "Float64",
    "seed": "Int64",
    "point": "String",
    "status": "String",
    "never_stopped": "Boolean",
    "coefficients": "Int64",
    "difference": "Float64",
    "sum": "Float64",
    "validation": "Float64",
    "validation_symmetrised": "Float64",
    "risk": "Float64",
    "risk_symmetrised": "Float64",
    "harm_after_parting": "Float64?",
}
HARM = 0.01  # of the whole
PARTED = 0.5  # cosine
BETWEEN = 3  # copies, of those that decide and those of the control
AT_ONCE = 100  # pairs of sets, in memory


def measure(
    subject: None,  # noqa: ARG001 - theory is given nothing
    *,
    pairs: Repeats = 400,
    first_seed: Natural = 10000,
    twins: Count = 20,
    examples: Count = 100,
    validation: Count = 100,
    deviation: Positive = 0.5,
    noise: Positive = 1.0,
    closest: Positive = 0.05,
    furthest: Positive = 1.0,
    per_decade: Count = 20,
) -> pl.DataFrame:
    """Gradient flow on two independent training sets of one truth, at its validation optimum and at its end.

    y = x·β + noise·ε with x ~ N(0, I) of `twins` inputs and β ~ N(0, deviation²), drawn once a pair (the seed). The
    regression is given x and copies x' = x + c·ε': 2·twins coefficients, β⁺ of the originals and β⁻ of the copies,
    whose truth is 0. c: `closest`, the control `furthest`, and three round numbers between them. Inputs, copies, noise
    and the `validation` examples of the two sets are independent; those of all c are the same numbers.

    β(t) is the exact gradient flow from 0 (measuring/linear_flow.py), at 0, `per_decade` times a decade from 10⁻² to
    10⁷, and ∞. point: `best`, where the mean squared error on the set's own validation examples is lowest; `end`,
    t = ∞, least squares. never_stopped: in one of the sets these are the same, its flow is best when it has arrived.

    difference, sum: Pearson's correlation between the two sets over the twins, of β⁺ − β⁻ and of β⁺ + β⁻. validation:
    mean squared error on the validation examples; risk: its expectation, noise² + ‖β⁺ + β⁻ − β‖² + c²‖β⁻‖²;
    *_symmetrised: the same after β⁺ and β⁻ were both replaced by their mean. All four are means of the two sets.

    harm_after_parting: ln(t_harm/t_part), mean of the sets, on both rows: t_harm, after the stop, the first time with
    1 % of all the rise of the validation error to the end; t_part, the first time when the gradients with respect to
    β⁺ and β⁻ have a cosine below ½. Null where one of the sets has no such times.
    """
    at, frames = times(per_decade), []
    between = [float(f"{c:.1g}") for c in np.geomspace(closest, furthest, BETWEEN + 2)[1:-1]]
    copies = [closest, *between, furthest]
    for first in range(first_seed, first_seed + pairs, AT_ONCE):
        seeds = range(first, min(first + AT_ONCE, first_seed + pairs))
        drawn = [_draw(seed, twins, examples, validation, deviation, noise) for seed in seeds]
        beta, x, moved, y = (np.stack(parts) for parts in zip(*drawn, strict=True))
        frames += [_rows(c, seeds, (beta, x, x + c * moved, y), examples, noise, at) for c in copies]
    table = {name: np.concatenate([each[name] for each in frames]) for name in SCHEMA}
    return frame(table, SCHEMA, KEY)


def _draw(seed: int, twins: int, examples: int, validation: int, deviation: float, noise: float) -> tuple[Floats, ...]:
    """β (twin,), and of both sets, training examples first, x and what copies are moved by (set, example, twin), y."""
    draw = default_rng(seed)
    beta = deviation * draw.standard_normal(twins)
    x, moved = draw.standard_normal((2, 2, examples + validation, twins))
    return beta, x, moved, x @ beta + noise * draw.standard_normal(x.shape[:2])


def _rows(
    copy: float, seeds: range, drawn: tuple[Floats, ...], examples: int, noise: float, at: Floats
) -> dict[str, np.ndarray]:
    """Columns of all pairs: the rows at the stop, then those at the end."""
    beta, one, other, y = drawn
    x = np.concatenate([one, other], axis=-1)
    flow = Flow.of(x[:, :, :examples], y[:, :, :examples])
    path, held_out = flow.at(at), (x[:, :, examples:], y[:, :, examples:])
    curves = losses(*held_out, path)
    best, never = stops(curves)
    lag = _lag(curves, best, flow.gradients(at), at)
    count, columns = len(seeds), {name: [] for name in SCHEMA}
    for point, where in (("best", best), ("end", np.full_like(best, -1))):
        here = np.take_along_axis(path, where[..., None, None], axis=2)  # (pair, set, 1, coefficient)
        told = _told(here[:, :, 0], beta, copy, noise)
        told |= {"validation": losses(*held_out, here).mean((1, 2))}
        told |= {"validation_symmetrised": losses(*held_out, _symmetrised(here)).mean((1, 2))}
        told |= {"copy": np.full(count, copy), "seed": np.array(seeds), "point": np.full(count, point)}
        told |= {"status": np.full(count, "ok"), "never_stopped": never.any(axis=1)}
        told |= {"coefficients": np.full(count, x.shape[-1]), "harm_after_parting": lag}
        for name, column in columns.items():
            column.append(told[name])
    return {name: np.concatenate(parts) for name, parts in columns.items()}


def _told(coefficients: Floats, beta: Floats, copy: float, noise: float) -> dict[str, np.ndarray]:
    """Correlations between the sets and risks of coefficients (pair, set, coefficient)."""
    plus, minus = np.split(coefficients, 2, axis=-1)
    return {
        "difference": _correlation(plus - minus),
        "sum": _correlation(plus + minus),
        "risk": _risk(coefficients, beta, copy, noise),
        "risk_symmetrised": _risk(_symmetrised(coefficients), beta, copy, noise),
    }


def _correlation(values: Floats) -> Floats:
    """Of the two sets: (pair, set, twin) → (pair,); not finite where one of them has no spread."""
    centred = values - values.mean(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        unit = centred / np.linalg.norm(centred, axis=-1, keepdims=True)
    return (unit[:, 0] * unit[:, 1]).sum(axis=-1)


def _risk(coefficients: Floats, beta: Floats, copy: float, noise: float) -> Floats:
    """Expected squared error on new examples, mean of the two sets: (pair,)."""
    plus, minus = np.split(coefficients, 2, axis=-1)
    missed = ((plus + minus - beta[:, None]) ** 2).sum(axis=-1) + copy**2 * (minus**2).sum(axis=-1)
    return noise**2 + missed.mean(axis=1)


def _symmetrised(coefficients: Floats) -> Floats:
    """Both twins of each pair at their mean."""
    halves = sum(np.split(coefficients, 2, axis=-1)) / 2
    return np.concatenate([halves, halves], axis=-1)


def _lag(curves: Floats, best: np.ndarray, gradients: Floats, at: Floats) -> Floats:
    """ln(time of the first harm / time when the gradients of the twins part), mean of the two sets: (pair,)."""
    lowest, end = curves.min(axis=-1, keepdims=True), curves[..., -1:]
    harmed = (curves - lowest >= HARM * (end - lowest)) & (np.arange(len(at)) > best[..., None])
    one, other = np.split(gradients, 2, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):  # gradients that are gone
        cosines = (one * other).sum(-1) / (np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1))
    parted = cosines < PARTED
    found = [np.where(flags.any(-1), at[flags.argmax(-1)], np.nan) for flags in (harmed, parted)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(found[0] / found[1]).mean(axis=1)
