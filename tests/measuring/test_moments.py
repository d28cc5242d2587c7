import numpy as np
import pytest

from nominima.measuring.moments import held, lowest
from nominima.planning.steps import metric_steps

STEPS = np.array(metric_steps(2000), float)


@pytest.mark.parametrize("vertex", [2.3, 7.0, 61.7, 480.0, 1500.0])
def test_the_lowest_point_of_a_parabola_in_the_logarithm_is_its_vertex(vertex):
    values = 0.3 * (np.log(np.maximum(STEPS, 0.5)) - np.log(vertex)) ** 2 + 1.7
    assert lowest(STEPS, values) == pytest.approx(vertex, rel=1e-9)


def test_only_the_five_points_around_the_lowest_are_asked():
    values = (np.log(np.maximum(STEPS, 0.5)) - np.log(100.0)) ** 2
    there = int(values.argmin())
    values[np.abs(np.arange(len(STEPS)) - there) > 2] = 50.0
    assert lowest(STEPS, values) == pytest.approx(100, rel=1e-9)
    values[there + 2] += 0.1
    assert lowest(STEPS, values) < 99


def test_where_no_vertex_lies_among_them_it_is_the_lowest_point():
    rising, falling = np.log(np.maximum(STEPS, 0.5)), -np.log(np.maximum(STEPS, 0.5))
    assert (lowest(STEPS, rising), lowest(STEPS, falling)) == (pytest.approx(1), pytest.approx(2000))
    assert lowest(STEPS, -((np.log(np.maximum(STEPS, 0.5)) - 3) ** 2)) == pytest.approx(2000), "it opens downwards"
    assert lowest(np.array([0.0, 1, 2]), np.array([0.0, 5, 4])) == pytest.approx(2), "too few; step 0 is left out"


@pytest.mark.parametrize(("true", "first"), [
    ("000111", 3), ("001101110", 5), ("0110110", None), ("111", None), ("1111", 1), ("0111000", 1), ("", None),
    ("00000011", None),
])  # fmt: skip
def test_what_holds_at_three_points_in_a_row_holds_from_the_first(true, first):
    """Step 0 is left out."""
    steps = np.arange(len(true), dtype=float)
    assert held(steps, np.array([each == "1" for each in true], bool)) == first
