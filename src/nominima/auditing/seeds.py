"""Fresh seeds: the params of a commit with every seed moved by one distance, and none of them recorded there."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from nominima.ground.files import Refusal
from nominima.planning import shelf
from nominima.planning.params import Params
from nominima.planning.plan import Plan

FIRST = "first_seed"
COUNTS = ("seeds", "replicas", "pairs", "starts", "deciding", "runs", "sets")
"""Options of which a measure takes as many seeds from its `first_seed` on; of several the largest."""
LARGEST = 2**31  # of a first seed


class Span(NamedTuple):
    """Seeds, and the place in params.yaml that asks for them."""

    place: str
    seeds: range


def spans(plan: Plan) -> list[Span]:
    """All seeds that a plan takes: those of the runs of its sweeps, and those that measures have of their own.

    A data set has none: its `seed` says which data they are, and the claim is about those.
    """
    runs = [Span(f"sweeps.{run.sweep}", run.seeds) for run in plan.runs.values()]
    measures = [Span(f"measures.{name}", taken) for name, taken in _of_measures(plan).items()]
    return list(dict.fromkeys([*runs, *measures]))


def least(plan: Plan) -> int:
    """The smallest seed that a plan takes."""
    return min(span.seeds.start for span in spans(plan))


def fresh(plan: Plan, first: int) -> Params:
    """The params of a plan with all seeds moved by the same distance, so that the smallest is `first`.

    What shared seeds shares them still, and what did not, still does not: no lane finds another start or teacher,
    and no two networks become one.

    Raises:
        Refusal: the plan takes no seeds, one of the new ones is recorded already, or one is too large.
    """
    taken = spans(plan)
    if not taken:
        raise Refusal("--seeds: these params take no seeds, so fresh ones would change nothing; leave it out")
    by = first - least(plan)
    for old, new in product(taken, taken):
        seed = max(old.seeds.start, new.seeds.start + by)
        if seed < min(old.seeds.stop, new.seeds.stop + by):
            raise Refusal(
                f"--seeds {first}: {new.place} would take seed {seed}, which is recorded of {old.place}; "
                f"the next first seed from which all are fresh is {first - by + _free(taken, by)}"
            )
    last = max(span.seeds.start for span in taken) + by
    if last > LARGEST:
        raise Refusal(
            f"--seeds {first}: a first seed would be {last}; at most {LARGEST} is allowed: take a smaller one"
        )
    return _moved(plan, by)


def _free(taken: list[Span], by: int) -> int:
    """The smallest distance from `by` on at which no moved seed is one of those that are there."""
    conflicts = [
        range(old.seeds.start - new.seeds.stop + 1, old.seeds.stop - new.seeds.start)
        for old, new in product(taken, taken)
    ]
    while conflict := next((each for each in conflicts if by in each), None):
        by = conflict.stop
    return by


def _moved(plan: Plan, by: int) -> Params:
    tree = plan.params.model_dump(mode="json", exclude_unset=True)
    for holder in [tree["training"], *_changes(tree["sweeps"])]:
        if FIRST in holder:
            # one that no run takes may lie anywhere
            holder[FIRST] = min(max(holder[FIRST] + by, 0), LARGEST)
    for name, seeds in _of_measures(plan).items():
        tree["measures"].setdefault(name, {})[FIRST] = seeds.start + by
    return Params.model_validate_json(json.dumps(tree))


def _changes(sweeps: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All places of the sweeps where a first seed may stand; lanes do not differ in it."""
    for sweep in sweeps.values():
        yield sweep.get("changes", {})
        for labels in sweep.get("axes", {}).values():
            yield from labels.values()


def _of_measures(plan: Plan) -> dict[str, range]:
    """Measure that the plan asks for → its own seeds, where it has a first one."""
    found: dict[str, range] = {}
    for name in sorted({name for measures in plan.wanted.values() for name in measures}):
        known = shelf.options("measures", name)
        if FIRST in known.model_fields:
            its = known.model_validate_json(json.dumps(plan.params.measures.get(name, {}))).model_dump()
            count = max(its[key] for key in COUNTS if key in its)
            found[name] = range(its[FIRST], its[FIRST] + count)
    return found
