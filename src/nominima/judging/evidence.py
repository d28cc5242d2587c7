"""The measurements that a claim is judged on, and the numbers read off them, of which figures and page are made."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from polars.exceptions import PolarsError

from nominima.ground.files import REMEDY, Refusal, read, write
from nominima.measuring.table import read_table
from nominima.tracing.artefact import MARK
from nominima.tracing.trace import Trace

if TYPE_CHECKING:
    from nominima.judging.parts import Findings

AND = " | "  # between the names of views that share their lanes
COLUMNS = {"view": pl.String, "size": pl.Float64, "place": pl.Float64, "seed": pl.Int64, "value": pl.Float64,
           "status": pl.String}  # fmt: skip


class Missing(Exception):
    """Evidence that a claim cannot be judged without; its text says which, as the end of a sentence."""


class Evidence:
    """Tidy tables, one per measure over all its subjects: `evidence["norms"]`."""

    def __init__(self, tables: dict[str, pl.DataFrame]) -> None:
        self.tables = tables

    def __getitem__(self, measure: str) -> pl.DataFrame:
        """The table of a measure.

        Raises:
            Missing: nothing was measured.
        """
        table = self.tables.get(measure)
        if table is None or table.is_empty():
            raise Missing(f"there is no measurement of {measure}")
        return table

    def __contains__(self, measure: str) -> bool:
        return measure in self.tables and not self.tables[measure].is_empty()


def load(paths: list[Path]) -> Evidence:
    """Read and check measurements; a file's stem is its measure, those of one measure are put below one another.

    An option that only other models or optimizers have is null.

    Raises:
        Refusal: a file is missing, damaged or not what its measure declares.
    """
    parts: dict[str, list[pl.DataFrame]] = {}
    for path in sorted(paths):
        parts.setdefault(path.stem, []).append(read_table(path))
    return Evidence({measure: pl.concat(tables, how="diagonal_relaxed") for measure, tables in parts.items()})


def numbers(findings: "Findings") -> pl.DataFrame:
    """Every number that a claim reads, a row for each network and view: conditions, then COLUMNS, sorted.

    Views of the same lanes, with other scores, are there once, under both names; `of_view` finds them by either.
    """
    frames = [lanes.with_columns(view=pl.lit(name)) for name, lanes in findings.stored()]
    table = pl.concat([pl.DataFrame(schema=COLUMNS), *frames], how="diagonal_relaxed")
    told = sorted(name for name in table.columns if name not in {*COLUMNS, "dial", "value_right", "arm"})
    fine = pl.when(pl.col("status") != "ok").then("status").alias("status")
    return table.select(*told, *COLUMNS).with_columns(fine).sort("view", *told, "size", "place", "seed")


def of_view(table: pl.DataFrame, view: str) -> pl.DataFrame:
    """The numbers of one view."""
    return table.filter(pl.col("view").str.split(AND).list.contains(view))


def write_numbers(path: Path, table: pl.DataFrame, trace: Trace) -> None:
    """Store the numbers as CSV below a line with their trace; empty: no number, or no condition of that kind."""
    write(path, MARK + f"{trace.dumps()}\n{table.write_csv()}".encode())


def read_numbers(path: Path) -> pl.DataFrame:
    """The numbers behind a verdict: condition columns, then COLUMNS.

    Raises:
        Refusal: the file is missing or damaged.
    """
    head, _, text = read(path).partition(b"\n")
    try:
        table = pl.read_csv(io.BytesIO(text), schema_overrides=COLUMNS, infer_schema_length=None)
    except PolarsError as error:
        raise Refusal(f"{path}: not a table of numbers ({type(error).__name__}); delete it, then {REMEDY}") from error
    if not head.startswith(MARK) or not set(COLUMNS) <= set(table.columns):
        raise Refusal(f"{path}: not the numbers behind a verdict; delete it, then {REMEDY}")
    return table
