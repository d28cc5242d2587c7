"""Why jobs would run now: what moved of each since its ledger was written, or which others it waits for."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nominima.estimating.estimate import Forecast
from nominima.planning.plan import Job, Plan
from nominima.tracing.ledger import Ledger
from nominima.tracing.standing import State
from nominima.tracing.trace import differences


class Reason(NamedTuple):
    """A job that would run: what moved of itself (empty: only what it is made from), and its CPU seconds."""

    verb: str
    job: str
    moved: list[str]
    seconds: float


def why(plan: Plan, found: State, ledgers: Mapping[str, Ledger], forecast: Forecast, root: Path) -> list[Reason]:
    """A reason for every job that a start of Snakemake would run, in the order of the verbs.

    Args:
        plan: all jobs.
        found: how things stand, see tracing.standing; it alone decides what would run.
        ledgers: what each verb made last.
        forecast: what each job costs.
        root: where the files lie.
    """
    reasons = []
    for each in forecast.due:
        if each.verb in plan.by_verb:
            job, told = plan.jobs(each.verb)[each.job], ledgers.get(each.verb)
            reasons.append(Reason(each.verb, each.job, _moved(each.job, job, told, found, root), each.seconds))
    return reasons


def _moved(name: str, job: Job, told: Ledger | None, found: State, root: Path) -> list[str]:
    entry = told.jobs.get(name) if told else None
    if entry is None:
        return ["never made" if told else "nothing is recorded of its verb"]
    new, gone = sorted(set(job.inputs) - entry.inputs.keys()), sorted(entry.inputs.keys() - set(job.inputs))
    missing = [file for file in job.outputs if not (root / file).exists()]
    before, after = _own(entry.spec), _own(json.loads(job.spec))
    if "strict" in before.keys() ^ after.keys():  # the word that was edited, not all the variables that it stands for
        before, after = (spec | {"strict": "strict" in spec} for spec in (before, after))
    moved = [
        *differences(before, after),
        *(["other source"] if entry.code != job.code else []),
        *([f"made from {_first(new)} too"] if new else []),
        *([f"not made from {_first(gone)} any more"] if gone else []),
        *([f"missing: {_first(missing)}"] if missing else []),
    ]
    own = not found.again.isdisjoint(job.outputs) and found.needed.isdisjoint(job.inputs)
    return moved or (["its files are not those in its ledger"] if own else [])


def _own(spec: dict[str, Any]) -> dict[str, Any]:
    """A spec without what another job shows: the runs that are measured, and those that a run takes from."""
    others = {"sources", *(("run", "lanes") if "measures" in spec else ())}
    return {key: value for key, value in spec.items() if key not in others}


def _first(files: list[str]) -> str:
    return files[0] + (f" and {len(files) - 1} more" if len(files) > 1 else "")
