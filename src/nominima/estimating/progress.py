"""How far a run of Snakemake is, in expected CPU time and not in jobs, and how long it will take from here."""

import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping

from nominima.estimating.estimate import Forecast, estimate
from nominima.ground.places import detail
from nominima.planning.costs import COSTS, read_costs
from nominima.planning.guard import rule_name
from nominima.planning.plan import Plan
from nominima.planning.subjects import pattern
from nominima.tracing.standing import NOTHING

PAUSE = 30.0  # seconds between two lines


class Progress(logging.Handler):
    """Reads Snakemake's own events, as its log gives them, and prints a line now and then while jobs end.

    An event that is not as expected is passed over: this must never stop a run.
    """

    def __init__(
        self,
        costs: Callable[[], Mapping[str, float]],
        say: Callable[[str], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """costs: rule → expected CPU seconds of one of its jobs, asked for once a run starts; clock: seconds."""
        super().__init__()
        self._costs, self._say, self._clock = costs, say, clock
        self._seconds: Mapping[str, float] = {}
        self._waiting, self._rules = Counter[str](), dict[int, str]()
        self._whole = self._done = 0.0
        self._began = self._said = clock()

    def emit(self, record: logging.LogRecord) -> None:
        """Take down an event of Snakemake."""
        told = record.__dict__
        match getattr(told.get("event"), "name", None):
            case "RUN_INFO":
                self._start(told.get("stats", {}))
            case "JOB_INFO" if "jobid" in told and "rule_name" in told:
                self._rules[told["jobid"]] = told["rule_name"]
            case "JOB_FINISHED" if told.get("job_id") in self._rules:
                self._finish(self._rules.pop(told["job_id"]))
            case _:
                pass

    def _start(self, stats: Mapping[str, int]) -> None:
        self._seconds = self._costs()
        self._waiting = Counter({rule: count for rule, count in stats.items() if rule in self._seconds})
        self._whole, self._done = sum(self._seconds[rule] * count for rule, count in self._waiting.items()), 0.0
        self._began = self._said = self._clock()

    def _finish(self, rule: str) -> None:
        if not self._waiting[rule]:
            return
        self._waiting[rule] -= 1
        self._done += self._seconds[rule]
        now, left = self._clock(), self._waiting.total()
        if left and now - self._said >= PAUSE:
            self._said = now
            remaining = (now - self._began) * (self._whole - self._done) / self._done
            share = self._done / self._whole
            self._say(
                f"progress: {share:.0%} of the expected work done, {left} jobs left, about {_told(remaining)} to go"
            )


def watch(plan: Plan, workflow_log: logging.Logger) -> None:
    """Print progress to standard error while Snakemake runs; nothing where costs are not known."""

    def costs() -> dict[str, float]:
        return expected(estimate(plan, read_costs(), 1, NOTHING))

    if COSTS.exists():
        workflow_log.addHandler(Progress(costs, lambda line: print(line, file=sys.stderr, flush=True)))


def expected(found: Forecast) -> dict[str, float]:
    """Snakemake's rule → CPU seconds of one of its jobs, on average."""
    jobs: dict[str, list[float]] = {}
    for job in found.jobs:
        jobs.setdefault(_rule(job.verb, job.job), []).append(job.seconds)
    return {rule: sum(seconds) / len(seconds) for rule, seconds in jobs.items()}


def _rule(verb: str, job: str) -> str:
    """The rule of workflow/ that makes a job."""
    if verb == "train":
        return rule_name("train", job.partition("/")[0])
    if verb == "measure":
        return rule_name("measure", pattern(job))
    if verb == "report" and job not in ("page", "metrics"):
        return "detail" if job.endswith(detail("")) else "figure"
    return job if verb == "report" else verb


def _told(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
