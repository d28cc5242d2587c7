"""What is measured of what, and in which jobs: one for each subject, and one more for each measure that is apart.

A subject is `theory`, `datasets/<name>` or a stack of runs, `runs/<sweep>/<labels>`; `runs/<sweep>/{labels}` is the
pattern of all stacks of a sweep. The job of a subject has its name and takes all its measures, those left out whose
file says `APART = True`: each of them has a job of its own, `<subject>/<measure>`.
"""

import ast
import re
from pathlib import Path

from nominima.planning import adopted, module, shelf
from nominima.planning.params import Params

LABELS = "{labels}"
PARTS = {"theory": 1, "datasets": 2, "runs": 3}  # of a subject's name


def asked(claim: str) -> list[str]:
    """The measures a claim asks for.

    Raises:
        Refusal: the claim names a measure that is no file of the shelf.
    """
    wanted = list(shelf.constant("claims", claim, "MEASURES"))
    for name in wanted:
        shelf.path("measures", name)
    return wanted


def read(claim: str) -> set[str]:
    """The measures a claim is judged on: those it asks for, and in its `ALSO` those of which it reads what there is.

    Raises:
        Refusal: the claim names a measure that is no file of the shelf, or not as literals.
    """
    found = set(asked(claim))
    if re.search(r"^ALSO\b", shelf.path("claims", claim).read_text(), re.MULTILINE):
        found.update(shelf.constant("claims", claim, "ALSO"))
    for name in sorted(found):
        shelf.path("measures", name)
    return found


def wanted(params: Params) -> dict[str, list[str]]:
    """Subject, or pattern of subjects → what is measured of it, sorted; those left out of which nothing is."""
    claims = params.claims
    every = [(claim, measure) for claim in claims for measure in asked(claim)]
    found = {"theory": _of("theory", [measure for _, measure in every])}
    for name in params.datasets:
        of_data = [measure for claim, measure in every if name in claims[claim].datasets]
        found[f"datasets/{name}"] = _of("dataset", of_data)
    for name, sweep in params.sweeps.items():
        of_runs = [measure for claim, measure in every if name in params.asked(claim)]
        if adopted.is_adopted(params, name):
            of_runs = [measure for measure in of_runs if not adopted.is_beyond(measure)]
        found[f"runs/{name}/{LABELS}"] = _of("run", [*of_runs, *sweep.measures])
    return {subject: measures for subject, measures in found.items() if measures}


def cut(subjects: dict[str, list[str]]) -> dict[str, list[str]]:
    """Job, or pattern of jobs → the measures that it takes, of subjects with all their measures."""
    found: dict[str, list[str]] = {}
    for subject, measures in subjects.items():
        alone = [name for name in measures if apart(shelf.path("measures", name))]
        found[subject] = [name for name in measures if name not in alone]
        found |= {f"{subject}/{name}": [name] for name in alone}
    return {job: measures for job, measures in found.items() if measures}


def split(job: str) -> tuple[str, str]:
    """The subject of a job, or of a pattern of jobs, and the measure that it takes apart, "" if it takes the others."""
    parts = job.split("/")
    count = PARTS[parts[0]]
    return "/".join(parts[:count]), "/".join(parts[count:])


def pattern(job: str) -> str:
    """The pattern of a job: the same of all stacks of its sweep; of other subjects the job itself."""
    kind, *rest = job.split("/")
    return "/".join([kind, rest[0], LABELS, *rest[2:]]) if kind == "runs" else job


def apart(file: Path) -> bool:
    """Whether the file of a measure says `APART = True`."""
    return any(node.value and ast.literal_eval(node.value) for node in module.apart(module.tree(file)))


def _of(kind: str, measures: list[str]) -> list[str]:
    return sorted({name for name in measures if shelf.constant("measures", name, "OF") == kind})
