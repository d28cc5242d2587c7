"""Which process holds Snakemake's lock on this folder, and whether there is one."""

import os
import sys
from pathlib import Path

LOCKS = Path(".snakemake/locks")
PROCESSES = Path("/proc")


def held(folder: Path = Path()) -> str | None:
    """What to do about a lock that lies here; None without one, or where that is about to be removed.

    Asked before this process takes its own.
    """
    if not any((folder / LOCKS).glob("*")) or "--unlock" in sys.argv:
        return None
    found = [process for process in _processes() if _works(process, folder.resolve())]
    if found:
        told = " ".join(process.name for process in found)
        return f"Snakemake is at work in this folder (process {told}); wait for it, or end it with `kill -INT {told}`"
    return "a run that was killed left its lock in this folder; `snakemake --unlock` removes it, then run again"


def _processes() -> list[Path]:
    """Every other process that can be seen."""
    return [path for path in PROCESSES.glob("[0-9]*") if path.name != str(os.getpid())]


def _works(process: Path, folder: Path) -> bool:
    """Whether a process is Snakemake's, in this folder."""
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
        return started(words) and (process / "cwd").readlink() == folder
    except OSError:
        return False  # it has ended, or is somebody else's


def started(words: list[bytes]) -> bool:
    """Whether a command is Snakemake's own: `snakemake`, `python …/snakemake` or `python -m snakemake`."""
    interpreter, *rest = words
    if b"python" in interpreter.rpartition(b"/")[2]:
        return b"".join(rest[:2]).startswith(b"-msnakemake") or rest[0].endswith(b"/snakemake")
    return interpreter.endswith(b"snakemake")
