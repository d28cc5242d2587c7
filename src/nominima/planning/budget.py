"""What no machine should be asked for: params that cost more than a thousand hours, training and measuring together."""

from collections.abc import Iterator

from pydantic import ValidationError

from nominima.ground.files import Refusal
from nominima.planning.costs import COSTS, Costs, measuring_seconds, read_costs, training_seconds
from nominima.planning.params import Params
from nominima.planning.plan import Plan
from nominima.planning.subjects import pattern

MOST_HOURS = 1_000  # on one core


def mistakes(params: Params) -> Iterator[str]:
    """One line if the whole is beyond the limit, with its most expensive part; nothing where costs are not known."""
    if not COSTS.exists():
        return
    try:
        hours = {what: seconds / 3600 for what, seconds in _parts(Plan(params), read_costs())}
    except (Refusal, ValidationError):  # a name on no shelf, or an option that a measure refuses, has its own line
        return
    whole = sum(hours.values())
    if whole > MOST_HOURS:
        dearest = max(hours, key=lambda what: hours[what])
        yield (
            f"sweeps, measures: about {whole:,.0f} CPU hours, {hours[dearest]:,.0f} of them for {dearest}; "
            f"at most {MOST_HOURS:,} are allowed: ask for fewer steps, seeds, starts or points, or for smaller sizes"
        )


def _parts(plan: Plan, costs: Costs) -> Iterator[tuple[str, float]]:
    """(training or measure of what, CPU seconds)."""
    params = plan.params
    for name, run in plan.runs.items():
        yield f"training {name}", training_seconds(run.training, params.datasets.get(run.training.dataset), costs)[0]
        for measure in plan.wanted.get(pattern(f"runs/{run.stack}"), []):
            options = params.measures.get(measure, {})
            yield f"{measure} of {name}", measuring_seconds(measure, options, run.training, costs)
    for subject, measures in plan.wanted.items():
        if not subject.startswith("runs/"):
            for measure in measures:
                yield (
                    f"{measure} of {subject}",
                    measuring_seconds(measure, params.measures.get(measure, {}), None, costs),
                )
