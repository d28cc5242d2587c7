import numpy as np
import polars as pl
import pytest

from nominima.measures.random_points import LAWS, measure

FALLING = ("gaussian", "uniform", "rademacher", "exponential")
SLOW = ("lognormal", "student5")  # their fourth moments are large


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return measure(None, points=60, seeds=4, first_seed=7, lowest=16, highest=1024)


def slope(table: pl.DataFrame, law: str) -> float:
    means = table.filter(law=law).group_by("dimension", maintain_order=True).agg(pl.col("cv").mean())
    return np.polyfit(np.log(means["dimension"]), np.log(means["cv"]), 1)[0]


def test_every_law_dimension_and_seed_has_its_row(table):
    dimensions = [16, 32, 64, 128, 256, 512, 1024]
    expected = [(law, dimension, seed) for law in sorted(LAWS) for dimension in dimensions for seed in range(7, 11)]
    assert table.select("law", "dimension", "seed").rows() == expected


@pytest.mark.parametrize("law", FALLING)
def test_independent_coordinates_concentrate(table, law):
    assert slope(table, law) == pytest.approx(-0.5, abs=0.03)


@pytest.mark.parametrize("law", SLOW)
def test_heavier_tails_concentrate_more_slowly(table, law):
    assert -0.55 < slope(table.filter(pl.col("dimension") >= 64), law) < -0.3


@pytest.mark.parametrize("law", sorted(LAWS.keys() - {*FALLING, *SLOW}))
def test_controls_do_not(table, law):
    assert slope(table, law) > -0.1


def test_gaussian_points_meet_the_closed_form(table):
    gaussian = table.filter(law="gaussian", dimension=1024)
    assert gaussian["cv"].mean() == pytest.approx(gaussian["gaussian_exact"][0], rel=0.05)
    assert gaussian["mean_distance"].mean() == pytest.approx(np.sqrt(2 * 1024), rel=0.01)


MEAN_SQUARE = {
    "gaussian": 2,
    "uniform": 1 / 6,
    "rademacher": 2,
    "exponential": 2,
    "equicorrelated": 4,
    "random_radius": 2 / 3,
    "lognormal": 2 * (np.exp(2) - np.e),
    "student5": 10 / 3,
}


@pytest.mark.parametrize("law", MEAN_SQUARE)
def test_laws_have_their_second_moment(law):
    """E|x−y|² per coordinate is twice the variance: 2, 1/6, 2, 2, 2·2, 2/3, 2(e² − e), 10/3."""
    x, y = (LAWS[law](np.random.default_rng(seed), (8000, 100)) for seed in (1, 2))
    assert ((x - y) ** 2).mean() == pytest.approx(MEAN_SQUARE[law], rel=0.05)


def test_rows_do_not_depend_on_what_else_is_asked():
    alone = measure(None, points=10, seeds=1, first_seed=3, lowest=32, highest=32)
    among = measure(None, points=10, seeds=3, first_seed=2, lowest=16, highest=100)
    assert among["dimension"].unique().to_list() == [16, 32, 64]
    assert among.filter(seed=3, dimension=32).equals(alone)


def test_laws_are_drawn_independently(table):
    first = table.filter(dimension=16, seed=7)
    assert first["cv"].n_unique() == len(LAWS)
