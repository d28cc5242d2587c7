"""What stands next to the deciding numbers: the shown views, and published numbers with ours."""

from collections.abc import Sequence

from nominima.judging.evidence import Missing
from nominima.judging.intervals import NOTHING
from nominima.judging.parts import Published, View, each_condition, of_condition
from nominima.judging.record import Beside, Literature


def shown(view: View) -> list[Beside]:
    """The number of a view in each of its conditions, by no rule."""
    told: list[Beside] = []
    for name, condition in each_condition(view.lanes):
        try:
            its = view.sample(of_condition(view.lanes, condition)).estimate()
        except Missing:
            its = NOTHING
        told.append(Beside(name=view.name, condition=condition, cell=name, estimate=its, variant=view.variant))
    return told


def published(each: Published, beside: Sequence[Beside]) -> Literature:
    """A published number with ours: that of the one condition which fits; of several none, and it says so."""
    fits = [its for its in beside if its.name == each.view and set(each.where) <= set(its.condition.items())]
    lacks = f"{len(fits)} conditions fit: {'; '.join(its.cell for its in fits)}" if len(fits) > 1 else ""
    ours = fits[0].estimate if len(fits) == 1 else None
    return Literature(
        name=each.name, source=each.source, value=each.value, low=each.low, high=each.high, ours=ours, lacks=lacks
    )
