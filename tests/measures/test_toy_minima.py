import math

import numpy as np
import polars as pl
import pytest
import torch

from nominima.landscape.toy import Toy
from nominima.measures import critical_points, toy_minima
from nominima.measuring.toy import task
from nominima.training.dataset import Dataset, Examples

FEW = {"examples": 60, "inputs": 3, "noise": 0.1, "first_seed": 3}


@pytest.fixture(scope="module")
def dataset():
    draw = np.random.default_rng(1)
    y = draw.integers(0, 3, 80)
    x = (draw.standard_normal((80, 6)) + np.eye(3, 6)[y]).astype(np.float32)
    return Dataset(3, Examples(x, y), Examples(x, y), Examples(x, y))


@pytest.fixture(scope="module")
def table(dataset):
    return toy_minima.measure(
        dataset, **FEW, decay=0.01, widest=4, widest_undecayed=1, starts=2, deciding=3, widest_embedded=1
    )


def test_every_width_and_start_has_its_row_and_the_two_largest_widths_more(table):
    keys = [(0.0, 1, 2), (0.01, 1, 2), (0.01, 2, 3), (0.01, 4, 3)]
    expected = [(l2, hidden, 3 + seed) for l2, hidden, count in keys for seed in range(count)]
    assert table.select("l2", "hidden", "seed").rows() == expected
    assert table.filter(hidden=2)["parameters"].to_list() == [14] * 3


def test_ends_are_certified_and_their_numbers_are_those_of_the_landscape(table, dataset):
    held = table.filter(l2=0.01)
    assert set(held["kind"]) == {"strict minimum"}
    assert held["gradient_norm"].max() < 1e-10
    assert held["lambda_min"].min() > 0
    assert set(held["fall"]) == {0.0}
    x, y = task(dataset, examples=60, inputs=3, noise=0.1, seed=3)
    nothing = Toy(x, y, 1).landscape(0.01).value(torch.zeros(1, 8, dtype=torch.float64)).item()
    assert nothing == pytest.approx(math.log(3))
    assert held["loss"].max() < nothing


def test_the_gap_is_that_above_the_best_of_the_draw_at_this_width_or_a_smaller_one(table):
    for row in table.rows(named=True):
        same = table.filter(pl.col("hidden") <= row["hidden"], l2=row["l2"], seed=row["seed"])
        assert row["gap"] == pytest.approx(row["loss"] - same["loss"].min(), abs=1e-15)
    assert table.filter(hidden=1)["gap"].to_list() == [0.0] * 4


def test_only_minima_with_decay_up_to_a_width_are_embedded(table):
    asked = table.filter(pl.col("embedded") != "none")
    assert asked.select("l2", "hidden", "seed").rows() == [(0.01, 1, 3), (0.01, 1, 4)]
    for row in asked.rows(named=True):
        # The new neuron's block has eigenvalues decay ± σ, with as many σ as there are free classes: two.
        assert (row["embedded"] == "saddle") == (row["embedded_index"] > 0)
        assert row["embedded_index"] <= 2
        assert (row["embedded_drop"] > 0) == (row["embedded_fall"] > 0) == (row["embedded"] == "saddle")
        assert row["embedded_lambda_max"] >= row["lambda_max"] * (1 - 1e-9)
    assert "saddle" in asked["embedded"].to_list()


def test_random_curvature_hardly_ever_has_a_minimum(table):
    powers = dict(table.select("parameters", "goe_log10").unique().rows())
    assert powers[8] == pytest.approx(-math.log(3) / 4 * 64 / math.log(10), rel=0.2)
    assert powers[14] == pytest.approx(-math.log(3) / 4 * 196 / math.log(10), rel=1e-12)


def test_critical_points_have_an_index_and_flat_places_none(dataset):
    found = critical_points.measure(dataset, **FEW, decay=0.01, widest=2, starts=3, steps=60)
    assert found.select("hidden", "way", "seed").rows() == [
        (2, way, seed) for way in sorted(critical_points.WAYS) for seed in (3, 4, 5)
    ]
    true = pl.col("gradient_norm") < 1e-10
    assert found.filter(true)["index"].null_count() == 0
    assert found.filter(~true)["index"].null_count() == found.filter(~true).height
    assert found.filter(pl.col("kind") == "gradient-flat")["residual"].fill_null(0).to_numpy().max(initial=0) < 1e-4
    near = found.filter(way=0.9)
    assert near["kind"].to_list() == ["strict minimum"] * 3
    assert near["index"].to_list() == [0.0] * 3
