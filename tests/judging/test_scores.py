import polars as pl
import pytest

from nominima.judging.scores import at_largest, pooled

SCHEMA = {"cell": pl.String, "size": pl.Float64, "seed": pl.Int64, "value": pl.Float64}


def table(*rows):
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def test_a_control_is_the_mean_over_seeds_of_their_means_over_cells():
    rows = [(cell, 4.0, seed, seed + level) for cell, level in (("a", 0), ("b", 1)) for seed in range(5)]
    found = pooled(table(*rows), at_largest)
    assert (found.value, found.n) == (pytest.approx(2.5), 5)


def test_seeds_that_ran_in_fewer_cells_do_not_widen_the_interval_of_a_control():
    both = [(cell, 4.0, seed, level + seed / 100) for cell, level in (("a", 0.0), ("b", 9.0)) for seed in range(5)]
    more = [("a", 4.0, seed, seed / 100) for seed in range(5, 8)]
    assert pooled(table(*both, *more), at_largest) == pooled(table(*both), at_largest)


def test_a_seed_that_lost_a_cell_does_not_count_in_a_control():
    rows = [(cell, 4.0, seed, 1.0 if seed or cell == "b" else None) for cell in "ab" for seed in range(6)]
    assert pooled(table(*rows), at_largest).n == 5


def test_nothing_is_pooled_of_nothing():
    assert pooled(table(), at_largest).value is None
