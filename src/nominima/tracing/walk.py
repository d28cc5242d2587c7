"""The walk from a lone file back to what made it: verdict, measurements, trajectories, data, parameters, commit."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from nominima.ground.files import Refusal, digest
from nominima.ground.places import VERBS, ledger
from nominima.ground.texts import printable
from nominima.tracing import history, receipt, repository
from nominima.tracing.artefact import read_trace
from nominima.tracing.history import Listed, Source
from nominima.tracing.repository import Commit
from nominima.tracing.search import Search, located, source_at
from nominima.tracing.source import Check, check, since
from nominima.tracing.store import Kept, kept
from nominima.tracing.trace import Trace

Confirmation = Literal["recorded", "uncommitted", "altered", "claimed", "unknown"]
SOURCES = ("src", "params.yaml", "workflow", "Snakefile", "requirements.lock")
SHOWN = 4  # commits that recorded the same bytes
A_CODE = "1a2b3c4d5e6f"
EXAMPLE = f"nominima trace --code {A_CODE}"


class Ancestor(NamedTuple):
    """One job on the way; `commit` is where its ledger was read, None: the working tree, or no ledger at all."""

    verb: str
    job: str
    trace: Trace
    outputs: dict[str, str]
    commit: str | None


@dataclass(frozen=True)
class Walk:
    """What is known of a file, or of a printed code; `told` says in a sentence how far it is confirmed.

    recorded: a ledger in Git lists exactly this content; uncommitted: one of the working tree alone; altered: the
    trace is known, the content is not; claimed: the trace is in no ledger; unknown: there is no trace either.
    """

    standing: Confirmation
    told: str
    file: Path | None
    digest: str | None
    trace: Trace | None
    root: Path | None = None
    path: str | None = None
    commit: Commit | None = None
    current: bool = False
    since: list[str] = field(default_factory=list)
    steps: list[Ancestor] = field(default_factory=list)
    raw: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    check: Check | None = None
    kept: Kept | None = None
    audited: str = ""
    notes: list[str] = field(default_factory=list)


def walk_file(file: Path, start: Path) -> Walk:
    """Walk from a file, wherever it lies and whatever its name, in the project at `start`, else around the file.

    Raises:
        Refusal: there is no such file, or it is neither recorded nor of a kind that holds a trace.
    """
    if not file.is_file():
        problem = "a folder; name a file in it" if file.is_dir() else "no such file"
        raise Refusal(f"{printable(str(file))}: {problem}")
    found = digest(file)
    searches = [Search(root) for root in history.projects(start, file.parent)]
    at = located(searches, f'"{found}"', lambda source: source.by_digest(found))
    trace = at[1].trace if at else read_trace(file)
    if trace and at is None:
        key = trace.key
        at = located(searches, f'"trace": "{key}"', lambda source: source.by_key(key))
    return _confirmed(file, found, trace, *at) if at else _unconfirmed(file, found, trace, searches)


def walk_code(code: str, start: Path) -> Walk:
    """Walk from the trace code printed in a figure: 12 hexadecimal digits, or at least the first 6.

    Raises:
        Refusal: the code is none, or no ledger knows it.
    """
    key = code.strip().lower()
    if not 6 <= len(key) <= 12 or set(key) - set("0123456789abcdef"):
        raise Refusal(f"{code!r} is no trace code; every figure has one printed in it: {EXAMPLE}")
    searches = [Search(root) for root in history.projects(start)]
    if not searches:
        raise Refusal(f"{start}: no project here; run this inside a clone of the repository that the figure is from")
    at = located(searches, f'"trace": "{key}', lambda source: source.by_key(key))
    if at is None:
        raise Refusal(f"{key}: {_reach(searches)}")
    return _confirmed(None, None, at[1].trace, *at)


def _confirmed(file: Path | None, found: str | None, trace: Trace | None, search: Search, place: Listed) -> Walk:
    standing, told = _standing(search, place, found)
    steps, raw, missing = _ancestry([_step(place)], search)
    name = place.source.commit
    audited, damaged = _audited(search.root, place, found)
    jobs = [(step.verb, step.job, step.trace) for step in steps if step.commit == name]
    head = source_at(search.root, search.head) if name and search.head else None
    return Walk(
        standing=standing,
        told=told,
        file=file,
        digest=found,
        trace=trace,
        root=search.root,
        path=next((path for path, made in place.entry.outputs.items() if made == found), None),
        commit=repository.commit(search.root, name) if name else None,
        current=head is not None and _still_so(head, place, found),
        since=since(head, jobs) if head else [],
        steps=steps,
        raw=raw,
        missing=missing,
        check=check(search.root, name, jobs) if name else None,
        kept=_kept(search.root, place, found) if name else None,
        audited=audited,
        notes=[*_notes(search), *damaged, *(_of_commit(search, name, found) if name else _uncommitted(search))],
    )


def _unconfirmed(file: Path, found: str, trace: Trace | None, searches: list[Search]) -> Walk:
    search = searches[0] if searches else None
    steps, raw, missing = _ancestry([Ancestor(trace.verb, "", trace, {}, None)] if trace else [], search)
    return Walk(
        standing="claimed" if trace else "unknown",
        told=f"it claims to be made as below, which is not confirmed: {_reach(searches)}"
        if trace
        else f"it holds no trace, and {_reach(searches)}; if it is a figure, its code is printed in it: {EXAMPLE}",
        file=file,
        digest=found,
        trace=trace,
        root=search and search.root,
        steps=steps,
        raw=raw,
        missing=missing,
        notes=[note for each in searches for note in _notes(each)],
    )


def _reach(searches: list[Search]) -> str:
    reached = "; ".join(search.reach for search in searches)
    return reached or "there is no project here: run this inside a clone of the one it is from"


def _audited(root: Path, place: Listed, found: str | None) -> tuple[str, list[str]]:
    """What the last receipts say; a damaged one hides them all, and is noted."""
    try:
        return receipt.last_word(root, place.entry.outputs, found), []
    except Refusal as refusal:
        return "", [str(refusal)]


def _kept(root: Path, place: Listed, found: str | None) -> Kept:
    """Where the file still is, or the first that its job made."""
    recorded = place.entry.outputs
    path = next((path for path, made in recorded.items() if made == found), min(recorded))
    return kept(root, place.source.commit or "HEAD", path, recorded[path])


def _still_so(head: Source, place: Listed, found: str | None) -> bool:
    """Whether HEAD's ledgers have the same bytes at the path: of the file itself, or of all that its job made."""
    recorded = place.entry.outputs
    asked = {path: made for path, made in recorded.items() if made == found} or recorded
    ledger_at_head = head.ledgers.get(place.verb)
    return ledger_at_head is not None and asked.items() <= ledger_at_head.digests.items()


def _standing(search: Search, place: Listed, found: str | None) -> tuple[Confirmation, str]:
    name = place.source.commit
    where = f"{ledger(place.verb)} {f'of commit {name[:12]}' if name else 'of the working tree'}"
    if found is not None and found not in place.entry.outputs.values():
        return "altered", (
            f"its trace is known, its content is not: {where} has other bytes for it; it was edited, or saved anew by "
            "another program"
        )
    told = f"{where} lists {'this trace code' if found is None else 'exactly these bytes'}"
    if name and search.cut(name):
        return "recorded", (
            f"{told}, where this shallow clone is cut: that commit or an earlier one made it; "
            "`git fetch --unshallow` brings the rest"
        )
    if name:
        return "recorded", told
    if search.closed:
        return "uncommitted", f"{told}; whether it is committed cannot be seen: {search.closed}"
    return "uncommitted", f"{told}, which is not committed as it is"


def _notes(search: Search) -> list[str]:
    return [note for source in (search.here, *search.sources) for note in source.notes]


def _uncommitted(search: Search) -> list[str]:
    """What of the working tree differs from HEAD, and may have made the file."""
    edited = repository.changed(search.root, *SOURCES) if search.head else []
    shown = ", ".join(edited[:4]) + (f" and {len(edited) - 4} more" if len(edited) > 4 else "")
    told = f"made in a working tree that may differ from every commit; now it differs in {shown}"
    return [told] if edited else []


def _of_commit(search: Search, name: str, found: str | None) -> list[str]:
    """That a commit is of another branch, and which others recorded the same bytes."""
    branches = repository.branches_with(search.root, name)
    notes = [] if branches is None else [f"commit {name[:12]} is not in HEAD's history; it is in {', '.join(branches)}"]
    others = [repository.commit(search.root, other) for other in search.others(found, name)] if found else []
    told = "; ".join(f"{other.id[:12]} of {other.date}: {other.subject}" for other in others[:SHOWN])
    more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
    return [*notes, f"the same bytes were also recorded by commit {told}{more}"] if others else notes


def _step(place: Listed) -> Ancestor:
    return Ancestor(place.verb, place.job, place.trace, place.entry.outputs, place.source.commit)


def _ancestry(todo: list[Ancestor], search: Search | None) -> tuple[list[Ancestor], dict[str, str], dict[str, str]]:
    """All steps back to the data, last verb first; inputs that no verb makes; inputs that no ledger lists."""
    steps: dict[str, Ancestor] = {}
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
