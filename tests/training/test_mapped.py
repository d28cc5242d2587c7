import errno
import os

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file

from nominima.ground.files import Refusal
from nominima.tracing.trace import Trace
from nominima.training.mapped import NAMES, mapped

TRACE = Trace(verb="train", spec={}, code="c", inputs={}, environment={})
KINDS = {"a": (torch.bool, (3,)), "b": (torch.int64, (2,)), "c": (torch.float16, (2, 0)), "d": (torch.float32, (2, 3))}


def test_what_is_filled_is_a_safetensors_file(tmp_path):
    path = tmp_path / "x/f.safetensors"
    with mapped(path, KINDS, TRACE, "s/base") as tensors:
        assert all(not tensor.any() for tensor in tensors.values())
        assert not path.exists()
        tensors["a"][1] = True
        tensors["b"].copy_(torch.tensor([7, -1]))
        tensors["d"][1].fill_(0.5)
    found = load_file(path)
    assert {name: (tensor.dtype, tuple(tensor.shape)) for name, tensor in found.items()} == KINDS
    assert all(torch.equal(found[name], tensors[name]) for name in KINDS)
    with safe_open(path, "pt") as file:
        assert file.metadata() == {"run": "s/base", "trace": TRACE.dumps()}
    assert [file.name for file in path.parent.iterdir()] == ["f.safetensors"]


SHAPES = st.lists(st.integers(0, 4), max_size=3).map(tuple)
ANY = st.dictionaries(
    st.text("abc", min_size=1), st.tuples(st.sampled_from(sorted(NAMES, key=str)), SHAPES), min_size=1
)


@given(ANY)
def test_any_kinds_can_be_read_back(tmp_path_factory, kinds):
    path = tmp_path_factory.mktemp("m") / "f.safetensors"
    with mapped(path, kinds, TRACE, "s/base") as tensors:
        for at, tensor in enumerate(tensors.values()):
            tensor.fill_(at % 2)
    found = load_file(path)
    assert {name: (tensor.dtype, tuple(tensor.shape)) for name, tensor in found.items()} == kinds
    assert all(torch.equal(found[name], tensors[name]) for name in kinds)


def test_an_error_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "f.safetensors"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), mapped(path, KINDS, TRACE, "s/base"):
        raise ZeroDivisionError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told_before_the_work(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with (
        pytest.raises(Refusal, match=r"f.safetensors: cannot be written: No space left"),
        mapped(tmp_path / "f.safetensors", KINDS, TRACE, "s/base"),
    ):
        pytest.fail("the work began")
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_work_is_not_taken_for_one_of_the_disk(tmp_path):
    with pytest.raises(FileNotFoundError), mapped(tmp_path / "f.safetensors", KINDS, TRACE, "s/base"):
        (tmp_path / "none").read_bytes()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["n" * 300, "file/f.safetensors"])
def test_a_place_that_cannot_be_is_told(name, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    message = r"cannot be written: .*; nothing was changed"
    with pytest.raises(Refusal, match=message), mapped(tmp_path / name, KINDS, TRACE, "s/base"):
        pytest.fail("the work began")
