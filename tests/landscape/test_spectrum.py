import pytest
import scipy.sparse.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from landscapes import network, planted
from torch import nn

from nominima.ground.files import Refusal
from nominima.landscape.decrement import decrements
from nominima.landscape.downward import curves_down
from nominima.landscape.extremes import ends, most_negative
from nominima.landscape.hessian import inertia, spectrum
from nominima.landscape.loss import of_stack
from nominima.landscape.quadrature import density

BULK = torch.linspace(-1, 1, 60).tolist()
PLANTED = {
    "copies at both ends": [-2.0] * 3 + BULK + [5.0] * 4 + [6.0, 6.0, 9.0],
    "all alike": [1.0] * 20,
    "nearly singular": [0.0] * 10 + [3.0] * 2 + [-1e-3],
    "a cluster": [*BULK, 4.0, 4.001, 4.002, 4.003, -3.0, -3.0001],
    "zero": [0.0] * 12,
}


def at(landscape, dtype=torch.float64):
    return torch.zeros(1, landscape.dimension, dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("values", PLANTED.values(), ids=PLANTED)
def test_ends_count_copies_and_show_no_ghosts(values, dtype):
    landscape = planted(values, dtype)
    tolerance = 1e-4 if dtype == torch.float64 or values != PLANTED["all alike"] else 1e-2
    (found,) = ends(landscape, at(landscape, dtype), low=5, high=6, tolerance=tolerance)
    expected = torch.tensor(sorted(values)[:5] + sorted(values)[-6:], dtype=torch.float64)
    assert found.converged
    eps = 16 * torch.finfo(dtype).eps * max(map(abs, values))
    assert ((found.values - expected).abs() <= torch.maximum(1e-4 * expected.abs(), torch.tensor(max(eps, 1e-6)))).all()
    torch.testing.assert_close(found.vectors @ found.vectors.T, torch.eye(11, dtype=dtype), atol=1e-4, rtol=0)


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.sampled_from([-3.0, -1.0, -0.5, 0.0, 1e-3, 0.1, 0.5, 0.51, 2.0, 7.0]), min_size=8, max_size=40),
    steps=st.integers(2, 30),
    tolerance=st.sampled_from([1e-1, 1e-2, 1e-4, 1e-8]),
    counts=st.sampled_from([(1, 0), (0, 1), (1, 1), (3, 2), (0, 5)]),
)
def test_the_converged_flag_is_true(values, steps, tolerance, counts):
    landscape = planted(values)
    low, high = counts
    (found,) = ends(landscape, at(landscape), low=low, high=high, steps=steps, tolerance=tolerance)
    exact = torch.tensor(sorted(values)[:low] + sorted(values)[len(values) - high :], dtype=torch.float64)
    if found.converged:
        allowed = torch.maximum(tolerance * exact.abs(), torch.as_tensor(2e-7 * exact.abs().max() + 1e-6))
        assert ((found.values - exact).abs() <= 1.01 * allowed).all()
    nearest = (torch.linalg.eigvalsh(landscape.hessian(at(landscape)))[0] - found.values[:, None]).abs().amin(1)
    assert (nearest <= found.residuals + 1e-12).all()


def test_too_few_steps_are_told():
    landscape = planted(torch.linspace(-1, 1, 200).tolist())
    (found,) = ends(landscape, at(landscape), steps=10)
    assert found.status == "not converged"
    assert not found.converged


def test_ends_of_a_network_agree_with_eigsh_and_eigvalsh():
    landscape, theta = network(nn.ReLU, reference=True)
    hand, _ = network(nn.ReLU)
    exact = torch.linalg.eigvalsh(landscape.hessian(theta))[0].numpy()
    operator = scipy.sparse.linalg.aslinearoperator(hand.hessian(theta)[0].numpy())
    top = scipy.sparse.linalg.eigsh(operator, k=3, which="LA", return_eigenvectors=False)
    (found,) = ends(hand, theta, low=2, high=3, tolerance=1e-8)
    torch.testing.assert_close(found.values[2:], torch.tensor(sorted(top)), rtol=1e-8, atol=1e-12)
    torch.testing.assert_close(found.values[:2], torch.tensor(exact[:2]), rtol=1e-8, atol=1e-9)


def test_lanes_have_their_own_spectra():
    landscape, theta = network()
    stack = torch.cat([theta, theta * 2, theta * torch.nan])
    found = ends(landscape, stack)
    assert [one.status for one in found] == ["ok", "ok", "not finite"]
    for one, exact in zip(found[:2], torch.linalg.eigvalsh(landscape.hessian(stack[:2])), strict=True):
        torch.testing.assert_close(one.values, exact[[0, -1]], rtol=1e-4, atol=1e-7)


def test_most_negative_is_a_direction_of_that_curvature():
    landscape, theta = network()
    (found,) = most_negative(landscape, theta, tolerance=1e-10)
    assert found.converged
    direction = found.vectors[0]
    torch.testing.assert_close(direction @ landscape.hessian(theta)[0] @ direction, found.values[0], rtol=1e-10, atol=0)


def test_decay_moves_every_eigenvalue_by_itself():
    plain, theta = network()
    decayed, _ = network(decay=0.25)
    torch.testing.assert_close(spectrum(decayed, theta), spectrum(plain, theta) + 0.25)
    torch.testing.assert_close(ends(decayed, theta)[0].values, ends(plain, theta)[0].values + 0.25, rtol=2e-4, atol=0)


def test_a_basis_grows_with_the_steps_that_are_made():
    """A million parameters: room for all the steps allowed would be terabytes."""
    size = 10**6
    values = torch.ones(size).index_fill_(0, torch.tensor([3]), -2.0).index_fill_(0, torch.tensor([5, 6]), 4.0)
    landscape = of_stack(lambda theta: (values * theta.square()).sum(-1) / 2, size)
    (found,) = ends(landscape, torch.ones(1, size), steps=size)
    assert found.converged
    assert found.values.tolist() == pytest.approx([-2.0, 4.0], rel=1e-4)


def test_chance_is_told_not_averaged():
    landscape = of_stack(lambda t: t.square().sum(-1) + torch.rand(len(t), dtype=t.dtype), 3)
    theta = torch.ones(1, 3, dtype=torch.float64)
    assert ends(landscape, theta)[0].status == "not deterministic"
    assert density(landscape, theta, probes=2, steps=3)[0].status == "not deterministic"


def test_ends_refuses_impossible_counts():
    with pytest.raises(Refusal, match="3 eigenvalues"):
        ends(planted([1.0, 2.0, 3.0]), torch.zeros(1, 3, dtype=torch.float64), low=2, high=2)
    for ask in (ends, curves_down, decrements):
        with pytest.raises(Refusal, match=r"steps=0.*at least 1"):
            ask(planted([1.0, 2.0, 3.0]), torch.ones(1, 3, dtype=torch.float64), steps=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_density_weighs_one_and_keeps_moments(dtype):
    values = PLANTED["copies at both ends"]
    landscape = planted(values, dtype)
    (found,) = density(landscape, at(landscape, dtype), probes=400, steps=12)
    torch.testing.assert_close(found.weights.sum(-1), torch.ones(400, dtype=torch.float64))
    exact = torch.tensor(values, dtype=torch.float64)
    for power in (1, 2, 3):
        mean, error = found.moment(power)
        assert abs(mean - exact.pow(power).mean()) < 4 * error
    assert abs(found.trace[0] - exact.sum()) < 4 * found.trace[1]
    share, error = found.below(-1.5)
    assert abs(share - 3 / len(values)) < 4 * error + 0.005
    assert found.effective_dimension == pytest.approx(float(exact.sum() ** 2 / exact.square().sum()), rel=0.15)


def test_density_with_all_steps_is_the_spectrum_seen_from_the_probe():
    landscape = planted([-1.0, -1.0, 2.0, 5.0])
    (found,) = density(landscape, at(landscape), probes=3, steps=10)
    kept = [nodes[weights > 1e-12] for nodes, weights in zip(found.nodes, found.weights, strict=True)]
    for nodes in kept:
        torch.testing.assert_close(nodes, torch.tensor([-1.0, 2.0, 5.0], dtype=torch.float64))


def test_smoothed_density_integrates_to_one():
    landscape = planted(BULK)
    grid = torch.linspace(-4, 4, 2001)
    (found,) = density(landscape, at(landscape), probes=4, steps=20)
    assert torch.trapezoid(found.on(grid, 0.2), grid.double()).item() == pytest.approx(1, abs=1e-6)


def test_density_in_groups_of_probes_is_the_same(monkeypatch):
    landscape = planted(BULK)
    whole = density(landscape, at(landscape), probes=5, steps=7)[0]
    monkeypatch.setattr("nominima.landscape.lanczos.BASIS_BYTES", 1)
    torch.testing.assert_close(density(landscape, at(landscape), probes=5, steps=7)[0].nodes, whole.nodes)


def test_inertia_counts_signs():
    landscape = planted([-2.0, -1.0, 0.0, 0.0, 0.0, 3.0])
    (found,) = inertia(landscape, at(landscape))
    assert (found.negative, found.zero, found.positive) == (2, 3, 1)
    assert not found.strict_minimum
    assert inertia(planted([1.0, 1e-9]), torch.zeros(1, 2, dtype=torch.float64))[0].strict_minimum


def test_inertia_of_nan_counts_nothing():
    broken = of_stack(lambda theta: theta.sum(-1).sqrt(), 2)
    (found,) = inertia(broken, -torch.ones(1, 2))
    assert found.status == "not finite"
    assert (found.negative, found.zero, found.positive) == (0, 0, 0)
