import numpy as np
import polars as pl
import pytest

from nominima.judging.efolds import growth, misfit

STEPS = (0, 1, 10, 100, 200, 400, 700, 1000)
Y = pl.col("y")


def of(law, score, steps=STEPS):
    table = pl.DataFrame({"step": steps, "y": [float(law(max(step, 1))) for step in steps]}).with_columns(network=1)
    return table.group_by("network").agg(score=score)["score"].item()


def test_growth_is_the_slope_over_the_last_efolds():
    assert of(lambda step: 3 + 0.2 * np.log(step), growth(Y, 2.0)) == pytest.approx(0.2)
    assert of(lambda step: np.log(min(step, 200)), growth(Y, 1.5)) == pytest.approx(0, abs=1e-12)
    late = np.array([200, 400, 700, 1000])
    assert of(np.sqrt, growth(Y, 2.0)) == pytest.approx(np.polyfit(np.log(late), np.sqrt(late), 1)[0])


def test_two_points_have_none():
    assert of(np.log, growth(Y, 2.0), steps=(0, 1, 500, 1000)) is None
    assert of(np.log, misfit(Y, 2.0), steps=(0, 1, 500, 1000)) is None


def test_misfit_favours_what_was_made():
    assert of(lambda step: 1 + 0.2 * np.log(step), misfit(Y, 4.0)) > 5
    assert of(lambda step: 2 * step**0.5, misfit(Y, 4.0)) < -5
