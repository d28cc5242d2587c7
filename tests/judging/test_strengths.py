import polars as pl
import pytest

from nominima.judging.strengths import PENALTIES, Tried, after, along, free, strengths, validated

ARMS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
SEEDS = (1, 2, 3)


def frame(value, widths=(16, 64), knob="l2", rates=(0.1, 0.2)):
    """Networks of two rates without a penalty at every width, and with one at the largest width and the first rate."""
    bare = [{"size": width, "rate": rate} for width in widths for rate in rates]
    held = [{"size": max(widths), "rate": rates[0], knob: arm} for arm in (ARMS if knob else ())]
    rows = [
        {"dataset": "made", "rate": its["rate"], **{name: its.get(name, 0.0) for name in PENALTIES},
         "dial": its["size"], "size": 10.0 * its["size"], "seed": seed, "status": "ok",
         "value": value(its | {"seed": seed})}
        for its in (*bare, *held) for seed in SEEDS
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"value": pl.Float64})


def from_best(best, knob="l2"):
    return frame(lambda its: abs(its.get(knob, 9.0) - best), knob=knob)


@pytest.mark.parametrize("knob", PENALTIES)
def test_the_strength_with_the_lowest_mean_is_chosen_and_read_elsewhere(knob):
    tried = Tried(frame(lambda its: 100 * its.get(knob, 0) + its["seed"], knob=knob), from_best(0.4, knob))
    tuned = tried.tuned(knob)
    assert tuned.select("seed", "value").rows() == [(1, 41), (2, 42), (3, 43)]
    assert set(tuned.columns) & {*PENALTIES, "arm"} == set()
    assert tried.preferred(knob)["value"].to_list() == [0.4] * 3


@pytest.mark.parametrize("edge", [ARMS[0], ARMS[-1]])
def test_an_edge_is_lost_unless_it_will_do(edge):
    tried = Tried(frame(lambda its: its.get("l2", 0)), from_best(edge))
    assert tried.tuned("l2").select("value", "status").rows() == [(None, "edge")] * 3
    assert tried.tuned("l2", edges=True)["value"].to_list() == [edge] * 3


def test_one_of_few_strengths_counts_as_an_edge():
    few = pl.col("l2") != ARMS[-1]
    tried = Tried(frame(lambda its: its.get("l2", 0)).filter(few), from_best(0.4).filter(few))
    assert tried.tuned("l2")["status"].to_list() == ["edge"] * 3
    assert tried.tuned("l2", edges=True)["value"].to_list() == [0.4] * 3


def test_where_all_are_lost_their_reason_stays():
    gone = frame(lambda its: None).with_columns(status=pl.lit("diverged"))
    assert Tried(gone, gone).tuned("l2").select("seed", "value", "status").rows() == [
        (seed, None, "diverged") for seed in SEEDS
    ]


def test_sizes_are_compared_with_the_widest_and_rates_with_each_other():
    widths = (4, 8, 16, 32, 64, 128)
    tried = Tried(frame(lambda its: its["size"], widths), frame(lambda its: abs(its["size"] - 16), widths))
    tuned = tried.tuned("size")
    assert tuned.select("rate", "dial", "size", "value").unique().sort("rate").rows() == [
        (0.1, 128, 1280, 16), (0.2, 128, 1280, 16),
    ]  # fmt: skip
    found = strengths(tried.by, "rate")
    assert found["arm"].unique().sort().to_list() == [0.1, 0.2]
    assert set(found["dial"]) == set(widths)
    assert strengths(frame(lambda its: 1.0, widths=(64,)), "size").is_empty()


def test_free_networks_are_the_largest_without_any_penalty():
    found = free(frame(lambda its: its.get("l2", 0.0)))
    assert set(found["dial"]) == {64}
    assert found["value"].to_list() == [0.0] * 6
    assert not set(PENALTIES) & set(found.columns)


def curve():
    """Validation loss and accuracy of a run of 100 steps, looked at at 0, 10, 50, 60 and 100."""
    rows = zip((0, 10, 50, 60, 100), (3.0, 1.0, 2.0, 0.5, 4.0), (0.1, 0.2, 0.3, 0.4, 0.5), strict=True)
    known = {"dataset": "made", "noise": 0.2, "parameters": 9, "size": 3, "steps": 100, "seed": 1, "status": "ok"}
    return pl.DataFrame(
        [known | {"run": "a", "step": step, "validation_loss": loss, "test_accuracy": right}
         for step, loss, right in rows]
    )  # fmt: skip


@pytest.mark.parametrize(("share", "last", "best"), [
    (0.05, (0.1, 3.0), (0.1, 3.0)), (0.5, (0.3, 2.0), (0.2, 1.0)), (0.55, (0.3, 2.0), (0.2, 1.0)),
    (0.6, (0.4, 0.5), (0.4, 0.5)), (1.0, (0.5, 4.0), (0.4, 0.5)), (6.0, (0.5, 4.0), (0.4, 0.5)),
])  # fmt: skip
def test_a_share_of_the_steps(share, last, best):
    for tried, expected in ((after(curve(), share), last), (validated(curve(), share), best)):
        assert (tried.value["value"].item(), tried.by["value"].item()) == expected


def test_shares_together_are_conditions():
    both = along({share: after(curve(), share) for share in (0.05, 1.0)})
    assert both.value.select("share", "value").rows() == [(0.05, 0.1), (1.0, 0.5)]
    assert both.by["share"].to_list() == [0.05, 1.0]
