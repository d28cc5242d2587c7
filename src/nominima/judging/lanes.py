"""Measurements reduced to a number for every trained network: frames of conditions, size, seed and value.

A *frame* has a row for each network and these columns, of which `conditions(frame)` are all that are not named here:

- its conditions: every knob of the training but size and seed (`noise`, `optimizer`, `teacher.kind`, `model.depth` …),
  typed, null where there is no such part or option; of a tuned rate only `tuned`. What is not of runs has others;
- `dial` (Int64), the family's dial of size, and `size` (Float64), the number of parameters;
- `seed` (Int64); `value` (Float64), null for a network that diverged or has nothing to show, so that it is counted;
- `status` (String): `ok`, why the value is null (`diverged`, `censored`, …, else `lost`) or `twice` (two runs of one
  condition, dial and seed: the value is that of the longer one); `arm`, where `arms` took a knob out of the conditions;
  `place` (Float64), where along a line or a training, for curves.

A *cell* is the rows of equal conditions. Frames are joined on columns, with `paired`, which adds `value_right`. Names
are for legends: `legend` makes them once all frames of a claim are known, and `each_cell(frame, names)` goes through
the cells under them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from nominima.planning.knobs import KNOBS, is_knob

OTHER = ("dial", "size", "seed", "value", "value_right", "status", "arm", "place")
FIRST = ("dataset", "noise")  # named always
BARE = {"cell", "dataset", "law", "model", "optimizer"}  # named by their value only
COUNTED = {"examples", "steps"}  # their value comes first
QUIET = ("Int64", "Float64")  # knobs of these kinds are named only where they are not at their default
ALL_FINE = (pl.col("status") == "ok").all()


def conditions(frame: pl.DataFrame) -> list[str]:
    """The columns of a frame that tell its cells apart."""
    return [name for name in frame.columns if name not in OTHER]


def lanes(
    table: pl.DataFrame, value: pl.Expr, *, fine: pl.Expr = ALL_FINE, stopped: bool = False, censored: str = "censored"
) -> pl.DataFrame:
    """The frame of a run measure, sorted by conditions, size and seed.

    Args:
        table: identity columns, seed, status and what `value` needs.
        value: aggregates the rows of a lane (run × seed) to a Float64.
        fine: aggregates them to whether the lane counts; value is null where it does not, or is not finite.
        stopped: the value is read at a stop that more steps would not move: of a constant rate without pacing, `steps`
            is no condition. The value of a network whose best point is the last one looked at is null, `censored`.
        censored: the column that says so of the stop it is read at: `censored` (by loss), `censored_accuracy`.
    """
    late = pl.col(censored).first() if stopped and censored in table.columns else pl.lit(value=False)
    number = pl.when(fine & value.is_finite() & ~late).then(value.cast(pl.Float64))
    why = pl.when(late).then(pl.lit("censored")).otherwise(pl.col("status").filter(pl.col("status") != "ok").first())
    told = _conditioned(table, stopped=stopped)
    names = [name for name in told.columns if is_knob(name) and name != "size"]
    sizes = told.rename({"size": "dial"}).with_columns(size=pl.col("parameters").cast(pl.Float64))
    key = [*names, "dial", "size", "seed"]
    each = (
        sizes.group_by(*key, "run", "length", maintain_order=True)
        .agg(value=number, why=why)
        .sort(*key, -pl.col("length"), "run")
    )
    found = each.with_columns(status=_status(key)).unique(key, keep="first", maintain_order=True)
    return found.select(*key, "value", "status")


def each_cell(frame: pl.DataFrame, names: pl.DataFrame | None = None) -> list[tuple[str, pl.DataFrame]]:
    """(name, its rows) for all cells, by name; without the `legend` of a claim under names of the frame's own."""
    parts = (
        named(frame, names).sort("cell", maintain_order=True).partition_by("cell", as_dict=True, maintain_order=True)
    )
    return [(str(cell), frame.clear().vstack(rows.select(frame.columns))) for (cell,), rows in parts.items()]


def named(frame: pl.DataFrame, names: pl.DataFrame | None = None) -> pl.DataFrame:
    """A frame with a column `cell`: each row's name in a legend, by default the frame's own."""
    if "cell" in frame.columns:
        return frame
    names = legend(frame) if names is None else names
    known = [name for name in names.columns if name != "cell"]
    if not known:
        return frame.with_columns(cell=pl.lit(""))
    whole = frame.with_columns(pl.lit(None, names.schema[name]).alias(name) for name in known if name not in frame)
    joined = whole.join(names, on=known, nulls_equal=True, how="left", maintain_order="left")
    return joined.select(*frame.columns, "cell")


def legend(*frames: pl.DataFrame) -> pl.DataFrame:
    """Every cell of all these frames: its conditions, and `cell`, in as few words as tell it from the others.

    A number at its default, as no dropout, and a part that a training does not have, as no teacher, go without saying,
    so that a sweep over them names its own cells and no other. What has no default, or is a word, all cells are told.
    """
    cells = _cells(frames)
    if not cells.columns:
        return pl.DataFrame(schema={"cell": pl.String})
    told = telling(*frames)
    for name in [name for name in told if name not in FIRST]:
        fewer = [other for other in told if other != name]
        if told_apart(cells, fewer) == cells.height:
            told = fewer
    short, whole = (cells.with_columns(cell=_words(told, quiet=quiet)) for quiet in (True, False))
    return short if short["cell"].n_unique() == cells.height else whole


def telling(*frames: pl.DataFrame) -> list[str]:
    """The conditions that the cells of these frames are named by, and those that others made superfluous.

    Of these frames without their other conditions it is the same, so that a name rests on its own cells alone.
    """
    cells = _cells(frames)
    told = [name for name in FIRST if name in cells.columns]
    rest = [name for name in cells.columns if name not in FIRST]
    for name in sorted(rest, key=_late):
        if told_apart(cells, [*told, name]) > told_apart(cells, told):
            told.append(name)
    return told


def told_apart(cells: pl.DataFrame, names: list[str]) -> int:
    """How many cells some conditions tell apart; of so few rows a set is eight times as fast as `n_unique`."""
    return len(set(cells.select(names).rows())) if names else min(cells.height, 1)


def paired(one: pl.DataFrame, other: pl.DataFrame, but: Sequence[str] = ()) -> pl.DataFrame:
    """The rows of one frame with `value_right`, that of the same network in another; rows without are left out.

    Args:
        one: a frame; its columns are kept.
        other: a frame.
        but: conditions in which the two differ, as `("start",)` for all columns of a part. A network with several
            partners gets none of them: null.
    """
    on = [name for name in one.columns if name in other.columns and not _of(name, {"value", "status", *but})]
    if "dial" in on:
        on.remove("size")
    one_only = pl.when(pl.len() == 1).then(pl.col("value").first())
    right = other.group_by(on, maintain_order=True).agg(value_right=one_only)
    return one.join(right, on=on, nulls_equal=True, maintain_order="left")


def largest(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows of each cell at its largest size."""
    most, cell = pl.col("size").max(), conditions(frame)
    return frame.filter(pl.col("size") == (most.over(cell) if cell else most))


def agreeing(frame: pl.DataFrame, condition: Mapping[str, Any]) -> pl.DataFrame:
    """The rows that agree with a condition, column after column, where those that do have as large a size as any.

    A smaller network that happens to agree does not stand for a larger one.
    """
    for name in sorted(condition.keys() & set(frame.columns)):
        own = frame.filter(pl.col(name).eq_missing(pl.lit(condition[name])))
        frame = own if own["size"].max() == frame["size"].max() else frame
    return frame


def _conditioned(table: pl.DataFrame, *, stopped: bool) -> pl.DataFrame:
    """A run measure with its knobs as conditions, and `length`, the steps of each run."""
    told = table.with_columns(length=pl.col("steps") if "steps" in table.columns else pl.lit(0))
    if {"rate", "tuned"} <= set(table.columns):
        told = told.with_columns(rate=pl.when(~pl.col("tuned")).then("rate"))
    if stopped and "steps" in table.columns:
        moved = pl.lit(value=False)
        if "schedule" in table.columns:
            moved |= pl.col("schedule") != KNOBS["schedule"].default
        if "pacing.order" in table.columns:
            moved |= pl.col("pacing.order").is_not_null()
        told = told.with_columns(steps=pl.when(moved).then("steps"))
    return told


def _status(key: list[str]) -> pl.Expr:
    twice = pl.len().over(key) > 1
    return (
        pl.when(pl.col("value").is_null())
        .then(pl.col("why").fill_null("lost"))
        .when(twice)
        .then(pl.lit("twice"))
        .otherwise(pl.lit("ok"))
    )


def _cells(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The conditions of every cell, sorted."""
    parts = [frame.select(conditions(frame)).unique() for frame in frames if conditions(frame)]
    cells = pl.concat(parts, how="diagonal_relaxed").unique() if parts else pl.DataFrame()
    return cells.sort(cells.columns) if parts else cells


def _late(name: str) -> tuple[bool, str]:
    """How late a condition is tried: options of the shelves by their names, as tables have them in any order."""
    return name == "rate" or name.endswith((".run", ".at")), "" if name in KNOBS or not is_knob(name) else name


def _words(told: list[str], *, quiet: bool) -> pl.Expr:
    said = [pl.when(~_unsaid(name)).then(_word(name)) if quiet else _word(name) for name in told]
    return pl.concat_str(said, separator=", ", ignore_nulls=True) if said else pl.lit("")


def _unsaid(name: str) -> pl.Expr:
    """Where a condition goes without saying."""
    knob = KNOBS.get(name)
    if knob is None or name in FIRST:
        return pl.lit(value=False)
    if knob.part:
        return pl.col(name).is_null()
    usual = knob.default if knob.kind in QUIET else None
    return pl.lit(value=False) if usual is None else pl.col(name).eq_missing(usual)


def _word(name: str) -> pl.Expr:
    """A condition as it stands in a name; nothing for an option that the model or the optimizer does not have."""
    part, _, short = name.rpartition(".")
    value = pl.col(name).cast(pl.String)
    if name == "tuned":
        return pl.when(name).then(pl.lit("tuned rate")).otherwise(pl.lit("fixed rate"))
    if name in BARE:
        return value
    if name in COUNTED:
        return value + pl.lit(f" {name}")
    if name not in KNOBS or not part:
        return pl.lit(f"{short} ") + value
    words = pl.lit(f"{part} ") + value if short in ("kind", "order") else pl.lit(f"{part} {short} ") + value
    return pl.coalesce(words, pl.lit(f"no {part}"))


def _of(name: str, but: set[str]) -> bool:
    """Whether a column is one of these or of one of these parts."""
    return name in but or name.partition(".")[0] in but
