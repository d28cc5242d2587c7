import numpy as np
import pytest
from scipy import stats

from nominima.judging.correlations import RESAMPLES, within

RNG = np.random.default_rng(0)
X = np.arange(12.0)
Y = X + np.array([2.0, -2] * 6)


def test_of_one_group_it_is_spearmans_with_its_p():
    found = within([(X, Y)])
    rho, p = np.asarray(stats.spearmanr(X, Y))
    assert found.value == pytest.approx(rho)
    assert found.p == pytest.approx(p, abs=1e-3)
    assert (found.n, found.few) == (12, False)
    assert found == within([(X, Y)])


def test_what_no_permutation_reaches_has_the_smallest_p_there_is():
    assert within([(X, X)]).p == 1 / (RESAMPLES + 1)


def test_pooling_over_sizes_would_invent_one():
    """Within both sizes nothing goes together; pooled, ρ is .76."""
    groups = [(RNG.normal(size=20) + shift, RNG.normal(size=20) + shift) for shift in (0.0, 5.0)]
    x, y = (np.concatenate([group[at] for group in groups]) for at in (0, 1))
    pooled = stats.spearmanr(x, y)
    assert np.asarray(pooled)[0] > 0.7
    found = within(groups)
    assert abs(found.value or 1) < 0.3
    assert (found.p or 0) > 0.05


def test_pooling_over_sizes_would_hide_one():
    groups = [(X, X - shift) for shift in (0.0, 30.0)] + [(X + 30, X - 60)]
    assert within(groups).value == 1


@pytest.mark.parametrize("y", [np.ones(12), np.array([1.0, 2.0])])
def test_of_a_constant_or_two_points_is_not_defined(y):
    assert within([(np.arange(float(len(y))), y)])[:2] == (None, None)
    assert within([]).value is None


def test_few_points_are_said_to_be_few():
    assert within([(X[:9], Y[:9])]).few
