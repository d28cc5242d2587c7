import itertools
import math

import numpy as np
import pytest

from nominima.measuring.concentration import spread


def test_spread_of_a_hand_made_triangle():
    cv, mean = spread(np.array([[0.0, 0], [3, 0], [0, 4]]))
    assert mean == pytest.approx(4)
    assert cv == pytest.approx(np.std([3, 4, 5]) / 4)


def test_spread_is_over_all_pairs():
    points = np.random.default_rng(0).standard_normal((7, 5))
    apart = [math.dist(one, other) for one, other in itertools.combinations(points, 2)]
    assert spread(points) == pytest.approx((np.std(apart) / np.mean(apart), np.mean(apart)))


def test_corners_of_a_simplex_are_equally_far():
    assert spread(np.eye(30)) == pytest.approx((0, math.sqrt(2)), abs=1e-12)


def test_equal_points_have_no_variation():
    cv, mean = spread(np.ones((4, 3)))
    assert math.isnan(cv)
    assert mean == 0
