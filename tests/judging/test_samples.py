import numpy as np
import polars as pl
import pytest
from made_lanes import SEEDS, lanes

from nominima.judging import samples
from nominima.judging.evidence import Missing


def by_size(_, size):
    return {4.0: 1.0, 16.0: 2.0, 64.0: 5.0}[size]


def gone(*places, why="diverged"):
    """Lost at (size, seed)."""
    return lambda _, size, seed: why if (size, seed) in places else None


@pytest.mark.parametrize(
    ("score", "value"),
    [(samples.at_largest, 5.0), (samples.each_seed, 8 / 3), (samples.least, 1.0)],
)
def test_what_a_score_reads(score, value):
    found = score(lanes(by_size, spread=0))
    assert found.estimate().value == pytest.approx(value)
    assert found.seeds == SEEDS


def test_only_the_largest_size_counts_for_a_reading_there():
    """A loss at another size cannot void it."""
    found = samples.at_largest(lanes(by_size, lost=gone(*((4.0, seed) for seed in SEEDS))))
    assert (found.runs, found.lost, found.most_lost) == (8, {}, 0)


def test_slopes_are_those_of_each_seed():
    found = samples.per_tenfold(lanes(lambda _, size: 3 * np.log10(size), spread=0))
    assert found.rows[:, 0] == pytest.approx(3)
    power = samples.in_logarithms(lanes(lambda _, size: size**-0.5, spread=0))
    assert power.rows[:, 0] == pytest.approx(-0.5)


def test_a_statistic_of_means_resamples_seeds():
    found = samples.of_means(lambda sizes, means: means[..., -1] / means[..., 0])(lanes(by_size))
    assert found.rows.shape == (8, 3)
    assert found.estimate().value == pytest.approx(5, rel=0.02)


def test_a_statistic_of_sizes_and_places_keeps_them_apart():
    frame = pl.concat([lanes(by_size, spread=0).with_columns(pl.col("value") * place, place=pl.lit(place))
                       for place in (0.5, 2.0)])  # fmt: skip
    found = samples.over_places(lambda sizes, places, values: values.mean(axis=-3)[..., -1, 0] + places[1])(frame)
    assert (found.rows.shape, found.runs, found.lost, found.most_lost) == ((8, 6), 24, {}, 0)
    assert found.estimate().value == pytest.approx(5 * 0.5 + 2)
    hole = frame.with_columns(value=pl.when((pl.col("seed") != SEEDS[0]) | (pl.col("place") < 1)).then("value"))
    lossy = samples.over_places(lambda _, places, values: values[..., 0, 0, 0])(hole)
    assert (lossy.seeds, lossy.most_lost) == (SEEDS[1:], pytest.approx(1 / 8))


def test_one_size_has_no_slope():
    with pytest.raises(Missing, match="it has 1 size"):
        samples.per_tenfold(lanes(by_size, sizes=(4.0,)))


class TestLosses:
    def test_a_number_that_is_not_defined_is_lost(self):
        """Six seeds of eight have a negative value, and no logarithm: what the other two say is not the cell's."""
        sign = pl.when(pl.col("seed") < SEEDS[6]).then(-1).otherwise(1)
        found = samples.in_logarithms(lanes(lambda _, size: size, spread=0).with_columns(pl.col("value") * sign))
        assert (found.seeds, found.lost, found.most_lost) == (SEEDS[6:], {"lost": 18}, pytest.approx(6 / 8))

    def test_are_counted_by_why_and_by_the_worst_size(self):
        lost = {(16.0, 300): "censored", (16.0, 301): "censored", (64.0, 300): "diverged"}
        found = samples.per_tenfold(lanes(by_size, lost=lambda _, size, seed: lost.get((size, seed))))
        assert found.lost == {"censored": 2, "diverged": 1}
        assert found.most_lost == pytest.approx(2 / 8)
        assert found.seeds == SEEDS[2:]

    def test_a_missing_lane_is_lost(self):
        table = lanes(by_size).filter(~((pl.col("size") == 64) & pl.col("seed").is_in([300, 301])))
        found = samples.per_tenfold(table)
        assert (found.lost, found.most_lost, found.runs) == ({"missing": 2}, pytest.approx(0.25), 24)

    def test_more_seeds_of_narrow_networks_are_not_missing_elsewhere(self):
        table = pl.concat([lanes(by_size), lanes(by_size, sizes=(4.0,), seeds=range(308, 316))])
        found = samples.per_tenfold(table)
        assert (found.lost, found.most_lost, found.seeds) == ({}, 0, SEEDS)


class TestShare:
    def test_pools_the_largest_sizes(self):
        sizes = tuple(4.0**at for at in range(6))
        found = samples.share()(lanes(lambda _, size: float(size > 4), sizes=sizes, spread=0))
        assert (found.estimate().value, found.estimate().n) == (1, 32)
        assert samples.share(5)(lanes(lambda _, size: float(size > 4), sizes=sizes, spread=0)).estimate().value == 0.8

    def test_one_size_will_do_and_losses_do_not_count_as_misses(self):
        found = samples.share()(lanes(lambda *_: 1.0, sizes=(64.0,), spread=0, lost=gone((64.0, 300))))
        assert (found.estimate().value, found.estimate().n, found.most_lost) == (1, 7, pytest.approx(1 / 8))


def test_a_paired_difference_is_over_common_seeds():
    one = samples.at_largest(lanes(by_size, seeds=range(300, 308)))
    other = samples.at_largest(lanes(lambda *_: 1.0, seeds=range(302, 312)))
    both = samples.paired(one, other)
    assert both.seeds == tuple(range(302, 308))
    assert both.estimate().value == pytest.approx(4, abs=0.02)
