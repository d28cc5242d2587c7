"""Whether a commit's params.yaml and source are those that made its results, and what changed since then.

Nothing of the commit is ever run: its files are read out of Git as data, and asked by the program that is here.
"""

import json
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from nominima.ground.files import Refusal
from nominima.planning.digests import SOURCE
from nominima.planning.plan import Plan
from nominima.planning.reader import LARGEST, parsed
from nominima.tracing import repository
from nominima.tracing.history import Source
from nominima.tracing.trace import Trace, differences

PARAMS = "params.yaml"
PACKAGE = PurePosixPath("src", SOURCE.name)  # where a commit has the source
LOCKS = "requirements*.lock"


class Check(NamedTuple):
    """`same` is None where it is not answered; `differing` names jobs that the commit's files plan otherwise."""

    same: bool | None
    told: str
    differing: list[str]


def check(root: Path, commit: str, jobs: list[tuple[str, str, Trace]]) -> Check:
    """Compare (verb, job, trace) with what this program plans from the commit's params.yaml and source.

    It speaks for the commit's source only where that is byte for byte its own; else the answer is None.
    """
    name = f"commit {commit[:12]}"
    try:
        files = repository.blobs(root, commit)
        plan = Plan(parsed(_params(root, files), Path(PARAMS)))
    except Refusal as refusal:
        reason = str(refusal).splitlines()[0]
        return Check(None, f"whether params.yaml and source of {name} made it is not answered: {reason}", [])
    differing = [line for verb, job, trace in jobs for line in _compared(plan, verb, job, trace)]
    other = _other_source(root, files)
    if not other:
        differing += [
            f"{verb} {job}: other source" for verb, job, trace in jobs if _code(plan, verb, job) != trace.code
        ]
        if differing:
            return Check(False, f"made from parameters or source that are not those of {name}", differing)
        return Check(True, f"params.yaml and source of {name} are exactly those that made it", [])
    read = "other parameters than" if differing else "exactly"
    reason = f"{len(other)} files of its source are not those of this program, {other[0]} among them"
    told = f"params.yaml of {name} gives {read} these; whether its source made it is not answered: {reason}"
    return Check(None, told, differing)


def since(head: Source, jobs: list[tuple[str, str, Trace]]) -> list[str]:
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
    """A spec without the runs of a measurement, which `train` tells of."""
    return {key: value for key, value in spec.items() if verb != "measure" or key not in ("run", "lanes")}


def _params(root: Path, files: dict[str, str]) -> bytes:
    if PARAMS not in files:
        raise Refusal("it has no params.yaml")
    return repository.blob(root, files[PARAMS], LARGEST)


def _compared(plan: Plan, verb: str, job: str, trace: Trace) -> list[str]:
    planned = plan.jobs(verb).get(job)
    if planned is None:
        return [f"{verb} {job}: not planned by params.yaml"]
    return [f"{verb} {job}: {line}" for line in differences(trace.spec, json.loads(planned.spec))]


def _code(plan: Plan, verb: str, job: str) -> str | None:
    planned = plan.jobs(verb).get(job)
    return planned and planned.code


def _other_source(root: Path, files: dict[str, str]) -> list[str]:
    """Paths at which the commit has another source, or other locked versions, than this program."""
    checkout = SOURCE.parent.parent
    here = [path for path in SOURCE.rglob("*") if path.suffix != ".pyc" and path.is_file()]
    ours = repository.blob_ids(root, [*here, *checkout.glob(LOCKS)])
    told = {path.relative_to(checkout).as_posix(): name for path, name in ours.items()}
    decides = {
        path for path in files if PurePosixPath(path).is_relative_to(PACKAGE) or PurePosixPath(path).match(LOCKS)
    }
    return sorted(path for path in decides | told.keys() if files.get(path) != told.get(path))
