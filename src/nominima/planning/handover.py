"""The plan as Snakemake's main process hands it to the processes of jobs elsewhere, so that none of them plans anew."""

import json
import os
from functools import cache
from pathlib import Path

from nominima.ground.places import VERBS
from nominima.ground.texts import canonical
from nominima.planning.guard import PLANS, kept, plan_snapshot
from nominima.planning.plan import Job, Plan

VARIABLE = "NOMINIMA_PLAN"


class Handed:
    """A plan that was handed over: what the rules ask of a `Plan`, each verb read when it is asked for."""

    def __init__(self, path: Path) -> None:
        """path: a file of `hand`."""
        told = json.loads(path.read_bytes())
        self.patterns: dict[str, dict[str, list[str]]] = told["patterns"]
        self.strict: dict[str, str] = told["strict"]
        self._jobs: dict[str, str] = told["jobs"]
        self.jobs = cache(self._read)

    def _read(self, verb: str) -> dict[str, Job]:
        """The jobs of a verb, by name."""
        told = json.loads((PLANS / f"{self._jobs[verb]}.json").read_bytes())
        return {name: Job(**its) for name, its in told.items()}

    def outputs(self, verb: str) -> list[str]:
        """Every file a verb makes, its ledger left out."""
        return [file for job in self.jobs(verb).values() for file in job.outputs]


def hand(plan: Plan) -> None:
    """Write a plan below .snakemake/plans, and name the file in the environment that jobs inherit."""
    jobs = {verb: plan_snapshot(plan, verb) for verb in VERBS}
    os.environ[VARIABLE] = str(kept(canonical({"patterns": plan.patterns, "strict": plan.strict, "jobs": jobs})))


def received() -> Handed | None:
    """The plan that was handed to this process; None where its executor passes on no environment."""
    path = Path(os.environ.get(VARIABLE, ""))
    return Handed(path) if path.is_file() else None
