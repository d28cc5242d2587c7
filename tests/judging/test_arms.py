import polars as pl
import pytest
from polars.testing import assert_frame_equal

from nominima.judging.arms import arms, less_none, lowest


def runs(*rows):
    """(dataset, size, l2, seed, loss) as a run measure."""
    same = {
        "examples": None, "noise": 0.0, "model": "mlp", "optimizer": "adam", "tuned": False, "status": "ok",
    }  # fmt: skip
    return pl.DataFrame(
        [
            same | {"dataset": dataset, "size": size, "parameters": size * 10, "l2": l2, "seed": seed, "loss": loss,
                    "sweep": "decay" if l2 else "sizes", "run": f"{dataset}/{size}/{l2}"}
            for dataset, size, l2, seed, loss in rows
        ],
        schema_overrides={"examples": pl.Int64},
    )  # fmt: skip


TABLE = runs(
    ("a", 4, 0.0, 1, 1.0), ("a", 4, 0.0, 2, 2.0), ("a", 4, 0.1, 1, 1.5), ("a", 4, 0.1, 2, 2.25),
    ("a", 4, 0.5, 1, 1.25), ("a", 4, 0.5, 2, 2.5), ("a", 8, 0.0, 1, 9.0), ("b", 4, 0.0, 1, 9.0),
)  # fmt: skip
LOSS = pl.col("loss").first()


def test_arms_are_those_trained_both_ways_in_cells_of_one_name():
    found = arms(TABLE, "l2", LOSS)
    assert found["cell"].unique().to_list() == ["a, noise 0.0"]
    assert found.select("strength", "seed", "value").rows() == [
        (0.0, 1, 1.0), (0.0, 2, 2.0), (0.1, 1, 1.5), (0.1, 2, 2.25), (0.5, 1, 1.25), (0.5, 2, 2.5)
    ]  # fmt: skip
    assert arms(TABLE.filter(pl.col("l2") == 0), "l2", LOSS).is_empty()


def test_runs_of_a_tuned_rate_are_no_partner_of_those_with_a_prior():
    tuned = TABLE.filter(l2=0.0).with_columns(tuned=pl.lit(True), loss=pl.lit(7.0), run=pl.lit("tuned"))
    assert_frame_equal(arms(pl.concat([TABLE, tuned]), "l2", LOSS), arms(TABLE, "l2", LOSS))


def test_differences_are_of_the_same_seed():
    found = less_none(arms(TABLE, "l2", LOSS))
    rows = {(strength, seed): value for strength, seed, value in found.select("strength", "seed", "value").rows()}
    assert rows == {(0.1, 1): 0.5, (0.5, 1): 0.25, (0.1, 2): 0.25, (0.5, 2): 0.5}


@pytest.mark.parametrize(("first", "best"), [(1.5, 0.1), (1.6, 0.5)])
def test_the_lowest_mean_is_chosen_and_of_equals_the_weakest(first, best):
    changed = pl.when((pl.col("l2") == 0.1) & (pl.col("seed") == 1)).then(first).otherwise("loss").alias("loss")
    chosen = lowest(arms(TABLE.with_columns(changed), "l2", LOSS))
    expected = pl.DataFrame({"cell": ["a, noise 0.0"], "size": [40.0], "strength": [best]})
    assert_frame_equal(chosen, expected)
