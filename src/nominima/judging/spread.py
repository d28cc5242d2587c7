"""The spread of seeds in an exploratory run, kept in Git: docs/calibration/<claim>.csv, what `calibrate` draws from.

A line for every view, cell and size that the claim's word or its trend is read at, and a column for every seed: its
number to five figures, or why it is lost, or nothing where that seed was not trained.
"""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from nominima.ground.files import Refusal, read, write
from nominima.judging.evidence import Missing, of_view
from nominima.judging.parts import Condition, Findings, Part, View, each_condition, of_condition

FOLDER = Path("docs/calibration")
DIGITS = 5  # significant; the spread has one or two
PLACED = ("view", "cell", "size", "place")
LANES = {"size": pl.Float64, "seed": pl.Int64, "value": pl.Float64, "status": pl.String}


def file_of(claim: str) -> Path:
    """Where the spread of a claim lies in the project."""
    return FOLDER / f"{claim}.csv"


def cells(primary: Part, *views: View) -> list[tuple[str, Condition]]:
    """(name, condition) of every cell of these views that decides the primary."""
    found = each_condition(*(view.lanes for view in views))
    return [(name, condition) for name, condition in found if primary.counts(condition)]


def taken(findings: Findings, numbers: pl.DataFrame) -> pl.DataFrame:
    """The spread of the cells that decide, of the numbers behind another run's verdict (`evidence.read_numbers`)."""
    frames = [_line(*each) for each in _asked(findings, numbers)]
    if not frames:
        return pl.DataFrame(schema=dict.fromkeys(PLACED, pl.String))
    table = pl.concat(frames, how="diagonal")
    seeds = sorted((name for name in table.columns if name not in PLACED), key=int)
    return table.select(*PLACED, *seeds)


def of_cell(spread: pl.DataFrame, view: str, cell: str) -> pl.DataFrame:
    """The lanes of one view and cell: size, seed, value, status, and place where they have one."""
    seeds = [name for name in spread.columns if name not in PLACED]
    rows = spread.filter(pl.col("view") == view, pl.col("cell") == cell)
    told = rows.unpivot(seeds, index=["size", "place"], variable_name="seed", value_name="told").drop_nulls("told")
    value = pl.col("told").cast(pl.Float64, strict=False)
    status = pl.when(value.is_null()).then("told").otherwise(pl.lit("ok"))
    lanes = told.select(
        pl.col("size", "place").cast(pl.Float64), pl.col("seed").cast(pl.Int64), value=value, status=status
    )
    placed = lanes["place"].is_not_null().any()
    return lanes.select(*LANES, *(["place"] if placed else [])).sort("size", "seed")


def write_spread(path: Path, spread: pl.DataFrame) -> None:
    """Store a spread."""
    write(path, spread.write_csv().encode())


def read_spread(path: Path) -> pl.DataFrame:
    """A stored spread, all of it text.

    Raises:
        Refusal: the file is missing or damaged.
    """
    try:
        table = pl.read_csv(io.BytesIO(read(path)), infer_schema=False)
    except PolarsError as error:
        raise Refusal(f"{path}: not a spread of seeds ({type(error).__name__}); `git checkout {path}`") from error
    if tuple(table.columns[: len(PLACED)]) != PLACED:
        raise Refusal(f"{path}: not a spread of seeds: its columns begin {table.columns[:4]}; `git checkout {path}`")
    return table


def _asked(findings: Findings, numbers: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """(view, cell, its lanes) of all that decides, at the sizes that are read, and of the trend at every size."""
    primary, trend = findings.primary, findings.trend
    for view in primary.asks:
        for name, lanes in _lanes(view, cells(primary, *primary.asks), numbers):
            try:
                sizes = view.sample(lanes).read["size"].unique().to_list()
            except Missing:
                continue
            yield view.name, name, lanes.filter(pl.col("size").is_in(sizes))
    if trend:
        for name, lanes in _lanes(trend, cells(primary, trend), numbers):
            yield trend_of(trend), name, lanes


def trend_of(view: View) -> str:
    """The name of the trend's lanes in a spread: the same view may decide too, read at fewer sizes."""
    return f"trend: {view.name}"


def _lanes(
    view: View, decided: Sequence[tuple[str, Condition]], numbers: pl.DataFrame
) -> Iterator[tuple[str, pl.DataFrame]]:
    its = of_view(numbers, view.name)
    its = its.select(name for name in its.columns if its[name].null_count() < its.height or name in LANES)
    for name, condition in decided:
        lanes = of_condition(its, condition)
        if lanes.height:
            yield name, lanes


def _line(view: str, cell: str, lanes: pl.DataFrame) -> pl.DataFrame:
    told = pl.coalesce(pl.col("value").round_sig_figs(DIGITS).cast(pl.String), "status", pl.lit("lost"))
    place = pl.col("place").cast(pl.String) if "place" in lanes.columns else pl.lit(None, pl.String)
    text = lanes.sort("size", "seed").select("seed", size=pl.col("size").cast(pl.String), place=place, told=told)
    wide = text.pivot(on="seed", index=["size", "place"], values="told", aggregate_function="first")
    return wide.select(pl.lit(view).alias("view"), pl.lit(cell).alias("cell"), pl.all())
