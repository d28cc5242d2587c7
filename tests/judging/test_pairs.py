import numpy as np
import polars as pl
import pytest
from scipy import stats

from nominima.judging import intervals
from nominima.judging.evidence import Missing
from nominima.judging.pairs import rank, worst_rise
from nominima.judging.rules import Rule, outcome

RULE = Rule(statistic="rise", side="below", tau=0.02, confidence=0.9)
SIZES = (10.0, 100.0, 1000.0)


def lanes(*values, sizes=SIZES):
    """Lanes of values (seed, size); None is lost."""
    rows = [(size, seed, value) for seed, row in enumerate(values) for size, value in zip(sizes, row, strict=True)]
    return pl.DataFrame(rows, {"size": pl.Float64, "seed": pl.Int64, "value": pl.Float64}, orient="row")


def drawn(means, seeds=8, spread=0.001):
    draw = np.random.default_rng(0)
    return (np.array(means) + spread * draw.standard_normal((seeds, len(means)))).tolist()


@pytest.mark.parametrize(
    ("means", "word"),
    [
        ((1.0, 0.9, 0.8), "supported"),
        ((1.0, 0.9, 0.915), "supported"),
        ((1.0, 0.9, 0.925), "contradicted"),  # below the smallest size and yet worse than the middle one
        ((0.9, 0.925, 0.8), "contradicted"),
        ((0.9, 0.912, 0.925), "contradicted"),  # each step is small, the way is not
        ((1.0, 0.9, 0.92), "inconclusive"),
    ],
)
def test_every_pair_is_asked(means, word):
    assert outcome(worst_rise(lanes(*drawn(means))).estimate(0.9), RULE) == word


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_the_interval_runs_from_the_highest_lower_to_the_highest_upper_limit_of_the_pairs(level):
    """The middle size varies most: its pair has the highest upper limit, though the last has the largest mean."""
    draw = np.random.default_rng(1)
    values = np.array([1.0, 1.0, 1.01]) + np.array([0.001, 0.05, 0.001]) * draw.standard_normal((8, 3))
    rises = [values[:, b] - values[:, a] for a, b in ((0, 1), (0, 2), (1, 2))]
    pairs, firmer = ([intervals.mean(rise, its) for rise in rises] for its in (level, 1 - (1 - level) / 3))
    found = worst_rise(lanes(*values.tolist())).estimate(level)
    value, high = np.array([(its.value, its.high) for its in pairs], dtype=float).T
    low = np.array([its.low for its in firmer], dtype=float)
    assert (found.value, found.low, found.high) == (value.max(), low.max(), high.max())
    assert (found.n, found.level) == (8, level)
    assert high.argmax() != low.argmax()


def test_that_some_pair_rises_is_seldom_said_where_many_rise_by_just_the_limit():
    """Five of six sizes are worse than the smallest by τ; at the level of one pair a fifth would contradict."""
    draw, sizes, seeds, tests = np.random.default_rng(2), tuple(10.0**power for power in range(6)), 8, 200
    values = np.array([0.0] + [RULE.tau] * 5) + 0.01 * draw.standard_normal((tests, seeds, 6))
    found = [outcome(worst_rise(lanes(*its.tolist(), sizes=sizes)).estimate(0.9), RULE) for its in values]
    assert found.count("contradicted") <= 0.08 * tests
    assert "supported" not in found[:20]


def test_lost_networks_are_counted_and_their_seeds_left_out():
    values = drawn((1.0, 0.9, 0.8))
    values[0][1] = None
    found = worst_rise(lanes(*values))
    assert (found.seeds, found.lost, found.most_lost) == (tuple(range(1, 8)), {"lost": 1}, 1 / 8)
    assert found.estimate(0.9).n == 7


def test_too_few_seeds_have_no_interval_and_one_size_no_pair():
    few = worst_rise(lanes(*drawn((1.0, 0.9, 0.8), seeds=3))).estimate(0.9)
    assert (few.low, few.high, few.n) == (None, None, 3)
    assert few.value == pytest.approx(-0.1, abs=0.002)
    with pytest.raises(Missing, match="1 size"):
        worst_rise(lanes(*drawn((1.0,)), sizes=(10.0,)))


def test_equal_seeds_decide_by_their_value():
    found = worst_rise(lanes(*[[1.0, 0.9, 0.95]] * 8)).estimate(0.9)
    assert (found.equal, found.low) == (True, found.high)
    assert found.value == pytest.approx(0.05)


def test_ranks_are_kendall_s_and_a_constant_series_has_none():
    values = [[1.0, 3.0, 2.0], [1.0, 1.0, 1.0], [1.0, 1.0, 2.0], [3.0, 2.0, 1.0]]
    wanted = [stats.kendalltau(SIZES, row)[0] for row in values]
    wanted[1] = 0.0
    assert rank(lanes(*values)).rows[:, 0].tolist() == pytest.approx(wanted)
    assert wanted[3] == pytest.approx(-1)
