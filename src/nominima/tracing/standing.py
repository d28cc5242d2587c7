"""Whether what lies here is what the plan asks for: every file by its own trace, every verb by its ledger.

Asked at every start by Snakemake, at the beginning and the end of each stage by DVC, and by `verify`. Nothing else
decides what is made again: no time stamp, no record of Snakemake's, no ledger that was put back after a seal failed.
"""

from collections.abc import Callable, Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

from nominima.ground.files import REMEDY, Refusal
from nominima.ground.places import MADE_BY, VERBS, below, killed, ledger
from nominima.planning.plan import Job
from nominima.tracing.ledger import Ledger, read_ledger
from nominima.tracing.recorded import Elsewhere, edited
from nominima.tracing.seen import Fingerprint, Memory
from nominima.tracing.trace import asked

Jobs = Mapping[str, Mapping[str, Job]]
"""verb → name → job."""
Look = Callable[[str], Fingerprint | None]
SHOWN = 5


class State(NamedTuple):
    """What is not as planned. `again` are files with another spec, code or inputs in their trace, and ledgers that are
    not of this plan or these files; `needed` is all that will be made again, so missing files and what rests on it too;
    `refused` says what must be mended by hand first; `others` are files in the pipeline's folders that are not its own.
    """

    again: frozenset[str]
    needed: frozenset[str]
    refused: list[str]
    others: list[str]


NOTHING = State(frozenset(), frozenset(), [], [])


class Process(NamedTuple):
    """A job, or the seal of a verb (`job` is None)."""

    verb: str
    job: Job | None
    inputs: list[str]
    outputs: list[str]


def start(jobs: Jobs) -> State:
    """How things stand in the current folder.

    Raises:
        Refusal: a file was edited by hand or is damaged, or a ledger is not sound.
    """
    found = here(jobs, Path())
    if found.refused:
        more = [f"… and {len(found.refused) - SHOWN} more"] if len(found.refused) > SHOWN else []
        raise Refusal("\n".join([*found.refused[:SHOWN], *more]))
    return found


def here(jobs: Jobs, root: Path) -> State:
    """How things stand below `root`, by a memory of earlier readings.

    Raises:
        Refusal: a ledger is not sound.
    """
    memory = Memory(root)
    ledgers = {verb: read_ledger(root / ledger(verb)) for verb in VERBS if (root / ledger(verb)).exists()}
    memory.read(file for planned in jobs.values() for job in planned.values() for file in (*job.inputs, *job.outputs))
    found = standing(jobs, ledgers, memory.look, root, Elsewhere(root))
    memory.keep()
    return found


def standing(
    jobs: Jobs, ledgers: Mapping[str, Ledger], look: Look, root: Path = Path(), elsewhere: Elsewhere | None = None
) -> State:
    """How things stand, as `look` reads the files by their paths from `root`; with `elsewhere` also what was edited."""
    again: set[str] = set()
    needed: set[str] = set()
    refused: list[str] = []
    for step in steps(jobs):
        told = ledgers.get(step.verb)
        if step.job:
            found = {file: look(file) for file in step.outputs}
            refused += [_foreign(file) for file, seen in found.items() if seen and seen.key is None]
            other = {file for file, seen in found.items() if seen and seen.asked != _wanted(step, look)}
            again |= other
            if other or None in found.values() or not needed.isdisjoint(step.inputs):
                needed.update(step.outputs)
            elif elsewhere:
                held = [(file, seen.sha256, seen.key) for file, seen in found.items() if seen and seen.key]
                refused += filter(None, (edited(*each, told, elsewhere) for each in held))
        elif not needed.isdisjoint(step.inputs) or not told or not _sealed(told, jobs[step.verb], look):
            again.update(step.outputs)
            needed.update(step.outputs)
    return State(frozenset(again), frozenset(needed), refused, others(jobs, ledgers, root))


def steps(jobs: Jobs) -> list[Process]:
    """All jobs and seals, each after those that it rests on."""
    made = {step.outputs[0]: step for step in _steps(jobs)}
    makers = {file: name for name, step in made.items() for file in step.outputs}
    waits = {name: {makers[file] for file in step.inputs if file in makers} for name, step in made.items()}
    return [made[name] for name in TopologicalSorter(waits).static_order()]


def _steps(jobs: Jobs) -> Iterator[Process]:
    for verb, planned in jobs.items():
        yield from (Process(verb, job, job.inputs, job.outputs) for job in planned.values())
        before = [ledger(each) for each in VERBS[: VERBS.index(verb)][-1:]]
        yield Process(
            verb, None, [*before, *(file for job in planned.values() for file in job.outputs)], [ledger(verb)]
        )


def behind(jobs: Jobs, root: Path) -> list[str]:
    """Verbs whose ledger is not there or not of the plan: what rests on them is not what the plan asks for.

    Raises:
        Refusal: a ledger is not sound.
    """
    there = {verb: root / ledger(verb) for verb in jobs}
    return [verb for verb, path in there.items() if not path.exists() or unlike(read_ledger(path), jobs[verb])]


def unlike(told: Ledger, planned: Mapping[str, Job]) -> list[str]:
    """Names of jobs that a ledger tells otherwise than the plan: one of them alone, another spec, code or files."""
    both = told.jobs.keys() & planned.keys()
    return sorted(
        (told.jobs.keys() ^ planned.keys()) | {name for name in both if not _alike(told, name, planned[name])}
    )


def _alike(told: Ledger, name: str, job: Job) -> bool:
    entry = told.jobs[name]
    return (
        told.trace(name).asked == asked(told.verb, job.spec, job.code, entry.inputs)
        and entry.inputs.keys() == set(job.inputs)
        and entry.outputs.keys() == set(job.outputs)
    )


def _sealed(told: Ledger, planned: Mapping[str, Job], look: Look) -> bool:
    """Whether a ledger is of this plan and of the files that are here."""
    files = [file for entry in told.jobs.values() for file in (*entry.inputs.items(), *entry.outputs.items())]
    return not unlike(told, planned) and all((seen := look(path)) and seen.sha256 == value for path, value in files)


def _wanted(step: Process, look: Look) -> str:
    """The key that the trace of a job's files must have; of inputs that are missing it is that of nothing."""
    assert step.job is not None
    inputs = {file: seen.sha256 if (seen := look(file)) else "" for file in step.inputs}
    return asked(step.verb, step.job.spec, step.job.code, inputs)


def _foreign(file: str) -> str:
    return (
        f"{file}: damaged, or not made by this pipeline: no trace can be read in it; move it away or delete it, "
        f"then {REMEDY}"
    )


def others(jobs: Jobs, ledgers: Mapping[str, Ledger], root: Path) -> list[str]:
    """Files in the pipeline's folders that no job makes and no ledger names: a person's own."""
    own = {file for planned in jobs.values() for job in planned.values() for file in job.outputs}
    own |= {file for told in ledgers.values() for file in told.digests}
    lying = (Path(file) for name in MADE_BY if name.endswith("/") for file in below(root / name))
    paths = sorted(file.relative_to(root).as_posix() for file in lying)
    return [file for file in paths if file not in own and not killed(file)]
