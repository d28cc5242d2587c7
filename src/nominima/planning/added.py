"""Seeds added to a sweep later, `seeds: [8, 8]`: what is wrong with them."""

from collections.abc import Iterator

from nominima.planning.params import Params
from nominima.planning.run import Run

FEWEST = 4  # as many as the measure `distances` needs for a spread
LARGEST = 2**31  # of a first seed
NO_CONDITION = {"first_seed", "seeds", "tested", "device"}
"""What tells no networks apart in a claim."""


def mistakes(params: Params) -> Iterator[str]:
    """Too few to be compared with each other, rates chosen by them alone, and networks that a claim has already."""
    added: set[str] = set()
    for name in params.sweeps:
        told: dict[str, str] = {}
        for run, more in params.unrolled(name):
            added.update(each.name for each in more)
            for mistake in _of(run, more):
                told.setdefault(mistake, run.name)
        yield from (f"sweeps.{name} ({run}): {mistake}" for mistake, run in told.items())
    if added:
        yield from dict.fromkeys(mistake for claim in params.claims for mistake in _twice(params, claim, added))


def _of(run: Run, more: list[Run]) -> Iterator[str]:
    """What is wrong with the seeds that are added to a run."""
    counts = [each.training.seeds for each in (run, *more)]
    if more and min(counts[1:]) < FEWEST:
        yield (
            f"seeds: {counts}: at least {FEWEST} are added at once, since measures of pairs compare them with each "
            "other only"
        )
    if more and len(run.training.rates) > 1:
        yield (
            f"seeds: {counts}: each number would choose a rate of its own among {list(run.training.rates)}; "
            "give one number, or one rate"
        )
    if more and more[-1].training.first_seed > LARGEST:
        last = more[-1].training.first_seed
        yield f"seeds: {counts}: the last begin with {last}; at most {LARGEST} is allowed: take a smaller first_seed"


def _twice(params: Params, claim: str, added: set[str]) -> Iterator[str]:
    """Added seeds of a training that another sweep of the same claim trains as well."""
    alike: dict[str, list[Run]] = {}
    for run in [run for name in params.asked(claim) for run in params.sweep_runs(name)]:
        alike.setdefault(run.training.model_dump_json(exclude=NO_CONDITION), []).append(run)
    for runs in alike.values():
        for run in [run for run in runs if run.name in added]:
            for other in runs:
                both = sorted({*run.seeds} & {*other.seeds})
                if both and other.name != run.name:
                    yield (
                        f"sweeps.{run.sweep} ({run.name}): seeds {both[0]} … {both[-1]} are trained as {other.name} "
                        f"too, and {claim} would count them once; take them out of one"
                    )
