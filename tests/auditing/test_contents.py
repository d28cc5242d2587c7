"""What two files say otherwise: words, numbers beyond rounding, numbers within it, or nothing but their traces."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from nominima.auditing.contents import Difference, compare, leaves
from nominima.tracing.artefact import embed
from nominima.tracing.trace import Trace


def trace(code: str) -> Trace:
    return Trace(verb="judge", spec={"x": 1}, code=code, inputs={}, environment={})


Saved = Callable[[Path, Any, str], None]


def save_json(path: Path, tree: dict[str, Any], code: str) -> None:
    path.write_text(json.dumps(tree | {"trace": trace(code).model_dump()}))


def save_csv(path: Path, table: dict[str, list[Any]], code: str) -> None:
    path.write_text(f"# trace {trace(code).dumps()}\n{pl.DataFrame(table).write_csv()}")


def save_parquet(path: Path, table: dict[str, list[Any]], code: str) -> None:
    pl.DataFrame(table).write_parquet(path, metadata={"trace": trace(code).dumps()})


def save_tensors(path: Path, arrays: dict[str, np.ndarray], code: str) -> None:
    save_file(arrays, path, metadata={"trace": trace(code).dumps()})


def save_chart(path: Path, tree: dict[str, Any], code: str) -> None:
    told = tree | {"title": f"trace {trace(code).key}"}
    path.write_bytes(embed(json.dumps(told).encode(), "vl.json", trace(code)))


def compared(tmp_path: Path, save: Saved, suffix: str, old: Any, new: Any) -> Difference:
    files = tmp_path / f"old{suffix}", tmp_path / f"new{suffix}"
    for file, content, code in zip(files, (old, new), ("before", "after"), strict=True):
        save(file, content, code)
    found = compare(*files)
    assert found is not None
    return found


TABLE = {"seed": [1, 2], "value": [0.5, None], "status": ["ok", "lost"]}
CASES = [
    (save_json, ".json", {"outcome": "supported", "value": 0.5}),
    (save_csv, ".csv", TABLE),
    (save_parquet, ".parquet", TABLE),
    (save_tensors, ".safetensors", {"theta": np.ones((2, 3), np.float32)}),
    (save_chart, ".vl.json", {"datasets": {"data-1": [{"y": 1.5}]}, "data": {"name": "data-1"}}),
]


@pytest.mark.parametrize(("save", "suffix", "content"), CASES)
def test_files_that_differ_in_their_trace_alone_say_the_same(
    tmp_path: Path, save: Saved, suffix: str, content: Any
) -> None:
    found = compared(tmp_path, save, suffix, content, content)
    assert (tmp_path / f"old{suffix}").read_bytes() != (tmp_path / f"new{suffix}").read_bytes()
    assert found.equal


@pytest.mark.parametrize(
    ("save", "suffix", "old", "new"),
    [
        (save_csv, ".csv", TABLE, TABLE | {"value": [0.5, 0.5]}),
        (save_parquet, ".parquet", TABLE, TABLE | {"status": ["ok", "ok"]}),
        (save_parquet, ".parquet", TABLE, {name: values[:1] for name, values in TABLE.items()}),
        (save_tensors, ".safetensors", {"x": np.zeros(3)}, {"x": np.zeros(4)}),
        (save_tensors, ".safetensors", {"x": np.zeros(3)}, {"x": np.zeros(3, np.int64)}),
        (save_json, ".json", {"reason": "in 3 of 4 cells"}, {"reason": "in 3 of 4 rooms"}),
        (save_json, ".json", {"value": 1.0}, {"value": None}),
        (save_json, ".json", {"cells": [{"name": "a"}]}, {"cells": [{"name": "a"}, {"name": "b"}]}),
        (save_json, ".json", {"value": None}, {"value": "null"}),
        (save_json, ".json", {"value": 5}, {"value": "5"}),
        (save_json, ".json", {"cells": []}, {}),
        (save_json, ".json", {"a": {"b": 1}}, {"a.b": 1}),
        (save_json, ".json", {"runs": 16}, {"runs": 17}),
        (save_json, ".json", {"reason": "x1.5"}, {"reason": "x#"}),
        (save_json, ".json", {"reason": "in 13 of 14 cells"}, {"reason": "in 14 of 14 cells"}),
        (save_csv, ".csv", {"a": [1], "b": [2]}, {"b": [1], "a": [2]}),
        (save_csv, ".csv", {"a": ["1\n2", "3"]}, {"a": ["1", "2\n3"]}),
        (save_parquet, ".parquet", {"a": [1]}, {"a": [1], "nulls": ["x"]}),
    ],
)
def test_other_words_and_other_shapes_are_told(tmp_path: Path, save: Saved, suffix: str, old: Any, new: Any) -> None:
    found = compared(tmp_path, save, suffix, old, new)
    assert found.told
    assert not found.equal
    assert not found.decided


@pytest.mark.parametrize("key", ["outcome", "word", "turn"])
def test_a_word_that_decides_is_apart_from_other_words(tmp_path: Path, key: str) -> None:
    old, new = ({"cells": [{"name": "digits", key: word}]} for word in ("supported", "contradicted"))
    assert compared(tmp_path, save_json, ".json", old, new).decided == [f'cells["digits"].{key}']


@pytest.mark.parametrize(("factor", "beyond"), [(1 + 5e-6, []), (1 + 5e-5, ["value"])])
def test_numbers_are_compared_to_rounding(tmp_path: Path, factor: float, beyond: list[str]) -> None:
    found = compared(tmp_path, save_parquet, ".parquet", {"value": [4.0, 1.0]}, {"value": [4.0 * factor, 1.0]})
    assert found.beyond == [f"column {name}" for name in beyond]
    assert found.largest == pytest.approx(factor - 1, rel=1e-3)
    assert not found.equal
    assert found.changes[0].again.startswith(f"{4 * factor:.9g}")


def test_numbers_in_words_are_numbers(tmp_path: Path) -> None:
    found = compared(tmp_path, save_json, ".json", {"reason": "of −.5 and 2e-3"}, {"reason": "of −.6 and 2e-3"})
    assert found.beyond == ["reason"]
    assert not found.told
    assert compared(tmp_path, save_json, ".json", {"reason": "of 0.5"}, {"reason": "of .5"}).equal


@pytest.mark.parametrize(
    ("save", "suffix", "old", "new"),
    [
        (save_parquet, ".parquet", {"loss": [2.3, 1e-6]}, {"loss": [2.3, 2e-5]}),
        (save_parquet, ".parquet", {"step": [200_000, 1]}, {"step": [200_000, 2]}),
        (save_parquet, ".parquet", {"seed": [2**60]}, {"seed": [2**60 + 1]}),
        (save_json, ".json", {"reason": "p = 0.900 of 1000000.0"}, {"reason": "p = 0.001 of 1000000.0"}),
        (save_tensors, ".safetensors", {"x": np.array([1, 5e-4], np.float16)}, {"x": np.array([1, -3e-4], np.float16)}),
    ],
)
def test_small_numbers_do_not_hide_beside_large_ones(
    tmp_path: Path, save: Saved, suffix: str, old: Any, new: Any
) -> None:
    assert compared(tmp_path, save, suffix, old, new).beyond


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b'{"outcome": "supported", "outcome": "contradicted"}'),
        ("a.json", b'{"datasets": [1]}'),
        ("a.json", b'{"usermeta": [1]}'),
        ("a.json", b'{"value": 1' + b"0" * 5000 + b"}"),
        ("a.parquet", b"PAR1"),
        ("a.safetensors", b"\x08\0\0\0\0\0\0\0{}"),
    ],
)
def test_a_recorded_file_that_cannot_be_read_differs(tmp_path: Path, name: str, content: bytes) -> None:
    good, suffix = tmp_path / "good", Path(name).suffix
    good.mkdir()
    save = {".json": save_json, ".parquet": save_parquet, ".safetensors": save_tensors}[suffix]
    save(good / name, {"x": np.ones(1)} if suffix == ".safetensors" else {"outcome": "supported"}, "code")
    (tmp_path / name).write_bytes(content)
    found = compare(tmp_path / name, good / name)
    assert found is not None
    assert not found.equal
    assert found.told or found.beyond


def test_one_step_of_half_precision_is_rounding(tmp_path: Path) -> None:
    half = np.array([3.234375, 1.0], np.float16)
    found = compared(tmp_path, save_tensors, ".safetensors", {"x": half}, {"x": np.nextafter(half, np.float16(0))})
    assert not found.beyond
    assert not found.equal


def test_a_number_that_is_lost_is_no_rounding(tmp_path: Path) -> None:
    found = compared(tmp_path, save_parquet, ".parquet", TABLE, TABLE | {"value": [None, 0.5]})
    assert found.beyond == ["column value", "nulls of value"]
    whole, lost = np.array([1.0, 2.0]), np.array([1.0, np.nan])
    assert compared(tmp_path, save_tensors, ".safetensors", {"x": whole}, {"x": lost}).beyond == ["x"]
    assert compared(tmp_path, save_tensors, ".safetensors", {"x": lost}, {"x": lost}).equal


def test_elements_of_one_name_do_not_hide_each_other(tmp_path: Path) -> None:
    old = {"cells": [{"name": "a", "value": 1.0}, {"name": "a", "value": 2.0}]}
    new = {"cells": [{"name": "a", "value": 9.0}, {"name": "a", "value": 2.0}]}
    assert compared(tmp_path, save_json, ".json", old, new).beyond == ["cells[0].value"]


def test_data_of_a_chart_are_compared_though_their_names_are_digests_of_them(tmp_path: Path) -> None:
    def chart(name: str, value: float) -> dict[str, Any]:
        return {"datasets": {name: [{"y": value}]}, "vconcat": [{"data": {"name": name}}]}

    found = compared(tmp_path, save_json, ".json", chart("data-0a1b", 1.0), chart("data-9f8e", 1.5))
    assert (found.beyond, found.told) == (["datasets.data_0[0].y"], [])


def test_pixels_are_not_read(tmp_path: Path) -> None:
    assert compare(tmp_path / "a.png", tmp_path / "b.png") is None


@settings(deadline=None)  # it writes files
@given(st.lists(st.floats(allow_nan=True, width=32), min_size=1, max_size=5))
def test_every_number_of_a_table_is_a_leaf(tmp_path_factory: pytest.TempPathFactory, values: list[float]) -> None:
    path = tmp_path_factory.mktemp("table") / "table.parquet"
    save_parquet(path, {"value": values}, "code")
    np.testing.assert_array_equal(leaves(path)["column value"].numbers, np.array(values))
