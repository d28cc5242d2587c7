"""What stands behind a figure, read from the ledgers: runs, measures, data sets, code and machines."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nominima.ground.places import place
from nominima.ground.texts import canonical
from nominima.tracing.ledger import Entry, Ledger
from nominima.tracing.trace import Trace, compared, flat


class Sweep(NamedTuple):
    """Runs of one sweep. common: parameter → the value that these runs share, but not all runs of the figure do."""

    name: str
    common: dict[str, str]
    varying: list[str]  # parameters in which they differ
    runs: list[tuple[str, list[str]]]  # run → its values of these


class Provenance(NamedTuple):
    """A figure's making, as tables for a reader."""

    key: str
    common: dict[str, str]  # parameter → the value that all runs share
    sweeps: list[Sweep]
    measures: list[tuple[str, str, int]]  # measure, its options, how many subjects
    datasets: list[tuple[str, str, str]]  # name, source and options, SHA-256
    codes: list[tuple[str, str, int]]  # verb, modules@digest, how many jobs
    environments: list[tuple[str, dict[str, str]]]  # verbs, versions and processor
    inputs: dict[str, str]  # path → SHA-256 of what the figure was drawn from

    @property
    def runs(self) -> int:
        """How many there are."""
        return sum(len(sweep.runs) for sweep in self.sweeps)


def provenance(figure: Trace, ledgers: Mapping[str, Ledger]) -> Provenance:
    """Follow a figure's inputs through the ledgers (verb → ledger) to the data."""
    jobs = behind(figure.inputs, ledgers)
    entries = {verb: [ledgers[verb].jobs[name] for name in names] for verb, names in jobs.items()}
    stacks = [(name, ledgers["train"].jobs[name].spec) for name in jobs.get("train", [])]
    runs = {run: values for stack, spec in stacks for run, values in _runs(stack, spec)}
    common, _ = compared(list(runs.values()))
    codes = ((verb, entry.code) for verb in entries for entry in entries[verb])
    judged = [path for entry in entries.get("judge", []) for path in entry.inputs]
    environments = [(verb, ledgers[verb].environments[each.environment]) for verb in entries for each in entries[verb]]
    return Provenance(
        key=figure.key,
        common=common,
        sweeps=_sweeps(runs, common),
        measures=_measures(entries.get("measure", []), judged),
        datasets=[_dataset(entry) for entry in entries.get("prepare", [])],
        codes=[*_counted(codes), (figure.verb, figure.code, 1)],
        environments=_grouped([*environments, (figure.verb, figure.environment)]),
        inputs=figure.inputs,
    )


def _sweeps(runs: Mapping[str, Mapping[str, str]], common: Collection[str]) -> list[Sweep]:
    """Runs by the sweep that their name begins with, so that a table has the columns that its runs differ in."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for name, values in runs.items():
        own = {key: value for key, value in values.items() if key not in common}
        found.setdefault(name.partition("/")[0], {})[name] = own
    sweeps: list[Sweep] = []
    for sweep, its in found.items():
        alike, varying = compared(list(its.values()))
        told = [(name, [values.get(key, "") for key in varying]) for name, values in its.items()]
        sweeps.append(Sweep(sweep, alike, list(varying), told))
    return sweeps


def _runs(stack: str, spec: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """The runs that a training job made, with their parameters."""
    first = spec["run"]["training"]
    for lane in spec.get("lanes", [{"variant": "", "training": {}}]):
        yield place(stack, lane["variant"]), flat(first | lane["training"])


def behind(files: Iterable[str], ledgers: Mapping[str, Ledger]) -> dict[str, list[str]]:
    """Verb → the jobs whose outputs `files` were made from, however far back; verbs as ordered in `ledgers`."""
    todo, found = list(files), set[tuple[str, str]]()
    while todo:
        file = todo.pop()
        for verb, ledger in ledgers.items():
            job = ledger.makers.get(file)
            if job is not None and (verb, job) not in found:
                found.add((verb, job))
                todo += ledger.jobs[job].inputs
    jobs = {verb: sorted(job for its, job in found if its == verb) for verb in ledgers}
    return {verb: names for verb, names in jobs.items() if names}


def _measures(entries: list[Entry], judged: Iterable[str]) -> list[tuple[str, str, int]]:
    """The measures whose tables were judged; their jobs may have measured more."""
    stems = {Path(path).stem for path in judged}
    asked = ((name, _told(options)) for entry in entries for name, options in entry.spec["measures"].items())
    return _counted((name, told) for name, told in asked if name in stems)


def _dataset(entry: Entry) -> tuple[str, str, str]:
    told = f"{entry.spec['source']}: {_told(entry.spec['options'])}"
    return entry.spec["dataset"], told, next(iter(entry.outputs.values()))


def _told(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in flat(options).items()) or "defaults"


def _counted(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str, int]]:
    counts: dict[tuple[str, str], int] = {}
    for pair in pairs:
        counts[pair] = counts.get(pair, 0) + 1
    return [(*pair, count) for pair, count in counts.items()]


def _grouped(environments: list[tuple[str, dict[str, str]]]) -> list[tuple[str, dict[str, str]]]:
    verbs: dict[str, dict[str, None]] = {}
    known = {canonical(environment): environment for _, environment in environments}
    for verb, environment in environments:
        verbs.setdefault(canonical(environment), {})[verb] = None
    return [(", ".join(names), known[key]) for key, names in verbs.items()]
