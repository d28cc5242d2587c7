import numpy as np
import pytest
from scipy.integrate import solve_ivp

from nominima.measuring.linear_flow import Flow, losses, stops, times

SHAPES = [(12, 5), (5, 12), (8, 8)]


def problem(shape, seed=0):
    draw = np.random.default_rng(seed)
    return draw.standard_normal(shape), draw.standard_normal(shape[0])


@pytest.mark.parametrize("shape", SHAPES)
def test_it_solves_the_differential_equation(shape):
    x, y = problem(shape)
    at = np.array([0.0, 0.1, 1.0, 7.0, 40.0])
    solved = solve_ivp(lambda _, b: x.T @ (y - x @ b) / len(y), (0, 40), np.zeros(shape[1]), t_eval=at, rtol=1e-10,
                       atol=1e-12)  # fmt: skip
    path, slopes = Flow.of(x, y).at(at), Flow.of(x, y).gradients(at)
    np.testing.assert_allclose(path, solved.y.T, atol=1e-8)
    np.testing.assert_allclose(slopes, [x.T @ (y - x @ fit) / len(y) for fit in path], atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_the_limit_of_small_gradient_steps(shape):
    x, y = problem(shape)
    fit, rate, steps = np.zeros(shape[1]), 1e-4, 30_000
    for _ in range(steps):
        fit += rate * x.T @ (y - x @ fit) / len(y)
    np.testing.assert_allclose(Flow.of(x, y).at(np.array([rate * steps]))[0], fit, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_it_starts_at_zero_and_ends_at_least_squares_of_smallest_norm(shape):
    x, y = problem(shape)
    start, end = Flow.of(x, y).at(np.array([0.0, np.inf]))
    assert not start.any()
    np.testing.assert_allclose(end, np.linalg.lstsq(x, y)[0], rtol=1e-9)
    np.testing.assert_allclose(Flow.of(x, y).at(np.array([1e-8]))[0], 1e-8 * x.T @ y / len(y), rtol=1e-6)


def test_directions_without_variance_do_not_move():
    x, y = problem((12, 5))
    x[:, 4] = x[:, 3]
    end = Flow.of(x, y).at(np.array([np.inf]))[0]
    np.testing.assert_allclose(end, np.linalg.lstsq(x, y)[0], rtol=1e-9)
    assert end[4] == pytest.approx(end[3])
    assert not np.isnan(Flow.of(x, np.stack([y, y])).at(times(2))).any()


def test_stacks_are_their_problems():
    problems = [problem((6, 4), seed) for seed in range(3)]
    at = times(3)
    path = Flow.of(*(np.stack(parts) for parts in zip(*problems, strict=True))).at(at)
    for found, (x, y) in zip(path, problems, strict=True):
        np.testing.assert_allclose(found, Flow.of(x, y).at(at), atol=1e-12)
    x, y = problems[0]
    np.testing.assert_allclose(losses(x, y, path[0]), [((y - x @ fit) ** 2).mean() for fit in path[0]])


def test_ridge_is_near_its_flow():
    """Ali, Kolter & Tibshirani 2019: with λ = 1/t the expected error of the flow is at most 1.69 that of ridge."""
    draw = np.random.default_rng(3)
    for _ in range(20):
        x, beta = draw.standard_normal((30, 20)), draw.standard_normal(20)
        flow = Flow.of(x, x @ beta)
        for t in (0.3, 3.0, 30.0):
            shrunk = np.linalg.solve(x.T @ x / 30 + np.eye(20) / t, x.T @ x @ beta / 30)
            bias, other = (np.sum((fit - beta) ** 2) for fit in (flow.at(np.array([t]))[0], shrunk))
            noise, rest = (
                (-np.expm1(-flow.rates * t)) ** 2 / flow.rates,
                flow.rates / (flow.rates + 1 / t) ** 2,
            )
            assert bias + noise.sum() / 30 <= 1.69 * (other + rest.sum() / 30)


def test_times_and_stops():
    at = times(2, 1e-1, 1e1)
    np.testing.assert_allclose(at, [0, *np.logspace(-1, 1, 5), np.inf])
    best, never = stops(np.array([[3.0, 1.0, 2.0], [3.0, 2.0, 2.0], [3.0, 2.0, 1.0], [3, 2 - 1e-12, 2.0]]))
    assert best.tolist() == [1, 1, 2, 1]
    assert never.tolist() == [False, True, True, True]
