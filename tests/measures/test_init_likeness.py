import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nominima.measures.init_likeness import distance, excess_kurtosis, measure

SAMPLE = st.lists(st.integers(-5, 5).map(float) | st.floats(-3, 3, allow_subnormal=False), min_size=2, max_size=30)


@given(one=SAMPLE, other=SAMPLE)
def test_distance_equals_scipy(one, other):
    expected = stats.ks_2samp(one, other, method="asymp")[0]
    assert distance(np.sort(one), np.sort(other)) == pytest.approx(expected, abs=1e-12)


def test_distance_of_disjoint_and_equal_samples():
    assert distance(np.array([1.0, 2, 3]), np.array([4.0, 5])) == 1
    assert distance(np.array([1.0, 2, 3]), np.array([1.0, 2, 3])) == 0
    assert distance(np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 3, 9])) == 0.25


def test_kurtosis_equals_scipy():
    sample = np.random.default_rng(0).standard_t(5, 500)
    assert excess_kurtosis(sample) == pytest.approx(stats.kurtosis(sample))
    assert np.isnan(excess_kurtosis(np.ones(4)))


def test_weights_of_every_layer_and_no_biases(subject):
    table = measure(subject)
    layers = [("weight1", "hidden", 20), ("weight2", "hidden", 16), ("weight3", "output", 12)]
    assert table.select("layer", "role", "count").unique().sort("layer").rows() == layers
    points = ["best", "best_accuracy", "end", "stretched"]
    assert table.select("seed", "layer", "point").rows() == [
        (seed, layer, point) for seed in (100, 101, 102) for layer, _, _ in layers for point in points
    ]


def test_points_are_compared_with_the_seeds_own_start(subject):
    table, views = measure(subject), subject.model.views
    trajectory = subject.trajectory
    init, best, end = (
        views(theta)["weight2"].flatten(1).numpy()
        for theta in (trajectory.theta[0], trajectory.best_loss, trajectory.theta[-1])
    )
    expected = {"best": best[2], "end": end[2], "stretched": init[2] * 1.5}
    for point, weights in expected.items():
        row = table.filter(seed=102, layer="weight2", point=point).row(0, named=True)
        assert row["ks"] == pytest.approx(stats.ks_2samp(init[2], weights, method="asymp")[0], abs=1e-12)
        one, other = (
            float(np.asarray(stats.ks_2samp(init[0], each, method="asymp"))[0]) for each in (weights, init[2])
        )
        assert row["excess"] == pytest.approx(one - other, abs=1e-12), "the last seed's next is the first"
        assert row["sd_ratio"] == pytest.approx(weights.std() / init[2].std(), rel=1e-5)
        assert row["kurtosis"] == pytest.approx(stats.kurtosis(weights.astype(float)), rel=1e-5)


def test_stretching_is_told_by_the_spread_alone(subject):
    stretched = measure(subject).filter(point="stretched")
    assert stretched["sd_ratio"].to_list() == pytest.approx([1.5] * 9)
    assert (stretched["ks"] > 0).all()


def test_what_does_not_move_has_no_excess_and_what_stretches_has(subject, moved):
    still = subject.trajectory.theta[:1].expand_as(subject.trajectory.theta)
    table = measure(moved(subject, still, best_loss=still[0], best_accuracy=still[0]))
    assert set(table.filter(point="best")["excess"]) == set(table.filter(point="end")["excess"]) == {0.0}
    assert (table.filter(point="stretched")["excess"] > 0).any()


def test_a_single_weight_has_no_spread(subject, moved):
    flat = subject.trajectory.theta * 0 + 1
    table = measure(moved(subject, flat, best_loss=flat[0], best_accuracy=flat[0]))
    assert table["ks"].to_list() == [0, 0, 0, 1] * 9
    assert table["sd_ratio"].null_count() == len(table)
    assert table["kurtosis"].null_count() == len(table)
    assert set(table["status"]) == {"ok"}


def test_a_lost_seed_keeps_its_rows(diverged):
    table = measure(diverged)
    lost = table.filter(seed=101)
    assert set(lost["status"]) == {"diverged"}
    assert lost.select("ks", "excess", "sd_ratio", "kurtosis").null_count().row(0) == (12, 12, 12, 12)
    assert lost["count"].null_count() == 0
    assert set(table.filter(table["seed"] != 101)["status"]) == {"ok"}


def test_one_seed_has_no_other_start(alone):
    table = measure(alone)
    assert table["excess"].null_count() == len(table)
    assert set(table["status"]) == {"ok"}
    assert table["ks"].null_count() == 0
