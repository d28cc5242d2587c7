"""A measurement: a tidy table of a checked schema with its trace, in one Parquet file."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from polars.exceptions import PanicException, PolarsError

from nominima.ground.files import Refusal, read, write
from nominima.measuring.identity import IDENTITY, completed, sparse
from nominima.planning import shelf
from nominima.planning.knobs import KNOBS, is_knob
from nominima.tracing.trace import Trace

FAILED = "failed"  # key of the reason in the metadata of a table
MEASURED = "data/measures/"
REMEDY = "delete it and run `snakemake --cores all`"
OF_RUNS = "data/measures/runs/"


Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Schema(NamedTuple):
    """Columns of a measurement, name → dtype, and those that tell its rows apart.

    Nothing is ever null but knobs of a part that a run does not have (`teacher.kind` without a teacher) and measured
    numbers: Float64 outside identity and key. They are null where the status is not `ok`; with `Float64?` they may be
    null in any row. No number is NaN or infinite.
    """

    columns: dict[str, str]
    key: tuple[str, ...]

    @property
    def measured(self) -> list[str]:
        """The columns that may hold nulls."""
        floats = (name for name, kind in self.columns.items() if kind.startswith("Float64"))
        return [name for name in floats if name not in self.key and not is_knob(name)]


def schema(measure: str) -> Schema:
    """The schema of a measurement, its identity columns in front, read off the shelf without importing the measure.

    Raises:
        Refusal: there is no such measure.
    """
    of, key, columns = (shelf.constant("measures", measure, name) for name in ("OF", "KEY", "SCHEMA"))
    return Schema(IDENTITY[of] | columns, tuple(key))


def frame(values: Values, types: Mapping[str, str], key: Sequence[str]) -> pl.DataFrame:
    """Rows of a measure in the order of its key, with everything undefined as null.

    Args:
        values: columns by name, or rows as {name: value}, where what is left out is null.
        types: the measure's SCHEMA, with a column `status`.
        key: the measure's KEY.

    Measured numbers become null where the status is `diverged` or they are not finite; a row that is `ok` and loses a
    number it needs has the status `not_finite`.
    """
    made = pl.DataFrame(values, {name: _dtype(kind) for name, kind in types.items()})
    measured = Schema(dict(types), tuple(key)).measured
    sound = pl.col(measured).is_finite() & (pl.col("status") != "diverged")
    made = made.with_columns(pl.when(sound).then(pl.col(measured)))
    needed = [name for name in measured if not types[name].endswith("?")]
    lost = (pl.col("status") == "ok") & pl.any_horizontal(pl.col(needed).is_null())
    return made.with_columns(status=pl.when(lost).then(pl.lit("not_finite")).otherwise("status")).sort(key)


def no_rows(measure: str) -> pl.DataFrame:
    """What a measure that failed has to say: its own columns without a row."""
    return pl.DataFrame(
        schema={name: _dtype(kind) for name, kind in shelf.constant("measures", measure, "SCHEMA").items()}
    )


def failures(paths: Iterable[Path]) -> list[str]:
    """Of measurements that failed, which they are and why."""
    told = ((path, pl.read_parquet_metadata(path).get(FAILED)) for path in sorted(paths))
    return [f"{path.stem} of {path.parent.as_posix().removeprefix(MEASURED)} ({why})" for path, why in told if why]


def write_table(path: Path, table: pl.DataFrame, trace: Trace, failed: str = "") -> None:
    """Store a measurement whole or not at all, with the reason if it failed; the file's stem is the measure's name.

    Knobs that have their default are not stored, so that a new knob changes no file.

    Raises:
        Refusal: the table is not what the measure declares.
    """
    wrong = list(faults(table, schema(path.stem)))
    if wrong:
        raise Refusal(f"{path}: not written, since measures/{path.stem}.py made a wrong table: {'; '.join(wrong)}")
    content = io.BytesIO()
    told = {"trace": trace.dumps()} | ({FAILED: failed} if failed else {})
    (sparse(table) if _of_runs(path) else table).write_parquet(content, metadata=told)
    write(path, content.getvalue())


def read_table(path: Path) -> pl.DataFrame:
    """Load a measurement, every knob with its value; the file's stem is the measure's name.

    Raises:
        Refusal: the file is missing, damaged, of another run than its folder says, not what the measure declares, or it
            lacks rows though the measure did not fail.
    """
    content = read(path)
    try:
        stored = pl.read_parquet(io.BytesIO(content))
        told = pl.read_parquet_metadata(io.BytesIO(content))
    except (PolarsError, PanicException) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise Refusal(f"{path}: not a Parquet file ({reason}); {REMEDY}") from error
    table = completed(stored) if _of_runs(path) else stored
    wrong = [*([] if "trace" in told else ["it has no trace"]), *faults(table, schema(path.stem))]
    if not wrong and FAILED not in told:
        wrong += _gaps(table, path.stem, json.loads(told["trace"])["spec"])
    owner = path.parent.as_posix().partition(OF_RUNS)[2]
    if owner and not wrong:
        wrong += [f"holds the run {name}" for name in table["run"].unique().sort() if name != owner]
    if wrong:
        raise Refusal(f"{path}: {'; '.join(wrong)}; {REMEDY}")
    return table


def _gaps(table: pl.DataFrame, measure: str, spec: Mapping[str, Any]) -> Iterator[str]:
    """Rows that a table of this spec must have: some, and of a run's seeds each that the measure looks at."""
    options = {name: field.default for name, field in shelf.options("measures", measure).model_fields.items()}
    options |= spec.get("measures", {}).get(measure, {})
    if table.is_empty() and "largest" not in options:
        yield "it holds no row"
    if len(table) and "run" in spec and "seed" in table.columns:
        training, most = spec["run"]["training"], options.get("seeds", options.get("pairs"))
        asked = range(training["first_seed"], training["first_seed"] + training["seeds"])[:most]
        lacking = sorted(set(asked) - set(table["seed"]))
        if lacking:
            yield f"rows of the seed{'s' if len(lacking) > 1 else ''} {', '.join(map(str, lacking))} are missing"


def _of_runs(path: Path) -> bool:
    return shelf.constant("measures", path.stem, "OF") == "run"


def faults(table: pl.DataFrame, expected: Schema) -> Iterator[str]:
    """What of a table is not as its schema has it."""
    wrong = list(_wrong_columns(table, expected.columns))
    yield from wrong
    if wrong:
        return
    for name, kind in expected.columns.items():
        yield from _told(f"column {name} is null", table, _null(name, kind, expected))
        if kind.startswith("Float64"):
            yield from _told(f"column {name} is NaN or infinite", table, ~pl.col(name).is_finite())
    keys = table.select(expected.key)
    if expected.key:
        yield from _told(f"the key ({', '.join(expected.key)}) is doubled", table, keys.is_duplicated())
        if not keys.equals(keys.sort(expected.key)):
            yield f"rows are not sorted by {', '.join(expected.key)}"


def _wrong_columns(table: pl.DataFrame, columns: dict[str, str]) -> Iterator[str]:
    options = {name for name in table.columns if "run" in columns and is_knob(name) and name not in KNOBS}
    found = [name for name in table.columns if name not in options]
    missing, extra = columns.keys() - set(found), set(found) - columns.keys()
    if missing:
        yield f"columns {', '.join(sorted(missing))} are missing"
    if extra:
        yield f"columns {', '.join(sorted(extra))} do not belong there"
    if not missing and not extra and found != list(columns):
        yield f"columns stand in the order {', '.join(found)}, not {', '.join(columns)}"
    for name, kind in columns.items():
        if name in table.columns and table.schema[name] != _dtype(kind):
            yield f"column {name} is {table.schema[name]}, not {kind.rstrip('?')}"


def _null(name: str, kind: str, expected: Schema) -> pl.Expr:
    """Rows whose null is not allowed."""
    if name in KNOBS and KNOBS[name].part:
        return pl.lit(value=False)
    if name not in expected.measured or "status" not in expected.columns:
        return pl.col(name).is_null()
    return pl.lit(not kind.endswith("?")) & pl.col(name).is_null() & (pl.col("status") == "ok")


def _told(problem: str, table: pl.DataFrame, where: pl.Expr | pl.Series) -> Iterator[str]:
    rows = table.select(pl.lit(where) if isinstance(where, pl.Series) else where).to_series().arg_true().to_list()
    if rows:
        few = ", ".join(map(str, rows[:5])) + (", …" if len(rows) > 5 else "")
        yield f"{problem} in row{'s' if len(rows) > 1 else ''} {few}"


def _dtype(kind: str) -> pl.DataType:
    return getattr(pl, kind.rstrip("?"))
