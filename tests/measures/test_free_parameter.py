import numpy as np
import polars as pl
import pytest

from nominima.measures.free_parameter import SCHEMA, TRUTHS, counts, measure

SMALL = {"replicas": 2, "first_seed": 1000, "examples": 16, "validation": 12, "features": 64, "nonzero": 4,
         "per_decade": 5}  # fmt: skip


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return measure(None, **SMALL)


@pytest.fixture(scope="module")
def many() -> pl.DataFrame:
    return measure(None, **SMALL | {"replicas": 300})


def drawn(seed):
    draw = np.random.default_rng(seed)
    betas = draw.standard_normal((2, 64))
    betas[0, 4:] = 0
    betas *= np.sqrt([[5 / 4], [5 / 64]])
    x = draw.standard_normal((28, 64))
    return (
        dict(zip(TRUTHS, betas, strict=True)),
        x,
        dict(zip(TRUTHS, betas @ x.T + draw.standard_normal(28), strict=True)),
    )


def test_rows_and_columns(table):
    assert table.columns == list(SCHEMA)
    asked = [(truth, count, seed) for truth in sorted(TRUTHS) for count in counts(16, 64) for seed in (1000, 1001)]
    assert table.select("truth", "features", "seed").rows() == asked


def test_features_go_by_four_an_octave_with_one_more_than_the_examples():
    assert counts(16, 64) == [2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 16, 17, 19, 23, 27, 32, 38, 45, 54, 64]
    assert {50, 100, 101, 200, 400} <= set(counts(100, 400))
    assert max(counts(100, 400)) == 400
    assert counts(8, 8) == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("count", [3, 16, 17, 64])
def test_the_end_is_least_squares_of_smallest_norm(table, truth, count):
    betas, x, y = drawn(1001)
    fit = np.linalg.lstsq(x[:16, :count], y[truth][:16])[0]
    row = table.row(
        by_predicate=(pl.col("truth") == truth) & (pl.col("features") == count) & (pl.col("seed") == 1001), named=True
    )
    assert row["validation_end"] == pytest.approx(((y[truth][16:] - x[16:, :count] @ fit) ** 2).mean())
    whole = np.concatenate([fit, np.zeros(64 - count)])
    assert row["end_risk"] == pytest.approx(1 + np.sum((whole - betas[truth]) ** 2))


def test_the_stop_is_that_of_many_small_steps():
    betas, x, y = drawn(1000)
    fine = measure(None, **SMALL | {"per_decade": 100, "replicas": 1}).filter(features=16)
    for truth in TRUTHS:
        fit, seen, rate = np.zeros(16), [], 0.01
        for _ in range(20_000):
            loss = ((y[truth][16:] - x[16:, :16] @ fit) ** 2).mean()
            seen.append((loss, 1 + np.sum((fit - betas[truth][:16]) ** 2) + np.sum(betas[truth][16:] ** 2)))
            fit += rate * x[:16, :16].T @ (y[truth][:16] - x[:16, :16] @ fit) / 16
        loss, risk = min(seen)
        row = fine.filter(truth=truth).row(0, named=True)
        assert (row["validation"], row["stopped_risk"]) == pytest.approx((loss, risk), rel=0.01)


def test_the_risk_at_the_end_is_that_of_theory(many):
    """Normal inputs: below n − 1 features (σ² + rest)(1 + p/(n − p − 1)); beyond n + 1, with the share n/p of ‖β_p‖²
    learned, ‖β_p‖²(1 − n/p) + (σ² + rest)(1 + n/(p − n − 1)) (Belkin, Hsu & Xu 2020, theorem 1; Hastie et al. 2022).
    """
    means = many.group_by("truth", "features").agg(pl.col("end_risk").mean())
    for truth, kept in (("sparse", lambda p: min(p / 4, 1)), ("dense", lambda p: p / 64)):
        for count in (2, 5, 8, 32, 64):
            signal = 5 * kept(count)
            unseen = 1 + 5 - signal
            below = unseen * (1 + count / (16 - count - 1))
            beyond = signal * (1 - 16 / count) + unseen * (1 + 16 / (count - 16 - 1))
            found = means.filter(truth=truth, features=count)["end_risk"].item()
            assert found == pytest.approx(below if count < 16 else beyond, rel=0.12), (truth, count)


def test_the_peak_is_there_at_the_end_and_gone_with_stopping(many):
    logs = many.group_by("truth", "features").agg(pl.col("end_risk", "stopped_risk").log().mean())
    for truth in TRUTHS:
        at = {row["features"]: row for row in logs.filter(truth=truth).iter_rows(named=True)}
        end, stopped = (at[16][name] - (at[8][name] + at[32][name]) / 2 for name in ("end_risk", "stopped_risk"))
        assert end > np.log(5)
        assert stopped < np.log(1.3)


def test_stopping_validates_no_worse_than_the_end(many):
    assert (many["validation"] <= many["validation_end"] * (1 + 1e-9)).all()
    same = many.filter(pl.col("never_stopped"))
    assert 0 < len(same) < 0.2 * len(many)
    assert (same["stopped_risk"] / same["end_risk"]).to_list() == pytest.approx([1.0] * len(same), rel=1e-3)


def test_rows_do_not_depend_on_what_else_is_asked(table):
    assert measure(None, **SMALL | {"replicas": 1, "first_seed": 1001}).equals(table.filter(seed=1001))
