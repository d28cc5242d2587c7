"""What reading a file found, remembered for as long as nobody writes to the file.

A file counts as read while its size, inode, time of change and time of status change are those of the reading. The
last of these cannot be set by `cp -p`, `touch` or an archiver, and a file that changed in the two seconds before a
reading is read again, since another change might leave the same times. What the file system itself does not see stays
unseen, such as a bit that flips on the disk: that is why seals, jobs and `verify` never ask this memory.
"""

import json
import os
import stat
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from nominima.ground.files import Refusal, digest, write

FORMAT = 1  # of what is remembered: the keys below mean the same as when they were written
MEMORY = Path(".snakemake/seen.json")
SETTLED = 2_000_000_000  # nanoseconds


class Fingerprint(NamedTuple):
    """One reading of a file. `key` and `asked` are those of the trace inside; None: no trace can be read there."""

    sha256: str
    key: str | None
    asked: str | None


def read_seen(path: Path) -> Fingerprint:
    """Read a file whole, and the trace inside it.

    Raises:
        Refusal: it cannot be read.
    """
    return Fingerprint(digest(path), *keys(path))


def keys(path: Path) -> tuple[str | None, str | None]:
    """The key of the trace inside a file and that of what it asked for; none where there is no trace."""
    from nominima.tracing.artefact import read_trace  # polars and its kin take half a second, and most is remembered

    try:
        trace = read_trace(path)
    except Refusal:
        return None, None
    return (trace.key, trace.asked) if trace else (None, None)


class Memory:
    """Readings of files by their paths from `root`."""

    def __init__(self, root: Path = Path()) -> None:
        self._root = root
        self._old = _remembered(root / MEMORY)
        self._now: dict[str, tuple[list[int], Fingerprint | None]] = {}

    def read(self, paths: Iterable[str]) -> None:
        """Read what is not remembered, several files at once."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # hashing lets other threads run
            list(pool.map(self.look, set(paths)))

    def look(self, path: str) -> Fingerprint | None:
        """What a file holds; None: there is no file."""
        if path not in self._now:
            self._now[path] = self._look(path)
        return self._now[path][1]

    def _look(self, path: str) -> tuple[list[int], Fingerprint | None]:
        here = self._root / path
        before, started = _state(here), time.time_ns()
        if not before:
            return [], None
        known = self._old.get(path)
        if known and known[0] == before:
            return known
        seen = read_seen(here)
        settled = _state(here) == before and max(before[2:]) + SETTLED < started
        return before if settled else [], seen

    def keep(self) -> None:
        """Remember for the next time; that this fails changes nothing but the time it takes."""
        kept = {path: [state, *seen] for path, (state, seen) in sorted(self._now.items()) if state and seen}
        content = json.dumps({"format": FORMAT, "files": kept}).encode()
        try:
            if not (self._root / MEMORY).exists() or (self._root / MEMORY).read_bytes() != content:
                write(self._root / MEMORY, content)
        except (Refusal, OSError):
            return


def _state(path: Path) -> list[int]:
    try:
        found = os.stat(path)  # noqa: PTH116 - four times as fast, for thousands of files at every start
    except OSError:
        return []
    here = [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]
    return here if stat.S_ISREG(found.st_mode) else []


def _remembered(memory: Path) -> dict[str, tuple[list[int], Fingerprint | None]]:
    try:
        tree = json.loads(memory.read_bytes())
        told = tree["files"].items() if tree["format"] == FORMAT else ()
        return {path: (state, Fingerprint(*seen)) for path, (state, *seen) in told}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
