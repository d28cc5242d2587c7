"""What is wrong with the runs from which others take their start, teacher, mask or order of examples."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from nominima.ground import places
from nominima.ground.files import suggest
from nominima.planning.params import MORE, Params
from nominima.planning.run import Pacing, Run
from nominima.planning.steps import checkpoint_steps

SAME_MODEL = ("model", "size", "model_options")
SAME_LABELS = ("dataset", "skip", "examples", "noise")
TAUGHT = ("taught", "reversed")
ASKED = {
    "start.run": SAME_MODEL, "prune.run": SAME_MODEL, "teacher.run": (), "pacing.run": SAME_MODEL + SAME_LABELS,
    "pacing.other": SAME_MODEL + SAME_LABELS,
}  # fmt: skip
"""Where a run is named → in what it must not differ."""


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
    for place, same in ASKED.items():
        key, _, role = place.partition(".")
        asked = getattr(training, key)
        name = getattr(asked, role, None)
        if name is None:
            continue
        if name not in runs:
            yield f"{place}: {name!r} is no run; {suggest(name, runs)}"
            continue
        source = runs[name]
        if not set(run.seeds) <= set(source.seeds):
            told = f"{place}: {name} has no lane for some of the seeds {run.seeds[0]} … {run.seeds[-1]}; give it them"
            more = places.place(f"{source.stack}.{MORE}1", source.variant)
            yield told + (": in one number, or in the same numbers here and there" if more in runs else "")
        steps = checkpoint_steps(source.training.steps)
        if isinstance(asked.at, int) and asked.at not in steps:
            there = ", ".join(map(str, steps))
            yield f"{key}.at: {name} has no checkpoint at step {asked.at}; it has them at {there}"
        for field in same:
            here, there = getattr(training, field), getattr(source.training, field)
            if here != there:
                yield f"{place}: {name} has {field} {there}, this run {here}; they must be the same"
    if training.teacher and training.teacher.validates and training.noise:
        yield f"teacher.validates: noise {training.noise}: no label is known whose noise validation could carry; take 0"
    if training.pacing:
        yield from _teachers(training.pacing, runs)


def _teachers(pacing: Pacing, runs: dict[str, Run]) -> Iterator[str]:
    """Orders without a teacher, or with one too many, and teachers that did not share the examples out."""
    for role, name in (("run", pacing.run), ("other", pacing.other)):
        if name is not None and pacing.order not in TAUGHT:
            yield f"pacing.{role}: order {pacing.order} has no use for one"
    if pacing.run is None:
        if pacing.order in TAUGHT:
            yield f"pacing.run: order {pacing.order} needs one"
        return
    names = [name for name in (pacing.run, pacing.other) if name in runs]
    halves = [runs[name].training.half for name in names]
    if pacing.other is None and halves not in ([], ["both"]):
        yield f"pacing.other: {pacing.run} saw the {halves[0]} half only; name a run that saw the other one"
    elif pacing.other is not None and len(halves) == 2 and set(halves) != {"first", "second"}:
        saw = " and ".join(
            f"{name} saw {'all' if half == 'both' else f'the {half} half'}"
            for name, half in zip(names, halves, strict=True)
        )
        yield f"pacing.other: {saw}; one must see the first half, the other the second"
