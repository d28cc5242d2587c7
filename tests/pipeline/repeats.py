"""Run one job of every kind again and again, wherever in memory things come to lie, and compare the bytes it makes.

`python tests/pipeline/repeats.py --repeats 30` builds the smoke project, or takes a built one by `--project`, works on
a copy of it and counts the jobs that give the bytes of their ledger.

Every job of every repetition has another size of its environment, other settings of malloc and another order of sets,
and every eighth no compiled caches, which takes it ten times as long to start. The tests run one repetition.
"""

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from project import ROOT, Project, copy, lay

from nominima.ground.files import digest
from nominima.ground.places import VERBS, ledger
from nominima.planning.guard import arguments
from nominima.planning.plan import Job, Plan
from nominima.planning.reader import load
from nominima.planning.subjects import split
from nominima.planning.workplace import VARIABLES
from nominima.tracing.ledger import read_ledger

UNCOMPILED = 8  # every how many jobs have no compiled caches


def kinds(plan: Plan) -> Iterator[tuple[str, str, Job]]:
    """Verb, name and job: every data set, a training of each family and source, every claim and figure, and as few jobs
    as ask every measure of each kind of subject."""
    seen = set[object]()
    for verb in VERBS:
        for name, job in plan.jobs(verb).items():
            its = set(_asked(plan, verb, name, job))
            if not its <= seen:
                seen |= its
                yield verb, name, job


def _asked(plan: Plan, verb: str, name: str, job: Job) -> list[object]:
    if verb not in ("train", "measure"):
        return [(verb, name)]
    subject = name if verb == "train" else split(name)[0]
    runs = plan.stacks.get(subject.removeprefix("runs/"), [])
    if verb == "train":
        return [(verb, run.training.model, run.training.optimizer, *sorted(run.taken)) for run in runs]
    families = {run.training.model for run in runs} or {subject.partition("/")[0]}
    return [(verb, family, Path(table).stem) for table in job.outputs for family in families]


def layout(number: int, empty: Path) -> dict[str, str]:
    """An environment in which things lie elsewhere."""
    chance = random.Random(number)
    found = VARIABLES | {
        "FILLER": "x" * chance.randrange(1, 60_000),  # moves the stack
        "MALLOC_TOP_PAD_": str(chance.randrange(2**22)),
        "MALLOC_MMAP_THRESHOLD_": str(chance.randrange(2**12, 2**25)),
        "PYTHONHASHSEED": str(chance.randrange(2**32)),
    }
    compiled = number % UNCOMPILED
    return found if compiled else found | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": str(empty)}


def repeat(project: Project, repeats: int) -> tuple[Counter[str], list[str]]:
    """Jobs of each verb that were run, and the files that came out with other bytes than those in their ledger."""
    plan, counted, other = Plan(load(project.root / "params.yaml")), Counter[str](), list[str]()
    recorded = {verb: read_ledger(project.root / ledger(verb)).digests for verb in VERBS}
    jobs = list(kinds(plan))
    with tempfile.TemporaryDirectory() as empty:
        for number in range(repeats):
            for place, (verb, name, job) in enumerate(jobs):
                settings = [f"{name}={value}" for name, value in layout(number + place, Path(empty)).items()]
                module = f"nominima.{job.code.partition(':')[0].partition('@')[0].partition('+')[0]}"
                for file in job.outputs:
                    (project.root / file).unlink()
                project.run("env", *settings, sys.executable, "-m", module, f"@{arguments(job)}")
                counted[verb] += 1
                here = {file: digest(project.root / file) for file in job.outputs}
                told = [file for file, found in here.items() if found != recorded[verb][file]]
                other += [f"{verb} {name}: {file} in layout {number + place}" for file in told]
            print(f"repetition {number}: {dict(counted)} jobs, other bytes: {other or 'none'}", flush=True)
    return counted, other


def main() -> None:
    """Build and repeat, or repeat in a copy of a built project."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--project", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.project:
            project = copy(asked.project, Path(folder, "project"))
        else:
            project = lay(Path(folder, "project"), ROOT / "tests/params.smoke.yaml")
            project.snakemake()
        os.chdir(project.root)
        _, other = repeat(project, asked.repeats)
    sys.exit("\n".join(other) or 0)


if __name__ == "__main__":
    main()
