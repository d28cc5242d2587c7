"""Scans of digits written by 43 people, 8 × 8 pixels (Alpaydin & Kaynak 1998), as scikit-learn ships them."""

import numpy as np
from sklearn.datasets import load_digits

from nominima.ground.files import Refusal
from nominima.ground.records import Count, Natural
from nominima.training.dataset import Dataset, Examples

CLASSES = 10


def make(*, seed: Natural = 0, train: Count = 797, validation: Natural = 400, test: Count = 600) -> Dataset:
    """Images float32 (example, 8, 8) in an order drawn from `seed`, split in the order of the arguments.

    All splits are shifted by the mean and divided by the standard deviation of all training pixels together:
    one pair of numbers, since many border pixels are blank in every scan and have no spread of their own.

    Raises:
        Refusal: more examples are asked for than there are.
    """
    pixels, labels = load_digits(return_X_y=True)
    images = pixels.reshape(-1, 8, 8)
    wanted = train + validation + test
    if wanted > len(images):
        raise Refusal(f"digits: train + validation + test is {wanted}; there are {len(images)} scans: ask for fewer")
    order = np.random.default_rng(seed).permutation(len(images))[:wanted]
    mean, deviation = images[order[:train]].mean(), images[order[:train]].std()
    x = ((images[order] - mean) / deviation).astype(np.float32)
    edges = np.cumsum([train, validation])
    parts = zip(np.split(x, edges), np.split(labels[order], edges), strict=True)
    return Dataset(CLASSES, *(Examples(*part) for part in parts))
