"""The tables of docs/benchmarks.md, made from the rows between marks, a table for each work."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from benchmarks.harness.rows import Row

DOCS = Path(__file__).parent.parent.parent / "docs/benchmarks.md"
REFRESH = "python -m benchmarks.harness.publish"
SHARE = "share of peak"
SECTION = re.compile(r"(?<=\n)<!-- bench (?P<work>[^:\n]+): .*?<!-- end -->\n", re.DOTALL)


def section(work: str, rows: Iterable[Row]) -> str:
    """A work's table between its marks, the processors side by side; columns in which it says nothing are left out."""
    told = list(rows)
    places = sorted({row.processor or "" for row in told})
    cases: dict[tuple[str, str], dict[str, Row]] = {}
    for row in told:
        cases.setdefault((row.setting, row.peer), {})[row.processor or ""] = row
    lines = [_heads(places), *(_cells(case, [its.get(place) for place in places]) for case, its in cases.items())]
    kept = [at for at in range(len(lines[0])) if any(line[at] for line in lines[1:])]
    shown = [[line[at] or "–" for at in kept] for line in lines]
    shown.insert(1, ["---"] * len(kept))
    table = "".join(f"| {' | '.join(line)} |\n" for line in shown)
    return f"<!-- bench {work}: made by `make bench` -->\n\n{table}{_peaks(told)}\n<!-- end -->\n"


def refreshed(text: str, rows: Iterable[Row]) -> str:
    """The docs with the tables of these rows: each in its place, new works at the end, works without rows taken out."""
    tables = {work: section(work, group) for work, group in groupby(rows, key=lambda row: row.work)}
    there = set[str](SECTION.findall(text))
    text = SECTION.sub(lambda found: tables.get(found["work"], ""), text)
    return text + "".join(f"\n## {_title(work)}\n\n{table}" for work, table in tables.items() if work not in there)


def stale(text: str, rows: Iterable[Row]) -> Iterator[str]:
    """The works whose table in the docs is not that of the rows."""
    tables = {work: section(work, group) for work, group in groupby(rows, key=lambda row: row.work)}
    found = {match["work"]: match[0] for match in SECTION.finditer(text)}
    yield from sorted(work for work in tables.keys() | found.keys() if tables.get(work) != found.get(work))


def _title(work: str) -> str:
    return work[0].upper() + work[1:]


def _heads(places: list[str]) -> list[str]:
    timed = [head for place in places for head in (" on ".join(filter(None, ["ratio", _unit(place)])), SHARE)]
    return ["setting", "peer", *timed, "error of ours", "error of peer"]


def _cells(case: tuple[str, str], rows: list[Row | None]) -> list[str]:
    """What was compared, ratio and share for each processor, and the larger errors of all."""
    there = [row for row in rows if row]
    errors = [max((error for error in each if error is not None), default=None)
              for each in ([row.error_ours for row in there], [row.error_peer for row in there])]  # fmt: skip
    return [*case, *(cell for row in rows for cell in _timed(row)), *map(_error, errors)]


def _timed(row: Row | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    spread = "" if row.spread is None else f" ± {row.spread:.0%}"
    return f"{row.ratio:.3g}{spread}", "" if row.share_of_peak is None else f"{row.share_of_peak:.2f}"


def _peaks(rows: Iterable[Row]) -> str:
    """What one core of each processor did of the large product, in a line; empty where nothing was timed."""
    peaks: dict[str, list[float]] = {}
    for row in rows:
        if row.processor and row.peak is not None:
            peaks.setdefault(row.processor, []).append(row.peak)
    told = [f"{place} {'–'.join(f'{end:.3g}' for end in sorted({min(each), max(each)}))}" for place, each in
            sorted(peaks.items())]  # fmt: skip
    return f"\nPeak in GFLOP/s: {'; '.join(told)}.\n" if told else ""


def _unit(place: str) -> str:
    """The vector unit of a processor, which tells the classes apart."""
    return place.rpartition(" ")[2]


def _error(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
