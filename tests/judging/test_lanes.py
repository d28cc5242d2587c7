import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nominima.judging.lanes import conditions, each_cell, lanes, largest, legend, named, paired
from nominima.planning.knobs import KNOBS

BASE = {
    "sweep": "sizes", "dataset": "digits", "noise": 0.0, "teacher.run": None, "teacher.kind": None, "model": "mlp",
    "gain": 1.0, "optimizer": "adam", "rate": 0.001, "tuned": False, "schedule": "constant", "l2": 0.0, "decay": 0.0,
    "dropout": 0.0, "prune.keep": None, "pacing.order": None, "batch": 100, "steps": 60, "model.depth": 2,
    "optimizer.beta1": 0.9,
}  # fmt: skip
SCHEMA = {
    "run": pl.String, "size": pl.Int64, "parameters": pl.Int64, "seed": pl.Int64, "step": pl.Int64,
    "status": pl.String, "norm": pl.Float64, "teacher.run": pl.String, "teacher.kind": pl.String,
    "prune.keep": pl.Float64, "pacing.order": pl.String,
}  # fmt: skip
LAST = pl.col("norm").sort_by("step").last()


def rows(size, seed, norms, status=(), **identity):
    knobs = {name.replace("__", "."): value for name, value in identity.items()}
    base = BASE | {"run": f"sizes/w{size}", "size": size, "parameters": 10 * size, "seed": seed} | knobs
    states = [*status, *["ok"] * (len(norms) - len(status))]
    told = zip(range(len(norms)), states, norms, strict=True)
    return [base | dict(zip(("step", "status", "norm"), each, strict=True)) for each in told]


def table(*parts):
    kinds = {name: pl.Series([value]).dtype for name, value in BASE.items() if value is not None}
    return pl.DataFrame([row for part in parts for row in part], schema=SCHEMA | kinds)


def grid(*, sizes=(4, 8), seeds=(1, 2), **identity):
    """A sweep: a table of norms that are 10 × size + seed."""
    return table(*(rows(size, seed, [10 * size + seed], **identity) for size in sizes for seed in seeds))


def names(frame):
    return [cell for cell, _ in each_cell(frame)]


def test_a_lane_is_a_run_and_a_seed():
    found = lanes(table(rows(8, 2, [1, 3]), rows(4, 2, [1, 5]), rows(4, 1, [1, 2])), LAST)
    assert found.select("dial", "size", "seed", "value", "status").rows() == [
        (4, 40.0, 1, 2.0, "ok"), (4, 40.0, 2, 5.0, "ok"), (8, 80.0, 2, 3.0, "ok"),
    ]  # fmt: skip
    assert set(conditions(found)) == BASE.keys() - {"sweep"}
    assert (found.schema["noise"], found.schema["model.depth"]) == (pl.Float64, pl.Int64)


@pytest.mark.parametrize(
    ("lost", "why"),
    [
        (rows(4, 1, [1, None], ["ok", "diverged"]), "diverged"),
        (rows(4, 1, [1, 2], ["diverged"]), "diverged"),
        (rows(4, 1, [1, None]), "lost"),
    ],
)
def test_a_diverged_or_empty_lane_is_kept_with_a_null_and_says_why(lost, why):
    assert lanes(table(lost), LAST).select("value", "status").rows() == [(None, why)]


def test_at_a_stop_a_lane_that_is_best_at_its_end_is_censored():
    late = table(rows(4, 1, [1, 3]), rows(4, 2, [1, 5])).with_columns(censored=pl.col("seed") == 1)
    assert lanes(late, LAST, stopped=True).select("value", "status").rows() == [(None, "censored"), (5.0, "ok")]
    assert lanes(late, LAST)["value"].to_list() == [3.0, 5.0]
    other = late.rename({"censored": "censored_accuracy"})
    assert lanes(other, LAST, stopped=True, censored="censored_accuracy")["value"].to_list() == [None, 5.0]
    assert lanes(other, LAST, stopped=True)["value"].to_list() == [3.0, 5.0]


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
def test_what_is_not_finite_is_null(odd):
    assert lanes(table(rows(4, 1, [1, odd])), LAST)["value"].to_list() == [None]


CHANGES = {
    "depth 3": {"model__depth": 3},
    "dropout 0.5": {"dropout": 0.5},
    "schedule linear": {"schedule": "linear"},
    "batch 10": {"batch": 10},
    "rate 0.002": {"rate": 0.002},
    "tuned rate": {"tuned": True, "rate": 0.01},
    "teacher soft": {"teacher__kind": "soft", "teacher__run": "teachers/{size}"},
    "pacing random": {"pacing__order": "random"},
    "prune keep 0.5": {"prune__keep": 0.5},
    "decay 0.1": {"decay": 0.1},
    "gain 3.0": {"gain": 3.0},
    "beta1 0.5": {"optimizer__beta1": 0.5},
    "900 steps": {"steps": 900},
    "sgd": {"optimizer": "sgd"},
    "noise 0.2": {"noise": 0.2},
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_knob_makes_a_cell_of_its_own_and_leaves_the_others_as_they_are(name):
    usual = lanes(grid(), LAST)
    both = lanes(pl.concat([grid(), grid(sweep="other", run="other", **CHANGES[name])]), LAST)
    cells = dict(each_cell(both))
    assert len(cells) == 2
    [changed] = [cell for cell in cells if cell.endswith(f", {name}")]
    [other] = cells.keys() - {changed}
    assert_frame_equal(cells[other], usual)
    assert cells[changed].select("size", "seed", "value").equals(usual.select("size", "seed", "value"))


ANOTHER = {"Boolean": True, "Int64": 77, "Float64": 0.77, "String": "another"}


@pytest.mark.parametrize("knob", sorted(KNOBS.keys() - {"size"}))
def test_whatever_is_a_knob_is_a_condition(knob):
    """Of all that a training has, today and later, but its size."""
    kind = KNOBS[knob].kind
    usual = grid() if knob in BASE else grid().with_columns(pl.lit(None, getattr(pl, kind)).alias(knob))
    other = usual.with_columns(pl.lit(ANOTHER[kind], getattr(pl, kind)).alias(knob), run=pl.lit("other"))
    cells = each_cell(lanes(pl.concat([usual, other]), LAST))
    assert [part.height for _, part in cells] == [usual.height] * 2
    assert all("twice" not in part["status"] for _, part in cells)


def test_a_rate_of_one_size_is_no_point_of_the_size_axis():
    found = lanes(pl.concat([grid(), grid(sizes=(16,), rate=0.002)]), LAST)
    assert [(name, sorted(set(part["size"]))) for name, part in each_cell(found)] == [
        ("digits, noise 0.0, rate 0.001", [40, 80]), ("digits, noise 0.0, rate 0.002", [160])
    ]  # fmt: skip


def test_rates_of_a_tuned_run_are_one_condition():
    found = lanes(pl.concat([grid(sizes=(4,), tuned=True, rate=0.1), grid(sizes=(8,), tuned=True, rate=0.01)]), LAST)
    assert names(found) == ["digits, noise 0.0"]


def test_sweeps_are_no_condition():
    found = lanes(pl.concat([grid(sizes=(4,)), grid(sizes=(8,), sweep="wide", run="wide/w8")]), LAST)
    assert [(name, part.height) for name, part in each_cell(found)] == [("digits, noise 0.0", 4)]


def test_steps_are_no_condition_of_what_is_read_at_a_stop_under_a_constant_rate():
    both = pl.concat([grid(sizes=(4,), steps=900), grid(sizes=(8,))])
    assert names(lanes(both, LAST)) == ["digits, noise 0.0, 60 steps", "digits, noise 0.0, 900 steps"]
    assert names(lanes(both, LAST, stopped=True)) == ["digits, noise 0.0"]
    falling, paced = pl.lit("linear").alias("schedule"), pl.lit("random").alias("pacing.order")
    for moved in (falling, paced):
        assert len(names(lanes(both.with_columns(moved), LAST, stopped=True))) == 2


def test_two_runs_of_one_condition_are_said_in_their_row_and_the_longer_one_counts():
    again = table(rows(4, 1, [7], run="a/long", steps=90), rows(8, 1, [9], run="b/again"))
    found = lanes(pl.concat([grid(), again]), LAST, stopped=True)
    assert found.select("dial", "seed", "value", "status").rows() == [
        (4, 1, 7.0, "twice"), (4, 2, 42.0, "ok"), (8, 1, 9.0, "twice"), (8, 2, 82.0, "ok")
    ]  # fmt: skip
    assert [part.height for _, part in each_cell(found)] == [4]


def test_names_tell_cells_apart_in_as_few_words_as_do():
    found = lanes(
        pl.concat(
            [
                grid(), grid(noise=0.2), grid(dataset="mnist1d", batch=50),
                grid(optimizer="sgd", optimizer__beta1=None),
            ]
        ), LAST,
    )  # fmt: skip
    assert names(found) == [
        "digits, noise 0.0, adam", "digits, noise 0.0, sgd", "digits, noise 0.2, adam", "mnist1d, noise 0.0, adam",
    ]  # fmt: skip


def test_a_legend_names_the_cells_of_all_frames_of_a_claim_alike():
    one, other = lanes(grid(), LAST), lanes(pl.concat([grid(), grid(batch=10)]), LAST)
    known = legend(one, other)
    assert [cell for cell, _ in each_cell(one, known)] == ["digits, noise 0.0, batch 100"]
    both = ["digits, noise 0.0, batch 10", "digits, noise 0.0, batch 100"]
    assert [cell for cell, _ in each_cell(other, known)] == both
    laws = pl.DataFrame({"law": ["a", "b"], "size": [1.0, 1.0], "seed": [1, 1], "value": [1.0, 2.0]})
    assert named(laws)["cell"].to_list() == ["a", "b"]
    mixed = legend(one, laws)
    assert [cell for cell, _ in each_cell(one, mixed)] == ["digits, noise 0.0"]


def test_frames_are_paired_on_all_their_conditions():
    left, right = lanes(pl.concat([grid(), grid(noise=0.2)]), LAST), lanes(grid(seeds=(2, 3)), LAST)
    assert paired(left, right).select("noise", "dial", "seed", "value_right").rows() == [
        (0.0, 4, 2, 42.0), (0.0, 8, 2, 82.0)
    ]  # fmt: skip
    taught = lanes(grid(teacher__kind="soft", teacher__run="t/{size}"), LAST)
    assert paired(taught, right).is_empty()
    assert paired(taught, right, but=("teacher",)).height == 2
    two = lanes(pl.concat([grid(), grid(gain=3.0)]), LAST)
    assert paired(taught, two, but=("teacher", "gain"))["value_right"].to_list() == [None] * 4


def test_no_rows_no_lanes():
    assert lanes(table(), LAST).is_empty()
    assert each_cell(lanes(table(), LAST)) == []


def test_the_largest_size_is_that_of_each_cell():
    found = largest(lanes(pl.concat([grid(), grid(sizes=(4,), noise=0.2)]), LAST))
    assert found.select("noise", "dial").unique().sort("noise").rows() == [(0.0, 8), (0.2, 4)]
