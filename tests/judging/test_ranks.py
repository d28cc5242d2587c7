import numpy as np
import polars as pl
import pytest
from scipy import stats

from nominima.judging.ranks import spearman

RNG = np.random.default_rng(3)
SEEDS, SIZES, PLACES = range(16), (10.0, 20.0, 40.0), (0.1, 0.3, 1.0, 3.0)


def lanes(x, y):
    """Lanes of two numbers (seed, size, place); NaN: lost."""
    rows = [
        {"size": size, "place": place, "seed": seed, "value": x[seed, i, j], "value_right": y[seed, i, j]}
        for seed in SEEDS
        for i, size in enumerate(SIZES)
        for j, place in enumerate(PLACES)
    ]
    frame = pl.DataFrame(rows).with_columns(pl.col("value", "value_right").fill_nan(None))
    status = pl.when(pl.col("value").is_null()).then(pl.lit("censored")).otherwise(pl.lit("ok"))
    return frame.with_columns(status=status).sample(fraction=1, shuffle=True, seed=1)


def drawn():
    x = RNG.normal(size=(16, 3, 4)) + 5 * np.arange(3)[:, None]
    return x, 0.5 * x + RNG.normal(size=x.shape)


def test_it_is_spearmans_within_each_size_on_the_mean():
    x, y = drawn()
    rhos = [np.asarray(stats.spearmanr(x[:, size].ravel(), y[:, size].ravel()))[0] for size in range(3)]
    found = spearman(lanes(x, y)).estimate()
    assert found.value == pytest.approx(np.mean(rhos))
    pooled = np.asarray(stats.spearmanr(x.ravel(), y.ravel()))[0]
    assert found.value < pooled - 0.1, "pooling over sizes would invent more"
    assert (found.low, found.n) == (pytest.approx(found.value, abs=0.2), 16)


def test_pooling_over_sizes_would_hide_one():
    """Both rise together within a size, and the larger the size the lower the one and the higher the other."""
    x, _ = drawn()
    y = x - 20 * np.arange(3)[:, None]
    assert spearman(lanes(x, y)).estimate().value == pytest.approx(1)
    assert np.asarray(stats.spearmanr(x.ravel(), y.ravel()))[0] < 0


def test_resampled_seeds_are_ranked_anew():
    x, y = drawn()
    sample = spearman(lanes(x, y))
    drawn_seeds = RNG.integers(0, 16, (5, 16))
    expected = [
        np.mean([np.asarray(stats.spearmanr(x[some][:, i].ravel(), y[some][:, i].ravel()))[0] for i in range(3)])
        for some in drawn_seeds
    ]
    np.testing.assert_allclose(sample.statistic(sample.rows[drawn_seeds]), expected)


def test_ties_and_infinite_numbers_have_ranks():
    x, y = drawn()
    y[:, :, 0] = 1e9
    expected = np.mean([np.asarray(stats.spearmanr(x[:, i].ravel(), y[:, i].ravel()))[0] for i in range(3)])
    assert spearman(lanes(x, y)).estimate().value == pytest.approx(expected)


def test_a_lost_network_costs_its_seed_and_is_counted():
    x, y = drawn()
    x[4, 1, 2] = np.nan
    sample = spearman(lanes(x, y))
    assert (len(sample.seeds), 4 in sample.seeds) == (15, False)
    assert (sample.lost, sample.runs) == ({"censored": 1}, 48)
    assert sample.most_lost == pytest.approx(1 / 16)


def test_where_nothing_varies_there_is_none():
    x, y = drawn()
    assert spearman(lanes(x, np.ones_like(y))).estimate().value is None
