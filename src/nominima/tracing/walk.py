"""The walk from a lone file back to what made it: verdict, measurements, trajectories, data, parameters, commit."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, NamedTuple

from nominima.ground.files import Refusal, digest
from nominima.ground.places import VERBS, ledger
from nominima.tracing import history
from nominima.tracing.artefact import read_trace
from nominima.tracing.history import Commit, Place, Source
from nominima.tracing.source import Check, check, since
from nominima.tracing.trace import Trace

Standing = Literal["recorded", "uncommitted", "altered", "claimed", "unknown"]
FRUITLESS = 8  # fruitless searches of the whole history, before the inputs left are called missing
SOURCES = ("src", "params.yaml", "workflow", "Snakefile", "requirements.lock")
EXAMPLE = "nominima trace --code 1a2b3c4d5e6f"


class Step(NamedTuple):
    """One job on the way; `commit` is where its ledger was read, None: the working tree, or no ledger at all."""

    verb: str
    job: str
    trace: Trace
    outputs: dict[str, str]
    commit: str | None


@dataclass(frozen=True)
class Walk:
    """What is known of a file, or of a printed code; `told` says in a sentence how far it is confirmed.

    recorded: a ledger in Git tells of exactly this content; uncommitted: one of the working tree alone; altered: the
    trace is known, the content is not; claimed: the trace is in no ledger; unknown: there is no trace either.
    """

    standing: Standing
    told: str
    file: Path | None
    digest: str | None
    trace: Trace | None
    root: Path | None = None
    path: str | None = None
    commit: Commit | None = None
    current: bool = False
    since: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    raw: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    check: Check | None = None
    notes: list[str] = field(default_factory=list)


class Search:
    """Where jobs are looked up: in the working tree, and in the commits that a search of the history turned up."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.here = history.source_here(root)
        self.head = history.head(root)
        self.sources: list[Source] = []
        self.fruitless = 0

    def first(self, text: str, find: Callable[[Source], Place | None]) -> Place | None:
        """The job in the oldest commit whose ledgers gained `text`, else in the working tree."""
        for name in history.commits_with(self.root, text) if self.head else []:
            source = _source_at(self.root, name)
            found = find(source)
            if found:
                self.sources.append(source)
                return found
        self.fruitless += 1
        return find(self.here)

    def maker(self, path: str, made: str) -> Place | None:
        """The job that made a file with this content."""
        near = (source.maker(path, made) for source in (*self.sources, self.here))
        found = next(filter(None, near), None)
        if found is None and self.fruitless < FRUITLESS:
            found = self.first(f'"{made}"', lambda source: source.maker(path, made))
        return found

    @cached_property
    def reach(self) -> str:
        """How far the search went, for messages."""
        if self.head is None:
            return f"no ledger of {self.root} tells of it (no Git repository, so there is no history)"
        cut = " (a shallow clone: `git fetch --unshallow` brings the rest)" if history.shallow(self.root) else ""
        return f"no ledger of {self.root}, now or in Git's history, tells of it{cut}"


@cache
def _source_at(root: Path, name: str) -> Source:
    return history.source_at(root, name)


def walk_file(file: Path, start: Path) -> Walk:
    """Walk from a file, wherever it lies and whatever its name, in the project at `start`, else around the file.

    Raises:
        Refusal: there is no such file, or it is neither recorded nor of a kind that holds a trace.
    """
    if not file.is_file():
        raise Refusal(f"{file}: {'a folder; name a file in it' if file.is_dir() else 'no such file'}")
    found = digest(file)
    root = history.project(start) or history.project(file.parent)
    search = Search(root) if root else None
    place = search.first(f'"{found}"', lambda source: source.by_digest(found)) if search else None
    trace = place.trace if place else read_trace(file)
    if search and trace and place is None:
        key = trace.key
        place = search.first(f'"trace": "{key}"', lambda source: source.by_key(key))
    return _walk(file, found, trace, search, place)


def walk_code(code: str, start: Path) -> Walk:
    """Walk from the trace code printed in a figure: 12 hexadecimal digits, or at least the first 6.

    Raises:
        Refusal: the code is none, or no ledger knows it.
    """
    key = code.strip().lower()
    if not 6 <= len(key) <= 12 or set(key) - set("0123456789abcdef"):
        raise Refusal(f"{code!r} is no trace code; every figure has one printed in it: {EXAMPLE}")
    root = history.project(start)
    if root is None:
        raise Refusal(f"{start}: no project here; run this inside a clone of the repository that the figure is from")
    search = Search(root)
    place = search.first(f'"trace": "{key}', lambda source: source.by_key(key))
    if place is None:
        raise Refusal(f"{key}: {search.reach}")
    return _walk(None, None, place.trace, search, place)


def _walk(
    file: Path | None, found: str | None, trace: Trace | None, search: Search | None, place: Place | None
) -> Walk:
    if search is None or place is None:
        standing, told = _unconfirmed(trace, search)
        steps, raw, missing = _ancestry([Step(trace.verb, "", trace, {}, None)] if trace else [], search)
        return Walk(
            standing, told, file, found, trace, search and search.root, steps=steps, raw=raw, missing=missing,
            notes=_notes(search),
        )  # fmt: skip
    standing, told = _standing(place, found)
    steps, raw, missing = _ancestry([_step(place)], search)
    name = place.source.commit
    jobs = [(step.verb, step.job, step.trace) for step in steps if step.commit == name]
    head = _source_at(search.root, search.head) if name and search.head else None
    return Walk(
        standing=standing,
        told=told,
        file=file,
        digest=found,
        trace=trace,
        root=search.root,
        path=next((path for path, made in place.entry.outputs.items() if made == found), None),
        commit=history.commit(search.root, name) if name else None,
        current=head is not None and _still_so(head, place, found),
        since=since(head, jobs) if head else [],
        steps=steps,
        raw=raw,
        missing=missing,
        check=check(search.root, name, jobs) if name else None,
        notes=[*_notes(search, uncommitted=name is None and search.head is not None), *_astray(search.root, name)],
    )


def _still_so(head: Source, place: Place, found: str | None) -> bool:
    """Whether HEAD's ledgers have the same bytes at the path: of the file itself, or of all that its job made."""
    recorded = place.entry.outputs
    asked = {path: made for path, made in recorded.items() if made == found} or recorded
    ledger_at_head = head.ledgers.get(place.verb)
    return ledger_at_head is not None and asked.items() <= ledger_at_head.digests.items()


def _standing(place: Place, found: str | None) -> tuple[Standing, str]:
    name = place.source.commit
    where = f"{ledger(place.verb)} {f'of commit {name[:12]}' if name else 'of the working tree'}"
    if found is not None and found not in place.entry.outputs.values():
        return "altered", (
            f"its trace is known, its content is not: {where} tells of other bytes; it was edited, or saved anew by "
            "another program"
        )
    told = "the code of files" if found is None else "bit for bit a file"
    return ("recorded", f"{told} that {where} tells of") if name else (
        "uncommitted", f"{told} that {where} tells of, which is not committed as it is")  # fmt: skip


def _unconfirmed(trace: Trace | None, search: Search | None) -> tuple[Standing, str]:
    where = search.reach if search else "there is no project here: run this inside a clone of the one it is from"
    if trace:
        return "claimed", f"it claims to be made as below, which is not confirmed: {where}"
    return "unknown", f"it holds no trace, and {where}; if it is a figure, its code is printed in it: {EXAMPLE}"


def _notes(search: Search | None, uncommitted: bool = False) -> list[str]:
    if search is None:
        return []
    notes = [note for source in (search.here, *search.sources) for note in source.notes]
    edited = history.changed(search.root, *SOURCES) if uncommitted else []
    if edited:
        shown = ", ".join(edited[:4]) + (f" and {len(edited) - 4} more" if len(edited) > 4 else "")
        notes.append(f"made in a working tree that may differ from every commit; now it differs in {shown}")
    return notes


def _astray(root: Path, name: str | None) -> list[str]:
    """That a commit is of another branch."""
    branches = history.branches_with(root, name) if name else None
    return (
        []
        if branches is None
        else [f"commit {name[:12] if name else ''} is not in the history of HEAD; it is in {', '.join(branches)}"]
    )


def _step(place: Place) -> Step:
    return Step(place.verb, place.job, place.trace, place.entry.outputs, place.source.commit)


def _ancestry(todo: list[Step], search: Search | None) -> tuple[list[Step], dict[str, str], dict[str, str]]:
    """All steps back to the data, last verb first; inputs that no verb makes; inputs that no ledger tells of."""
    steps: dict[str, Step] = {}
    raw: dict[str, str] = {}
    missing: dict[str, str] = {}
    while todo:
        step = todo.pop()
        if step.trace.key in steps:
            continue
        steps[step.trace.key] = step
        for path, made in step.trace.inputs.items():
            place = search.maker(path, made) if search and not _is_leaf(path) else None
            if place:
                todo.append(_step(place))
            else:
                (raw if _is_leaf(path) else missing)[path] = made
    latest = {verb: -at for at, verb in enumerate(VERBS)}
    return sorted(steps.values(), key=lambda step: (latest.get(step.verb, -9), step.job)), raw, missing


def _is_leaf(path: str) -> bool:
    return path.startswith(("data/raw/", "reports/ledger/"))
