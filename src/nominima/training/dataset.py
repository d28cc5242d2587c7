"""A prepared data set: three splits of float32 inputs and int64 labels in one safetensors file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from nominima.ground.files import Refusal, read, write
from nominima.tracing.trace import Trace

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Examples:
    """x: float32 (example, *input); y: int64 (example,)."""

    x: NDArray[np.float32]
    y: NDArray[np.int64]


@dataclass(frozen=True)
class Dataset:
    """Splits of one data set; labels are 0 … classes-1."""

    classes: int
    train: Examples
    validation: Examples
    test: Examples

    @property
    def inputs(self) -> tuple[int, ...]:
        """Shape of one input."""
        return self.train.x.shape[1:]


def write_dataset(path: Path, dataset: Dataset, trace: Trace) -> None:
    """Store a data set whole or not at all."""
    tensors: dict[str, np.ndarray] = {"classes": np.array(dataset.classes, dtype=np.int64)}
    for split in SPLITS:
        examples: Examples = getattr(dataset, split)
        tensors |= {
            f"{split}.x": np.ascontiguousarray(examples.x),
            f"{split}.y": np.ascontiguousarray(examples.y),
        }
    write(path, save(tensors, metadata={"trace": trace.dumps()}))


def read_dataset(path: Path) -> Dataset:
    """Load a data set.

    Raises:
        Refusal: the file is missing, damaged or not a data set.
    """
    remedy = "delete it and run `snakemake --cores all`"
    try:
        tensors = load(read(path))
        splits = {split: Examples(tensors.pop(f"{split}.x"), tensors.pop(f"{split}.y")) for split in SPLITS}
        dataset = Dataset(classes=int(tensors.pop("classes")), **splits)
    except (SafetensorError, KeyError, TypeError) as error:
        raise Refusal(f"{path}: not a data set ({error}); {remedy}") from error
    faults = [f"tensor {name!r} does not belong there" for name in sorted(tensors)]
    faults += [f"split {split} {fault}" for split in SPLITS for fault in _faults(splits[split], dataset)]
    if faults:
        raise Refusal(f"{path}: {'; '.join(faults)}; {remedy}")
    return dataset


def _faults(examples: Examples, dataset: Dataset) -> list[str]:
    x, y = examples.x, examples.y
    if (x.dtype, y.dtype) != (np.float32, np.int64):
        return [f"holds {x.dtype} inputs and {y.dtype} labels, not float32 and int64"]
    if x.shape != (*y.shape, *dataset.inputs) or y.ndim != 1:
        return [f"holds inputs {x.shape} for labels {y.shape}"]
    found = {
        "holds inputs that are NaN or infinite": not np.isfinite(x).all(),
        f"holds labels beyond 0 … {dataset.classes - 1}": not ((y >= 0) & (y < dataset.classes)).all(),
    }
    return [fault for fault, there in found.items() if there]
