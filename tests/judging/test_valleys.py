import numpy as np
import pytest

from nominima.judging.valleys import valley_width


@pytest.mark.parametrize(
    ("y", "width"),
    [
        ([1, 1, 1], 2),
        ([1.05, 1, 1.05], 2),
        ([1.1, 1, 1.1], 1),
        ([np.inf, 1, np.inf], 0),
        ([1, 2, 1], 0.1),
        ([1.2, 1, 1], 1.25),
    ],
)
def test_width_of_a_valley_on_straight_lines(y, width):
    assert valley_width(np.array([-1.0, 0.0, 1.0]), np.array(y, dtype=float), 1.05) == pytest.approx(width)
