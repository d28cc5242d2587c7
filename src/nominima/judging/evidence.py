"""The measurements that a claim is judged on, and the numbers read off them, of which figures and page are made."""

import io
from collections.abc import Iterable
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
PLACE = ["size", "place", "seed"]  # of a network, after its conditions
OK = "ok"
TRENDS, ENDING = "trends", ".trends.csv"  # the table of all claims' trends, and what its files are called


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


def tables(paths: Iterable[Path]) -> list[Path]:
    """Those of a claim's inputs that are measurements, not trends of other claims."""
    return sorted(path for path in paths if not path.name.endswith(ENDING))


def load(paths: list[Path]) -> Evidence:
    """Read and check measurements; a file's stem is its measure, those of one measure are put below one another.

    An option that only other models or optimizers have is null. The trends of other claims are the table `trends`.

    Raises:
        Refusal: a file is missing, damaged or not what its measure declares.
    """
    parts: dict[str, list[pl.DataFrame]] = {}
    for path in tables(paths):
        parts.setdefault(path.stem, []).append(read_table(path))
    for path in sorted(set(paths).difference(tables(paths))):
        parts.setdefault(TRENDS, []).append(read_trends(path))
    return Evidence({name: pl.concat(frames, how="diagonal_relaxed") for name, frames in parts.items()})


def numbers(findings: "Findings") -> pl.DataFrame:
    """Every number that a claim reads, a row for each network and view: conditions, then COLUMNS, sorted.

    Views of the same lanes, with other scores, are there once, under both names; `of_view` finds them by either.
    """
    frames = [lanes.with_columns(view=pl.lit(name)) for name, lanes in findings.stored()]
    table = pl.concat([pl.DataFrame(schema=COLUMNS), *frames], how="diagonal_relaxed")
    told = sorted(name for name in table.columns if name not in {*COLUMNS, "dial", "value_right", "arm"})
    why = pl.when(pl.col("value").is_null() & (pl.col("status") != OK)).then("status").alias("status")
    return table.select(*told, *COLUMNS).with_columns(why).sort("view", *told, *PLACE)


def of_view(table: pl.DataFrame, view: str) -> pl.DataFrame:
    """The numbers of one view."""
    return table.filter(pl.col("view").str.split(AND).list.contains(view))


def write_numbers(path: Path, table: pl.DataFrame, trace: Trace) -> None:
    """Store the numbers as CSV below a line with their trace: a row for each network, a column for each view.

    In a cell stands the number, or the status of a network without one; it is empty where the view has no such network.
    """
    at = [name for name in table.columns if name not in ("view", "value", "status")]
    text = pl.coalesce(pl.col("value").cast(pl.String), "status", pl.lit(OK))
    rank = pl.int_range(pl.len()).over("view", *at)  # of several numbers of one network in one view
    told = table.select(*at, "view", text=text, rank=rank)
    wide = told.pivot("view", index=[*at, "rank"], values="text", sort_columns=True) if len(told) else told.select(at)
    content = wide.drop("rank", strict=False).sort(at, maintain_order=True).write_csv()
    write(path, MARK + f"{trace.dumps()}\n{content}".encode())


def read_numbers(path: Path) -> pl.DataFrame:
    """The numbers behind a verdict: condition columns, then COLUMNS, sorted as `numbers` gives them.

    Raises:
        Refusal: the file is missing or damaged.
    """
    head, _, text = read(path).partition(b"\n")
    try:
        table = pl.read_csv(io.BytesIO(text), schema_overrides=COLUMNS, infer_schema_length=None)
    except PolarsError as error:
        raise Refusal(f"{path}: not a table of numbers ({type(error).__name__}); delete it, then {REMEDY}") from error
    at = table.columns[: table.columns.index("seed") + 1] if "seed" in table.columns else []
    if not head.startswith(MARK) or at[-len(PLACE) :] != PLACE:
        raise Refusal(f"{path}: not the numbers behind a verdict; delete it, then {REMEDY}")
    told, views = at[: -len(PLACE)], table.columns[len(at) :]
    cells = table.with_columns(pl.col(views).cast(pl.String)).unpivot(views, index=at, variable_name="view")
    value = pl.col("value").cast(pl.Float64, strict=False)
    status = pl.when(value.is_null() & (pl.col("value") != OK)).then("value").cast(pl.String)
    found = cells.drop_nulls("value").with_columns(value=value, status=status)
    return found.select(*told, *COLUMNS).sort("view", *told, *PLACE, maintain_order=True)


def write_trends(path: Path, record: pl.DataFrame, trace: Trace) -> None:
    """Store what a trend was told from (`trend.record`): a row for each cell and size, a column for each seed."""
    at = [name for name in record.columns if name not in ("seed", "value", "status")]
    told = record.select(*at, "seed", text=pl.coalesce(pl.col("value").cast(pl.String), "status"))
    wide = told.sort("seed").pivot("seed", index=at, values="text") if len(told) else told.select(at)
    write(path, MARK + f"{trace.dumps()}\n{wide.write_csv()}".encode())


def read_trends(path: Path) -> pl.DataFrame:
    """What a claim's trend was told from: claim, cell, decides, its conditions as texts, size, seed, value, status.

    Raises:
        Refusal: the file is missing or damaged.
    """
    head, _, text = read(path).partition(b"\n")
    try:
        table = pl.read_csv(io.BytesIO(text), infer_schema=False)
        seeds = [name for name in table.columns if name.isdecimal()]
        at = [name for name in table.columns if name not in seeds]
        long = table.unpivot(seeds, index=at, variable_name="seed", value_name="status").drop_nulls("status")
        found = long.select(
            pl.lit(path.name.removesuffix(ENDING)).alias("claim"),
            "cell",
            pl.col("decides") == "true",
            pl.exclude("cell", "decides", "size", "seed", "status"),
            pl.col("size").cast(pl.Float64),
            pl.col("seed").cast(pl.Int64),
            pl.col("status").cast(pl.Float64, strict=False).alias("value"),
            "status",
        )
    except PolarsError as error:
        raise Refusal(f"{path}: no trends of a claim ({type(error).__name__}); delete it, then {REMEDY}") from error
    if not head.startswith(MARK):
        raise Refusal(f"{path}: no trends of a claim; delete it, then {REMEDY}")
    return found.with_columns(status=pl.when(pl.col("value").is_null()).then("status").otherwise(pl.lit(OK)))
