"""What is audited: results of one commit, with the params, the ledgers and the stored bytes of that commit."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nominima.auditing.published import tables
from nominima.auditing.seeds import fresh
from nominima.ground.files import Refusal, digest, write
from nominima.planning import digests
from nominima.planning.plan import Job, Plan
from nominima.planning.reader import LARGEST, parsed
from nominima.tracing import repository, store
from nominima.tracing.artefact import read_trace
from nominima.tracing.history import Source
from nominima.tracing.ledger import Entry
from nominima.tracing.search import source_at
from nominima.tracing.trace import differences, environment

README = "README.md"
OTHERWISE = (
    "the ledger of the commit tells of other files than",
    "values differ, recorded → planned by the commit's params.yaml",
)
"""How obstacles begin where this program plans otherwise than the one that made the results."""

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
    package: the source that makes it: today's, or what the commit itself has, where somebody asked that it be run.
    """

    root: Path
    commit: str
    asked: list[Name]
    words: list[str]
    table: bool = False
    seeds: int | None = None
    package: Path = digests.SOURCE

    @property
    def own(self) -> bool:
        """Whether the commit's own source makes it."""
        return self.package != digests.SOURCE

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
        try:
            return Plan(parsed(self.params, Path(f"params.yaml of commit {self.commit[:12]}")))
        except Refusal as refusal:
            raise Refusal(
                f"{refusal}\nthese params are not understood by the source that is here; {self.by_itself}"
            ) from refusal

    @property
    def by_itself(self) -> str:
        """How the commit's own program makes its results again, where the one that is here cannot."""
        return (
            f"`git worktree add ../then {self.commit[:12]}` checks that commit out: audit it there, by its own program"
        )

    @cached_property
    def anew(self) -> Plan:
        """What is made: the plan, or the same with fresh seeds."""
        return self.plan if self.seeds is None else Plan(fresh(self.plan, self.seeds))

    @cached_property
    def here(self) -> dict[str, str]:
        """The environment in which jobs are made."""
        return environment() | {"threads": "1"}

    @cached_property
    def makers(self) -> dict[str, Name]:
        """Path → the planned job that makes it."""
        jobs = self.plan.by_verb
        return {file: (verb, name) for verb in jobs for name, job in jobs[verb].items() for file in job.outputs}

    def job(self, name: Name) -> Job:
        """A job that is made; by the commit's own source under the code that its ledger tells of."""
        job, entry = self.anew.jobs(name[0])[name[1]], self.entry(name)
        return job._replace(code=entry.code) if self.own and entry else job

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
            return f"{OTHERWISE[0]} its params.yaml plans"
        other = differences(entry.spec, json.loads(job.spec))
        return f"{OTHERWISE[1]}: {'; '.join(other[:3])}" if other else ""

    def moved(self, name: Name) -> bool:
        """Whether the ledger tells of other source than would make a job now."""
        entry = self.entry(name)
        return entry is None or entry.code != self.job(name).code

    def elsewhere(self, name: Name) -> list[str]:
        """In what the environment that a ledger tells of differs from the one here."""
        entry = self.entry(name)
        told = self.source.ledgers[name[0]].environments[entry.environment] if entry else {}
        return [
            f"{key}: recorded {told.get(key, '–')}, here {self.here.get(key, '–')}"
            for key in sorted(told.keys() | self.here.keys()) if told.get(key) != self.here.get(key)
        ]  # fmt: skip

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
        return store.recorded(stored[0], store.objects(self.root)) if stored else {}
