"""What a file says, its trace left out, as words and numbers by place; and how two of one kind differ."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from safetensors.numpy import load_file

from nominima.tracing.artefact import KEYWORD, MARK, read_trace

NUMBER = re.compile(r"[-−+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-−+]?\d+)?")
METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
WORDS = {"outcome", "word", "turn"}  # of a verdict, its parts, cells and trends
SMALLEST = 1e-9  # numbers below it in size differ by what they differ, not by their ratio
LONGEST = 80  # signs of a value that is shown
ROUNDING = 1e-5  # relative difference of numbers


class Leaf(NamedTuple):
    """One value: its words with `#` for each number, the numbers, float64, and what counts as rounding of them."""

    words: str
    numbers: np.ndarray
    rounding: float = ROUNDING


class Change(NamedTuple):
    """A place where two files differ, the recorded value first, as people read them."""

    place: str
    recorded: str
    again: str


class Comparison(NamedTuple):
    """How the second of two files differs from the first.

    decided: places in which a word of a verdict differs; told: those in which other words do, or that only one has;
    beyond: those in which numbers differ by more than rounding; largest: the largest difference of two numbers relative
    to the larger; changes: the first places, with both values.
    """

    decided: list[str]
    told: list[str]
    beyond: list[str]
    largest: float
    changes: list[Change]

    @property
    def equal(self) -> bool:
        """Whether both say the same, to the last bit of every number."""
        return not self.changes


def compare(recorded: Path, again: Path) -> Comparison | None:
    """Compare two files of one kind and name, their traces left out; None where only bytes can be compared.

    The code that a figure has printed in it is that of its trace, and so is left out too.

    Raises:
        Refusal: one cannot be read.
    """
    if recorded.suffix not in {*TEXTS, *FILES}:
        return None
    before, after = leaves(recorded), leaves(again)
    found = Comparison([], [], [], 0.0, [])
    for place in sorted(before.keys() | after.keys()):
        old, new = before.get(place), after.get(place)
        if old is None or new is None or old.words != new.words or old.numbers.shape != new.numbers.shape:
            (found.decided if place.rpartition(".")[2] in WORDS else found.told).append(place)
            found.changes.append(Change(place, _shown(old), _shown(new)))
        elif not np.array_equal(old.numbers, new.numbers, equal_nan=True):
            off, at = _apart(old.numbers, new.numbers)
            found = found._replace(largest=max(found.largest, off))
            if off > old.rounding:
                found.beyond.append(place)
            found.changes.append(Change(place, _shown(old, at), _shown(new, at)))
    return found


def leaves(path: Path) -> dict[str, Leaf]:
    """What a file says, by place."""
    if path.suffix in FILES:
        return dict(FILES[path.suffix](path))
    trace, text = read_trace(path), path.read_text()
    return dict(TEXTS[path.suffix](text.replace(trace.key, "") if trace else text))


def _apart(old: np.ndarray, new: np.ndarray) -> tuple[float, int]:
    """The largest difference, relative to the largest number, and the place of it."""
    unlike = ~((old == new) | (np.isnan(old) & np.isnan(new)))
    with np.errstate(invalid="ignore"):
        gap = np.where(unlike, np.nan_to_num(np.abs(old - new), nan=np.inf), 0.0)
    both = np.abs(np.concatenate([old, new]))
    size = both[np.isfinite(both)].max(initial=SMALLEST)
    return float(gap.max() / size), int(gap.argmax())


def _text(text: str) -> Leaf:
    found = NUMBER.findall(text)
    return Leaf(NUMBER.sub("#", text), np.array([float(each.replace("−", "-")) for each in found]))


def _array(values: Any) -> Leaf:
    numbers = np.asarray(values)
    rounding = max(ROUNDING, float(np.finfo(numbers.dtype).eps)) if numbers.dtype.kind == "f" else ROUNDING
    return Leaf(f"{numbers.dtype.kind} {numbers.shape}", numbers.astype(np.float64).ravel(), rounding)


def _flat(tree: Any, place: str) -> Iterator[tuple[str, Leaf]]:
    """Leaves of a JSON tree; elements that have a name stand under it, so that one more moves no other."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _flat(value, f"{place}.{key}".lstrip("."))
    elif isinstance(tree, list):
        names = [value.get("name") if isinstance(value, dict) else None for value in tree]
        for at, (value, name) in enumerate(zip(tree, names, strict=True)):
            yield from _flat(value, f"{place}[{name if name and names.count(name) == 1 else at}]")
    elif isinstance(tree, int | float) and not isinstance(tree, bool):
        yield place, Leaf("#", np.array([float(tree)]))
    else:
        yield place, _text(tree if isinstance(tree, str) else json.dumps(tree))


def _in_json(text: str) -> Iterator[tuple[str, Leaf]]:
    tree = json.loads(text)
    names = sorted(tree.get("datasets", {}), key=text.rindex)  # digests of what they hold
    for at, name in enumerate(names):
        text = text.replace(name, f"data {at}")
    tree = json.loads(text)
    tree.pop(KEYWORD, None)
    tree.get("usermeta", {}).pop(KEYWORD, None)
    return _flat(tree, "")


def _in_svg(text: str) -> Iterator[tuple[str, Leaf]]:
    yield "drawing", _text(METADATA.sub("", text, count=1))


def _in_csv(text: str) -> Iterator[tuple[str, Leaf]]:
    head, *rows = csv.reader(io.StringIO(text.partition("\n")[2] if text.startswith(MARK.decode()) else text))
    for at, name in enumerate(head):
        yield name, _text("\n".join(row[at] for row in rows))


def _in_parquet(path: Path) -> Iterator[tuple[str, Leaf]]:
    for column in pl.read_parquet(path).iter_columns():
        if column.dtype.is_numeric():
            told = Leaf(f"{column.dtype}, {len(column)}", column.cast(pl.Float64).fill_null(float("nan")).to_numpy())
            yield column.name, told
            yield f"{column.name} missing", _array(column.is_null().to_numpy())
        else:
            yield column.name, _text("\n".join(map(str, column.to_list())))


def _in_safetensors(path: Path) -> Iterator[tuple[str, Leaf]]:
    return ((name, _array(values)) for name, values in load_file(path).items())


def _shown(leaf: Leaf | None, at: int | None = None) -> str:
    """A value in a few signs: of many numbers that at a place, of a text its beginning."""
    if leaf is None:
        return "–"
    if at is not None:
        return f"{leaf.numbers[at]:.9g}{f' at {at}' if leaf.numbers.size > 1 else ''}"
    parts = leaf.words.split("#")
    told = "".join(f"{part}{number:g}" for part, number in zip(parts, leaf.numbers, strict=False)) + parts[-1]
    return told if len(told) <= LONGEST else f"{told[: LONGEST - 1]}…"


TEXTS = {".json": _in_json, ".svg": _in_svg, ".csv": _in_csv}
FILES = {".parquet": _in_parquet, ".safetensors": _in_safetensors}
