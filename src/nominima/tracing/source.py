"""Whether a commit's params.yaml and source are those that made its results, and what changed since then.

Nothing of the commit is ever run: its files are read out of Git as data, and asked by the program that is here.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from nominima.ground.files import Refusal
from nominima.planning.digests import SOURCE, code
from nominima.planning.plan import Plan
from nominima.planning.reader import LARGEST, parsed
from nominima.planning.subjects import apart
from nominima.tracing import repository
from nominima.tracing.history import Source
from nominima.tracing.trace import Trace, differences

PARAMS = "params.yaml"
PACKAGE = f"src/{SOURCE.name}"  # where a commit has the source
RULES, LOCKS = "workflow/rules", "requirements*.lock"  # what else a code digest is taken of
SCHEME = ("planning.plan:Plan", "planning.params:Params")  # what makes specs and digests of params.yaml and source
UNREADABLE = (OSError, ValueError, LookupError, SyntaxError)  # a module that is elsewhere, or no Python
Made = tuple[str, str, Trace]
"""A verb, the name of its job and the trace of what it made."""


class Check(NamedTuple):
    """`same` is None where it is not answered; `differing` names jobs that the commit's files plan otherwise."""

    same: bool | None
    told: str
    differing: list[str]


def check(root: Path, commit: str, jobs: list[Made]) -> Check:
    """Compare (verb, job, trace) with what this program plans from the commit's params.yaml and source.

    Where they differ and the commit makes specs or digests in another way, the answer is None.
    """
    name = f"commit {commit[:12]}"
    try:
        files = repository.blobs(root, commit)
        plan = Plan(parsed(_params(root, files), Path(PARAMS)))
        with unpacked(root, files) as source:
            differing = [line for verb, job, trace in jobs for line in _compared(plan, source, verb, job, trace)]
            alike = not differing or _scheme(plan, source) == _scheme(plan, SOURCE) is not None
    except Refusal as refusal:
        return _open(name, str(refusal).splitlines()[0])
    except (RecursionError, MemoryError):
        return _open(name, "its source is nested too deeply to be read")
    if not alike:
        return _open(name, "it plans in another way than this program")
    if differing:
        return Check(False, f"made from parameters or source that are not those of {name}", differing)
    return Check(True, f"params.yaml and source of {name} are exactly those that made it", [])


def since(head: Source, jobs: list[Made]) -> list[str]:
    """What the ledgers at HEAD tell otherwise of the same jobs: parameters in full, source by name."""
    lines: list[str] = []
    for verb, job, trace in jobs:
        now = head.ledgers[verb].jobs.get(job) if verb in head.ledgers else None
        if now is None:
            lines.append(f"{verb} {job}: is not made any more")
            continue
        lines += [f"{verb} {job}: {line}" for line in differences(_own(verb, trace.spec), _own(verb, now.spec))]
        lines += [f"{verb} {job}: other source"] if trace.code != now.code else []
    return lines


def _own(verb: str, spec: dict[str, Any]) -> dict[str, Any]:
    """A spec without the runs of a measurement, which `train` shows already."""
    return {key: value for key, value in spec.items() if verb != "measure" or key not in ("run", "lanes")}


def _open(name: str, reason: str) -> Check:
    return Check(None, f"whether params.yaml and source of {name} made it is not answered: {reason}", [])


def _params(root: Path, files: dict[str, str]) -> bytes:
    if PARAMS not in files:
        raise Refusal("it has no params.yaml")
    return repository.contents(root, [files[PARAMS]], LARGEST)[0]


@contextmanager
def unpacked(root: Path, files: dict[str, str]) -> Iterator[Path]:
    """The folder of the package of a commit, as files aside; nothing here imports them."""
    paths = [path for path in files if _decides(PurePosixPath(path))]
    with TemporaryDirectory() as folder:
        found = repository.contents(root, [files[path] for path in paths], LARGEST)
        for path, content in zip(paths, found, strict=True):
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        yield Path(folder, PACKAGE)


def _decides(path: PurePosixPath) -> bool:
    beside = str(path.parent) == RULES or (len(path.parts) == 1 and path.match(LOCKS))
    return ".." not in path.parts and (beside or path.is_relative_to(PACKAGE))


def _scheme(plan: Plan, source: Path) -> str | None:
    """The digest of what a plan is made by: the program, and the constants that it reads off the shelves."""
    claims = [f"claims.{name}:MEASURES" for name in sorted(plan.params.claims)]  # as `ALSO` adds inputs only
    names = sorted({each for them in plan.wanted.values() for each in them})
    try:
        made = code(*SCHEME, *claims, *(f"measures.{name}:OF" for name in names), source=source)
        return f"{made} {[name for name in names if apart(source / 'measures' / f'{name}.py')]}"
    except UNREADABLE:
        return None


def _code(roots: Iterable[str], source: Path) -> str | None:
    """A code digest; None where the source does not have the roots."""
    try:
        return code(*roots, source=source)
    except UNREADABLE:
        return None


def _compared(plan: Plan, source: Path, verb: str, job: str, trace: Trace) -> list[str]:
    planned = plan.jobs(verb).get(job)
    if planned is None:
        return [f"{verb} {job}: not planned by params.yaml"]
    lines = [f"{verb} {job}: {line}" for line in differences(trace.spec, json.loads(planned.spec))]
    roots = planned.code.partition("@")[0].split("+")
    return lines if _code(roots, source) == trace.code else [*lines, f"{verb} {job}: other source"]
