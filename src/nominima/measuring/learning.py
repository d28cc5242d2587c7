"""Which examples a network has learned when, and whether clean ones came before those with a corrupted label."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.measuring.subject import RunSubject
from nominima.training.feed import generator
from nominima.training.trajectory import Records, read_records

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
RUNNING = 2  # looked-at points in a row at which a label must be predicted
DRAWS, MARKED = 20, 0.2  # random marks in the place of corrupted labels, share of the clean examples


def recorded(subject: RunSubject) -> Records:
    """The records of a run on partly corrupted labels.

    Raises:
        Refusal: some lane has no corrupted labels, or only such.
    """
    records = read_records(subject.run.folder, subject.run)
    moved = records.moved.sum(dim=1)
    if (moved == 0).any() or (moved == records.moved.shape[1]).any():
        raise Refusal(f"{subject.run.name} has no corrupted labels beside clean ones; give it a share of noise")
    return records


def fitted(records: Records, lane: int) -> tuple[Flags, Flags]:
    """Whether a lane predicts the label that it is trained on, (point, example), and is it corrupted, (example,)."""
    right = records.prediction[:, lane] == records.labels[lane]
    return right.numpy(), records.moved[lane].numpy()


def learned(right: Flags) -> Floats:
    """Of each example the first point at which it is fitted RUNNING times in a row; never: infinity. (example,)."""
    held = np.all([right[at : len(right) - RUNNING + 1 + at] for at in range(RUNNING)], axis=0)
    return np.where(held.any(axis=0), held.argmax(axis=0), np.inf)


def earlier(when: Floats, late: Flags) -> Floats:
    """The chance that of two examples, one of each kind, the late one is learned later; ties count half.

    AUC = U/(n₁n₂) of Mann & Whitney (1947), over the mid-ranks of when they are learned.

    Args:
        when: (example,), infinity for never.
        late: (…, example), which examples are expected to be learned later.
    """
    count = late.sum(axis=-1)
    statistic = late @ rankdata(when) - count * (count + 1) / 2
    return statistic / (count * (late.shape[-1] - count))


def marks(seed: int, clean: int) -> Flags:
    """Random fifths of so many clean examples, (DRAWS, example): what is marked says nothing of them."""
    draw = generator(seed, "marks")
    orders = torch.stack([torch.randperm(clean, generator=draw) for _ in range(DRAWS)])
    return _first(orders, max(1, round(MARKED * clean))).numpy()


def _first(orders: Tensor, count: int) -> Tensor:
    flags = torch.zeros(orders.shape, dtype=torch.bool)
    return flags.scatter_(1, orders[:, :count], value=True)
