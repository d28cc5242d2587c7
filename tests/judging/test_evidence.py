import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nominima.ground.files import Refusal
from nominima.judging.evidence import Evidence, Missing, load, read_trends, write_trends
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


RECORD = pl.DataFrame(
    [
        {"cell": cell, "decides": cell == "a, 8", "dataset": "d", "noise": noise, "size": 4.0**at, "seed": seed,
         "value": None if (seed, at) == (7, 2) else at / 3, "status": "diverged" if (seed, at) == (7, 2) else "ok"}
        for cell, noise in (("a, 8", 0.2), ("b", None)) for at in range(1, 4) for seed in (300, 7)
    ],
    infer_schema_length=None,
)  # fmt: skip


def test_what_a_trend_is_told_from_is_read_as_it_was_stored(tmp_path):
    file = tmp_path / "c9a_some.trends.csv"
    write_trends(file, RECORD, TRACE)
    assert file.read_text().splitlines()[1] == "cell,decides,dataset,noise,size,7,300"
    read = load([file])["trends"]
    assert read.columns == ["claim", *RECORD.columns]
    key = ["cell", "size", "seed"]
    expected = RECORD.with_columns(pl.col("noise").cast(pl.String)).sort(key)
    assert_frame_equal(read.drop("claim").sort(key), expected)
    assert set(read["claim"]) == {"c9a_some"}


def test_trends_of_several_claims_are_one_table_beside_the_measurements(tmp_path):
    files = [tmp_path / f"c9{name}.trends.csv" for name in "ba"]
    write_trends(files[0], RECORD.with_columns(l2=0.1), TRACE)
    write_trends(files[1], RECORD, TRACE)
    told = load([*files, put(tmp_path, "digits", 1)])
    assert "input_distances" in told
    assert told["trends"].select("claim", "l2").unique(maintain_order=True).rows() == [("c9a", None), ("c9b", "0.1")]


def test_a_claim_without_a_trend_leaves_an_empty_table(tmp_path):
    write_trends(tmp_path / "c9.trends.csv", RECORD.clear(), TRACE)
    with pytest.raises(Missing, match="there is no measurement of trends"):
        load([tmp_path / "c9.trends.csv"])["trends"]


DAMAGED = [
    b"cell,decides,size,300\na,true,4.0,1\n",
    b"# trace {}\ncell,size,300\na,4.0,1\n",
    b"# trace {}\n",
    b"# trace {}\ncell,decides,size,300\na,true,wide,1\n",
]


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_trends_are_refused_by_name(tmp_path, damage):
    file = tmp_path / "c9.trends.csv"
    file.write_bytes(damage)
    with pytest.raises(Refusal, match=r"c9\.trends\.csv: no trends of a claim"):
        read_trends(file)
