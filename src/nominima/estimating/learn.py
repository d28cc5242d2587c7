"""What jobs cost, read off their own logs: `nominima learn` puts it into benchmarks/costs.json."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from nominima.ground.places import VERBS, ledger
from nominima.planning.costs import Costs, Curve, Measured, counts, looked_at, training_bytes, training_seconds
from nominima.planning.plan import Job, Plan
from nominima.planning.run import Run, apart

SPENT = re.compile(r"^cost: ([\d.]+) CPU s, (\d+) MB$", re.MULTILINE)
TAKEN = re.compile(r"^(\S+) (\w+): \d+ rows, ([\d.]+) CPU s$", re.MULTILINE)
SIZE = re.compile(r"; (\d+) parameters$", re.MULTILINE)
LEAST = 0.005  # CPU seconds: half of the last digit
SEALS = {verb: Job([], [ledger(verb)], "{}", "") for verb in VERBS}


class Log(NamedTuple):
    """What a job left to read: its plan, its text, CPU seconds, and bytes that it held at most."""

    job: Job
    text: str
    seconds: float
    memory: float


def logs(plan: Plan, root: Path) -> dict[str, dict[str, Log]]:
    """Verb, or `seal` → job → its log, of jobs that ended well; logs/<verb>/<job>.log."""
    found: dict[str, dict[str, Log]] = {}
    for verb, jobs in (plan.by_verb | {"seal": SEALS}).items():
        found[verb] = {}
        for name, job in jobs.items():
            path = root / "logs" / verb / f"{name}.log"
            text = path.read_text(errors="replace") if path.exists() else ""
            if spent := SPENT.search(text):
                found[verb][name] = Log(job, text, float(spent[1]), 1e6 * float(spent[2]))
    return found


def learned(plan: Plan, costs: Costs, root: Path) -> Costs:
    """The costs with everything that the logs of a plan's jobs know better; what they do not mention stays."""
    found = logs(plan, root)
    jobs = {verb: mean(log.seconds for name, log in found[verb].items() if name != "page")
            for verb in ("prepare", "judge", "report", "seal") if found[verb]}  # fmt: skip
    page = {"page": found["report"]["page"].seconds} if "page" in found["report"] else {}
    slower = _slower(plan, costs, found["train"].values())
    sizes = _sizes(found["train"].values())
    known = costs.model_copy(update={"parameters": _joined(costs.parameters, sizes)})
    return costs.model_copy(
        update={
            "job": costs.job | _short(jobs | page),
            "step": {family: _times(curve, slower.get(family, 1.0)) for family, curve in costs.step.items()},
            "answer": {family: _times(curve, slower.get(family, 1.0)) for family, curve in costs.answer.items()},
            "measure": costs.measure | _measures(plan, costs, found["measure"].values()),
            "parameters": known.parameters,
            "memory": costs.memory | _memory(plan, known, found),
        }
    )


def _joined(old: Mapping[str, Curve], new: Mapping[str, Curve]) -> dict[str, Curve]:
    """Curves by family, the new points in place of the old ones."""
    return {family: {**old.get(family, {}), **new.get(family, {})} for family in sorted({*old, *new})}


def _measures(plan: Plan, costs: Costs, read: Iterable[Log]) -> dict[str, Measured]:
    """Measure → CPU seconds a network by family and size, the mean over the runs of a size.

    What was known of other sizes stays, if it was measured with the same options.
    """
    taken: dict[str, dict[str, dict[str, list[float]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for log in read:
        for name, measure, seconds in TAKEN.findall(log.text):
            run, told = plan.runs.get(name), counts(measure, plan.params.measures.get(measure, {}))
            family, size = (run.training.model, run.training.size) if run else ("", 0)
            networks = looked_at(told, run.training.seeds) if run else 1
            taken[measure][family][str(size)].append(max(float(seconds), LEAST) / networks)
    found: dict[str, Measured] = {}
    for measure, its in sorted(taken.items()):
        new = {family: _short({size: mean(each) for size, each in sizes.items()}) for family, sizes in its.items()}
        now, old = counts(measure, plan.params.measures.get(measure, {})), costs.measure.get(measure)
        found[measure] = Measured(counts=now, curves=_joined(old.curves, new) if old and old.counts == now else new)
    return found


def _slower(plan: Plan, costs: Costs, read: Iterable[Log]) -> dict[str, float]:
    """Family → CPU seconds of its training jobs as a multiple of what was expected."""
    told, expected = defaultdict[str, float](float), defaultdict[str, float](float)
    for log, runs in _runs(read):
        family = runs[0].training.model
        told[family] += max(log.seconds - costs.start["train"], LEAST)
        entries = plan.params.datasets
        expected[family] += sum(
            training_seconds(run.training, entries.get(run.training.dataset), costs)[0] for run in runs
        )
    return {family: told[family] / expected[family] for family in told}


def _sizes(read: Iterable[Log]) -> dict[str, Curve]:
    """Family → size → how many parameters; the most where data sets differ."""
    found: dict[str, dict[str, float]] = {}
    for log, runs in _runs(read):
        training, told = runs[0].training, map(float, SIZE.findall(log.text))
        known = found.setdefault(training.model, {})
        known[str(training.size)] = max(known.get(str(training.size), 0.0), *told)
    return found


def _memory(plan: Plan, costs: Costs, found: dict[str, dict[str, Log]]) -> dict[str, float]:
    """Verb → the most that a job held beyond the parameters that it trained."""
    entries, most = plan.params.datasets, {}
    for verb, its in found.items():
        beyond = [log.memory for log in its.values()]
        if verb == "train":
            beyond = [
                log.memory
                - sum(training_bytes(run.training, entries.get(run.training.dataset), costs)[0] for run in runs)
                for log, runs in _runs(its.values())
            ]
        if beyond:
            most[verb] = max(max(beyond), 1.0)
    return _short(most)


def _runs(read: Iterable[Log]) -> Iterator[tuple[Log, list[Run]]]:
    """Logs of trainings with the runs that they trained."""
    return ((log, apart(json.loads(log.job.spec))) for log in read)


def _times(curve: Curve, factor: float) -> Curve:
    return _short({size: value * factor for size, value in curve.items()})


def _short(numbers: dict[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.3g}") for name, value in numbers.items()}
