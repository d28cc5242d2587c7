"""Networks that differ in one knob only, compared seed by seed: a frame's conditions, but for one, are its cells."""

import polars as pl

from nominima.judging.lanes import OTHER, conditions, paired
from nominima.planning.knobs import OPTIONS


def arms(frame: pl.DataFrame, knob: str, among: float | str | None = None) -> pl.DataFrame:
    """The networks that were trained with at least two values of a knob, its value as `arm` and no condition any more.

    Args:
        frame: as `judging.lanes` describes.
        knob: a condition, as `l2`, `model.depth` or `teacher.kind`; of a teacher, a start and the like the other
            columns are no conditions either. Null, as of a start of the network's own, is a value like others.
        among: a value that must be one of them, as no decay.

    Which values a network has is asked of its conditions and its dial of size, over all seeds.
    """
    part = knob.partition(".")[0]
    part = knob if part in OPTIONS else part  # an option of a family is no reason to pool families
    others = [name for name in conditions(frame) if name != part and not name.startswith(f"{part}.")]
    moved = frame.rename({knob: "arm"}).select(*others, *(name for name in OTHER if name in (*frame.columns, "arm")))
    place = [*others, "dial" if "dial" in frame.columns else "size"]
    several = moved.filter(pl.col("arm").n_unique().over(place) > 1)
    return several if among is None else several.filter((pl.col("arm") == among).any().over(place))


def less(frame: pl.DataFrame, arm: object) -> pl.DataFrame:
    """The other arms, each value less that of the same network in this one; those without a partner are left out."""
    is_it = pl.col("arm").eq_missing(pl.lit(arm, frame.schema["arm"]))
    pairs = paired(frame.filter(~is_it), frame.filter(is_it), but=("arm",))
    return pairs.with_columns(value=pl.col("value") - pl.col("value_right")).drop("value_right")


def lowest(frame: pl.DataFrame) -> pl.DataFrame:
    """The arm of the lowest mean value over seeds of each cell and size; of equals the first.

    Returns:
        conditions, size and arm.
    """
    key = [*conditions(frame), "size"]
    means = frame.group_by(*key, "arm", maintain_order=True).agg(pl.col("value").mean()).drop_nulls("value")
    ordered = means.sort("value", "arm")
    return ordered.group_by(key, maintain_order=True).first().select(*key, "arm").sort(key)


def strongest(frame: pl.DataFrame) -> pl.DataFrame:
    """The lanes of each cell's largest arm."""
    return frame.filter(pl.col("arm") == pl.col("arm").max().over(conditions(frame))).drop("arm")


def inner_lowest(frame: pl.DataFrame, fewest: int) -> pl.DataFrame:
    """The arms that `lowest` finds where at least so many were compared, and whether each is at an `edge` of its grid.

    Returns:
        conditions, size, arm and edge.
    """
    key, arm = [*conditions(frame), "size"], pl.col("arm")
    grid = frame.group_by(key).agg(low=arm.min(), high=arm.max(), count=arm.n_unique())
    best = lowest(frame).join(grid.filter(pl.col("count") >= fewest), on=key, nulls_equal=True, maintain_order="left")
    return best.with_columns(edge=(arm == pl.col("low")) | (arm == pl.col("high"))).drop("low", "high", "count")


def inside(frame: pl.DataFrame, best: pl.DataFrame) -> pl.DataFrame:
    """The lanes of the arms that `inner_lowest` found; without a value, `edge`, where a better one may lie beyond."""
    on = [name for name in best.columns if name != "edge"]
    found, edge = frame.join(best, on=on, nulls_equal=True, maintain_order="left"), pl.col("edge")
    status = pl.when(edge).then(pl.lit("edge")).otherwise("status")
    return found.with_columns(value=pl.when(~edge).then("value"), status=status).drop("arm", "edge")
