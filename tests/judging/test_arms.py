import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nominima.judging.arms import arms, inner_lowest, inside, less, lowest, strongest
from nominima.judging.lanes import conditions


def frame(*rows, **knobs):
    """(dataset, size, l2, seed, value) as lanes."""
    columns = ("dataset", "size", "l2", "seed", "value")
    made = pl.DataFrame([dict(zip(columns, row, strict=True)) for row in rows])
    same = {"optimizer": "adam", "decay": 0.0, "start.kind": None, "start.run": None} | knobs
    kinds = {"start.kind": pl.String, "start.run": pl.String}
    return made.with_columns(
        pl.col("size").cast(pl.Float64), dial=pl.col("size"),
        **{name: pl.lit(value, kinds.get(name)) for name, value in same.items()},
    )  # fmt: skip


FRAME = frame(
    ("a", 4, 0.0, 1, 1.0), ("a", 4, 0.0, 2, 2.0), ("a", 4, 0.1, 1, 1.5), ("a", 4, 0.1, 2, 2.25),
    ("a", 4, 0.5, 1, 1.25), ("a", 4, 0.5, 2, 2.5), ("a", 8, 0.0, 1, 9.0), ("b", 4, 0.0, 1, 9.0),
)  # fmt: skip

ARMS = (0.01, 0.1, 1.0)


def test_arms_are_networks_that_differ_in_one_knob():
    found = arms(FRAME, "l2")
    assert set(conditions(found)) == {"dataset", "optimizer", "decay", "start.kind", "start.run"}
    assert found.sort("arm", "seed").select("arm", "seed", "value").rows() == [
        (0.0, 1, 1.0), (0.0, 2, 2.0), (0.1, 1, 1.5), (0.1, 2, 2.25), (0.5, 1, 1.25), (0.5, 2, 2.5)
    ]  # fmt: skip
    assert arms(FRAME.filter(l2=0.0), "l2").is_empty()
    assert arms(FRAME, "l2", among=0.5).height == 6
    assert arms(FRAME.filter(pl.col("l2") < 0.5), "l2", among=0.5).is_empty()


@pytest.mark.parametrize("other", [{"decay": 0.1}, {"optimizer": "sgd"}, {"start.kind": "copy"}])
def test_networks_of_another_condition_are_no_partners_and_change_nothing(other):
    unrelated = frame(("a", 4, 0.0, 1, 7.0), ("a", 4, 0.1, 1, 8.0), ("a", 4, 0.0, 2, 7.0), **other)
    both = arms(pl.concat([FRAME, unrelated]), "l2")
    [(knob, value)] = other.items()
    usual = both.filter(pl.col(knob).ne_missing(pl.lit(value)))
    assert_frame_equal(usual, arms(FRAME, "l2"))
    assert both.height == usual.height + 3


def test_a_part_that_some_do_not_have_is_an_arm():
    taken = frame(("a", 4, 0.0, 1, 3.0), **{"start.kind": "copy", "start.run": "x/{size}"})
    found = arms(pl.concat([FRAME, taken]), "start.kind")
    assert found.select("arm", "seed", "value").rows() == [(None, 1, 1.0), (None, 2, 2.0), ("copy", 1, 3.0)]
    assert less(found, None).select("arm", "value").rows() == [("copy", 2.0)]
    assert less(found, "copy").select("arm", "seed", "value").rows() == [(None, 1, -2.0)]


def test_depths_are_compared_at_the_same_dial_although_their_sizes_differ():
    deep = [FRAME.filter(l2=0.0).with_columns(pl.col("size") * depth, **{"model.depth": depth}) for depth in (1, 2)]
    found = less(arms(pl.concat(deep), "model.depth"), 1)
    assert found.select("dial", "size", "arm", "value").unique(maintain_order=True).rows() == [
        (4, 8.0, 2, 0.0), (8, 16.0, 2, 0.0)
    ]  # fmt: skip


def test_families_with_the_same_option_are_not_pooled():
    """A transformer of depth 1 says nothing of a perceptron of depth 2, whatever their sizes."""
    deep = [
        FRAME.filter(l2=0.0).with_columns(
            dial=pl.col("dial") * by, size=pl.col("size") * by, model=pl.lit(model), **{"model.depth": depth}
        )
        for model, by in (("mlp", 1), ("transformer", 2))
        for depth in (1, 2)
    ]
    assert arms(pl.concat(deep), "model.depth")["model"].unique().sort().to_list() == ["mlp", "transformer"]
    assert arms(pl.concat([deep[0], deep[3]]), "model.depth").is_empty()


def test_differences_are_of_the_same_seed():
    found = less(arms(FRAME, "l2"), 0.0)
    rows = {(arm, seed): value for arm, seed, value in found.select("arm", "seed", "value").rows()}
    assert rows == {(0.1, 1): 0.5, (0.5, 1): 0.25, (0.1, 2): 0.25, (0.5, 2): 0.5}


@pytest.mark.parametrize(("first", "best"), [(1.5, 0.1), (1.6, 0.5)])
def test_the_lowest_mean_is_found_and_of_equals_the_first(first, best):
    changed = pl.when((pl.col("l2") == 0.1) & (pl.col("seed") == 1)).then(first).otherwise("value").alias("value")
    best_arm = lowest(arms(FRAME.with_columns(changed), "l2").filter(pl.col("arm") > 0))
    assert best_arm.select("dataset", "size", "arm").rows() == [("a", 4.0, best)]


def test_an_inner_arm_has_its_lanes_and_one_at_an_edge_has_lost_ones():
    curves = {1: (2.0, 1.0, 3.0), 2: (1.0, 2.0, 3.0), 3: (3.0, 2.0, 1.0)}
    rows = [("a", size, l2, 1, value) for size, its in curves.items() for l2, value in zip(ARMS, its, strict=True)]
    found = arms(frame(*rows).with_columns(status=pl.lit("ok")), "l2")
    best = inner_lowest(found, 3)
    assert best.sort("size").select("size", "arm", "edge").rows() == [
        (1, 0.1, False), (2, 0.01, True), (3, 1.0, True)
    ]  # fmt: skip
    kept = inside(found, best).sort("size")
    assert kept.select("size", "value", "status").rows() == [(1, 1.0, "ok"), (2, None, "edge"), (3, None, "edge")]
    assert conditions(kept) == conditions(found)
    assert inner_lowest(found, 4).is_empty()
    assert inside(found, inner_lowest(found, 4)).is_empty()


def test_the_strongest_arm_of_each_cell():
    assert strongest(arms(FRAME, "l2")).sort("seed").select("seed", "value").rows() == [(1, 1.25), (2, 2.5)]
