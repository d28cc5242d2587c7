"""What is wrong with the runs from which others take their start, teacher, mask or order of examples."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from nominima.ground.files import suggest
from nominima.planning.params import Params
from nominima.planning.run import Run
from nominima.planning.steps import checkpoint_steps

SAME_MODEL = ("model", "size", "model_options")
SAME_DATA = ("dataset", "skip", "examples")
LEARNED = ("learned", "reversed")


def mistakes(params: Params) -> Iterator[str]:
    """Runs that are none, that differ in what must be the same, or that wait for each other."""
    runs = params.runs()
    for run in runs.values():
        yield from (f"sweeps.{run.sweep} ({run.name}): {mistake}" for mistake in _of(run, runs))
    waits: dict[str, set[str]] = {}
    for run in runs.values():
        waits.setdefault(run.stack, set()).update(runs[name].stack for name in run.training.sources if name in runs)
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as cycle:
        yield f"sweeps: {' → '.join(cycle.args[1])} wait for each other: a run cannot come before what it is made from"


def _of(run: Run, runs: dict[str, Run]) -> Iterator[str]:
    training = run.training
    for key, same in (("start", SAME_MODEL), ("prune", SAME_MODEL), ("teacher", ()), ("pacing", SAME_DATA)):
        asked = getattr(training, key)
        name = asked.run if asked else None
        if name is None:
            continue
        if name not in runs:
            yield f"{key}.run: {name!r} is no run; {suggest(name, runs)}"
            continue
        source = runs[name]
        if not set(run.seeds) <= set(source.seeds):
            yield f"{key}.run: {name} has no lane for some of the seeds {run.seeds[0]} … {run.seeds[-1]}; give it them"
        steps = checkpoint_steps(source.training.steps)
        if isinstance(getattr(asked, "at", ""), int) and asked.at not in steps:
            there = ", ".join(map(str, steps))
            yield f"{key}.at: {name} has no checkpoint at step {asked.at}; it has them at {there}"
        for field in same:
            here, there = getattr(training, field), getattr(source.training, field)
            if here != there:
                yield f"{key}.run: {name} has {field} {there}, this run {here}; they must be the same"
    if training.teacher and training.teacher.validates and training.noise:
        yield f"teacher.validates: noise {training.noise}: no label is known whose noise validation could carry; take 0"
    if training.pacing and (training.pacing.order in LEARNED) != (training.pacing.run is not None):
        problem = "needs one" if training.pacing.run is None else "has no use for one"
        yield f"pacing.run: order {training.pacing.order} {problem}"
