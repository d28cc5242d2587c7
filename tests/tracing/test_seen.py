"""A file is read again whenever somebody wrote to it, whatever its time stamps say; else it is read once."""

import json
import os
import shutil
from pathlib import Path

import pytest

from chain import ENVIRONMENT, write
from nominima.ground.files import digest
from nominima.tracing import seen
from nominima.tracing.artefact import read_trace
from nominima.tracing.seen import MEMORY, Fingerprint, Memory
from nominima.tracing.trace import Trace

TABLE = "data/measures/theory/norms.parquet"
TRACE = Trace(verb="measure", spec={"é": [1e-5, None]}, code="c0de", inputs={"a": "b"}, environment=ENVIRONMENT)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that was written long ago, as the memory counts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(seen, "SETTLED", -(10**18))
    write(Path(TABLE), TRACE)


def look(path: str = TABLE) -> Fingerprint | None:
    memory = Memory()
    found = memory.look(path)
    memory.keep()
    return found


def forge() -> None:
    """Have the memory tell another digest, to see who believes it."""
    tree = json.loads(MEMORY.read_bytes())
    tree["files"][TABLE][1] = "remembered"
    MEMORY.write_text(json.dumps(tree))


def remembered() -> bool:
    found = look()
    assert found is not None
    return found.sha256 == "remembered"


def test_a_file_is_read_whole_with_its_trace() -> None:
    trace = read_trace(Path(TABLE))
    assert trace == TRACE
    assert look() == Fingerprint(digest(Path(TABLE)), TRACE.key, TRACE.asked)


def test_what_was_read_once_is_remembered() -> None:
    look()
    forge()
    assert remembered()


def test_the_keys_that_are_remembered_never_change_their_meaning() -> None:
    """They outlive this version of the source: a new meaning needs a new FORMAT."""
    assert (TRACE.key, TRACE.asked, seen.FORMAT) == (
        "38c4c0ae3006",
        "4eaa21d362a86d991b6955c8966a9850124709d162ddf15d3533d0c1d5f20bc9",
        1,
    )


def test_a_file_replaced_by_one_of_the_same_size_and_time_is_read_again() -> None:
    look()
    forge()
    before = Path(TABLE).stat()
    content = bytearray(Path(TABLE).read_bytes())
    content[64] ^= 1
    Path(TABLE).write_bytes(content)
    os.utime(TABLE, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = Path(TABLE).stat()
    assert (after.st_size, after.st_ino, after.st_mtime_ns) == (before.st_size, before.st_ino, before.st_mtime_ns)
    assert look() == Fingerprint(digest(Path(TABLE)), TRACE.key, TRACE.asked)


def test_an_older_file_put_in_its_place_is_read_again() -> None:
    shutil.copy2(TABLE, "older")
    os.utime("older", (0, 0))
    look()
    forge()
    Path("older").rename(TABLE)
    assert not remembered()


def test_a_file_written_a_moment_ago_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "SETTLED", 10**18)
    look()
    assert json.loads(MEMORY.read_bytes())["files"] == {}


def test_what_holds_no_trace_has_no_keys_and_what_is_no_file_is_nothing() -> None:
    Path("scan").write_bytes(b"\0")
    Path("folder").mkdir()
    assert look("scan") == Fingerprint(digest(Path("scan")), None, None)
    assert look("folder") is None
    assert look("nowhere") is None


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"format": 2, "files": {}}', b'{"format": 1, "files": {"a": 1}}', b"\xff"]
)
def test_a_damaged_memory_costs_time_and_nothing_else(content: bytes) -> None:
    right = look()
    MEMORY.write_bytes(content)
    assert look() == right


def test_a_memory_that_cannot_be_kept_costs_time_and_nothing_else() -> None:
    MEMORY.parent.write_text("a file where the folder should be")
    assert look() == look()
