import polars as pl
import pytest

from nominima.judging.evidence import Missing
from nominima.judging.lanes import blocks, each_cell, lanes, largest

IDENTITY = {
    "sweep": "sizes", "dataset": "digits", "examples": None, "noise": 0.0, "model": "mlp",
    "optimizer": "adam", "rate": 0.001, "tuned": False, "l2": 0.0,
}  # fmt: skip
SCHEMA = {
    "sweep": pl.String, "run": pl.String, "dataset": pl.String, "examples": pl.Int64, "noise": pl.Float64,
    "model": pl.String, "size": pl.Int64, "parameters": pl.Int64, "optimizer": pl.String, "rate": pl.Float64,
    "tuned": pl.Boolean, "l2": pl.Float64, "seed": pl.Int64, "step": pl.Int64, "status": pl.String, "norm": pl.Float64,
}  # fmt: skip


def rows(size, seed, norms, status=(), **identity):
    base = IDENTITY | {"run": f"sizes/w{size}", "size": size, "parameters": 10 * size, "seed": seed} | identity
    states = [*status, *["ok"] * (len(norms) - len(status))]
    told = zip(range(len(norms)), states, norms, strict=True)
    return [base | dict(zip(("step", "status", "norm"), each, strict=True)) for each in told]


def table(*parts):
    return pl.DataFrame([row for part in parts for row in part], schema=SCHEMA)


LAST = pl.col("norm").sort_by("step").last()


def test_a_lane_is_a_run_and_a_seed():
    found = lanes(table(rows(8, 2, [1, 3]), rows(4, 2, [1, 5]), rows(4, 1, [1, 2])), LAST)
    assert found.rows() == [
        ("digits, noise 0.0", 40.0, 1, 2.0), ("digits, noise 0.0", 40.0, 2, 5.0), ("digits, noise 0.0", 80.0, 2, 3.0)
    ]  # fmt: skip
    assert found.columns == ["cell", "size", "seed", "value"]


@pytest.mark.parametrize(
    "lost",
    [rows(4, 1, [1, None], ["ok", "diverged"]), rows(4, 1, [1, 2], ["diverged"]), rows(4, 1, [1, None])],
)
def test_a_diverged_or_empty_lane_is_kept_with_a_null(lost):
    assert lanes(table(lost), LAST)["value"].to_list() == [None]


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
def test_what_is_not_finite_is_null(odd):
    assert lanes(table(rows(4, 1, [1, odd])), LAST)["value"].to_list() == [None]


def test_cells_are_named_by_what_varies():
    found = lanes(
        table(
            rows(4, 1, [1], run="a"),
            rows(4, 1, [1], run="b", noise=0.2),
            rows(4, 1, [1], run="c", optimizer="sgd"),
            rows(4, 1, [1], run="d", examples=100),
        ),
        LAST,
    )
    assert found["cell"].to_list() == [
        "digits, noise 0.0, 100 examples, adam", "digits, noise 0.0, all examples, adam",
        "digits, noise 0.0, all examples, sgd", "digits, noise 0.2, all examples, adam",
    ]  # fmt: skip


def test_a_tuned_rate_is_a_condition_of_its_own():
    tuned = rows(4, 1, [2], run="tuned/w4", sweep="tuned", rate=0.01, tuned=True)
    found = lanes(table(rows(4, 1, [1]), tuned), LAST)
    assert found["cell"].to_list() == ["digits, noise 0.0, fixed rate", "digits, noise 0.0, tuned rate"]


def test_sweeps_are_named_where_nothing_else_tells_them_apart():
    found = lanes(table(rows(4, 1, [1]), rows(4, 1, [1], run="tuned/w4", sweep="tuned", rate=0.01)), LAST)
    assert found["cell"].to_list() == ["digits, noise 0.0, sweep sizes", "digits, noise 0.0, sweep tuned"]


def test_runs_that_nothing_tells_apart_are_missing_evidence():
    with pytest.raises(Missing, match="sizes/deep, sizes/w4"):
        lanes(table(rows(4, 1, [1]), rows(4, 1, [1], run="sizes/deep")), LAST)


def test_no_rows_no_lanes():
    assert lanes(table(), LAST).is_empty()
    assert each_cell(lanes(table(), LAST)) == []


def test_blocks_are_the_seeds_with_all_sizes():
    found = lanes(
        table(
            rows(4, 1, [1]), rows(8, 1, [2]), rows(4, 2, [3]), rows(8, 2, [4]),
            rows(4, 3, [5]), rows(8, 3, [6], ["diverged"]), rows(4, 4, [7]),
        ),
        LAST,
    )  # fmt: skip
    block = blocks(found)
    assert block.sizes.tolist() == [40, 80]
    assert block.seeds == [1, 2]
    assert block.values.tolist() == [[1, 2], [3, 4]]
    assert block.lost == 1
    assert largest(found)["value"].to_list() == [2, 4, None]


def test_blocks_may_be_empty():
    block = blocks(lanes(table(rows(4, 1, [1]), rows(8, 2, [2])), LAST))
    assert (block.seeds, block.values.shape, block.lost) == ([], (0, 2), 0)


def test_each_cell_by_name():
    found = lanes(table(rows(4, 1, [1], run="b", noise=0.2), rows(4, 1, [1])), LAST)
    assert [(cell, part.height) for cell, part in each_cell(found)] == [
        ("digits, noise 0.0", 1), ("digits, noise 0.2", 1)
    ]  # fmt: skip
