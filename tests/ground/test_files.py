"""A file is written whole or not at all, and what the file system refuses is one sentence."""

import errno
import os
import tempfile
from pathlib import Path

import pytest

from nominima.ground.files import Refusal, write


def failing(code: int):
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize(
    ("place", "name", "code", "message"),
    [
        (
            tempfile,
            "mkstemp",
            errno.ENOSPC,
            "No space left on device; `df -h` and `df -i` show whether space",
        ),
        (tempfile, "mkstemp", errno.EROFS, "Read-only file system; nothing was changed"),
        (Path, "mkdir", errno.EACCES, "Permission denied; nothing was changed"),
        (os, "fsync", errno.EDQUOT, "Disk quota exceeded; nothing was changed"),
        (Path, "replace", errno.EIO, "Input/output error; nothing was changed"),
    ],
)
def test_what_the_file_system_refuses_is_one_sentence(
    place: object, name: str, code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a/b.json"
    write(path, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(place, name, failing(code))
        with pytest.raises(Refusal, match=message) as refusal:
            write(path, b"new")
    assert str(refusal.value).startswith(f"{path}: cannot be written: ")
    assert path.read_bytes() == b"old"
    assert [file.name for file in path.parent.iterdir()] == ["b.json"]


@pytest.mark.parametrize("name", ["n" * 300, "file/b", "file/a/b"])
def test_a_place_that_cannot_be_is_one_sentence(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refusal, match="cannot be written"):
        write(tmp_path / name, b"new")
