"""What is wrong with a params file, told for the person who wrote it: key, value, what is allowed."""

import json
import math
from collections.abc import Collection, Iterator
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from nominima.ground.files import suggest
from nominima.planning import added, adopted, budget, shelf, sources
from nominima.planning.params import Params, Sweep
from nominima.planning.run import Options, Training

MOST_RUNS = 20_000
LONGEST = 200  # characters of a folder's name; file systems end at 255
OF_TYPES = {"[key]", "[one]", "[several]"}  # parts of a place that the types add to those of the file
PATH_RULE = "start with data/raw/, then use letters, digits, _, -, single dots and slashes, and names in braces"
NAME_RULE = "use a-z, 0-9, _ and -, starting with a letter or digit, at most 41 characters"


def told(mistake: ErrorDetails) -> str:
    """One mistake that the types found, as one line."""
    location = tuple(part for part in map(str, mistake["loc"]) if part not in OF_TYPES)
    where = ".".join(location)
    if mistake["type"] == "extra_forbidden":
        return f"{where}: unknown key; {suggest(location[-1], _siblings(location[:-1]))}"
    if mistake["type"] == "missing":
        return f"{where}: missing; every params file needs it"
    if mistake["type"] == "string_pattern_mismatch":
        what, rule = ("path", PATH_RULE) if location[-2:-1] == ("checkpoints",) else ("name", NAME_RULE)
        return f"{where}: the {what} {_shown(mistake['input'])} is not allowed; {rule}"
    if mistake["type"] == "too_short":
        return f"{where}: {_shown(mistake['input'])}: give one value without brackets, or at least two that are allowed"
    return f"{where}: {_shown(mistake['input'])}: {_problem(mistake)}"


def mistakes(params: Params) -> Iterator[str]:
    """What types cannot say: names on no shelf or in no section, wrong options, doubled and countless runs."""
    for name, entry in params.datasets.items():
        yield from _on_shelf(f"datasets.{name}.source", "datasets", entry.source, entry.options)
    for name, options in params.measures.items():
        yield from _on_shelf(f"measures.{name}", "measures", name, options)
    for name, trial in params.claims.items():
        yield from _unknown(f"claims.{name}", name, shelf.names("claims"), "no file of src/nominima/claims/")
        for section, given, known in (
            ("sweeps", trial.sweeps, params.sweeps.keys() | params.groups),
            ("datasets", trial.datasets, params.datasets),
        ):
            for entry in given:
                yield from _unknown(f"claims.{name}.{section}", entry, known, f"no entry of {section}:")
    for group in sorted(params.groups & params.sweeps.keys()):
        yield f"sweeps: {group} is the name of a sweep and of a group; rename one"
    for name, sweep in params.sweeps.items():
        yield from _axes(name, sweep)
    yield from _drawn(params)
    count = sum(math.prod(map(len, (sweep.axes | sweep.lanes).values())) for sweep in params.sweeps.values())
    count = len(params.runs()) if count <= MOST_RUNS else count  # with those of added seeds
    if count > MOST_RUNS:
        yield f"sweeps: {count} runs; at most {MOST_RUNS} are allowed: take labels out of the axes"
        return
    for name in params.sweeps:
        yield from _in_sweep(params, name)
    yield from added.mistakes(params)
    yield from adopted.mistakes(params)
    yield from sources.mistakes(params)
    yield from budget.mistakes(params)


def _drawn(params: Params) -> Iterator[str]:
    """Measures of data sets that draw more points than there are training examples."""
    asked = {name for trial in params.claims.values() for name in trial.datasets if name in params.datasets}
    options = params.measures.get("input_distances", {})
    for name in sorted(asked):
        available, points = params.datasets[name].options.get("train"), options.get("points")
        if isinstance(available, int) and isinstance(points, int) and points > available:
            yield f"measures.input_distances.points: {points}: {name} has {available} training examples to draw from"


def _axes(name: str, sweep: Sweep) -> Iterator[str]:
    for kind, axes in (("axes", sweep.axes), ("lanes", sweep.lanes)):
        for axis, labels in axes.items():
            if not labels:
                yield f"sweeps.{name}.{kind}.{axis}: has no label, so the sweep has no run; give it one, or take it out"
    for axis in sorted(sweep.axes.keys() & sweep.lanes.keys()):
        yield f"sweeps.{name}.lanes: {axis} is an axis too; take one of them out"


def _in_sweep(params: Params, name: str) -> Iterator[str]:
    for measure in params.sweeps[name].measures:
        yield from _unknown(f"sweeps.{name}.measures", measure, shelf.names("measures"), "no file of that shelf")
    seen = set[str]()
    twins: dict[str, str] = {}
    for run in params.sweep_runs(name):
        folder = max(run.name.split("/"), key=len)
        if len(folder) > LONGEST:
            yield (
                f"sweeps.{name}: a folder would have a name of {len(folder)} characters, {folder[:30]}…; "
                f"at most {LONGEST} are allowed: shorten the labels"
            )
            return
        twin = twins.setdefault(run.training.model_dump_json(), run.name)
        if twin != run.name:
            yield f"sweeps.{name}: {twin} and {run.name} are the same training; take one label out"
        for mistake in _in_training(params, run.training):
            if mistake not in seen:
                seen.add(mistake)
                yield f"sweeps.{name} ({run.name}): {mistake}"


def _in_training(params: Params, training: Training) -> Iterator[str]:
    yield from _unknown("dataset", training.dataset, params.datasets, "no entry of datasets:")
    yield from _on_shelf("model", "models", training.model, training.model_options)
    yield from _on_shelf("optimizer", "optimizers", training.optimizer, training.optimizer_options)
    entry = params.datasets.get(training.dataset)
    rates = list(training.rates)
    if len(rates) > len(set(rates)):
        yield f"rate: {rates}: one is there twice; take it out"
    if len(rates) > 1 and entry and entry.options.get("validation") == 0:
        yield f"rate: {rates}: {training.dataset} has no validation examples to choose by; ask for one rate"
    if training.teacher and training.teacher.validates and entry and entry.options.get("validation") == 0:
        yield f"teacher.validates: {training.dataset} has no validation examples to be asked about; give it some"
    available = entry.options.get("train") if entry else None
    if not isinstance(available, int):
        return
    asked = training.skip + (training.examples or 1)
    examples = (training.examples or available - training.skip) // (1 if training.half == "both" else 2)
    if asked > available:
        yield f"skip + examples: {asked}: {training.dataset} has {available} training examples"
    elif training.batch > examples:
        yield f"batch: {training.batch}: more than the {examples} examples trained on; at most all of them make a step"


def _on_shelf(at: str, folder: str, name: str, options: Options) -> Iterator[str]:
    if name not in shelf.names(folder):
        yield from _unknown(at, name, shelf.names(folder), f"no file of src/nominima/{folder}/")
        return
    known = shelf.options(folder, name)
    try:
        known.model_validate_json(json.dumps(options))
    except ValidationError as error:
        for mistake in error.errors():
            option = ".".join(map(str, mistake["loc"]))
            unknown = mistake["type"] == "extra_forbidden"
            problem = f"unknown option; {suggest(option, known.model_fields)}" if unknown else _problem(mistake)
            yield f"{at}, options of {folder}/{name}: {option}: {_shown(mistake['input'])}: {problem}"


def _unknown(at: str, name: str, allowed: Collection[str], problem: str) -> Iterator[str]:
    if name not in allowed:
        yield f"{at}: {name!r} is {problem}; {suggest(name, allowed)}"


def _siblings(location: tuple[str, ...]) -> list[str]:
    """The keys allowed at a place of params.yaml."""
    kind: Any = Params
    for part in location:
        fields = getattr(kind, "model_fields", None)
        kind = fields[part].annotation if fields else get_args(kind)[1]
    return list(getattr(kind, "model_fields", {}))


def _problem(mistake: ErrorDetails) -> str:
    """The types' own words, without the thirty digits of a large bound."""
    for name, words in (("ge", "greater"), ("le", "less")):
        bound = mistake.get("ctx", {}).get(name)
        if isinstance(bound, float):
            return f"Input should be {words} than or equal to {bound:g}"
    return mistake["msg"]


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}…"
