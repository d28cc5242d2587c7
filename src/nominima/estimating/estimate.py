"""What a plan will cost before it starts: jobs, those that would run now, and minutes, from stored benchmarks."""

import heapq
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from nominima.ground.places import VERBS, ledger
from nominima.planning.costs import Costs, measuring_seconds, training_bytes, training_seconds
from nominima.planning.params import Params
from nominima.planning.plan import Plan
from nominima.planning.run import Training, apart
from nominima.tracing.standing import State

NEAREST = {"family": "the most expensive one known", "optimizer": "adam"}


class Expected(NamedTuple):
    """A job: CPU seconds in all, those of training steps, those of starting torch, and whether it would run now;
    bytes that it holds in memory at most, and that its files take on disk (of trajectories only)."""

    verb: str
    job: str
    seconds: float
    steps: float
    start: float
    due: bool
    memory: float = 0.0
    disk: float = 0.0


class Forecast(NamedTuple):
    """All jobs of a plan on `cores` cores; notes tell what was guessed from something near."""

    jobs: list[Expected]
    cores: int
    notes: list[str]

    def of(self, verb: str) -> list[Expected]:
        """The jobs of a verb."""
        return [job for job in self.jobs if job.verb == verb]

    @property
    def due(self) -> list[Expected]:
        """The jobs that would run now."""
        return [job for job in self.jobs if job.due]

    def wall(self, jobs: Iterable[Expected]) -> float:
        """Seconds until the last of these jobs ends, a verb after the other."""
        kept = list(jobs)
        return sum(makespan([job.seconds for job in kept if job.verb == verb], self.cores) for verb in (*VERBS, "seal"))


def estimate(plan: Plan, costs: Costs, cores: int, found: State) -> Forecast:
    """What every job of a plan costs on machines like the one that the costs were measured on.

    Due are the jobs that a start of Snakemake would run, as things stand; the notes name files that would stop it.
    """
    guess = Guess(plan.params, costs)
    jobs = []
    for verb in VERBS:
        for name, job in plan.jobs(verb).items():
            spec = json.loads(job.spec)
            seconds, steps = guess.job(verb, name, spec)
            memory, disk = guess.bytes(verb, spec)
            start = costs.start[verb] if "run" in spec else 0.0  # only what deals with runs needs torch
            due = not found.needed.isdisjoint(job.outputs)
            jobs.append(Expected(verb, name, seconds, steps, start, due, memory, disk))
        held, due = costs.memory.get("seal", 0.0), ledger(verb) in found.needed
        jobs.append(Expected("seal", verb, costs.job["seal"], 0.0, 0.0, due, held))
    return Forecast(jobs, cores, [*sorted(guess.notes), *found.refused])


def makespan(seconds: Iterable[float], cores: int) -> float:
    """Seconds until all jobs are done when each free core takes the longest that is left."""
    free = [0.0] * cores
    for job in sorted(seconds, reverse=True):
        heapq.heappush(free, heapq.heappop(free) + job)
    return max(free)


class Guess:
    """Costs of single jobs, with a note for each name that was never measured."""

    def __init__(self, params: Params, costs: Costs) -> None:
        self._params, self._costs = params, costs
        self.notes = set[str]()

    def job(self, verb: str, name: str, spec: dict[str, Any]) -> tuple[float, float]:
        """CPU seconds of a job, and those of its training steps."""
        if verb == "train":
            parts = [self._run(run.training) for run in apart(spec)]
            return self._costs.start["train"] + sum(whole for whole, _ in parts), sum(steps for _, steps in parts)
        if verb == "measure":
            return self._costs.start["measure"] + self._measures(spec), 0.0
        return self._costs.job["page" if name == "page" else verb], 0.0

    def bytes(self, verb: str, spec: dict[str, Any]) -> tuple[float, float]:
        """What a job holds in memory at most, and what its files take on disk."""
        base, datasets = self._costs.memory.get(verb, 0.0), self._params.datasets
        if verb != "train":
            return base, 0.0
        runs = [run.training for run in apart(spec)]
        parts = [training_bytes(training, datasets.get(training.dataset), self._costs) for training in runs]
        return base + sum(memory for memory, _ in parts), sum(disk for _, disk in parts)

    def _run(self, training: Training) -> tuple[float, float]:
        for kind, name, known in (
            ("family", training.model, self._costs.step),
            ("optimizer", training.optimizer, self._costs.optimizer),
        ):
            if name not in known:
                self.notes.add(f"{kind} {name} was never measured: taken for {NEAREST[kind]}")
        return training_seconds(training, self._params.datasets.get(training.dataset), self._costs)

    def _measures(self, spec: dict[str, Any]) -> float:
        for name in spec["measures"]:
            if name not in self._costs.measure:
                self.notes.add(f"measure {name} was never measured: taken for a typical one")
        subjects = [run.training for run in apart(spec)] if "run" in spec else [None]
        return sum(
            measuring_seconds(name, options, training, self._costs)
            for training in subjects
            for name, options in spec["measures"].items()
        )
