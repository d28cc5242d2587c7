"""The edge to the file system: one way to write, one way to hash, one way to refuse."""

import difflib
import errno
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

REMEDY = "`snakemake --cores all` makes it again"


class Refusal(Exception):
    """Something a person must mend; its text is the whole message they see."""


def write(path: Path, content: bytes) -> None:
    """Put `content` at `path` whole or not at all: temporary file in the same folder, fsync, rename."""
    with unwritable(path), temporary(path) as (handle, name):
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        name.chmod(0o644)
        name.replace(path)


@contextmanager
def unwritable(path: Path) -> Iterator[None]:
    """Tell what the file system refuses in one sentence.

    Raises:
        Refusal: the folder is read-only, the disk is full, no inode is left, or the name is too long.
    """
    try:
        yield
    except OSError as error:
        full = "; `df -h` and `df -i` show whether space or inodes are used up" if error.errno == errno.ENOSPC else ""
        raise Refusal(f"{path}: cannot be written: {error.strerror}{full}; nothing was changed") from error


@contextmanager
def temporary(path: Path) -> Iterator[tuple[int, Path]]:
    """An open file under a hidden name next to `path`, removed in the end unless it was renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        yield handle, Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def read(path: Path) -> bytes:
    """The bytes of `path`.

    Raises:
        Refusal: the file is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refusal(f"{path}: cannot be read: {error.strerror}; {REMEDY}") from error


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hexadecimal digits."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Refusal(f"{path}: cannot be read: {error.strerror}; {REMEDY}") from error


def digests(paths: Iterable[Path]) -> dict[Path, str | None]:
    """SHA-256 of many files at once, None where there is no file."""
    todo = list(paths)
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # hashing lets other threads run
        return dict(zip(todo, pool.map(lambda path: digest(path) if path.is_file() else None, todo), strict=True))


def completed(start: str, names: Iterable[str], otherwise: str, also: Iterable[str] = ()) -> str:
    """The name that is exactly `start`, or the only one that begins so.

    Raises:
        Refusal: there is none, or there are several: `otherwise`, and which of the names, or of `also`, are near.
    """
    known = sorted(names)
    found = [name for name in known if name == start] or [name for name in known if name.startswith(start)]
    if len(found) != 1:
        near = f"it is the start of {', '.join(found)}" if found else suggest(start, [*known, *also])
        raise Refusal(f"{start}: {otherwise}; {near}")
    return found[0]


def suggest(name: str, allowed: Iterable[str]) -> str:
    """The tail of an error message: a close name if there is one, else all that are allowed."""
    names = sorted(allowed)
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"allowed: {', '.join(names) or 'none'}"
