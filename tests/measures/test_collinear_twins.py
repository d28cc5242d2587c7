import numpy as np
import polars as pl
import pytest

from nominima.measures.collinear_twins import SCHEMA, measure

SMALL = {"pairs": 3, "first_seed": 1000, "twins": 4, "examples": 15, "validation": 12, "per_decade": 5}


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return measure(None, **SMALL)


@pytest.fixture(scope="module")
def many() -> pl.DataFrame:
    return measure(None, pairs=200, first_seed=1000, per_decade=5)


def drawn(seed, copy, twins=4, examples=15, validation=12):
    """What the docstring says is drawn, in its order."""
    draw = np.random.default_rng(seed)
    beta = 0.5 * draw.standard_normal(twins)
    x, moved = draw.standard_normal((2, 2, examples + validation, twins))
    y = x @ beta + draw.standard_normal((2, examples + validation))
    return beta, np.concatenate([x, x + copy * moved], axis=-1), y


def test_rows_and_columns(table):
    assert table.columns == list(SCHEMA)
    copies = table["copy"].unique().sort().to_list()
    assert copies == [0.05, 0.1, 0.2, 0.5, 1.0]
    points = [(copy, seed, point) for copy in copies for seed in (1000, 1001, 1002) for point in ("best", "end")]
    assert table.select("copy", "seed", "point").rows() == points
    assert set(table["status"]) == {"ok"}


@pytest.mark.parametrize("copy", [0.05, 1.0])
def test_the_end_is_least_squares(table, copy):
    beta, x, y = drawn(1001, copy)
    fits = [np.linalg.lstsq(each[:15], its[:15])[0] for each, its in zip(x, y, strict=True)]
    equal = [np.tile((fit[:4] + fit[4:]) / 2, 2) for fit in fits]
    row = table.row(
        by_predicate=(pl.col("copy") == copy) & (pl.col("seed") == 1001) & (pl.col("point") == "end"), named=True
    )
    apart, both = ([sign * fit[4:] + fit[:4] for fit in fits] for sign in (-1, 1))
    assert row["difference"] == pytest.approx(np.corrcoef(*apart)[0, 1])
    assert row["sum"] == pytest.approx(np.corrcoef(*both)[0, 1])
    for name, solution in (("validation", fits), ("validation_symmetrised", equal)):
        errors = [((its[15:] - each[15:] @ fit) ** 2).mean() for each, its, fit in zip(x, y, solution, strict=True)]
        assert row[name] == pytest.approx(np.mean(errors))
    rng = np.random.default_rng(0)
    fresh = rng.standard_normal((400_000, 4))
    inputs = np.hstack([fresh, fresh + copy * rng.standard_normal(fresh.shape)])
    truth = fresh @ beta + rng.standard_normal(len(fresh))
    for name, solution in (("risk", fits), ("risk_symmetrised", equal)):
        assert row[name] == pytest.approx(np.mean([((truth - inputs @ fit) ** 2).mean() for fit in solution]), rel=0.02)


def test_the_optimum_is_that_of_many_small_steps():
    """Of one set of examples by gradient descent with a small rate, looked at after every step."""
    beta, x, y = drawn(1000, 0.05)
    best = measure(None, **SMALL | {"per_decade": 60, "pairs": 1}).filter(copy=0.05, point="best").row(0, named=True)
    lowest = []
    for each, its in zip(x, y, strict=True):
        fit, curve, rate = np.zeros(8), [], 0.002
        for _ in range(20_000):
            curve.append(((its[15:] - each[15:] @ fit) ** 2).mean())
            fit += rate * each[:15].T @ (its[:15] - each[:15] @ fit) / 15
        lowest.append(min(curve))
    assert best["validation"] == pytest.approx(np.mean(lowest), rel=1e-3)
    assert best["risk"] > 1 + 0 * beta.sum()


def test_the_optimum_lies_below_the_end_unless_that_is_the_optimum(many):
    both = many.filter(point="best").join(many.filter(point="end"), on=("copy", "seed"))
    rise = both["validation_right"] - both["validation"]
    assert (rise >= -1e-12).all()
    never = many.filter(point="best", copy=1.0)["never_stopped"]
    assert 0.05 < never.mean() < 0.5
    assert many.filter(pl.col("copy") == 0.05)["never_stopped"].sum() <= 2


def test_symmetry_costs_nothing_where_twins_are_alike_and_much_where_they_are_not(many):
    rise = pl.col("risk_symmetrised") - pl.col("risk")
    means = many.filter(point="end").group_by("copy").agg(rise.mean()).sort("copy")["risk_symmetrised"].to_list()
    assert means[0] < -0.2
    assert means[-1] > 0.5


def test_sums_agree_and_differences_only_of_copies_that_can_be_told_apart(many):
    means = many.group_by("copy", "point").agg(pl.col("difference", "sum").mean()).sort("copy")
    assert means["sum"].min() > 0.85
    for point in ("best", "end"):
        apart = means.filter(point=point)["difference"].to_list()
        assert abs(apart[0]) < 0.07
        assert apart[-1] > 0.6


def test_harm_after_parting_is_a_time_after_a_time():
    """By hand, on the grid of the measure, of both sets."""
    _, x, y = drawn(1002, 0.05)
    at = np.concatenate([[0], np.geomspace(1e-2, 1e7, 46), [np.inf]])
    lags = []
    for each, its in zip(x, y, strict=True):
        train, held = (each[:15], its[:15]), (each[15:], its[15:])
        values, basis = np.linalg.eigh(train[0].T @ train[0] / 15)
        pull = basis.T @ train[0].T @ train[1] / 15
        path = [basis @ (-np.expm1(-values * t) / values * pull) for t in at]
        curve = [((held[1] - held[0] @ fit) ** 2).mean() for fit in path]
        stop = int(np.argmin(curve))
        harmed = next(t for t, loss in zip(at, curve, strict=True)
                      if t > at[stop] and loss - curve[stop] >= 0.01 * (curve[-1] - curve[stop]))  # fmt: skip
        gradients = [train[0].T @ (train[1] - train[0] @ fit) for fit in path]
        parted = next(t for t, g in zip(at, gradients, strict=True)
                      if g[:4] @ g[4:] < 0.5 * np.linalg.norm(g[:4]) * np.linalg.norm(g[4:]))  # fmt: skip
        lags.append(np.log(harmed / parted))
    row = measure(None, **SMALL).filter(copy=0.05, seed=1002)
    assert row["harm_after_parting"].to_list() == pytest.approx([np.mean(lags)] * 2)


def test_rows_do_not_depend_on_what_else_is_asked(table):
    alone = measure(None, **SMALL | {"pairs": 1, "first_seed": 1002})
    assert alone.equals(table.filter(seed=1002))
