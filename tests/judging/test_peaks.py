import numpy as np
import polars as pl
import pytest

from nominima.judging.evidence import Missing
from nominima.judging.peaks import factor, fitting, near, peak


def rows(values, seeds=8, dials=(1, 2, 4), **conditions):
    made = [{"dial": dial, "size": float(10 * dial), "seed": seed, "value": value, "status": "ok", **conditions}
            for dial, value in zip(dials, values, strict=True) for seed in range(seeds)]  # fmt: skip
    return pl.DataFrame(made)


def test_a_factor_is_1_on_a_power_and_what_stands_out_elsewhere():
    sizes = np.array([50.0, 100, 200])
    assert factor(sizes**1.7) == pytest.approx(0)
    assert np.exp(factor(sizes**-0.3 * [1, 3, 1])) == pytest.approx(3)


def test_the_peak_is_a_geometric_mean_over_seeds():
    frame = rows((1.0, 2.0, 4.0)).with_columns(value=pl.col("value") * pl.when(pl.col("size") == 20).then(
        pl.when(pl.col("seed") < 4).then(9.0).otherwise(1.0)).otherwise(1.0))  # fmt: skip
    sample = peak(frame.select("size", "seed", "value"))
    assert sample.estimate().value == pytest.approx(3.0)
    assert peak(rows((1.0, 2.0, 4.0))).estimate().value == pytest.approx(1.0)
    for dials in ((1,), (1, 2), (1, 2, 4, 8)):
        with pytest.raises(Missing, match=f"{len(dials)} of three sizes"):
            peak(rows(dials, dials=dials))


def test_the_first_width_that_fits_and_its_neighbours():
    fitted = pl.concat([rows((0.5, 0.992, 1.0, 1.0), dials=(1, 2, 4, 8), noise=noise) for noise in (0.1, 0.2)])
    fitted = fitted.with_columns(value=pl.when(pl.col("noise") == 0.2).then(pl.col("value") - 0.005).otherwise("value"))
    first = fitting(fitted, 0.99)
    assert dict(first.sort("noise").select("noise", "first").iter_rows()) == {0.1: 2, 0.2: 4}
    found = near(fitted, first)
    dials = {noise: sorted(set(part["dial"])) for (noise,), part in found.group_by("noise")}
    assert dials == {0.1: [1, 2, 4], 0.2: [2, 4, 8]}
    assert found.columns == fitted.columns


def test_lost_lanes_count_in_no_mean_and_conditions_without_three_are_left_out():
    fitted = rows((0.5, 0.5, 1.0), noise=0.1)
    assert near(fitted, fitting(fitted, 0.99)).is_empty()
    lost = rows((None, None, None), noise=0.1).with_columns(pl.col("value").cast(pl.Float64))
    assert fitting(lost, 0.99).is_empty()
    some = rows((0.5, 1.0, 1.0), noise=0.1).with_columns(value=pl.when(pl.col("seed") > 0).then("value"))
    assert fitting(some, 0.99)["first"].to_list() == [2]
