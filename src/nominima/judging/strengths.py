"""Priors by their strength: the one that validation prefers, and networks without any."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from nominima.judging.arms import arms, inner_lowest, inside
from nominima.judging.lanes import conditions, lanes, largest
from nominima.judging.readings import at_mark

PENALTIES = ("l2", "decay", "l1", "dropout")
SIZE = "size"
FEWEST = 6  # strengths that are compared, at least
STEP, LOSS, RIGHT = (pl.col(name) for name in ("step", "validation_loss", "test_accuracy"))


@dataclass(frozen=True)
class Tried:
    """Frames of all runs: a number, and by which a strength is chosen: the lowest mean over seeds.

    A strength is a value of one of PENALTIES, all others at 0; of `rate`, without any of them; or, for SIZE, the
    narrowness of a network, compared with the widest.
    """

    value: pl.DataFrame
    by: pl.DataFrame

    def tuned(self, knob: str, *, edges: bool = False) -> pl.DataFrame:
        """Lanes: the number at the chosen strength; lost where that is at an edge, unless edges will do."""
        best = self.chosen(knob)
        return inside(strengths(self.value, knob), best.with_columns(edge=pl.lit(value=False)) if edges else best)

    def chosen(self, knob: str) -> pl.DataFrame:
        """Conditions and size, the chosen strength as `arm` (the least where all are lost), and whether it is at an
        `edge`: the least or the largest, or one of fewer than FEWEST.
        """
        every, arm = strengths(self.by, knob), pl.col("arm")
        best = inner_lowest(every, 1)
        key = [name for name in best.columns if name not in ("arm", "edge")]
        grids = every.group_by(key, maintain_order=True).agg(least=arm.min(), few=arm.n_unique() < FEWEST)
        found = grids.join(best, on=key, how="left", nulls_equal=True, maintain_order="left")
        edge = (pl.col("edge") | pl.col("few")).fill_null(value=False)
        return found.select(*key, arm=pl.coalesce("arm", "least"), edge=edge)

    def preferred(self, knob: str) -> pl.DataFrame:
        """Lanes: the chosen strength, of every network that has it."""
        best = self.chosen(knob)
        return inside(
            strengths(self.value, knob).with_columns(value="arm"), best.with_columns(edge=pl.lit(value=False))
        )


def marked(curve: pl.DataFrame, mark: str) -> Tried:
    """Clean test accuracy where a mark of the learning curve is set, by the validation loss there."""
    return Tried(at_mark(curve, mark, RIGHT), at_mark(curve, mark, LOSS))


def after(curve: pl.DataFrame, share: float) -> Tried:
    """The same at the last point looked at within a share of the steps, where test examples are always looked at."""
    early = share * pl.col("steps") >= STEP
    return Tried(lanes(curve, RIGHT.filter(early).last()), lanes(curve, LOSS.filter(early).last()))


def validated(curve: pl.DataFrame, share: float) -> Tried:
    """The same at the point of the lowest validation loss within a share of the steps."""
    early = pl.when(share * pl.col("steps") >= STEP).then(LOSS)
    return Tried(lanes(curve, RIGHT.sort_by(early, nulls_last=True).first()), lanes(curve, early.min()))


def along(each: Mapping[float, Tried]) -> Tried:
    """Some of these by their share of the steps, which is a condition of all their lanes."""
    shares = [(pl.lit(share), tried) for share, tried in each.items()]
    return Tried(
        pl.concat(tried.value.with_columns(share=share) for share, tried in shares),
        pl.concat(tried.by.with_columns(share=share) for share, tried in shares),
    )


def free(frame: pl.DataFrame) -> pl.DataFrame:
    """The lanes of the largest networks without a penalty, which are no conditions any more."""
    return largest(_without(frame, PENALTIES))


def strengths(frame: pl.DataFrame, knob: str) -> pl.DataFrame:
    """The lanes of networks with one prior, its strength as `arm`, where there are at least two strengths."""
    alone = _without(frame, [name for name in PENALTIES if name != knob])
    if knob != SIZE:
        return arms(alone, knob).filter(pl.col("arm") != 0)
    cell = conditions(alone)
    narrowed = alone.with_columns(pl.col("dial", "size").max().over(cell), arm=pl.col("dial").cast(pl.Float64))
    return narrowed.filter(pl.col("arm").n_unique().over(cell) > 1)


def _without(frame: pl.DataFrame, penalties: list[str] | tuple[str, ...]) -> pl.DataFrame:
    return frame.filter(pl.col(name) == 0 for name in penalties).drop(penalties)
