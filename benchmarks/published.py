"""What others published of MNIST-1D, trained by our engine: test accuracies of four families, and double descent.

Greydanus & Kobak 2024, notebooks `mnist1d-classification` and `deep-double-descent` of their repository.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import torch

from benchmarks.harness.publish import publish
from benchmarks.harness.rows import Row
from nominima.planning import shelf
from nominima.planning.run import Run, Training
from nominima.training.dataset import Dataset
from nominima.training.engine import fit

SOURCE = "notebook of the authors"
ACCURACY: dict[str, tuple[dict[str, Any], float]] = {
    "linear": ({"model": "mlp", "size": 1, "model_options": {"depth": 0}}, 31.5),
    "mlp, width 100": ({"model": "mlp", "size": 100}, 65.1),
    "cnn, 25 channels": ({"model": "cnn", "size": 25}, 92.3),
}
"""setting → what we train, test accuracy in percent after 6000 steps of Adam at .01 on the published 4000/1000."""
DESCENT = {9: 48.97, 16: 47.24, 27: 50.69, 47: 54.05, 80: 52.08, 135: 48.39, 300: 45.47}
"""width → test error in percent after 500 epochs of momentum .9 at .01, 15 % label noise, tested on 12 000."""
REDRAWN = 0.15 * 0.9  # of the labels drawn anew there, a tenth stay what they were


class Errors(NamedTuple):
    """Test error at the end of training: mean and deviation over seeds, as shares."""

    mean: float
    deviation: float


def rows() -> Iterator[Row]:
    """Ours beside what was published."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    for setting, (_, published) in ACCURACY.items():
        yield _row("accuracy", setting, accuracy(setting, seeds=5), 100 - published)
    for width, published in DESCENT.items():
        yield _row("double descent", f"width {width}", descent(width, seeds=4), published)


def accuracy(setting: str, seeds: int) -> Errors:
    """One of ACCURACY, ours."""
    changes, _ = ACCURACY[setting]
    return errors({**changes, "optimizer": "adam", "rate": 0.01, "steps": 6000, "seeds": seeds}, test=1000)


def descent(width: int, seeds: int) -> Errors:
    """One of DESCENT, ours."""
    changes = {"model": "mlp", "size": width, "optimizer": "momentum", "rate": 0.01, "steps": 20_000}
    return errors({**changes, "noise": REDRAWN, "seeds": seeds}, test=12_000)


def errors(changes: dict[str, Any], test: int) -> Errors:
    """Train on the published 4000 with batches of 100, the whole set made with seed 42."""
    training = Training(**{"dataset": "mnist1d", "batch": 100, "first_seed": 100, **changes})
    ((trajectory, _),) = fit([Run(stack="published/base", training=training)], _data(test), say=lambda _: None)
    last = trajectory.metrics.filter(trajectory.metrics["step"] == training.steps)["test_accuracy"].to_numpy()
    return Errors(float(1 - last.mean()), float(last.std(ddof=1)))


@cache
def _data(test: int) -> Dataset:
    return shelf.load("datasets", "mnist1d").make(seed=42, train=4000, validation=0, test=test)


def _row(work: str, setting: str, found: Errors, percent: float) -> Row:
    published = round(percent / 100, 4)
    return Row(work=work, setting=setting, peer=SOURCE, ratio=float(f"{found.mean / published:.3g}"),
               spread=float(f"{found.deviation / found.mean:.2g}"), error_ours=float(f"{found.mean:.3g}"),
               error_peer=published, share_of_peak=None, peak=None, processor=None)  # fmt: skip


if __name__ == "__main__":
    publish(rows)
