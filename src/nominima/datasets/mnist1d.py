"""MNIST-1D (Greydanus & Kobak 2024): ten classes of 40-step signals, made by the package's own generator."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

import numpy as np

from nominima.ground.files import Refusal
from nominima.ground.records import Count, Natural
from nominima.training.dataset import Dataset, Examples

CLASSES = 10
UNUSED = ("matplotlib", "matplotlib.pyplot", "requests")


def make(*, seed: Natural, train: Count, validation: Natural, test: Count) -> Dataset:
    """Signals float32 (example, 40), made with the published settings, split in the order of the arguments.

    `seed: 42, train: 4000, validation: 0, test: 1000` is the published set. All splits are shuffled and
    standardised together (one mean, one deviation), as published; changing their sum changes every signal.

    Raises:
        Refusal: the counts do not add up to equally many signals of each class.
    """
    total = train + validation + test
    if total % CLASSES:
        raise Refusal(
            f"mnist1d: train + validation + test is {total}; it must be a multiple of {CLASSES}, so that all "
            f"classes are equally frequent: add {-total % CLASSES} to one of them"
        )
    package = _package()
    settings = package.get_dataset_args()
    settings.seed, settings.num_samples, settings.train_split = seed, total, 1.0
    with _global_random_state_kept():
        made = package.make_dataset(settings)
    x, y = made["x"].astype(np.float32), made["y"].astype(np.int64)
    edges = np.cumsum([train, validation])
    return Dataset(CLASSES, *(Examples(*split) for split in zip(np.split(x, edges), np.split(y, edges), strict=True)))


def _package() -> ModuleType:
    """The generator, without the plotting and download libraries that it imports and `make` never needs."""
    spared = {name: ModuleType(name) for name in UNUSED if name not in sys.modules}
    sys.modules.update(spared)
    try:
        return import_module("mnist1d.data")
    finally:
        for name in spared:
            del sys.modules[name]


@contextmanager
def _global_random_state_kept() -> Iterator[None]:
    """The package draws from the global generators of Python and NumPy; hand them back as they were."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
