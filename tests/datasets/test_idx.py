import bz2
import gzip
import lzma
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pydantic import TypeAdapter, ValidationError

from nominima.datasets import idx
from nominima.datasets.idx import make, read_idx
from nominima.ground.files import Refusal
from nominima.ground.records import RawFile


def encoded(array: np.ndarray, kind: int = 8) -> bytes:
    return bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


FILES = {
    "train-images-idx3-ubyte.gz": np.random.default_rng(0).integers(0, 256, (30, 4, 3), np.uint8),
    "train-labels-idx1-ubyte.gz": np.arange(30, dtype=np.uint8) % 3,
    "t10k-images-idx3-ubyte.gz": np.random.default_rng(1).integers(0, 256, (10, 4, 3), np.uint8),
    "t10k-labels-idx1-ubyte.gz": np.arange(10, dtype=np.uint8) % 3,
}


ORDER, TRUTH = np.arange(30), np.arange(10)


@pytest.fixture
def raw(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = Path("data/raw")
    folder.mkdir(parents=True)
    for name, array in FILES.items():
        (folder / name).write_bytes(gzip.compress(encoded(array)))
    return folder


def test_files_become_splits(raw):
    made = make(train=20, validation=10)
    assert made.classes == 3
    assert made.inputs == (4, 3)
    assert [len(split.y) for split in (made.train, made.validation, made.test)] == [20, 10, 10]
    assert made.train.x.dtype == np.float32
    assert made.train.x.mean(dtype=float) == pytest.approx(0, abs=1e-6)
    assert made.train.x.std(dtype=float) == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(made.test.y, FILES["t10k-labels-idx1-ubyte.gz"])
    x = np.concatenate([made.train.x, made.validation.x])
    pixels = np.rint((x - x.min()) / (x.max() - x.min()) * 255).astype(np.uint8)
    seen = sorted(
        (image.tobytes(), label) for image, label in zip(pixels, [*made.train.y, *made.validation.y], strict=True)
    )
    images, labels = FILES["train-images-idx3-ubyte.gz"], FILES["train-labels-idx1-ubyte.gz"]
    assert seen == sorted((image.tobytes(), label) for image, label in zip(images, labels, strict=True))


def test_plain_files_are_the_same(raw):
    zipped = make(train=20, validation=10)
    for name, array in FILES.items():
        (raw / name).write_bytes(encoded(array))
    np.testing.assert_array_equal(make(train=20, validation=10).train.x, zipped.train.x)


def test_only_the_drawn_training_images_are_standardised_by(raw):
    made = make(train=15, validation=0, seed=3)
    assert made.train.x.std(dtype=float) == pytest.approx(1, abs=1e-6)
    assert made.validation.x.shape == (0, 4, 3)


@given(
    array=arrays.arrays(np.uint8, arrays.array_shapes(min_dims=3, max_dims=3, max_side=5)),
    zipped=st.booleans(),
)
def test_any_array_is_read_back(array, zipped, tmp_path_factory):
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(gzip.compress(encoded(array)) if zipped else encoded(array))
    np.testing.assert_array_equal(read_idx(path, 3), array)


IMAGES = encoded(FILES["train-images-idx3-ubyte.gz"])
DAMAGE = {
    b"": r"not an IDX file",
    b"PNG...": r"not an IDX file: it starts with '50 4e 47 2e'",
    encoded(np.zeros((2, 2, 2), np.float32), 0x0D): r"holds floats; only unsigned bytes are read",
    encoded(FILES["train-labels-idx1-ubyte.gz"]): r"has 1 axes, and 3 are needed: are images and labels swapped",
    IMAGES[:-5]: r"is truncated: its header promises \(30, 4, 3\), 360 bytes; 355 follow",
    IMAGES[:9]: r"is truncated",
    IMAGES + b"!": r"left over: its header promises \(30, 4, 3\), 360 bytes; 361 follow",
    encoded(np.zeros((0, 4, 3), np.uint8)): r"is empty",
    gzip.compress(IMAGES)[:-30]: r"damaged gzip file",
    gzip.compress(IMAGES)[:20] + b"\xff" * 40: r"damaged gzip file",
    bytes([0, 0, 8, 3]) + b"\xff" * 12: r"is truncated",
    b"<!DOCTYPE html><html><body>503 Service Unavailable": r"it is a web page, .*fetch the file again",
    b"\n <html>": r"it is a web page",
    b"PK\3\4" + bytes(50): r"it is a zip archive: unpack it",
    bz2.compress(IMAGES): r"it is packed by bzip2: `bunzip2`",
    lzma.compress(IMAGES): r"it is packed by xz",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n": r"pointer of Git LFS.*`git lfs pull`",
    gzip.compress(encoded(np.zeros((30, 8), ">i4"), 0x0C)): r"holds 32-bit integers; .*QMNIST: take its files idx1",
    encoded(np.zeros((30, 4, 3, 3), np.uint8)): r"has 4 axes.*colour images; only grey ones",
    encoded(np.zeros((30, 4), np.uint8)): r"has 2 axes, and 3 are needed: images have 3, labels have 1",
}


@pytest.mark.parametrize(("content", "message"), DAMAGE.items(), ids=DAMAGE.values())
def test_damage_is_told(raw, content, message):
    (raw / "train-images-idx3-ubyte.gz").write_bytes(content)
    with pytest.raises(Refusal, match=rf"(?s)train-images-idx3-ubyte.gz.*{message}"):
        make(train=20, validation=10)


@pytest.mark.parametrize(
    ("labels", "truth", "options", "message"),
    [
        (ORDER % 3 + 1, TRUTH % 3 + 1, {}, r"train-labels.*no training image has label 0; .*set first_label: 1"),
        (ORDER % 3 + 9, TRUTH % 3 + 9, {"first_label": 4}, r"no training image has label 4, 5, 6, 7, 8; .* 9"),
        (ORDER % 3, TRUTH % 3, {"first_label": 1}, r"train-labels.*label 0 is below first_label: 1"),
        (ORDER % 3 + 1, TRUTH % 3, {"first_label": 1}, r"t10k-labels.*label 0 is below first_label: 1"),
        (ORDER % 3 * 2, TRUTH % 3, {}, r"train-labels.*go up to 4, but no training image has label 1, 3;"),
        (ORDER % 3, TRUTH % 4, {}, r"t10k-labels.*go up to 3, but no training image has label 3;"),
        (np.where(ORDER == 7, 255, ORDER % 3), TRUTH % 3, {}, r"up to 255, .*label 3, 4, 5, 6, 7 and 247 more"),
    ],
)
def test_labels_that_nothing_could_learn_are_refused_by_name(raw, labels, truth, options, message):
    (raw / "train-labels-idx1-ubyte.gz").write_bytes(encoded(labels.astype(np.uint8)))
    (raw / "t10k-labels-idx1-ubyte.gz").write_bytes(encoded(truth.astype(np.uint8)))
    with pytest.raises(Refusal, match=message):
        make(train=20, validation=10, **options)


def test_labels_that_count_from_one_are_shifted(raw):
    counted_from_0 = make(train=20, validation=10)
    for name in ("train-labels-idx1-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        (raw / name).write_bytes(encoded(FILES[name] + np.uint8(1)))
    made = make(train=20, validation=10, first_label=1)
    assert made.classes == 3
    for split in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(made, split).y, getattr(counted_from_0, split).y)


def test_mismatch_names_both_files(raw):
    (raw / "t10k-labels-idx1-ubyte.gz").write_bytes(encoded(np.zeros(9, np.uint8)))
    with pytest.raises(Refusal, match=r"t10k-images.*10 images, but 9 labels in .*t10k-labels"):
        make(train=20, validation=10)


def test_other_image_size_is_refused(raw):
    (raw / "t10k-images-idx3-ubyte.gz").write_bytes(encoded(np.zeros((10, 3, 3), np.uint8)))
    with pytest.raises(Refusal, match=r"\(3, 3\) pixels; .*train-images.* has \(4, 3\)"):
        make(train=20, validation=10)


def test_too_few_is_refused(raw):
    with pytest.raises(Refusal, match=r"holds 30 images; train \+ validation asks for 31"):
        make(train=20, validation=11)


def test_blank_images_are_refused(raw):
    (raw / "train-images-idx3-ubyte.gz").write_bytes(encoded(np.full((30, 4, 3), 7, np.uint8)))
    with pytest.raises(Refusal, match=r"all pixels of the 20 images"):
        make(train=20, validation=10)


def test_missing_file_is_named(raw):
    with pytest.raises(Refusal, match=r"data/raw/none.gz: cannot be read"):
        make(train_images="data/raw/none.gz", train=20, validation=10)


@pytest.mark.parametrize("zipped", [True, False])
def test_unpacking_is_bounded(raw, monkeypatch, zipped):
    monkeypatch.setattr(idx, "LARGEST", 100)
    (raw / "bomb").write_bytes(gzip.compress(IMAGES) if zipped else IMAGES)
    with pytest.raises(Refusal, match=r"bomb: more than 100 bytes unpacked"):
        read_idx(raw / "bomb", 3)


@pytest.mark.parametrize("path", ["data/raw/a.gz", "data/raw/t10k-images.idx3-ubyte", "data/raw/fashion/a_b.gz"])
def test_raw_paths(path):
    assert TypeAdapter(RawFile).validate_python(path) == path


@pytest.mark.parametrize("tail", ["", "../a", "a/../../b", ".a", "a//b", "a b", "a;b", "$(b)", "a\n", "-a", "é"])
def test_other_paths_are_refused(tail):
    for folder in ("data/raw/", "/data/raw/", "data/other/"):
        with pytest.raises(ValidationError):
            TypeAdapter(RawFile).validate_python(folder + tail)
