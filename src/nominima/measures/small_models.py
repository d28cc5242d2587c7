"""What wide networks and the right small model lose against a truth that is known, stopped and not."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

import polars as pl
import torch
from torch import Tensor

from nominima.ground.records import Count, Natural, Positive, Repeats
from nominima.measuring.replicas import knobs, train
from nominima.measuring.table import frame
from nominima.planning import shelf
from nominima.planning.run import Training
from nominima.training.feed import generator
from nominima.training.model import Model, Parameters
from nominima.training.objective import surprisals

OF = "theory"
APART = True
KEY = ("teacher", "examples", "width", "seed")
SCHEMA = {
    "teacher": "String",
    "examples": "Int64",
    "width": "Int64",
    "seed": "Int64",
    "status": "String",
    "parameters": "Int64",
    "stop": "Int64",
    "censored": "Boolean",
    "bayes": "Float64",
    "excess": "Float64",
    "excess_end": "Float64",
}

INPUTS, CLASSES = 20, 3
RELEVANT = {"linear": INPUTS, "sparse": 2}
"""Teacher → how many of the inputs count, the first ones."""
SPREAD = 2.0
"""Root of the mean variance of a teacher's logits over classes; the Bayes risk is about .52 nats then."""
TESTED = 2000
"""Inputs of a replica on which excess and Bayes risk are means."""
NARROWER = (1, 4, 16)
"""Widths, as the widest divided by these."""
DRAWN = 40
"""Replicas whose tasks are held at once."""


class Task(NamedTuple):
    """Inputs float32 (example, input), the truth's log-probabilities float64 (example, class), and labels int64."""

    x: Tensor
    truth: Tensor
    y: Tensor


Draw = tuple[Task, Task, Task]
"""Training, validation and test examples of a replica."""


def measure(
    subject: None,  # noqa: ARG001 - theory is given nothing
    *,
    replicas: Repeats = 200,
    first_seed: Natural = 10_000,
    fewest: Count = 100,
    most: Count = 400,
    widest: Count = 256,
    batch: Count = 100,
    rate: Positive = 0.0005,
    steps: Count = 120,
    small_rate: Positive = 0.005,
    small_steps: Count = 6000,
) -> pl.DataFrame:
    """Excess risk of multilayer perceptrons, and of softmax regression on the inputs that count, stopped by validation.

    A teacher draws one of three classes from the softmax of its logits, W·x with x ~ N(0, 1) of 20 inputs: `linear`,
    all of them count; `sparse`, 2 do. The entries of W are normal, the mean over classes is taken off and W scaled
    so that the mean variance of the logits is 4. Each replica (its seed) has a teacher, `fewest` or `most` examples, as
    many validation examples and 2000 test inputs of its own, and an initialisation for each network.

    width: of the two hidden layers, that all inputs enter: `widest`, a quarter and a sixteenth of it; 0 stands for the
    right small model, the teacher's class on the teacher's inputs, from zero: its loss is convex, and of a random start
    the stop would leave some in it. Both are trained by Adam: networks in batches of `batch` at `rate` for `steps`, as
    many times more as they are narrower; the small model, which costs nothing, with the gradient of all its examples at
    `small_rate` for `small_steps`. stop: the step of the lowest validation loss;
    see measuring/replicas.py.

    excess: mean over the test inputs of the Kullback-Leibler divergence of the teacher's probabilities from the
    model's, which is its risk less the Bayes risk without noise of labels, nats, at the stop; excess_end: at the last
    step. bayes: mean entropy of the teacher's probabilities, nats.
    """
    torch.set_num_threads(1)
    ways = {0: (small_rate, small_steps)}
    for width in sorted({max(widest // share, 1) for share in NARROWER}):
        ways[width] = rate, steps * widest // width
    rows: list[dict[str, Any]] = []
    for teacher, examples, first in product(RELEVANT, (fewest, most), range(0, replicas, DRAWN)):
        seeds = range(first_seed + first, first_seed + min(first + DRAWN, replicas))
        tasks = [task(teacher, examples, seed) for seed in seeds]
        for width, (its_rate, its_steps) in ways.items():
            served = batch if width else examples
            training = knobs(optimizer="adam", rate=its_rate, batch=served, steps=its_steps)
            told = {"teacher": teacher, "examples": examples, "width": width}
            rows += [told | row for row in _rows(model(teacher, width), training, seeds, tasks)]
    return frame(rows, SCHEMA, KEY)


def task(teacher: str, examples: int, seed: int) -> Draw:
    """What a replica is given: a teacher's examples for training, validation and test."""
    source = generator(seed, f"teacher {teacher} {examples}")
    weight = torch.zeros(CLASSES, INPUTS)
    weight[:, : RELEVANT[teacher]] = torch.randn(CLASSES, RELEVANT[teacher], generator=source)
    weight -= weight.mean(0)
    weight *= SPREAD * math.sqrt(CLASSES) / weight.norm()
    training, validation, test = (_drawn(weight, count, source) for count in (examples, examples, TESTED))
    return training, validation, test


def model(teacher: str, width: int) -> Model:
    """The network of a width; of width 0 the right small model of a teacher, which starts at zero."""
    build = shelf.load("models", "mlp").build
    if width:
        return build(width, (INPUTS,), CLASSES, depth=2)
    convex = build(1, (RELEVANT[teacher],), CLASSES, depth=0)
    return replace(convex, layout=tuple(leaf._replace(gain=0.0) for leaf in convex.layout))


def excess(truth: Tensor, logits: Tensor) -> Tensor:
    """Mean over examples of KL(truth ‖ model), nats, float64 (): of log-probabilities and logits (example, class)."""
    apart = truth - logits.double().log_softmax(-1)
    return (truth.exp() * apart).sum(-1).mean(-1)


def _drawn(weight: Tensor, count: int, source: torch.Generator) -> Task:
    x = torch.randn(count, INPUTS, generator=source)
    truth = (x @ weight.T).double().log_softmax(-1)
    return Task(x, truth, torch.multinomial(truth.exp(), 1, generator=source).squeeze(1))


def _rows(its: Model, training: Training, seeds: range, tasks: Sequence[Draw]) -> Iterator[dict[str, Any]]:
    """A row for each replica."""
    fitted, seen, test = (Task(*map(torch.stack, zip(*split, strict=True))) for split in zip(*tasks, strict=True))
    inputs = its.layout[0].shape[1]

    def validation(parameters: Parameters, which: slice) -> Tensor:
        own, _ = surprisals(its.forward(parameters, seen.x[which, :, :inputs]), seen.y[which])
        return own.mean(1, dtype=torch.float64)

    found = train(its, training, seeds, (fitted.x[..., :inputs], fitted.y), validation)
    for lane, seed in enumerate(seeds):
        truth, x = test.truth[lane], test.x[lane, :, :inputs]
        at_stop, at_end = (
            excess(truth, its.forward(its.views(theta[lane : lane + 1]), x)[0]) for theta in (found.stop, found.end)
        )
        yield {
            "seed": seed,
            "status": "ok",
            "parameters": its.size,
            "stop": int(found.step[lane]),
            "censored": bool(found.censored[lane]),
            "bayes": -(truth.exp() * truth).sum(-1).mean().item(),
            "excess": at_stop.item(),
            "excess_end": at_end.item(),
        }
