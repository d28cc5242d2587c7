"""Knobs as columns: every field of a training and of its parts, and the options of its shelves."""

from typing import Any, Literal, get_args, get_origin

import polars as pl
import pytest

from nominima.measuring.identity import IDENTITY, completed, sparse
from nominima.planning.knobs import KNOBS, flat, is_knob
from nominima.planning.params import Params
from nominima.planning.run import Run, Training

TRAINING: dict[str, Any] = {
    "dataset": "d", "model": "mlp", "size": 4, "optimizer": "adam", "rate": 0.1, "batch": 5, "steps": 9,
    "first_seed": 0, "seeds": 2,
}  # fmt: skip
NOT_CONDITIONS = {"first_seed", "seeds", "tested", "device", "model_options", "optimizer_options"}


def knobs(**changes: Any) -> dict[str, Any]:
    run = Run(stack="s/base", training=Training.model_validate(TRAINING | changes))
    return flat(run, examples=20, rate=0.1)


def test_every_field_of_a_training_is_a_column() -> None:
    assert {name.partition(".")[0] for name in KNOBS} - {"tuned"} == Training.model_fields.keys() - NOT_CONDITIONS
    assert list(knobs())[: len(KNOBS)] == list(KNOBS)
    assert all(map(is_knob, knobs()))
    assert not is_knob("parameters")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"teacher": {"run": "t/base"}}, {"teacher.run": "t/base", "teacher.at": "best", "teacher.temperature": 1.0}),
        ({"start": {"run": "t/base", "at": 5}}, {"start.at": "5", "start.kind": "copy", "teacher.kind": None}),
        ({"pacing": {"order": "random"}}, {"pacing.order": "random", "pacing.run": None, "pacing.complete": 0.5}),
        ({"half": "first", "draw": 2}, {"half": "first", "draw": 2, "pacing.other": None}),
        ({"model_options": {"depth": 3}}, {"model.depth": 3, "model.activation": "relu"}),
        ({"optimizer_options": {"beta1": 0.5}}, {"optimizer.beta1": 0.5, "optimizer.beta2": 0.999}),
        ({"rate": (0.1, 0.2)}, {"rate": 0.1, "tuned": True}),
        ({"examples": 20}, {"examples": 20, "tuned": False}),
    ],
)
def test_a_change_is_seen_in_its_column(changes: dict[str, Any], found: dict[str, Any]) -> None:
    assert found.items() <= knobs(**changes).items()


PARTS: dict[str, dict[str, Any]] = {
    "teacher": {"run": "t/base"}, "start": {"run": "t/base"}, "prune": {"run": "t/base", "keep": 0.5},
    "pacing": {"order": "random"}, "checkpoints": {"files": "data/raw/{seed}/{step}.safetensors"},
}  # fmt: skip
OTHER = {"Boolean": True, "Int64": 7, "Float64": 0.75}
SHELVES = ("model", "optimizer")  # a name of another file brings other options


def choices(annotation: Any) -> list[str]:
    """The words that a field may be, of `Literal[…]` anywhere in its annotation."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [word for inner in get_args(annotation) for word in choices(inner)]


def another(column: str) -> Any:
    """A value that is not the one which the column has in PARTS or by default."""
    part, _, name = column.rpartition(".")
    fields = type(Training.model_validate(TRAINING | {part: PARTS[part]}).__dict__[part]) if part else Training
    words = choices(fields.model_fields[name].annotation)
    usual = PARTS[part].get(name, KNOBS[column].default) if part else TRAINING.get(name, KNOBS[column].default)
    text = next((word for word in words if word != usual), "data/raw/another" if part == "checkpoints" else "another")
    return OTHER.get(KNOBS[column].kind, text)


@pytest.mark.parametrize("column", sorted(KNOBS.keys() - {"tuned", "rate", "examples", *SHELVES}))
def test_every_knob_is_seen_in_its_column_and_in_no_other(column: str) -> None:
    part, _, name = column.rpartition(".")
    value = another(column)
    usual = {part: PARTS[part]} if part else {}
    changed = {part: PARTS[part] | {name: value}} if part else {name: value}
    before, after = knobs(**usual), knobs(**changed)
    assert after[column] == value != before[column]
    assert {other for other in after if after[other] != before[other]} == {column}


def test_what_is_written_out_is_what_is_left_out() -> None:
    written = {"model_options": {"depth": 2}, "optimizer_options": {"beta1": 0.9}, "l2": 0.0, "schedule": "constant"}
    assert knobs(**written) == knobs()


def test_a_source_is_named_with_its_labels_of_size_left_open() -> None:
    sizes = {"w4": {"size": 4}, "w8": {"size": 8}}
    source = {"axes": {"data": {"x": {}, "y": {"noise": 0.5}}, "size": sizes}}
    taken = source | {"changes": {"start": {"run": "a/{data}.{size}"}}}
    tree = {"datasets": {}, "training": TRAINING, "sweeps": {"a": source, "b": taken}, "measures": {}, "claims": {}}
    runs = Params.model_validate(tree).runs()
    found = {name: flat(run, examples=1, rate=0.1)["start.run"] for name, run in runs.items() if run.sweep == "b"}
    assert found == {"b/x.w4": "a/x.{size}", "b/x.w8": "a/x.{size}", "b/y.w4": "a/y.{size}", "b/y.w8": "a/y.{size}"}
    assert runs["b/x.w8"].training.sources == ["a/x.w8"]


@pytest.mark.parametrize("changes", [{}, {"l2": 0.1, "teacher": {"run": "t/base", "weight": 0.5}}])
def test_a_table_without_the_usual_knobs_is_completed(changes: dict[str, Any]) -> None:
    known = {"sweep": "s", "run": "s/base", "parameters": 9} | knobs(**changes)
    types = {name: getattr(pl, kind) for name, kind in IDENTITY["run"].items()}
    whole = pl.DataFrame([known | {"seed": 1}], schema_overrides=types)
    whole = completed(whole)
    stored = sparse(whole)
    assert completed(stored).equals(whole)
    assert {"l2", "teacher.weight"} & set(stored.columns) == ({"l2", "teacher.weight"} if changes else set())
    assert not {"gain", "teacher.kind", "start.run"} & set(stored.columns)
