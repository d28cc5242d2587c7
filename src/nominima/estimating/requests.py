"""What a job asks of a cluster: what it is expected to take, with room for slower machines and wrong guesses."""

import json
import math
from typing import NamedTuple

from nominima.estimating.estimate import Guess
from nominima.planning.costs import COSTS, read_costs
from nominima.planning.plan import Job, Plan
from nominima.planning.run import apart

TIMES, MINUTES = 4, 15  # as many times the expected CPU seconds, and so many minutes for starts and slow disks
MEMORY, MB = 2, 1000  # as many times the expected memory, and so much for Snakemake and what was never measured


class Request(NamedTuple):
    """Named as Snakemake's resources: megabytes of memory, and minutes."""

    mem_mb: int
    runtime: int


UNKNOWN = Request(mem_mb=4000, runtime=240)  # where costs are not known


class Requests:
    """What each job of a plan asks for."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._guess = Guess(plan.params, read_costs()) if COSTS.exists() else None

    def of(self, verb: str, name: str) -> Request:
        """What a job asks for."""
        if self._guess is None:
            return UNKNOWN
        spec = json.loads(self._plan.jobs(verb)[name].spec)
        seconds, _ = self._guess.job(verb, name, spec)
        memory, _ = self._guess.bytes(verb, spec)
        return Request(
            mem_mb=math.ceil((MB + MEMORY * memory / 1e6) / 100) * 100,
            runtime=MINUTES + math.ceil(TIMES * seconds / 60),
        )


def gpus(job: Job) -> int:
    """How many cards a training asks for: one where its params say `device: cuda`."""
    return int(any(run.training.device == "cuda" for run in apart(json.loads(job.spec))))
