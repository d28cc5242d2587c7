"""What `nominima calibrate` found, in the terminal and as the Markdown table of docs/calibration.md."""

from collections.abc import Sequence

from nominima.ground.texts import number
from nominima.judging.calibration import ALLOWED, WANTED, Calibrated

HEADS = ("claim", "cells", "seeds", "supported at τ", "contradicted at the null", "mixed", "trend", "power", "note")


def line(row: Calibrated) -> str:
    """One claim in one line."""
    if row.supported is None:
        return f"{row.claim}: not simulated: {row.note}"
    words = f"supported {_share(row.supported)}, contradicted {_share(row.contradicted)}, mixed {_share(row.mixed)}"
    told = f"false words: {words}, trend {_share(row.trend)}; power {_share(row.power)} at {number(row.at)}"
    fails = f"; not kept: {', '.join(row.fails)}" if row.fails else ""
    note = f"; {row.note}" if row.note else ""
    return f"{row.claim}: {row.cells} of {row.of} cells, {row.seeds} seeds, {row.draws} draws; {told}{fails}{note}"


def markdown(rows: Sequence[Calibrated]) -> str:
    """A line per claim; what is not kept is bold."""
    lines = [HEADS, ("---",) * len(HEADS), *map(_cells, rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _cells(row: Calibrated) -> tuple[str, ...]:
    name, cells = f"`{row.claim}`", f"{row.cells} of {row.of}"
    if row.supported is None:
        return name, cells, *["–"] * 6, f"not simulated: {row.note}"
    kept = [_bold(share, share is not None and share > ALLOWED)
            for share in (row.supported, row.contradicted, row.mixed, row.trend)]  # fmt: skip
    power = f"{_bold(row.power, (row.power or 0) < WANTED)} at {number(row.at)}"
    return name, cells, row.seeds, *kept, power, row.note


def _bold(share: float | None, wrong: object) -> str:
    return f"**{_share(share)}**" if wrong else _share(share)


def _share(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
