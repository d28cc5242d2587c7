"""Knobs as columns: every field of a training and of its parts, and the options of its shelves."""

from typing import Any

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
