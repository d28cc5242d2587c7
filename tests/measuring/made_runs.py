"""Runs that the engine has trained, of little networks on random numbers, with everything that a measure is given."""

from dataclasses import replace

import numpy as np

from nominima.measuring.subject import RunSubject
from nominima.planning.run import Run, Training
from nominima.training.dataset import Dataset, Examples
from nominima.training.engine import fit
from nominima.training.model import build_model
from nominima.training.tuning import candidates

INPUTS = {"mlp": (4, (5,)), "cnn": (2, (12,)), "transformer": (4, (12,))}
BASE = {"dataset": "made", "optimizer": "adam", "rate": 0.01, "batch": 7, "steps": 60, "first_seed": 100, "seeds": 3,
        "noise": 0.2, "skip": 3, "examples": 33}  # fmt: skip


def trained(family="mlp", labels=3, count=40, **changes):
    """The subject of three seeds that the engine has trained, labels by lot; of several rates the last is kept."""
    size, inputs = INPUTS[family]
    draw = np.random.default_rng(0)
    splits = [
        Examples(draw.standard_normal((count, *inputs)).astype(np.float32), draw.integers(0, labels, count))
        for _ in range(3)
    ]
    dataset = Dataset(3, *splits)
    told = BASE | {"model": family, "size": size, **changes}
    run = Run(stack="made/s", training=Training.model_validate(told))
    trajectory, records = fit(candidates(run), dataset, say=lambda _: None)[-1]
    return RunSubject(run, replace(trajectory, run=run), dataset, build_model(run.training, inputs, 3),
                      records.labels.long())  # fmt: skip
