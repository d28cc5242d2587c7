"""The rows of benchmarks/results.json: what was compared with what, and how it came out."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from benchmarks.harness.timing import Side, Timed, ratio
from nominima.tracing.trace import processor

RESULTS = Path(__file__).parent.parent / "results.json"

Text = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^|\n]+$")]
Number = Annotated[float, Field(ge=0)]


class Row(BaseModel):
    """Ours beside one peer. null where a number does not apply; docs/benchmarks.md defines each work's errors."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)

    work: Text = Field(description="what is done; the rows of one work make one table")
    setting: Text = Field(description="on what: model, size, data")
    peer: Text = Field(description="what ours is compared with")
    ratio: Number = Field(description="peer / ours of what costs: above 1, ours is better")
    spread: Number | None = Field(description="relative width of the middle half of the ratio over rounds")
    error_ours: Number | None
    error_peer: Number | None
    share_of_peak: Number | None = Field(description="FLOP/s of ours / those of a large matrix product in the same run")
    peak: Number | None = Field(description="those of that product, in GFLOP/s")
    processor: Text | None = Field(description="where it was timed, as traces name it; null where nothing was timed")


ROWS = TypeAdapter(list[Row])


def rows_of(
    work: str, setting: str, sides: Mapping[str, Side], timed: Mapping[str, Timed], rate: float, peak: float
) -> list[Row]:
    """A row for each side but the one called `ours`; `rate` and `peak` are FLOP/s of ours and of a large product."""
    found = []
    for peer in [name for name in sides if name != "ours"]:
        times = ratio(timed["ours"], timed[peer])
        errors = [_short(sides[name].error) for name in ("ours", peer)]
        found.append(
            Row(work=work, setting=setting, peer=peer, ratio=_rounded(times.ratio), spread=_rounded(times.spread),
                error_ours=errors[0], error_peer=errors[1], share_of_peak=_rounded(rate / peak),
                peak=_rounded(peak / 1e9), processor=processor())
        )  # fmt: skip
    return found


def read(path: Path = RESULTS) -> list[Row]:
    """The rows of a results file; none if there is no file."""
    return ROWS.validate_json(path.read_bytes()) if path.exists() else []


def replaced(old: Iterable[Row], new: list[Row]) -> list[Row]:
    """The old rows with all of the works that `new` tells of, on its processor, replaced.

    They are sorted by work and processor, otherwise in their order.
    """
    made = {_place(row) for row in new}
    return sorted([*(row for row in old if _place(row) not in made), *new], key=_place)


def dumps(rows: Iterable[Row]) -> str:
    """The text of a results file, a row a line."""
    lines = [json.dumps(row.model_dump(), ensure_ascii=False, allow_nan=False) for row in rows]
    return "[" + ",".join(f"\n {line}" for line in lines) + "\n]\n"


def _place(row: Row) -> tuple[str, str]:
    return row.work, row.processor or ""


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def _short(value: float | None) -> float | None:
    return None if value is None else _rounded(float(value))
