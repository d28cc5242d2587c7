# The plan behind all rules. Jobs see this checkout's source, one thread, and nothing else of the project.
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger as snakemake_logger

sys.path.insert(0, str(Path(workflow.basedir, "src")))

try:
    from nominima.estimating import progress, requests
    from nominima.planning import busy, digests, guard, handover, workplace
    from nominima.ground.files import Refusal
    from nominima.ground.places import VERBS, ledger
    from nominima.planning.plan import Plan
    from nominima.planning.reader import load
    from nominima.tracing import standing
except ModuleNotFoundError as missing:
    raise WorkflowError(
        f"{missing.name} is not installed here; `make install` installs all that is locked"
    ) from None

workplace.set_up(Path(workflow.basedir))

try:
    guard.no_config(config)
    SNAPSHOT = guard.snapshot(Path("params.yaml"))
    # A job's own process, on another machine, has nothing to plan and to decide: the main one did.
    PLAN = None if workflow.is_main_process else handover.received()
    if PLAN is None:
        digests.recall()
        PLAN = Plan(load(Path("params.yaml")))
    os.environ |= PLAN.strict
    STANDING = standing.start(PLAN.by_verb) if workflow.is_main_process else None
    if workflow.is_main_process:
        REQUESTS = requests.Requests(PLAN)
        handover.hand(PLAN)
        progress.watch(PLAN, snakemake_logger)
    for warning in guard.environment():
        print(f"warning: {warning}", file=sys.stderr)
    if workflow.is_main_process and (told := busy.held()):
        print(f"locked: {told}", file=sys.stderr)
    for file in STANDING.others if STANDING else ():
        print(f"left alone, since no job makes it: {file}", file=sys.stderr)
except Refusal as refusal:
    raise WorkflowError(str(refusal)) from None


def job(verb, pattern, field):
    """Input or params function: a field of the planned job whose name is `pattern` filled with the wildcards."""

    def found(wildcards):
        planned = PLAN.jobs(verb)[pattern.format(**wildcards)]
        if field == "inputs":
            return settled(planned.inputs, planned.outputs)
        return getattr(planned, field)

    return found


def arguments(verb, pattern):
    """Params function: the file with a planned job's arguments, as a stack of many lanes has more than a command holds."""

    def found(wildcards):
        return guard.arguments(PLAN.jobs(verb)[pattern.format(**wildcards)])

    return found


def request(verb, pattern, what):
    """Resources function: what a planned job asks of a cluster; more after each failure, nothing once it was granted."""

    def found(wildcards, attempt):
        if not workflow.is_main_process:
            return 0
        return attempt * getattr(REQUESTS.of(verb, pattern.format(**wildcards)), what)

    return found


def cards(pattern):
    """Resources function: how many GPUs a planned training asks for."""
    return lambda wildcards: requests.gpus(
        PLAN.jobs("train")[pattern.format(**wildcards)]
    )


def settled(inputs, outputs):
    """Have outputs made again that are not as planned, and those that are so not for the sake of time stamps."""
    if STANDING is None:
        return inputs
    if workflow.local_exec:
        # With a limit on jobs a second every finished job has the scheduler look at all others once more a second, for ever.
        workflow.scheduling_settings.max_jobs_per_timespan = None
    workflow.dag.forcefiles.update(STANDING.again.intersection(outputs))
    asked = workflow.dag_settings
    if asked.forceall or asked.forcerun or asked.forcetargets:
        return inputs
    if not STANDING.needed.isdisjoint(outputs):
        return inputs
    return [ancient(file) for file in inputs]


onerror:
    for told in guard.killed(Path(log[0]).read_text() if log else ""):
        print(told, file=sys.stderr)


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


# The next two import only where a report is asked for: no other run of Snakemake needs what draws.
def chapter(wildcards):
    """Category of a card: the chapter of the essay that its claim is of."""
    from nominima.drawing import chapters

    return chapters.named(wildcards.name)


def labels(wildcards):
    """Labels of a card: its claim in short, what the claim says, and its verdict."""
    from nominima.drawing import chapters

    return chapters.labels(wildcards.name)
