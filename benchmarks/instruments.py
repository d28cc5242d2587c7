"""The landscape instruments beside curvlinops with scipy, hessian-eigenthings, PyHessian and loss-landscapes.

One process on one core, float32, the same model and examples for all. What takes many seconds is done once a side,
the rest in rounds; the answers that are checked are those that were timed.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.harness.publish import publish
from benchmarks.harness.rows import Row, rows_of
from benchmarks.harness.timing import Side, Timed
from benchmarks.landscape import peers
from benchmarks.landscape.case import LOSS, Case, exact_trace, peak, trained
from nominima import density, ends, filter_directions, of_module, surface
from nominima import lines as landscape_lines
from nominima.landscape.extremes import Ends

NARROW, WIDE = 20, 256
"""Widths: 1450 and 78 858 parameters."""
PROBES, STEPS, POINTS, MODELS = 10, 100, 51, 8
ROUNDS = 3
FEW = 2
"""Probes of a peer; its time a probe counts, and ours."""


def measure() -> Iterator[Row]:
    """All rows."""
    for count in (32, 100, 4000):
        yield from surfaces(Case(NARROW, count))
        yield from lines(Case(NARROW, count))
    yield from largest(Case(NARROW), rounds=3)
    yield from densities(Case(NARROW), rounds=3)
    yield from largest(Case(WIDE), rounds=1)
    yield from densities(Case(WIDE), rounds=1)
    yield from smallest(Case(WIDE))


def smallest(case: Case) -> Iterable[Row]:
    """λ_min to four digits; error: relative, against float64 to eight."""
    exact = _exact(case, low=1)
    sides = {
        "ours": lambda: _ends(case, low=1),
        "curvlinops + eigsh": lambda: peers.eigsh_of_curvlinops(case, 1, "SA", 1e-3),
        "curvlinops + eigsh, basis of 200": lambda: peers.eigsh_of_curvlinops(case, 1, "SA", 1e-2, 200),
    }
    return _compared("smallest eigenvalue", case, sides, partial(_off, exact), partial(_spent, case))


def largest(case: Case, rounds: int) -> Iterable[Row]:
    """The ten largest eigenvalues; error: the largest relative one, against float64 to eight digits."""
    exact = _exact(case, high=10)
    sides = {
        "ours": lambda: _ends(case, high=10),
        "curvlinops + eigsh": lambda: peers.eigsh_of_curvlinops(case, 10, "LA", 1e-2),
        "hessian-eigenthings, 50 steps": lambda: peers.eigenthings_largest(case, 10),
    }
    if case.width == NARROW:
        sides["PyHessian, power iteration"] = lambda: peers.pyhessian_largest(case, 10)
    return _compared("ten largest eigenvalues", case, sides, partial(_off, exact), partial(_spent, case), rounds)


def densities(case: Case, rounds: int) -> Iterable[Row]:
    """Spectral density from 10 probes of 100 steps; error: relative, of the trace, most of it the probes' chance."""
    exact = exact_trace(case)
    sides = {
        "ours": lambda: density(case.landscape, case.theta, probes=PROBES, steps=STEPS)[0].trace[0],
        "curvlinops": lambda: peers.curvlinops_trace(case, FEW, STEPS),
        "hessian-eigenthings": lambda: peers.eigenthings_trace(case, FEW, STEPS),
    }
    flops = PROBES * STEPS * case.flops("product")
    units = {name: PROBES if name == "ours" else FEW for name in sides}
    return _compared("spectral density, 10 probes × 100 steps", case, sides, partial(_relative, exact),
                     lambda _: flops, rounds, units)  # fmt: skip


def surfaces(case: Case) -> Iterable[Row]:
    """51 × 51 losses; error: relative, of the middle cell, which is the model itself."""
    directions = filter_directions([tuple(p.shape) for p in case.model.parameters()], case.theta[0])
    exact = LOSS(case.model.double()(case.data[0].double()), case.data[1]).item()
    case.model.float()
    sides = {
        "ours": lambda: surface(case.landscape, case.theta[0], directions, points=POINTS).losses.numpy(),
        "loss-landscapes": lambda: peers.loss_landscapes_plane(case, POINTS),
    }
    return _compared("loss surface, 51 × 51", case, sides, lambda found: _relative(exact, found[25][25]),
                     lambda _: POINTS**2 * case.flops("loss"), rounds=ROUNDS)  # fmt: skip


def lines(case: Case) -> Iterable[Row]:
    """51 losses on each of the 28 lines between 8 models; error: relative, of the first point of the first line."""
    models = [trained(case.width, seed) for seed in range(MODELS)]
    exact = LOSS(models[0](case.data[0]), case.data[1]).item()
    sides = {
        "ours": lambda: _lines(case, models),
        "loss-landscapes": lambda: peers.loss_landscapes_lines(case, models, POINTS),
        "a loop over vector_to_parameters": lambda: peers.looped_lines(case, models, POINTS),
    }
    return _compared("lines between all pairs of 8 models", case, sides, lambda found: _relative(exact, found[0][0]),
                     lambda _: 28 * POINTS * case.flops("loss"), rounds=ROUNDS)  # fmt: skip


def _lines(case: Case, models: list[nn.Sequential]) -> Any:
    theta = torch.stack([nn.utils.parameters_to_vector(model.parameters()).detach() for model in models])
    start, end = (theta[list(side)] for side in zip(*combinations(range(MODELS), 2), strict=True))
    return landscape_lines(case.landscape, start, end, POINTS)


def _ends(case: Case, *, low: int = 0, high: int = 0) -> Ends:
    return ends(case.landscape, case.theta, low=low, high=high, tolerance=1e-4)[0]


def _spent(case: Case, found: Ends) -> float:
    return found.products * case.flops("product")


def _off(exact: np.ndarray, found: Any) -> float:
    return _relative(exact, found.values if isinstance(found, Ends) else found)


def _exact(case: Case, *, low: int = 0, high: int = 0) -> np.ndarray:
    x, y = case.data
    landscape, theta = of_module(case.model.double(), LOSS, x.double(), y)
    found = ends(landscape, theta, low=low, high=high, tolerance=1e-8)[0]
    case.model.float()
    return found.values.numpy()


def _relative(exact: Any, found: Any) -> float:
    return float(np.abs(np.asarray(found, dtype=np.float64) / exact - 1).max())


def _compared(
    work: str, case: Case, sides: Mapping[str, Callable[[], Any]], error: Callable[[Any], float],
    flops: Callable[[Any], float], rounds: int = 1, units: Mapping[str, int] | None = None,
) -> Iterable[Row]:  # fmt: skip
    """A row per peer, from rounds in which all take turns; with several rounds, one more goes before and is dropped."""
    amount = units or dict.fromkeys(sides, 1)
    found: dict[str, Any] = {}
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds + (rounds > 1)):
        for name, side in sides.items():
            before = time.process_time()
            found[name] = side()
            seconds[name].append((time.process_time() - before) / amount[name])
    timed = {name: Timed(each[rounds > 1 :]) for name, each in seconds.items()}
    checked = {name: Side(side, amount[name], error(found[name])) for name, side in sides.items()}
    rate = flops(found["ours"]) / (timed["ours"].best * amount["ours"])
    rows = rows_of(work, case.setting, checked, timed, rate, peak())
    return rows if rounds > 1 else [row.model_copy(update={"spread": None}) for row in rows]


if __name__ == "__main__":
    publish(measure)
