import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from nominima.datasets import digits
from nominima.ground.files import Refusal
from nominima.planning import digests
from nominima.tracing.job import Work
from nominima.tracing.trace import Trace
from nominima.training.dataset import Dataset, Examples, read_dataset, write_dataset
from nominima.verbs.prepare import prepare

OPTIONS = {"seed": 4, "train": 20, "validation": 10, "test": 30}


def job(folder: Path) -> Work:
    spec = {"dataset": "scans", "source": "digits", "options": OPTIONS}
    code = digests.code("verbs.prepare", "datasets.digits")
    return Work("prepare", spec, code, inputs=[], outputs=[folder / "scans.safetensors"])


def test_the_file_holds_what_the_shelf_makes(tmp_path, capsys):
    prepare(job(tmp_path))
    stored, made = read_dataset(tmp_path / "scans.safetensors"), digits.make(**OPTIONS)
    for split in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(stored, split).x, getattr(made, split).x)
        np.testing.assert_array_equal(getattr(stored, split).y, getattr(made, split).y)
    assert stored.classes == 10
    assert (
        capsys.readouterr().out == "scans: 20 train, 10 validation, 30 test examples of (8, 8) numbers in 10 classes\n"
    )


def test_the_trace_is_inside_and_bytes_repeat(tmp_path):
    prepare(job(tmp_path))
    file = tmp_path / "scans.safetensors"
    first = file.read_bytes()
    with safe_open(file, "numpy") as opened:
        assert list(opened.metadata()) == ["trace"]
        trace = Trace.model_validate_json(opened.metadata()["trace"])
    assert json.loads(trace.dumps())["spec"]["options"] == OPTIONS
    prepare(job(tmp_path))
    assert file.read_bytes() == first


def tensors() -> dict[str, np.ndarray]:
    splits = [f"{split}.{part}" for split in ("train", "validation", "test") for part in "xy"]
    made = {name: np.zeros((4, 2), np.float32) if name.endswith("x") else np.arange(4) % 2 for name in splits}
    return made | {"classes": np.array(2)}


FAULTS = {
    "train.x": (np.full((4, 2), np.nan, np.float32), "split train holds inputs that are NaN"),
    "test.x": (np.zeros((3, 2), np.float32), r"split test holds inputs \(3, 2\) for labels \(4,\)"),
    "validation.x": (np.zeros((4, 5), np.float32), r"split validation holds inputs \(4, 5\)"),
    "train.y": (np.array([0, 1, 2, 0]), "split train holds labels beyond 0 … 1"),
    "test.y": (np.zeros(4, np.int32), "holds float32 inputs and int32 labels"),
    "classes": (np.zeros(3, np.int64), "not a data set"),
    "extra": (np.zeros(3), "tensor 'extra' does not belong there"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_wrong_tensors_are_refused(tmp_path, name):
    path = tmp_path / "bad.safetensors"
    save_file(tensors(), path)
    read_dataset(path)
    wrong, message = FAULTS[name]
    save_file(tensors() | {name: wrong}, path)
    with pytest.raises(Refusal, match=rf"bad.safetensors: .*{message}.*snakemake --cores all"):
        read_dataset(path)


def test_damaged_and_missing_files_are_refused(tmp_path):
    path = tmp_path / "bad.safetensors"
    few = {name: tensor for name, tensor in tensors().items() if name != "test.y"}
    save_file(few, path)
    with pytest.raises(Refusal, match=r"not a data set \('test.y'\)"):
        read_dataset(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(Refusal, match="not a data set"):
        read_dataset(path)
    with pytest.raises(Refusal, match="cannot be read"):
        read_dataset(tmp_path / "none")


def test_every_split_survives_writing(tmp_path):
    examples = Examples(np.arange(6, dtype=np.float32).reshape(3, 2)[:, ::-1], np.array([0, 1, 0]))
    empty = Examples(np.zeros((0, 2), np.float32), np.zeros(0, np.int64))
    trace = Trace(verb="prepare", spec={}, code="", inputs={}, environment={})
    write_dataset(tmp_path / "file", Dataset(2, examples, empty, examples), trace)
    stored = read_dataset(tmp_path / "file")
    np.testing.assert_array_equal(stored.train.x, examples.x)
    assert stored.validation.x.shape == (0, 2)
