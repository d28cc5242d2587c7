import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from nominima.measuring.learning import DRAWS, earlier, learned, marks


def test_a_label_is_learned_at_the_first_of_two_points_in_a_row():
    right = np.array([
        [1, 0, 1, 0, 0],
        [1, 0, 0, 0, 0],
        [0, 1, 1, 0, 1],
        [0, 1, 1, 0, 0],
        [0, 0, 0, 1, 1],
    ], dtype=bool)  # fmt: skip
    assert learned(right).tolist() == [0, 2, 2, np.inf, np.inf], "once, or at the last point only, is never"


@pytest.mark.parametrize("seed", range(4))
def test_pairs_are_those_of_mann_and_whitney_ties_and_never_included(seed):
    rng = np.random.default_rng(seed)
    when = rng.integers(0, 6, 80).astype(float)
    when[rng.random(80) < 0.3] = np.inf
    late = rng.random((3, 80)) < 0.25
    expected = [mannwhitneyu(when[row], when[~row]).statistic / (row.sum() * (~row).sum()) for row in late]
    np.testing.assert_allclose(earlier(when, late), expected)


def test_pairs_counted_by_hand():
    when, late = np.array([1.0, 2.0, np.inf, 2.0, np.inf]), np.array([False, False, False, True, True])
    assert earlier(when, late) == pytest.approx((1 + 0.5 + 0 + 1 + 1 + 0.5) / 6)
    assert earlier(np.zeros(5), late) == 0.5
    assert earlier(np.where(late, 5.0, 1.0), late) == 1.0
    assert earlier(np.where(late, 1.0, 5.0), late) == 0.0


def test_marks_are_random_fifths_of_their_own_seed():
    drawn = marks(100, 51)
    assert drawn.shape == (DRAWS, 51)
    assert set(drawn.sum(axis=1)) == {10}
    assert len({row.tobytes() for row in drawn}) == DRAWS
    assert np.array_equal(drawn, marks(100, 51))
    assert not np.array_equal(drawn, marks(101, 51))
    assert marks(100, 2).sum(axis=1).tolist() == [1] * DRAWS
