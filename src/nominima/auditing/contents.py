"""What a file says, its trace left out, as words and numbers by place; and how two of one kind differ."""

import csv
import io
import json
import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from ruamel.yaml import YAML, YAMLError
from safetensors.numpy import load_file

from nominima.auditing import published
from nominima.ground.files import Refusal
from nominima.tracing.artefact import DAMAGED, KEYWORD, MARK, read_trace

NUMBER = re.compile(r"[-−+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-−+]?\d+)?")
"""A number with a point or an exponent; whole numbers are words, which differ or do not."""
MARKED = "\0"  # stands in words where a number stood
WORDS = {"outcome", "word", "turn"}  # of a verdict, its parts, cells and trends
SMALLEST = 1e-12  # differences below it are none
LONGEST = 80  # signs of a value that is shown
ROUNDING = 1e-5  # relative difference of two numbers
UNREADABLE = (*DAMAGED, YAMLError, TypeError, AttributeError, OverflowError, OSError)


class Value(NamedTuple):
    """One value: its words, the numbers in it, float64 or whole, what counts as rounding of them, and its type.

    decides: what of its words decides, besides those under a name of WORDS: see published.Told.
    """

    words: str
    numbers: np.ndarray
    rounding: float = ROUNDING
    kind: str = ""
    decides: tuple[str, ...] = ()

    def alike(self, other: "Value") -> bool:
        """Whether both are the same but for their numbers."""
        return (self.kind, self.words, self.numbers.shape) == (other.kind, other.words, other.numbers.shape)


class Change(NamedTuple):
    """A place where two files differ, the recorded value first, as people read them."""

    place: str
    recorded: str
    again: str


class Difference(NamedTuple):
    """How the second of two files differs from the first.

    decided: places in which a word of a verdict differs; told: those in which other words do, or that only one has;
    beyond: those in which a number differs by more than rounding; largest: the largest difference of two numbers
    relative to the larger of them; changes: all of these places, with both values, those that decide first.
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


def compare(recorded: Path, again: Path) -> Difference | None:
    """Compare two files of one kind and name, their traces left out; None where only bytes can be compared.

    The code that a figure has printed in it is that of its trace, and so is left out too. A recorded file that cannot
    be read is a difference.
    """
    if recorded.suffix not in {*TEXTS, *FILES}:
        return None
    try:
        before = leaves(recorded)
    except (Refusal, *UNREADABLE) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        return Difference([], ["the file"], [], 0.0, [Change("the file", f"cannot be read: {reason}", "can be")])
    return _compared(before, leaves(again))


def _compared(before: dict[str, Value], after: dict[str, Value]) -> Difference:
    found = Difference([], [], [], 0.0, [])
    for place in sorted(before.keys() | after.keys()):
        old, new = before.get(place), after.get(place)
        if old is None or new is None or not old.alike(new):
            (found.decided if _decides(place, old, new) else found.told).append(place)
            found.changes.append(Change(place, *_shown(old, new)))
        elif not np.array_equal(old.numbers, new.numbers, equal_nan=old.numbers.dtype.kind == "f"):
            off, at = _apart(old.numbers, new.numbers)
            found = found._replace(largest=max(found.largest, off))
            if off > old.rounding or not old.rounding:  # whole numbers do not round
                found.beyond.append(place)
            found.changes.append(Change(place, *(f"{told.numbers[at]:.9g} at {at}" for told in (old, new))))
    decided = set(found.decided)
    found.changes.sort(key=lambda change: change.place not in decided)
    return found


def _decides(place: str, *leaves: Value | None) -> bool:
    """Whether what differs here is a matter of a verdict."""
    return place.rpartition(".")[2] in WORDS or len({leaf.decides if leaf else () for leaf in leaves}) > 1


def leaves(path: Path) -> dict[str, Value]:
    """What a file says, by place."""
    if path.suffix in FILES:
        return dict(FILES[path.suffix](path))
    trace, text = read_trace(path), path.read_text()
    return dict(TEXTS[path.suffix](text.replace(trace.key, "") if trace else text))


def _apart(old: np.ndarray, new: np.ndarray) -> tuple[float, int]:
    """The largest difference of two numbers relative to the larger of them, and its place."""
    old, new = old.astype(np.float64), new.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        gap, size = np.abs(old - new), np.maximum(np.abs(old), np.abs(new))
        share = np.where(gap <= SMALLEST, 0.0, gap / np.where(size == 0, 1.0, size))
    unlike = np.isnan(old) != np.isnan(new)
    share = np.where(unlike | np.isinf(gap), np.inf, np.nan_to_num(share))
    return float(share.max()), int(share.argmax())


def _text(text: str) -> Value:
    found = NUMBER.findall(text)
    return Value(NUMBER.sub(MARKED, text), np.array([float(each.replace("−", "-")) for each in found]))


def _array(values: np.ndarray) -> Value:
    """Whole numbers and flags must be the same; of fractions a step of how they are stored is rounding."""
    inexact = values.dtype.kind == "f"
    rounding = max(ROUNDING, float(np.finfo(values.dtype).eps)) if inexact else 0.0
    return Value(
        f"{values.dtype} {values.shape}", values.astype(np.float64).ravel() if inexact else values.ravel(), rounding
    )


def _flat(tree: Any, place: str) -> Iterator[tuple[str, Value]]:
    """Leaves of a JSON tree; elements that have a name of their own stand under it, so that one more moves no other."""
    if isinstance(tree, dict) and tree:
        for key, value in tree.items():
            yield from _flat(value, f"{place}.{key if key.isidentifier() else json.dumps(key)}".lstrip("."))
    elif isinstance(tree, list) and tree:
        names = [json.dumps(value.get("name")) if isinstance(value, dict) and "name" in value else "" for value in tree]
        for at, (value, name) in enumerate(zip(tree, names, strict=True)):
            yield from _flat(value, f"{place}[{name if name and names.count(name) == 1 else at}]")
    elif isinstance(tree, float):
        yield place, Value(MARKED, np.array([tree]))
    else:
        told = _text(tree) if isinstance(tree, str) else Value(json.dumps(tree), np.array([]))
        yield place, told._replace(kind=type(tree).__name__)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice in it")
    return dict(pairs)


def _in_json(text: str) -> Iterator[tuple[str, Value]]:
    tree = json.loads(text, object_pairs_hook=_once)
    # The names of data are digests of what they hold: they are told apart by where they are drawn.
    for at, name in enumerate(sorted(tree.get("datasets", {}), key=lambda name: text.rindex(json.dumps(name)))):
        text = text.replace(json.dumps(name), f'"data_{at}"')
    tree = json.loads(text)
    tree.pop(KEYWORD, None)
    tree.get("usermeta", {}).pop(KEYWORD, None)
    return _flat(tree, "")


def _in_yaml(text: str) -> Iterator[tuple[str, Value]]:
    return _flat(YAML(typ="safe", pure=True).load(text), "")


def _in_csv(text: str) -> Iterator[tuple[str, Value]]:
    head, *rows = csv.reader(io.StringIO(text.partition("\n")[2] if text.startswith(MARK.decode()) else text))
    yield "columns", Value(json.dumps(head), np.array([]))
    for at, name in enumerate(head):
        yield f"column {at}, {name}", _text(json.dumps([row[at] for row in rows], ensure_ascii=False))


def _in_page(text: str) -> Iterator[tuple[str, Value]]:
    return _read(published.page(text))


def _in_table(path: Path) -> Iterator[tuple[str, Value]]:
    return _read(published.table(path.read_text(errors="replace")))


def _read(told: published.Places) -> Iterator[tuple[str, Value]]:
    return ((place, Value(each.text, np.array([]), decides=each.decides)) for place, each in told.items())


def _in_parquet(path: Path) -> Iterator[tuple[str, Value]]:
    for column in pl.read_parquet(path).iter_columns():
        yield f"nulls of {column.name}", _array(column.is_null().to_numpy())
        if column.dtype.is_numeric():
            yield f"column {column.name}", _array(column.fill_null(0).to_numpy())
        else:
            yield f"column {column.name}", Value(json.dumps([str(column.dtype), *map(str, column)]), np.array([]))


def _in_safetensors(path: Path) -> Iterator[tuple[str, Value]]:
    return ((name, _array(values)) for name, values in load_file(path).items())


def _shown(*leaves: Value | None) -> tuple[str, ...]:
    """Values in a few signs, from a little before the first in which they differ."""
    texts = [_whole(leaf) if leaf else "–" for leaf in leaves]
    alike = takewhile(lambda signs: len(set(signs)) == 1, zip(*texts, strict=False))
    same = max(0, len(list(alike)) - LONGEST // 4)
    cut = [f"{'…' if same else ''}{text[same:]}" for text in texts]
    return tuple(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…" for text in cut)


def _whole(leaf: Value) -> str:
    parts = leaf.words.split(MARKED)
    told = "".join(f"{part}{number:g}" for part, number in zip(parts, leaf.numbers.tolist(), strict=False))
    return told + parts[-1] if len(parts) > 1 or not leaf.numbers.size else leaf.words


TEXTS = {".json": _in_json, ".yaml": _in_yaml, ".csv": _in_csv, ".html": _in_page}
FILES = {".parquet": _in_parquet, ".safetensors": _in_safetensors, ".md": _in_table}
