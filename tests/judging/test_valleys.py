import numpy as np
import pytest

from nominima.judging.valleys import valley_widths


@pytest.mark.parametrize(
    ("y", "width"),
    [
        ([1, 1, 1], 2),
        ([1.05, 1, 1.05], 2),
        ([1.1, 1, 1.1], 1),
        ([1e6, 1, 1e6], 0),
        ([1, 2, 1], 0.1),
        ([1.2, 1, 1], 1.25),
    ],
)
def test_width_of_a_valley_on_straight_lines(y, width):
    found = valley_widths(np.array([-1.0, 0.0, 1.0]), np.array(y, dtype=float), np.array(1.05))
    assert found == pytest.approx(width, abs=1e-5)


def test_widths_of_many_rows_at_once():
    x, y = np.array([-1.0, 0.0, 1.0]), np.array([[[1.0, 2, 1], [1, 1, 1]], [[3, 1, 3], [9, 9, 9.0]]])
    found = valley_widths(x, y, np.array([[1.05, 1.0], [2.0, 8.0]]))
    assert found == pytest.approx(np.array([[0.1, 2.0], [1.0, 0.0]]))
