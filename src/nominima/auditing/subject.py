"""What is audited: results of one commit, with the params, the ledgers and the stored bytes of that commit."""

import json
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

from nominima.auditing.published import CLOSED, END, OPENED, tables
from nominima.auditing.seeds import fresh
from nominima.ground.files import Refusal, completed, digest, write
from nominima.ground.places import detail
from nominima.planning.plan import Job, Plan
from nominima.planning.reader import LARGEST, parsed
from nominima.tracing import repository, store
from nominima.tracing.artefact import read_trace
from nominima.tracing.history import Source
from nominima.tracing.ledger import Entry
from nominima.tracing.search import source_at
from nominima.tracing.trace import differences
from nominima.tracing.walk import Walk, walk_code, walk_file

ALL = "all"
CODE = 12  # hexadecimal digits of a trace code
README = "README.md"

Name = tuple[str, str]
"""A verb and the name of its job."""
PAGE: Name = ("report", "page")
SCOREBOARD: Name = ("judge", "scoreboard")


@dataclass(frozen=True)
class Subject:
    """Results of one commit. `asked` are the jobs that made those that somebody wants to know of.

    words: what was asked, as it can be asked on any machine: a file by the code of its trace.
    table: whether the README's table of verdicts is asked for, which no job makes.
    seeds: the smallest seed of what is made, where it is made with fresh ones.
    """

    root: Path
    commit: str
    asked: list[Name]
    words: list[str]
    table: bool = False
    seeds: int | None = None

    @cached_property
    def source(self) -> Source:
        """The ledgers of the commit."""
        return source_at(self.root, self.commit)

    @cached_property
    def params(self) -> bytes:
        """The params.yaml of the commit."""
        stored = repository.blobs(self.root, self.commit, "params.yaml")
        if not stored:
            raise Refusal(f"commit {self.commit[:12]} has no params.yaml; nothing can be made again")
        return repository.contents(self.root, list(stored.values()), LARGEST)[0]

    @cached_property
    def readme(self) -> bytes:
        """The README of the commit; empty where no table of verdicts is in it."""
        held = repository.blobs(self.root, self.commit, README)
        content = repository.contents(self.root, list(held.values()), store.LARGEST)[0] if held else b""
        return content if tables(content.decode(errors="replace")) else b""

    @cached_property
    def plan(self) -> Plan:
        """What those params ask for, as this program understands them."""
        return Plan(parsed(self.params, Path(f"params.yaml of commit {self.commit[:12]}")))

    @cached_property
    def anew(self) -> Plan:
        """What is made: the plan, or the same with fresh seeds."""
        return self.plan if self.seeds is None else Plan(fresh(self.plan, self.seeds))

    @cached_property
    def makers(self) -> dict[str, Name]:
        """Path → the planned job that makes it."""
        jobs = self.plan.by_verb
        return {file: (verb, name) for verb in jobs for name, job in jobs[verb].items() for file in job.outputs}

    def job(self, name: Name) -> Job:
        """A job that is made."""
        return self.anew.jobs(name[0])[name[1]]

    def entry(self, name: Name) -> Entry | None:
        """What the commit's ledger tells of a job."""
        told = self.source.ledgers.get(name[0])
        return told.jobs.get(name[1]) if told else None

    def planned(self, name: Name) -> list[str]:
        """The files that the params of the commit have a job make; none if they do not plan it."""
        job = self.plan.jobs(name[0]).get(name[1])
        return job.outputs if job else []

    def obstacle(self, name: Name) -> str:
        """Why a job of the ledgers cannot be made again from the commit's params; empty where nothing is in the way."""
        entry = self.entry(name)
        if entry is None:
            return "no ledger of the commit tells of it"
        if name[1] not in self.plan.jobs(name[0]):
            return "the params.yaml of the commit does not plan it"
        job = self.plan.jobs(name[0])[name[1]]
        if set(job.inputs) != entry.inputs.keys() or set(job.outputs) != entry.outputs.keys():
            return "the ledger of the commit tells of other files than its params.yaml plans"
        other = differences(entry.spec, json.loads(job.spec))
        return f"values differ, recorded → planned by the commit's params.yaml: {'; '.join(other[:3])}" if other else ""

    def moved(self, name: Name) -> bool:
        """Whether the ledger tells of other source than would make a job now."""
        entry = self.entry(name)
        return entry is None or entry.code != self.job(name).code

    def sealed(self, path: str, stored: Path) -> bool:
        """Whether the trace in a recorded file is the one that its ledger tells of."""
        verb, job = self.makers[path]
        try:
            trace = read_trace(stored)
        except Refusal:
            return False
        return trace is not None and trace.key == self.source.ledgers[verb].jobs[job].trace

    def recorded(self, path: str) -> str:
        """SHA-256 that the commit's ledgers tell of a file, as output of a job or as raw input; empty if none does."""
        for told in self.source.ledgers.values():
            if path in told.digests:
                return told.digests[path]
        entries = (entry for told in self.source.ledgers.values() for entry in told.jobs.values())
        return next((entry.inputs[path] for entry in entries if path in entry.inputs), "")

    def stored(self, path: str, aside: Path) -> Path | None:
        """A file with exactly the recorded bytes: in the working tree, in DVC's cache, or out of Git into `aside`.

        None where it is nowhere on this machine.
        """
        expected, cached = self.recorded(path), self._objects.get(path)
        for place in filter(None, (self.root / path, cached)):
            if place.is_file() and digest(place) == expected:
                return place.resolve()
        held = repository.blobs(self.root, self.commit, path)
        if not held:
            return None
        place = aside / path
        write(place, repository.contents(self.root, list(held.values()), store.LARGEST)[0])
        return place if digest(place) == expected else None

    @cached_property
    def _objects(self) -> dict[str, Path]:
        lock = repository.blobs(self.root, self.commit, "dvc.lock")
        stored = repository.contents(self.root, list(lock.values()), store.LARGEST)
        return store.recorded(stored[0], store.cache(self.root)) if stored else {}


def subject(what: list[str], at: str | None, start: Path, root: Path) -> Subject:
    """What is asked for: files by their content or trace, printed codes, claims, or `all` of a commit.

    Args:
        what: each a file, a trace code, a claim (or the start of its name), the README or `all`.
        at: a commit, as Git names it; None: that which recorded the file, else HEAD.
        start: where relative paths begin.
        root: the project.

    Raises:
        Refusal: one is none of these, they are of several commits, or nothing of it is recorded in Git.
    """
    told = [README if (start / each).resolve() == (root / README).resolve() else each for each in what]
    walks = {each: found for each in told if each != README and (found := _walked(each, start))}
    commit = _commit(root, at, walks)
    bare = Subject(root, commit, [], [])
    if not bare.source.ledgers:
        raise Refusal(f"commit {commit[:12]} has no ledgers: nothing is recorded there that could be audited")
    if README in told:
        _check_readme(bare, at)
    jobs = [_of_walk(bare, each, walks[each]) if each in walks else _of(bare, each) for each in told]
    words = [walk.trace.key if (walk := walks.get(each)) and walk.trace else each for each in told]
    table = README in told or (ALL in told and bool(bare.readme))
    return Subject(root, commit, list(dict.fromkeys(chain.from_iterable(jobs))), words, table)


def _walked(what: str, start: Path) -> Walk | None:
    """The walk from a file or a printed code; None for anything else.

    Raises:
        Refusal: no commit records exactly this file, or this code.
    """
    is_code = len(what) == CODE and not set(what.lower()) - set("0123456789abcdef")
    if not (is_code or (start / what).is_file()):
        return None
    walk = walk_file(start / what, start) if (start / what).is_file() else walk_code(what, start)
    if walk.standing != "recorded":
        raise Refusal(f"{what}: {walk.told}; only what a commit records can be audited")
    return walk


def _commit(root: Path, at: str | None, walks: dict[str, Walk]) -> str:
    if closed := repository.closed(root):
        raise Refusal(f"{root}: what is audited is recorded in Git, and {closed}")
    if at is not None:
        return repository.resolved(root, at)
    found = {walk.commit.id for walk in walks.values() if walk.commit}
    if len(found) > 1:
        raise Refusal(f"{', '.join(walks)}: recorded by several commits; audit one at a time, or choose one with --at")
    head = repository.head(root)
    if not found and head is None:
        raise Refusal(f"{root}: nothing is committed here, and only what is recorded in Git can be audited")
    return found.pop() if found else str(head)


def _of_walk(bare: Subject, what: str, walk: Walk) -> list[Name]:
    """The job that made a file, if the commit's ledgers tell of the very same."""
    found = bare.source.by_key(walk.trace.key) if walk.trace else None
    if found is None:
        raise Refusal(f"{what}: commit {bare.commit[:12]} records no file with its trace; leave out --at")
    return [(found.verb, found.job)]


def _check_readme(bare: Subject, at: str | None) -> None:
    """That the README of the commit has a table in it, and is that which lies here if no commit is named.

    Raises:
        Refusal: there is none, or it is another.
    """
    if not bare.readme:
        raise Refusal(f"{README}: in commit {bare.commit[:12]} it has no table between `{OPENED} {CLOSED}` and `{END}`")
    here = bare.root / README
    if at is None and here.is_file() and here.read_bytes() != bare.readme:
        raise Refusal(f"{README}: commit {bare.commit[:12]} has another; commit it first, or name a commit with --at")


def _of(bare: Subject, what: str) -> list[Name]:
    """All results, recorded or planned, what the README tells of, or the verdict and the pictures of a claim."""
    if what == README:
        return [SCOREBOARD]
    told = {
        verb: {**dict.fromkeys(ledger.jobs), **bare.plan.jobs(verb)} for verb, ledger in bare.source.ledgers.items()
    }
    if what == ALL:
        return [(verb, name) for verb in told for name in told[verb]]
    otherwise = f"neither a file, nor a printed code, nor a claim of commit {bare.commit[:12]}"
    claim = completed(what, told.get("judge", []), otherwise, [ALL])
    made = [("judge", claim), ("report", claim), ("report", detail(claim))]
    return [(verb, name) for verb, name in made if name in told.get(verb, [])]
