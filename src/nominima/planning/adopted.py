"""Adopted runs, of networks trained elsewhere: their files, and what is wrong with what params.yaml says of them."""

from collections.abc import Iterator
from functools import partial

from nominima.planning.digests import SOURCE
from nominima.planning.module import exists, module
from nominima.planning.params import Params
from nominima.planning.run import Checkpoints, Run, Training
from nominima.planning.steps import metric_steps

OURS = ("noise", "teacher", "pacing", "half", "draw", "start", "prune")
"""Knobs by which a training here draws or makes something that checkpoints do not tell."""
BEYOND = {"measuring.replay", "measuring.learning"}
"""What measures themselves import that are of what checkpoints do not tell: a training made again, wrong labels."""
BY_STEP = "{step}"
BY_SEED = "{seed}"


def files(run: Run) -> list[str]:
    """The files that a run is adopted from: parameters, seed by seed and step by step, then losses; [] if trained here.

    Steps are those at which a run is looked at, planning.steps.metric_steps.
    """
    given = run.training.checkpoints
    if given is None:
        return []
    parameters = [given.file(seed, step) for seed in run.seeds for step in metric_steps(run.training.steps)]
    return [*parameters, *([given.losses] if given.losses else [])]


def is_adopted(params: Params, name: str) -> bool:
    """Whether the runs of a sweep are adopted."""
    sweep = params.sweeps[name]
    labels = [changes for axis in sweep.axes.values() for changes in axis.values()]
    told = any("checkpoints" in changes.model_fields_set for changes in (params.training, sweep.changes, *labels))
    return told and any(run.training.checkpoints for run in params.sweep_runs(name))


def is_beyond(measure: str) -> bool:
    """Whether checkpoints do not tell what a measure is about."""
    name = f"measures.{measure}"
    targets = module(SOURCE, name).imports.values() if exists(SOURCE, name) else ()
    return any(target.module in BEYOND for its in targets for target in its)


def mistakes(params: Params) -> Iterator[str]:
    """Sweeps half trained here, knobs and measures of trainings here, and files that are not told apart."""
    for name in filter(partial(is_adopted, params), params.sweeps):
        runs = params.sweep_runs(name)
        adopted = [run for run in runs if run.training.checkpoints]
        for measure in filter(is_beyond, params.sweeps[name].measures):
            yield f"sweeps.{name}.measures: {measure}: checkpoints do not tell what it is about; take it out"
        if len(adopted) < len(runs):
            other = next(run for run in runs if not run.training.checkpoints)
            yield (
                f"sweeps.{name}: {adopted[0].name} has checkpoints, {other.name} is trained here; "
                "make two sweeps of them, and a group if one claim asks for both"
            )
        seen = set[str]()
        for run in adopted:
            for mistake in _in(run.training):
                if mistake not in seen:
                    seen.add(mistake)
                    yield f"sweeps.{name} ({run.name}): {mistake}"


def _in(training: Training) -> Iterator[str]:
    given = training.checkpoints
    for knob in OURS:
        value = getattr(training, knob)
        if value != Training.model_fields[knob].default:
            told = value if isinstance(value, str | int | float) else "given"
            yield f"{knob}: {told}: that is of a training here, and checkpoints tell nothing of it; leave it out"
    if len(training.rates) > 1:
        yield f"rate: {list(training.rates)}: nothing is tried where networks are trained elsewhere; give one rate"
    if given:
        yield from _paths(given)


def _paths(given: Checkpoints) -> Iterator[str]:
    for part in (BY_SEED, BY_STEP):
        if part not in given.files:
            yield f"checkpoints.files: {given.files}: needs {part}, since each seed and step has a file of its own"
    for key, path in (("files", given.files.replace(BY_SEED, "").replace(BY_STEP, "")), ("losses", given.losses or "")):
        if "{" in path or "}" in path:
            yield f"checkpoints.{key}: {getattr(given, key)}: in braces can stand an axis of the sweep" + (
                ", seed or step" if key == "files" else ""
            )
