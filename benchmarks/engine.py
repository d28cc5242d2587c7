"""The training engine beside the loop that a user would write, torch.func.vmap, batched autograd and JAX.

Samples·models per second of eight seeds, Adam, batches of 100 of MNIST-1D's 4000 examples.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.harness.publish import publish
from benchmarks.harness.rows import Row, rows_of
from benchmarks.harness.timing import Side, interleaved, ratio
from benchmarks.peers import loop
from benchmarks.peers.in_jax import Jax
from benchmarks.peers.problem import Problem
from benchmarks.peers.stacked import batched, vmapped
from nominima.planning import shelf
from nominima.planning.run import Run, Training
from nominima.training.ensemble import Ensemble
from nominima.training.lanes import Lanes
from nominima.training.model import Model, Parameters

CASES = {
    "mlp": (4, 16, 32, 128, 512),
    "cnn": (4, 32),
    "transformer": (8, 32),
}
BATCHED = ("mlp", "cnn")
CHECKED = 50  # steps before the errors are taken
STEPS = 10  # at a call
SIDE = 1024  # of the product that tells the peak


def rows() -> Iterator[Row]:
    """Every family at its sizes, beside every peer that can do it."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    for family, sizes in CASES.items():
        for size in sizes:
            yield from _compared(problem(family, size))


def _compared(problem: Problem) -> list[Row]:
    reference = loop.losses(problem, loop.trained(problem, problem.order(CHECKED), torch.float64))
    sides = dict(_sides(problem, reference))
    timed = interleaved(sides | {"peak": _product()})
    peak = 1 / timed["peak"].best
    rate = loop.flops(problem) * ratio(timed["ours"], timed["peak"]).ratio * peak
    what = {"mlp": "width", "cnn": "channels", "transformer": "features"}[problem.training.model]
    return rows_of(problem.training.model, f"{what} {problem.training.size}", sides, timed, rate, peak)


def _sides(problem: Problem, reference: Tensor) -> Iterator[tuple[str, Side]]:
    """Ours and every peer, each with its error."""
    samples = problem.training.batch * len(problem.seeds)

    def error(nets: Iterable[nn.Module]) -> float:
        found = loop.losses(problem, nets)
        return float(((found - reference) / reference).abs().max())

    def loaded(leaves: Parameters) -> list[nn.Module]:
        return [loop.loaded(problem, leaves, lane) for lane in range(len(problem.seeds))]

    lanes = ours(problem)
    advance(lanes, CHECKED)
    yield "ours", Side(partial(advance, lanes, STEPS), STEPS * samples, error(loaded(lanes.parameters.leaves)))
    order = problem.order(CHECKED)
    single = loop.Loop(problem)
    yield "loop + DataLoader", Side(single.epoch, single.units, error(loop.trained(problem, order, torch.float32)))
    for name, build in {"torch.func vmap": vmapped, "batched + autograd": batched, "JAX jit + vmap": Jax}.items():
        if name == "batched + autograd" and problem.training.model not in BATCHED:
            continue
        peer = build(problem)
        peer.train(order)
        found = error(peer.nets())
        yield name, Side(partial(peer.train, order[:STEPS]), STEPS * samples, found)


def ours(problem: Problem) -> Lanes:
    """The lanes as `fit` trains them."""
    run = Run(stack="benchmark/base", training=problem.training)
    with _mode(problem.model):
        return Lanes(Ensemble([run], problem.model, (problem.x, problem.y), problem.classes, {}), problem.model)


def advance(lanes: Lanes, steps: int) -> None:
    """Train on."""
    with _mode(lanes._model):
        lanes.advance(lanes._step + steps)


@contextmanager
def _mode(model: Model) -> Iterator[None]:
    """As in `fit`."""
    with torch.inference_mode(model.backward is not None), torch.no_grad():
        yield


def _product() -> Side:
    a = torch.randn(SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    out = torch.empty_like(a)
    return Side(lambda: torch.mm(a, a, out=out), 2 * SIDE**3)


@cache
def _data() -> tuple[Tensor, Tensor]:
    made = shelf.load("datasets", "mnist1d").make(seed=1, train=4000, validation=0, test=10)
    return torch.from_numpy(made.train.x), torch.from_numpy(made.train.y)


def problem(family: str, size: int, **changes: Any) -> Problem:
    """Eight seeds on MNIST-1D."""
    base: dict[str, Any] = {"dataset": "mnist1d", "model": family, "size": size, "optimizer": "adam", "rate": 1e-3}
    training = Training(**{**base, "batch": 100, "steps": 5000, "first_seed": 100, "seeds": 8, **changes})
    return Problem(training, *_data(), classes=10)


if __name__ == "__main__":
    publish(rows)
