"""Knobs as columns: a training flattened to typed values, `noise`, `teacher.kind`, `model.depth`, defaults filled in.

They are computed from `Training` and from the options on the shelves, so that a new knob is one field there. A tuned
rate is `tuned` and the rate that was kept; a run that something is taken from stands with its labels of size left open.
"""

import json
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from nominima.ground.records import Strict
from nominima.ground.texts import canonical
from nominima.planning import shelf
from nominima.planning.run import Run, Training

OPTIONS = {"model": "models", "optimizer": "optimizers"}
NO_KNOBS = {"first_seed", "seeds", "tested", "device", *(f"{name}_options" for name in OPTIONS)}
KINDS = {bool: "Boolean", int: "Int64", float: "Float64"}


class Knob(NamedTuple):
    """A column: its dtype in polars, and the value of a run that does not set it.

    needed: it has no default, in the training or within its part.
    """

    kind: str
    default: Any
    part: str
    needed: bool


def _plain(annotation: Any) -> Any:
    """The type behind Annotated and `| None`."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return _plain(parts[0]) if len(parts) == 1 else str
    return str if get_origin(annotation) is Literal else annotation


def _declared(record: type[Strict], part: str = "") -> Iterator[tuple[str, Knob]]:
    for name, field in record.model_fields.items():
        kind, default = _plain(field.annotation), None if field.is_required() else field.default
        if isinstance(kind, type) and issubclass(kind, Strict):
            yield from _declared(kind, name)
        elif part or name not in {*NO_KNOBS, "rate"}:
            column = f"{part}.{name}" if part else name
            yield column, Knob(KINDS.get(kind, "String"), default, part, field.is_required())
        elif name == "rate":
            yield "rate", Knob("Float64", None, "", needed=True)
            yield "tuned", Knob("Boolean", default=False, part="", needed=False)


KNOBS: dict[str, Knob] = dict(_declared(Training))
"""Every column of a training but the options of shelves."""


def is_knob(column: str) -> bool:
    """Whether a column of a measurement is a knob: one of KNOBS, or an option as `model.depth`."""
    return column in KNOBS or column.partition(".")[0] in OPTIONS


def flat(run: Run, *, examples: int, rate: float) -> dict[str, Any]:
    """Every knob of a run by its column, those of KNOBS first and then the options of its model and its optimizer.

    Args:
        run: what was trained.
        examples: how many it was trained on.
        rate: the one it was trained with, or that was kept.
    """
    training = run.training
    values: dict[str, Any] = {}
    for column, knob in KNOBS.items():
        holder = getattr(training, knob.part) if knob.part else training
        values[column] = _value(getattr(holder, column.rpartition(".")[2], None), knob.kind)
    values |= {"examples": examples, "rate": rate, "tuned": len(training.rates) > 1}
    values |= {part if "." in part else f"{part}.run": name for part, name in run.taken.items()}
    return values | {column: _value(value) for column, value in _options(training)}


def _options(training: Training) -> Iterator[tuple[str, Any]]:
    for name, folder in OPTIONS.items():
        given = json.dumps(getattr(training, f"{name}_options"))
        options = shelf.options(folder, getattr(training, name)).model_validate_json(given).model_dump(mode="json")
        yield from ((f"{name}.{key}", value) for key, value in sorted(options.items()))


def _value(value: Any, kind: str = "") -> Any:
    if value is None or (isinstance(value, bool | int | float | str) and kind != "String"):
        return value
    return value if isinstance(value, str) else canonical(value)
