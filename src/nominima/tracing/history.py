"""Ledgers in the working tree and in Git's history: found with `git log -S`, read with `git show`.

Nothing is ever checked out, and neither DVC nor the project's source of that time is needed.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from nominima.ground.files import Refusal
from nominima.ground.places import VERBS, ledger
from nominima.tracing import repository
from nominima.tracing.ledger import Entry, Ledger, parse
from nominima.tracing.trace import Trace

LEDGERS = "reports/ledger"
LARGEST = 64 * 2**20  # bytes of a ledger


class Listed(NamedTuple):
    """One job in one version of a ledger."""

    source: "Source"
    verb: str
    job: str

    @property
    def entry(self) -> Entry:
        """What the ledger says about the job."""
        return self.source.ledgers[self.verb].jobs[self.job]

    @property
    def trace(self) -> Trace:
        """The trace of the job's outputs."""
        return self.source.ledgers[self.verb].trace(self.job)


@dataclass(frozen=True)
class Source:
    """The ledgers of one commit, or of the working tree (`commit` is None); unreadable ones are named in `notes`."""

    commit: str | None
    ledgers: dict[str, Ledger]
    notes: tuple[str, ...] = ()

    @cached_property
    def _by_key(self) -> dict[str, Listed]:
        told = [(verb, job, entry) for verb, ledger in self.ledgers.items() for job, entry in ledger.jobs.items()]
        return {entry.trace: Listed(self, verb, job) for verb, job, entry in told}

    @cached_property
    def _by_digest(self) -> dict[str, Listed]:
        return {digest: place for place in self._by_key.values() for digest in place.entry.outputs.values()}

    def by_key(self, key: str) -> Listed | None:
        """The job whose trace has this key, or a key that starts so.

        Raises:
            Refusal: more than one key starts so.
        """
        found = [place for known, place in self._by_key.items() if known.startswith(key)]
        if len(found) > 1:
            keys = ", ".join(sorted(known for known in self._by_key if known.startswith(key)))
            raise Refusal(f"the code {key} is the start of more than one: {keys}; give it whole")
        return found[0] if found else None

    def by_digest(self, digest: str) -> Listed | None:
        """The job that made a file with this SHA-256."""
        return self._by_digest.get(digest)

    def maker(self, path: str, digest: str) -> Listed | None:
        """The job that made exactly this file."""
        for verb, told in self.ledgers.items():
            if told.digests.get(path) == digest:
                return Listed(self, verb, told.makers[path])
        return None


def projects(*starts: Path) -> list[Path]:
    """Folders at or above `starts` that have ledgers or are Git repositories, nearest first."""
    above = [folder for start in starts for folder in (start.resolve(), *start.resolve().parents)]
    there = (folder for folder in above if (folder / LEDGERS).is_dir() or (folder / ".git").exists())
    return list(dict.fromkeys(there))


def source_at(root: Path, name: str) -> Source:
    """The ledgers of a commit."""
    there = repository.blobs(root, name, LEDGERS)
    ledgers: dict[str, Ledger] = {}
    notes: list[str] = []
    verbs = [verb for verb in VERBS if ledger(verb) in there]
    stored = repository.contents(root, [there[ledger(verb)] for verb in verbs], LARGEST)
    for verb, content in zip(verbs, stored, strict=True):
        _add(ledgers, notes, verb, content, f"{ledger(verb)} of commit {name[:12]}")
    return Source(name, ledgers, tuple(notes))


def source_here(root: Path) -> Source:
    """The ledgers of the working tree."""
    ledgers: dict[str, Ledger] = {}
    notes: list[str] = []
    for verb in VERBS:
        path = root / ledger(verb)
        if path.is_file():
            _add(ledgers, notes, verb, path.read_bytes(), ledger(verb))
    return Source(None, ledgers, tuple(notes))


def _add(ledgers: dict[str, Ledger], notes: list[str], verb: str, content: bytes, origin: str) -> None:
    try:
        ledgers[verb] = parse(content, origin)
    except Refusal as refusal:
        notes.append(str(refusal))
