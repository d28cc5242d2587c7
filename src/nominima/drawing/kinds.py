"""Series apart by kind: what tells cells of a verdict apart beyond data and noise, as `cnn, fixed rate`."""

import polars as pl


def kinds(table: pl.DataFrame, first: str = "") -> list[tuple[str, pl.DataFrame]]:
    """(kind, its rows), after the first kind those that begin with the same word; series keep data and noise as names.

    Where there is one kind, series keep their names and the kind has none, unless it is that of the panel above.

    Args:
        table: a column series (String), names as `judging.lanes` gives them to cells.
        first: the kind that comes first, if it is among them, as that of a panel above; otherwise that of most rows.
    """
    words = pl.col("series").str.split(", ")
    named = table.with_columns(kind=words.list.slice(2).list.join(", "), series=words.list.head(2).list.join(", "))
    parts = named.partition_by("kind", as_dict=True, maintain_order=True, include_key=False)
    if len(parts) < 2 and first not in {str(kind) for (kind,) in parts}:
        return [("", table)]
    found = [(str(kind), rows) for (kind,), rows in parts.items()]
    main = first if first in dict(found) else max(found, key=lambda part: part[1].height)[0]
    family = main.partition(", ")[0]
    return sorted(found, key=lambda part: (part[0] != main, part[0].partition(", ")[0] != family, part[0]))


def within(guide: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The part of a guide that lies between the outermost x of the rows."""
    return guide.filter(pl.col("x").is_between(rows["x"].min(), rows["x"].max()))
