from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from nominima.judging import intervals
from nominima.judging.decide import decide_part
from nominima.judging.holm import OneOf, one_of
from nominima.judging.parts import Part, View
from nominima.judging.rules import Rule

RULE = Rule(statistic="made", side="below", tau=1.0, confidence=0.9)


def rows(values):
    return pl.DataFrame({"size": 1.0, "seed": range(len(values)), "value": values, "status": "ok"})


def one_sided(values, limit):
    """p of Student's test that a mean lies above a limit."""
    t = (values.mean(axis=0) - limit) / stats.sem(values)
    return stats.t.sf(t, len(values) - 1)


def holm(values, limit, alpha):
    """Whether Holm's procedure, step by step, finds a column of (seed, number) with a mean above a limit."""
    p = np.sort(one_sided(values, limit))
    rejected = 0
    while rejected < len(p) and p[rejected] < alpha / (len(p) - rejected):
        rejected += 1
    return rejected > 0


def test_one_lies_above_exactly_where_holm_says_so():
    draw = np.random.default_rng(1000)
    found = []
    for _ in range(200):
        values = draw.standard_normal((8, 5)) + draw.uniform(0, 2.5, 5)
        lows = [one_of(5)(rows(column)).estimate(0.96).low or -np.inf for column in values.T]
        assert (max(lows) > 1) == holm(values, 1, alpha=0.02)
        found.append(max(lows) > 1)
    assert 50 < sum(found) < 150


def test_the_upper_end_is_not_corrected_and_stricter_levels_are_students():
    values = np.random.default_rng(1001).standard_normal(9)
    found, usual = one_of(4)(rows(values)).estimate(0.9), intervals.estimate(values[:, None], level=0.9)
    assert (found.value, found.high, found.level) == (usual.value, usual.high, 0.9)
    student = stats.t.interval(0.975, 8, values.mean(), stats.sem(values))
    assert found.low == pytest.approx(student[0], rel=1e-9)
    strict = one_of(4)(rows(values)).estimate(0.96)
    assert strict.high == pytest.approx(stats.t.interval(0.96, 8, values.mean(), stats.sem(values))[1], rel=1e-9)
    assert strict.low == pytest.approx(stats.t.interval(0.99, 8, values.mean(), stats.sem(values))[0], rel=1e-9)


def test_one_of_one_is_the_sample_itself_and_equal_values_have_no_width():
    values = np.random.default_rng(1002).standard_normal(9)
    assert one_of(1)(rows(values)).estimate(0.9) == intervals.estimate(values[:, None], level=0.9)
    assert one_of(5)(rows([2.0] * 8)).estimate(0.9) == intervals.estimate(np.full((8, 1), 2.0), level=0.9)
    assert one_of(5)(rows([1.0] * 4)).estimate(0.9).low is None


def test_a_part_is_supported_by_all_and_contradicted_by_one():
    """Of eight seeds with a deviation of one, a single test at 5 % finds .75 above the limit, one of five does not."""
    still = np.linspace(-1, 1, 8) / np.std(np.linspace(-1, 1, 8), ddof=1)

    def word(*means):
        views = (View(f"view {at}", rows(still + mean), one_of(len(means))) for at, mean in enumerate(means))
        return decide_part(Part(RULE, tuple(views))).outcome

    assert word(0, 0, 0, 0, 0) == "supported"
    assert word(0, 0, 0, 0, 1) == "inconclusive"
    assert one_sided(still + 1.75, 1) < 0.05
    assert word(0, 0, 0, 0, 1.75) == "inconclusive"
    assert word(1.75) == "contradicted"
    assert word(0, 0, 0, 0, 2.5) == "contradicted"


def test_it_stays_what_it_is_when_its_rows_are_drawn_anew():
    sample = one_of(5)(rows([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]))
    again = replace(sample, rows=sample.rows + 1)
    assert isinstance(again, OneOf)
    lows = [its.estimate(0.96).low or 0.0 for its in (sample, again)]
    assert lows[1] == pytest.approx(lows[0] + 1)
