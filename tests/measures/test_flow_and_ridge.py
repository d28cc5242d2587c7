import numpy as np
import polars as pl
import pytest
from scipy.linalg import expm

from nominima.measures.flow_and_ridge import DIMENSIONS, LAWS, measure, risks

TIMES = np.array([0.05, 0.7, 3.0, 40.0])


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return measure(None, replicas=3, first_seed=1000)


def shrunk(x, kind, t):
    """The matrix that makes the estimate of y: gradient flow by the matrix exponential, ridge by solving."""
    n, p = x.shape
    if kind == "ridge":
        return np.linalg.solve(x.T @ x / n + np.eye(p) / t, x.T / n)
    augmented = np.zeros((2 * p, 2 * p))  # d/dt β = b − Gβ, the generator of (β, b)
    augmented[:p, :p], augmented[:p, p:] = -x.T @ x / n, np.eye(p)
    return expm(augmented * t)[:p, p:] @ x.T / n


@pytest.mark.parametrize("shape", [(12, 5), (5, 12), (6, 6)])
def test_risks_are_those_of_the_estimators_themselves(shape):
    """E‖Ay − β‖² = ‖(AX − I)β‖² + σ²‖A‖² for an estimate that is linear in y."""
    draw = np.random.default_rng(1000)
    x, beta = draw.standard_normal(shape), draw.standard_normal(shape[1])
    for kind, found in zip(("flow", "ridge"), risks(x, beta, 0.6, TIMES), strict=True):
        for t, risk in zip(TIMES, found, strict=True):
            estimate = shrunk(x, kind, t)
            expected = ((estimate @ x @ beta - beta) ** 2).sum() + 0.36 * (estimate**2).sum()
            assert risk == pytest.approx(expected, rel=1e-8)


def test_both_are_least_squares_in_the_end():
    """The risk of least squares is σ²·tr(XᵀX)⁻¹."""
    draw = np.random.default_rng(1001)
    x, beta = draw.standard_normal((40, 7)), draw.standard_normal(7)
    for found in risks(x, beta, 2.0, np.array([1e9])):
        assert found[0] == pytest.approx(4 * np.trace(np.linalg.inv(x.T @ x)), rel=1e-6)


def test_no_ratio_is_above_that_of_ali_kolter_and_tibshirani(table):
    """One coordinate, noise alone: ((1 − e^−z)(1 + z)/z)² has its maximum 1.686 at z = 1.793."""
    flow, ridge = risks(np.ones((1, 1)), np.zeros(1), 1.0, np.linspace(0.01, 20, 200_000))
    assert (flow / ridge).max() == pytest.approx(1.6859, abs=1e-4)
    assert table["worst_on_path"].max() < 1.686
    assert table["worst_on_path"].min() > 1
    assert table["best"].is_between(0.9, 1.22).all()


def test_the_best_of_each_is_on_the_grid(table):
    row = table.filter(law="even", dimension=50, seed=1001).row(0, named=True)
    x, beta = LAWS["even"](np.random.default_rng((1001, 50)), 100, 50)
    flow, ridge = risks(x, beta, 1.0, np.logspace(-1, 3, 40_000))
    assert row["best"] == pytest.approx(flow.min() / ridge.min(), rel=1e-3)
    assert row["worst_on_path"] == pytest.approx((flow / ridge).max(), rel=1e-3)


def test_every_law_dimension_and_seed_has_its_row(table):
    expected = [(law, p, seed) for law in sorted(LAWS) for p in DIMENSIONS for seed in (1000, 1001, 1002)]
    assert table.select("law", "dimension", "seed").rows() == expected
    assert table.n_unique(subset=["worst_on_path"]) == table.height
    alone = measure(None, replicas=2, first_seed=1001)
    assert alone.equals(table.filter(pl.col("seed") > 1000))
