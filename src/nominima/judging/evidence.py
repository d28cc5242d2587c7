"""The measurements that a claim is judged on and drawn from."""

from pathlib import Path

import polars as pl

from nominima.measuring.table import read_table


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
