"""Ledgers in the working tree and in Git's history: found with `git log -S`, read with `git show`.

Nothing is ever checked out, and neither DVC nor the project's source of that time is needed.
"""

import os
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from nominima.ground.files import Refusal
from nominima.ground.places import VERBS, ledger
from nominima.tracing.ledger import Entry, Ledger, parse
from nominima.tracing.trace import Trace

LEDGERS = "reports/ledger"
GIT = (
    "git", "--no-pager", "--no-optional-locks", "--no-replace-objects", "-c", "core.quotePath=false",
    "-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "-c", "i18n.logOutputEncoding=UTF-8",
)  # fmt: skip
ELSEWHERE = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"}
PLAIN = ("100644", "100755")  # modes of files that are no links


class Place(NamedTuple):
    """One job in one version of a ledger."""

    source: "Source"
    verb: str
    job: str

    @property
    def entry(self) -> Entry:
        """What the ledger tells of the job."""
        return self.source.ledgers[self.verb].jobs[self.job]

    @property
    def trace(self) -> Trace:
        """The trace of the job's outputs."""
        return self.source.ledgers[self.verb].trace(self.job)


@dataclass(frozen=True)
class Source:
    """The ledgers of one commit, or of the working tree (`commit` is None); unreadable ones are told of in `notes`."""

    commit: str | None
    ledgers: dict[str, Ledger]
    notes: tuple[str, ...] = ()

    @cached_property
    def _by_key(self) -> dict[str, Place]:
        told = [(verb, job, entry) for verb, ledger in self.ledgers.items() for job, entry in ledger.jobs.items()]
        return {entry.trace: Place(self, verb, job) for verb, job, entry in told}

    @cached_property
    def _by_digest(self) -> dict[str, Place]:
        return {digest: place for place in self._by_key.values() for digest in place.entry.outputs.values()}

    def by_key(self, key: str) -> Place | None:
        """The job whose trace has this key, or a key that starts so.

        Raises:
            Refusal: more than one key starts so.
        """
        found = [place for known, place in self._by_key.items() if known.startswith(key)]
        if len(found) > 1:
            keys = ", ".join(sorted(known for known in self._by_key if known.startswith(key)))
            raise Refusal(f"the code {key} is the start of more than one: {keys}; give it whole")
        return found[0] if found else None

    def by_digest(self, digest: str) -> Place | None:
        """The job that made a file with this SHA-256."""
        return self._by_digest.get(digest)

    def maker(self, path: str, digest: str) -> Place | None:
        """The job that made exactly this file."""
        for verb, told in self.ledgers.items():
            if told.digests.get(path) == digest:
                return Place(self, verb, told.makers[path])
        return None


class Commit(NamedTuple):
    """A commit as people know it."""

    id: str
    date: str
    subject: str


def project(start: Path) -> Path | None:
    """The nearest folder at or above `start` that has ledgers or is a Git repository."""
    above = [start.resolve(), *start.resolve().parents]
    return next((folder for folder in above if (folder / LEDGERS).is_dir() or (folder / ".git").exists()), None)


def head(root: Path) -> str | None:
    """The commit that is checked out; None outside of Git and before the first commit."""
    done = _git(root, "rev-parse", "--quiet", "--verify", "HEAD^{commit}")
    return done.stdout.decode().strip() if done.returncode == 0 else None


def shallow(root: Path) -> bool:
    """Whether the repository holds a part of the history alone."""
    return git(root, "rev-parse", "--is-shallow-repository").strip() == "true"


def changed(root: Path, *paths: str) -> list[str]:
    """Paths at or below `paths` that differ from HEAD or are not in Git."""
    told = git(root, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *paths)
    return [entry[3:] for entry in told.split("\0") if entry]


def commit(root: Path, name: str) -> Commit:
    """What Git knows of a commit."""
    return Commit(*git(root, "show", "--no-patch", "--format=%H%x00%cs%x00%s", name).strip().split("\0"))


def branches_with(root: Path, name: str) -> list[str] | None:
    """None for a commit of HEAD's history, else the branches and tags that hold it."""
    if _git(root, "merge-base", "--is-ancestor", name, "HEAD").returncode == 0:
        return None
    return git(root, "for-each-ref", "--contains", name, "--format=%(refname:short)").split()


def commits_with(root: Path, text: str) -> list[str]:
    """Commits whose ledgers gained or lost a text, oldest first; HEAD's ancestors come before other branches."""
    search = ["log", "--reverse", "-m", "--no-ext-diff", "--no-textconv", "--format=%H", f"-S{text}"]
    found = [line for start in ("HEAD", "--all") for line in git(root, *search, start, "--", LEDGERS).split()]
    return list(dict.fromkeys(found))


def source_at(root: Path, name: str) -> Source:
    """The ledgers of a commit."""
    ledgers: dict[str, Ledger] = {}
    notes: list[str] = []
    for verb in VERBS:
        told = _git(root, "show", f"{name}:./{ledger(verb)}")
        if told.returncode == 0:
            _add(ledgers, notes, verb, told.stdout, f"{ledger(verb)} of commit {name[:12]}")
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


def blobs(root: Path, name: str) -> dict[str, str]:
    """Path from `root` → Git's name of the content, of every plain file of a commit."""
    entries = (entry.partition("\t") for entry in git(root, "ls-tree", "-r", "-z", name).split("\0") if entry)
    return {path: told.split()[2] for told, _, path in entries if told.startswith(PLAIN)}


def blob(root: Path, name: str, largest: int) -> bytes:
    """A content by Git's name of it, as it is stored.

    Raises:
        Refusal: it is not there, or has more than `largest` bytes.
    """
    size = int(git(root, "cat-file", "-s", name))
    if size > largest:
        raise Refusal(f"a file of {size} bytes; at most {largest} are read")
    return git_bytes(root, "cat-file", "blob", name)


def blob_ids(root: Path, files: list[Path]) -> dict[Path, str]:
    """Git's names of the contents of files, wherever they lie."""
    listed = "".join(f"{file}\n" for file in files).encode()
    names = git_bytes(root, "hash-object", "--no-filters", "--stdin-paths", stdin=listed).decode().split()
    return dict(zip(files, names, strict=True))


def git(root: Path, *arguments: str) -> str:
    """What a git command in `root` answers, as text."""
    return git_bytes(root, *arguments).decode(errors="replace")


def git_bytes(root: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """What a git command in `root` answers.

    Raises:
        Refusal: with git's own message.
    """
    done = _git(root, *arguments, stdin=stdin)
    if done.returncode != 0:
        told = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise Refusal(f"git {arguments[0]} failed in {root}: {told[0]}")
    return done.stdout


def _git(root: Path, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE} | {"LC_ALL": "C"}
    try:
        return subprocess.run(  # noqa: S603 - no shell
            [*GIT, *arguments], cwd=root, input=stdin, capture_output=True, check=False, env=environment
        )
    except FileNotFoundError:
        raise Refusal("git is not installed, or not on the PATH") from None


def _add(ledgers: dict[str, Ledger], notes: list[str], verb: str, content: bytes, origin: str) -> None:
    try:
        ledgers[verb] = parse(content, origin)
    except Refusal as refusal:
        notes.append(str(refusal))
