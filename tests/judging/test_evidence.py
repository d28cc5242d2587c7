import polars as pl
import pytest

from nominima.ground.files import Refusal
from nominima.judging.evidence import Evidence, Missing, load
from nominima.measures import input_distances
from nominima.measuring.table import write_table
from nominima.tracing.trace import Trace

TRACE = Trace(verb="measure", spec={}, code="0", inputs={}, environment={})


def put(folder, dataset, seed):
    row = {"dataset": dataset, "seed": seed, "cv": 0.1, "dimension": 64, "effective_dimension": 8.0}
    write_table(folder / "input_distances.parquet", pl.DataFrame([row]), TRACE)
    return folder / "input_distances.parquet"


def test_tables_of_a_measure_are_put_together_in_the_order_of_their_paths(tmp_path):
    paths = [put(tmp_path / "b", "mnist1d", 2), put(tmp_path / "a", "digits", 1)]
    table = load(paths)["input_distances"]
    assert table.columns == ["dataset", *input_distances.SCHEMA]
    assert table["dataset"].to_list() == ["digits", "mnist1d"]


def test_a_measure_without_rows_is_missing_by_name(tmp_path):
    table = load([put(tmp_path, "digits", 1)])["input_distances"]
    evidence = Evidence({"input_distances": table, "norms": table.clear()})
    assert "input_distances" in evidence
    for measure in ("norms", "line"):
        assert measure not in evidence
        with pytest.raises(Missing, match=measure):
            evidence[measure]


def test_damaged_table_is_refused_by_name(tmp_path):
    file = put(tmp_path, "digits", 1)
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(Refusal, match=r"input_distances\.parquet"):
        load([file])
