"""Any grey images in IDX files, the format of MNIST (LeCun 1998), gzipped or not, by path below data/raw/."""

import gzip
import math
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nominima.ground.files import Refusal, read
from nominima.ground.records import Count, Natural, RawFile
from nominima.training.dataset import Dataset, Examples

LARGEST = 2**30  # bytes unpacked: 22 times MNIST's training images
UNSIGNED_BYTE = 0x08
GZIP = b"\x1f\x8b"
TYPES = {0x09: "signed bytes", 0x0B: "16-bit integers", 0x0C: "32-bit integers", 0x0D: "floats", 0x0E: "doubles"}
KNOWN = {
    b"PK\3\4": "a zip archive: unpack it and name the file in it",
    b"BZh": "packed by bzip2: `bunzip2` unpacks it",
    b"\xfd7zXZ": "packed by xz: `unxz` unpacks it",
    b"version https://git-lfs": "a pointer of Git LFS and not the file: `git lfs pull` fetches it",
    b"<": "a web page, perhaps the error page of a download: fetch the file again",
    b"\x89PNG": "a PNG picture, and an IDX file holds all images in one",
    b"\x93NUMPY": "an array of NumPy: write it as IDX",
}


def make(
    *,
    train_images: RawFile = "data/raw/train-images-idx3-ubyte.gz",
    train_labels: RawFile = "data/raw/train-labels-idx1-ubyte.gz",
    test_images: RawFile = "data/raw/t10k-images-idx3-ubyte.gz",
    test_labels: RawFile = "data/raw/t10k-labels-idx1-ubyte.gz",
    seed: Natural = 0,
    first_label: Natural = 0,
    train: Count,
    validation: Natural,
) -> Dataset:
    """Images float32 (example, row, column); `seed` draws train and validation from the training files.

    All of the test files are the test split. All splits are shifted by the mean and divided by the standard
    deviation of all training pixels together. Labels count up from `first_label`, which is taken off, so that
    classes count from 0.

    Raises:
        Refusal: a file is missing, damaged or not IDX, images and labels do not match, there are too few, a label is
            below `first_label`, or a class up to the largest label has no training image.
    """
    images, labels = _pair(train_images, train_labels)
    unseen, truth = _pair(test_images, test_labels)
    for file, found in ((train_labels, labels), (test_labels, truth)):
        _refuse_holes(file, found, np.unique(labels), first_label)
    if images.shape[1:] != unseen.shape[1:]:
        raise Refusal(f"{test_images}: images of {unseen.shape[1:]} pixels; {train_images} has {images.shape[1:]}")
    if train + validation > len(images):
        raise Refusal(f"{train_images}: holds {len(images)} images; train + validation asks for {train + validation}")
    order = np.random.default_rng(seed).permutation(len(images))
    learnt, kept = order[:train], order[train : train + validation]
    mean, deviation = np.float32(images[learnt].mean()), np.float32(images[learnt].std())
    if deviation == 0:
        raise Refusal(
            f"{train_images}: all pixels of the {train} images drawn for training are equal: nothing to learn"
        )
    return Dataset(
        classes=1 + int(labels.max()) - first_label,
        train=Examples((images[learnt] - mean) / deviation, labels[learnt].astype(np.int64) - first_label),
        validation=Examples((images[kept] - mean) / deviation, labels[kept].astype(np.int64) - first_label),
        test=Examples((unseen - mean) / deviation, truth.astype(np.int64) - first_label),
    )


def _pair(images_file: str, labels_file: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    images, labels = read_idx(Path(images_file), 3), read_idx(Path(labels_file), 1)
    if len(images) != len(labels):
        raise Refusal(f"{images_file}: {len(images)} images, but {len(labels)} labels in {labels_file}")
    return images, labels


def _refuse_holes(file: str, labels: NDArray[np.uint8], learnt: NDArray[np.uint8], first: int) -> None:
    """Refuse labels without training images: nothing could learn them, and noise would move labels to them."""
    smallest = int(learnt.min())
    if smallest > first:
        classes = ", ".join(map(str, range(first, min(smallest, first + 5))))
        raise Refusal(f"{file}: no training image has label {classes}; if labels count from {smallest}, "
                      f"set first_label: {smallest}")  # fmt: skip
    if int(labels.min()) < first:
        raise Refusal(f"{file}: label {labels.min()} is below first_label: {first}; set it to the smallest label")
    missing = sorted({*range(first, int(labels.max()) + 1)} - set(learnt.tolist()))
    if missing:
        told = ", ".join(map(str, missing[:5])) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise Refusal(f"{file}: its labels go up to {labels.max()}, but no training image has label {told}; "
                      "take the images of other labels out, or number the labels without a hole")  # fmt: skip


def read_idx(path: Path, axes: int) -> NDArray[np.uint8]:
    """The uint8 array of an IDX file: two zero bytes, type, number of axes, big-endian lengths, the data.

    Raises:
        Refusal: naming the file, what it holds and what it should.
    """
    content = _unpacked(path)
    if content[:2] != b"\0\0" or len(content) < 4:
        raise Refusal(f"{path}: not an IDX file: {_known(content)}")
    kind, found = content[2], content[3]
    if kind != UNSIGNED_BYTE:
        told = TYPES.get(kind, f"IDX type 0x{kind:02x}")
        raise Refusal(f"{path}: holds {told}; only unsigned bytes are read (QMNIST: take its files idx1-ubyte)")
    if found != axes:
        raise Refusal(f"{path}: has {found} axes, and {axes} are needed: {_swapped(found, axes)}")
    start = 4 + 4 * axes
    shape = struct.unpack(f">{axes}I", content[4:start].ljust(4 * axes, b"\0"))
    promised, there = math.prod(shape), len(content) - start
    if promised != there or not promised:
        problem = "is truncated" if promised > there else "is empty or has bytes left over"
        raise Refusal(f"{path}: {problem}: its header promises {shape}, {promised} bytes; {max(there, 0)} follow")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _known(content: bytes) -> str:
    told = next((told for start, told in KNOWN.items() if content.lstrip().startswith(start)), None)
    return f"it is {told}" if told else f"it starts with {content[:4].hex(' ')!r}, not with '00 00'"


def _swapped(found: int, axes: int) -> str:
    if found == 4:
        return "these are colour images; only grey ones, example × row × column, are read"
    return "are images and labels swapped?" if {found, axes} == {1, 3} else "images have 3, labels have 1"


def _unpacked(path: Path) -> bytes:
    content = read(path)
    if content[:2] == GZIP:
        try:
            content = gzip.GzipFile(fileobj=BytesIO(content)).read(LARGEST + 1)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise Refusal(f"{path}: damaged gzip file: {error}") from error
    if len(content) > LARGEST:
        raise Refusal(f"{path}: more than {LARGEST} bytes unpacked; files up to that size are read")
    return content
