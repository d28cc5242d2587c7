"""Which jobs are made again, and which of their inputs are taken as they were recorded."""

import json
import random
from collections.abc import Collection, Iterable, Mapping
from graphlib import TopologicalSorter
from typing import Literal, NamedTuple

from nominima.auditing.subject import PAGE, Name, Subject
from nominima.estimating.estimate import estimate, makespan
from nominima.ground.places import VERBS
from nominima.planning.costs import read_costs
from nominima.planning.plan import Plan
from nominima.planning.run import apart
from nominima.planning.steps import checkpoint_steps
from nominima.tracing.standing import NOTHING

Depth = Literal["verdicts", "measures", "runs", "data"]
MADE: dict[Depth, tuple[str, ...]] = {
    "verdicts": ("report",),
    "measures": ("judge", "report"),
    "runs": ("measure", "judge", "report"),
    "data": VERBS,
}
"""From what is started → the verbs whose jobs are made again."""


class FirstSteps(NamedTuple):
    """The steps of a training that are made again, of how many.

    share: of what the whole costs; the whole tries every rate, a start the kept one.
    """

    until: int
    steps: int
    share: float

    def __str__(self) -> str:
        """As people read it, after a job or a grade."""
        return f"up to step {self.until} of {self.steps}"


class Recipe(NamedTuple):
    """Jobs, each after those that it rests on.

    rests: job → the jobs of this recipe whose new outputs it reads; all its other inputs are the recorded ones.
    given: the recorded files that are needed.
    obstacles: job → why it cannot be made again.
    alone: each job is asked for by itself.
    starts: the trainings of which only the first steps are made; what is later in their files is the recorded.
    """

    jobs: list[Name]
    rests: dict[Name, set[Name]]
    given: list[str]
    obstacles: dict[Name, str]
    alone: bool = False
    starts: Mapping[Name, FirstSteps] = {}


def recipe(subject: Subject, depth: Depth) -> Recipe:
    """All that the asked results rest on, from verdicts, from measurements, from runs or from the raw data on."""
    wanted = _behind(subject, subject.asked, MADE[depth])
    # The page must tell what is recorded: whether that comes out again is asked of the others.
    return _cooked(subject, {name: _before(subject, name) & wanted if name != PAGE else set() for name in wanted})


def spot(subject: Subject, costs: Mapping[Name, float], count: int, lot: int) -> Recipe:
    """Jobs drawn by lot from all that the asked results rest on, likelier the dearer, each by itself.

    A training is made up to one of its checkpoints, drawn as well. Since these lie evenly in the logarithm of the step,
    that is a small part of it on average, and each of them is as likely; the last is the whole.

    Args:
        subject: what is asked for.
        costs: job → what it costs.
        count: how many are drawn, without replacement.
        lot: the seed of the draw.
    """
    whole = recipe(subject, "data")
    draw = random.Random(lot)  # noqa: S311 - a lot, no secret
    # Efraimidis & Spirakis 2006: the largest u^(1/w) are a weighted sample without replacement
    ranks = {name: draw.random() ** (1 / costs[name]) for name in whole.jobs if name not in whole.obstacles}
    chosen = sorted(ranks, key=lambda name: -ranks[name])[:count]
    # Whether a commit's own source can make a start alone is not known.
    starts = {name: _start(subject, name, draw) for name in chosen if name[0] == "train" and not subject.own}
    parts = {name: start for name, start in starts.items() if start.until < start.steps}
    found = _cooked(subject, {name: set[Name]() for name in chosen})
    known = {file for name in parts for file in subject.job(name).outputs}
    return found._replace(given=sorted({*found.given, *known}), alone=True, starts=parts)


def otherwise(subject: Subject, todo: Recipe) -> dict[Name, str]:
    """Jobs whose recorded files a recipe takes, or rests on further up, although the commit's params ask otherwise.

    Such as a commit whose params.yaml was edited and not run: job → in what they differ.
    """
    behind = _behind(subject, todo.jobs, VERBS) - set(todo.jobs)
    return {name: why for name in sorted(behind) if (why := subject.obstacle(name))}


def seconds(plan: Plan) -> dict[Name, float]:
    """Job → CPU seconds, as benchmarks/costs.json has them."""
    return {(job.verb, job.job): job.seconds for job in estimate(plan, read_costs(), 1, NOTHING).jobs}


def wall(todo: Recipe, costs: Mapping[Name, float], cores: int) -> float:
    """Seconds until all of a recipe is made, a verb after the other."""
    jobs = [name for name in todo.jobs if name not in todo.obstacles]
    part = {name: costs[name] * start.share for name, start in todo.starts.items()}
    return sum(makespan([part.get(name, costs[name]) for name in jobs if name[0] == verb], cores) for verb in VERBS)


def _start(subject: Subject, name: Name, draw: random.Random) -> FirstSteps:
    runs = apart(json.loads(subject.job(name).spec))
    training, tried = runs[0].training, sum(len(run.training.rates) for run in runs)
    drawn = draw.choice(checkpoint_steps(training.steps)[1:])
    until = training.steps if training.checkpoints else drawn
    return FirstSteps(until, training.steps, until / training.steps * len(runs) / tried)


def _behind(subject: Subject, asked: Iterable[Name], verbs: Collection[str]) -> set[Name]:
    """The asked jobs and all that they rest on, of these verbs."""
    found: set[Name] = set()
    todo = list(asked)
    while todo:
        name = todo.pop()
        if name[0] in verbs and name not in found:
            found.add(name)
            todo += _before(subject, name)
    return found


def _before(subject: Subject, name: Name) -> set[Name]:
    """The jobs that make the inputs of a job."""
    if subject.obstacle(name):
        return set()
    makers = (subject.makers.get(file) for file in subject.job(name).inputs)
    return set(filter(None, makers))


def _cooked(subject: Subject, rests: dict[Name, set[Name]]) -> Recipe:
    order = list(TopologicalSorter({name: sorted(rests[name]) for name in sorted(rests)}).static_order())
    obstacles = {name: why for name in order if (why := subject.obstacle(name))}
    read = {file for name in order if name not in obstacles for file in _given(subject, name, rests[name])}
    return Recipe(order, rests, sorted(read), obstacles)


def _given(subject: Subject, name: Name, rests: Iterable[Name]) -> list[str]:
    """The inputs of a job that none of these jobs makes."""
    return [file for file in subject.job(name).inputs if subject.makers.get(file) not in set(rests)]
