import io
import math

import polars as pl
import pytest
from pydantic import create_model

from nominima.ground.files import Refusal
from nominima.measuring.table import IDENTITY, frame, read_table, schema, write_table
from nominima.planning import shelf
from nominima.tracing.trace import Trace

TRACE = Trace(verb="measure", spec={"subject": "runs/sizes/w4"}, code="c", inputs={}, environment={})
TYPES = {"seed": "Int64", "step": "Int64", "status": "String", "norm": "Float64", "slope": "Float64?"}
KEY = ("seed", "step")


@pytest.fixture(autouse=True)
def declared(monkeypatch):
    """Measures `made` and `bare` (without a status) on the shelf."""
    declarations = {
        "made": {"OF": "dataset", "KEY": KEY, "SCHEMA": TYPES},
        "bare": {"OF": "theory", "KEY": ("seed",), "SCHEMA": {"seed": "Int64", "cv": "Float64"}},
    }
    monkeypatch.setattr(shelf, "constant", lambda folder, measure, name: declarations[measure][name])
    monkeypatch.setattr(shelf, "options", lambda folder, measure: create_model(measure, seeds=(int, 2)))


def rows(**changes) -> pl.DataFrame:
    columns = {
        "dataset": ["mnist1d"] * 3,
        "seed": [1, 1, 2],
        "step": [0, 5, 0],
        "status": ["ok", "ok", "diverged"],
        "norm": [1.0, 2.0, None],
        "slope": [None, 0.5, None],
    }
    return pl.DataFrame(columns).with_columns(**changes)


def test_a_table_comes_back_as_written(tmp_path):
    path = tmp_path / "made.parquet"
    write_table(path, rows(), TRACE)
    assert read_table(path).equals(rows())
    assert pl.read_parquet_metadata(path)["trace"] == TRACE.dumps()
    first = path.read_bytes()
    write_table(path, rows(), TRACE)
    assert path.read_bytes() == first


def test_identity_stands_in_front():
    assert list(schema("made").columns) == ["dataset", *TYPES]
    assert schema("made").measured == ["norm", "slope"]
    assert set(IDENTITY) == {"run", "dataset", "theory"}


FAULTS = {
    "columns norm are missing": lambda table: table.drop("norm"),
    "columns extra do not belong there": lambda table: table.with_columns(extra=pl.lit(1)),
    "columns stand in the order": lambda table: table.select(reversed(table.columns)),
    "column step is Int32, not Int64": lambda table: table.cast({"step": pl.Int32}),
    "column slope is String, not Float64": lambda table: table.cast({"slope": pl.String}),
    "column norm is null in row 1": lambda table: rows(norm=pl.Series([1.0, None, None])),
    "column norm is NaN or infinite in rows 0, 1": lambda table: rows(norm=pl.Series([math.nan, math.inf, None])),
    "column slope is NaN or infinite in row 2": lambda table: rows(slope=pl.Series([None, None, math.nan])),
    "column status is null in row 0": lambda table: rows(status=pl.Series([None, "ok", "ok"])),
    "column dataset is null in rows 0, 1, 2": lambda table: rows(dataset=pl.lit(None, pl.String)),
    r"the key \(seed, step\) is doubled in rows 0, 1": lambda table: rows(step=pl.Series([5, 5, 0])),
    "rows are not sorted by seed, step": lambda table: table.reverse(),
}


@pytest.mark.parametrize("message", FAULTS)
def test_a_wrong_table_is_neither_written_nor_read(tmp_path, message):
    path, wrong = tmp_path / "made.parquet", FAULTS[message](rows())
    with pytest.raises(Refusal, match=rf"made.parquet: not written, since measures/made.py.*{message}"):
        write_table(path, wrong, TRACE)
    assert not path.exists()
    wrong.write_parquet(path, metadata={"trace": TRACE.dumps()})
    with pytest.raises(Refusal, match=rf"made.parquet: {message}.*snakemake --cores all"):
        read_table(path)


def test_many_rows_are_counted_off(tmp_path):
    many = pl.DataFrame({"seed": range(9), "cv": [None] * 9}, schema={"seed": pl.Int64, "cv": pl.Float64})
    with pytest.raises(Refusal, match=r"column cv is null in rows 0, 1, 2, 3, 4, …"):
        write_table(tmp_path / "bare.parquet", many, TRACE)


@pytest.mark.parametrize(
    ("first", "seeds", "options", "lacking"),
    [(1, 2, {}, ""), (1, 5, {}, ""), (0, 9, {}, "seed 0 are"), (1, 4, {"seeds": 4}, "seeds 3, 4 are")],
)
def test_rows_of_every_seed_that_was_asked_for_are_there(tmp_path, first, seeds, options, lacking):
    spec = {"run": {"training": {"first_seed": first, "seeds": seeds}}, "measures": {"made": options}}
    write_table(tmp_path / "made.parquet", rows(), TRACE.model_copy(update={"spec": spec}))
    if lacking:
        with pytest.raises(Refusal, match=f"rows of the {lacking} missing; delete it"):
            read_table(tmp_path / "made.parquet")
    else:
        assert read_table(tmp_path / "made.parquet").equals(rows())


def test_an_empty_table_is_refused_unless_its_measure_failed(tmp_path):
    write_table(tmp_path / "made.parquet", rows().clear(), TRACE, "LinAlgError: singular")
    assert read_table(tmp_path / "made.parquet").is_empty()
    write_table(tmp_path / "made.parquet", rows().clear(), TRACE)
    with pytest.raises(Refusal, match=r"made.parquet: it holds no row"):
        read_table(tmp_path / "made.parquet")


def test_a_table_without_trace_is_refused(tmp_path):
    rows().write_parquet(tmp_path / "made.parquet")
    with pytest.raises(Refusal, match=r"made.parquet: it has no trace"):
        read_table(tmp_path / "made.parquet")


@pytest.mark.parametrize("size", [0, 3, 200])
def test_a_damaged_file_is_refused(tmp_path, size):
    path = tmp_path / "made.parquet"
    write_table(path, rows(), TRACE)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(Refusal, match=r"made.parquet: not a Parquet file"):
        read_table(path)
    with pytest.raises(Refusal, match=r"none/made.parquet: cannot be read"):
        read_table(tmp_path / "none" / "made.parquet")


def test_a_reader_that_panics_on_a_flipped_bit_is_a_damaged_file(tmp_path, monkeypatch):
    def panic(_):
        raise pl.exceptions.PanicException("assertion failed: offset + length <= self.length")

    write_table(tmp_path / "made.parquet", rows(), TRACE)
    monkeypatch.setattr(pl, "read_parquet", panic)
    with pytest.raises(Refusal, match=r"made.parquet: not a Parquet file \(assertion failed"):
        read_table(tmp_path / "made.parquet")


def test_frame_sorts_and_empties_what_is_not_defined():
    made = frame(
        {
            "norm": [9.0, math.inf, 3.0, 4.0],
            "slope": [1.0, 1.0, math.nan, 4.0],
            "step": [0, 5, 0, 5],
            "seed": [2, 1, 1, 2],
            "status": ["diverged", "ok", "ok", "ok"],
        },
        TYPES,
        KEY,
    )
    assert made.columns == list(TYPES)
    assert made.rows() == [
        (1, 0, "ok", 3.0, None),
        (1, 5, "not_finite", None, 1.0),
        (2, 0, "diverged", None, None),
        (2, 5, "ok", 4.0, 4.0),
    ]
    content = io.BytesIO()
    made.write_parquet(content)
