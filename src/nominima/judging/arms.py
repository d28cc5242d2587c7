"""Networks that differ in one knob only, compared seed by seed: a frame's conditions, but for one, are its cells."""

import polars as pl

from nominima.judging.lanes import OTHER, conditions, paired


def arms(frame: pl.DataFrame, knob: str, among: float | str | None = None) -> pl.DataFrame:
    """The networks that were trained with at least two values of a knob, its value as `arm` and no condition any more.

    Args:
        frame: as `judging.lanes` describes.
        knob: a condition, as `l2` or `teacher.kind`; the other columns of its part are no conditions either. Null, as
            of a start of the network's own, is a value like others.
        among: a value that must be one of them, as no decay.

    Which values a network has is asked of its conditions and its dial of size, over all seeds.
    """
    part = knob.partition(".")[0] if "." in knob else knob
    others = [name for name in conditions(frame) if name.partition(".")[0] != part]
    moved = frame.rename({knob: "arm"}).select(*others, *(name for name in OTHER if name in (*frame.columns, "arm")))
    place = [*others, "dial" if "dial" in frame.columns else "size"]
    several = moved.filter(pl.col("arm").n_unique().over(place) > 1)
    return several if among is None else several.filter((pl.col("arm") == among).any().over(place))


def less(frame: pl.DataFrame, arm: object) -> pl.DataFrame:
    """The other arms, each value less that of the same network in this one; those without a partner are left out."""
    is_it = pl.col("arm").eq_missing(pl.lit(arm, frame.schema["arm"]))
    pairs = paired(frame.filter(~is_it), frame.filter(is_it), but=("arm",))
    return pairs.with_columns(value=pl.col("value") - pl.col("value_right")).drop("value_right")


def chosen(frame: pl.DataFrame, arm: pl.DataFrame) -> pl.DataFrame:
    """The rows of the arms that `lowest` found."""
    return frame.join(arm, on=arm.columns, how="semi", nulls_equal=True)


def lowest(frame: pl.DataFrame) -> pl.DataFrame:
    """The arm of the lowest mean value over seeds of each cell and size; of equals the first.

    Returns:
        conditions, size and arm.
    """
    key = [*conditions(frame), "size"]
    means = frame.group_by(*key, "arm", maintain_order=True).agg(pl.col("value").mean()).drop_nulls("value")
    ordered = means.sort("value", "arm")
    return ordered.group_by(key, maintain_order=True).first().select(*key, "arm").sort(key)
