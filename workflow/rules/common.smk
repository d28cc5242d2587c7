# The plan behind all rules. Jobs see this checkout's source, one thread, and nothing else of the project.
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(Path(workflow.basedir, "src")))

from nominima.planning import digests, guard, workplace
from nominima.ground.files import Refusal
from nominima.ground.places import VERBS, ledger
from nominima.planning.plan import Plan
from nominima.planning.reader import load

workplace.set_up(Path(workflow.basedir))

try:
    guard.no_config(config)
    SNAPSHOT = guard.snapshot(Path("params.yaml"))
    PLAN = Plan(load(Path("params.yaml")))
    guard.recorded(PLAN)
    for warning in guard.environment():
        print(f"warning: {warning}", file=sys.stderr)
except Refusal as refusal:
    raise WorkflowError(str(refusal)) from None


def job(verb, pattern, field):
    """Input or params function: a field of the planned job whose name is `pattern` filled with the wildcards."""
    return lambda wildcards: getattr(
        PLAN.jobs(verb)[pattern.format(**wildcards)], field
    )


onsuccess:
    if guard.snapshot(Path("params.yaml")) != SNAPSHOT:
        print(
            "params.yaml changed during the run: these results are of the old values; run again",
            file=sys.stderr,
        )


wildcard_constraints:
    name="[a-z0-9][a-z0-9_-]*",
    sweep="[a-z0-9][a-z0-9_-]*",
    labels=r"[a-z0-9][a-z0-9_.-]*",
