"""What is not finite, not deterministic or zero is told as such by every instrument, never averaged in."""

import pytest
import torch
from landscapes import network, planted

from nominima.ground.files import Refusal
from nominima.landscape.critical import escape, kernel_residual, seek
from nominima.landscape.geometry import concave_share, convexity, descent
from nominima.landscape.gradients import agreement, each_gradient, noise, travel_dimension
from nominima.landscape.hessian import inertia, spectrum
from nominima.landscape.loss import of_stack
from nominima.landscape.newton import certify, minimise
from nominima.landscape.paths import along, barrier, bezier, connect, straight
from nominima.landscape.surfaces import surface, trajectory_plane

BOWL = of_stack(lambda t: t.square().sum(-1), 2)
CHANCE = of_stack(lambda t: t.square().sum(-1) + torch.rand(len(t), dtype=t.dtype), 2)
ONES, ZEROS = torch.ones(1, 2, dtype=torch.float64), torch.zeros(1, 2, dtype=torch.float64)
LOST = ONES * torch.nan


@pytest.mark.parametrize(("landscape", "theta", "status"), [(BOWL, LOST, "not finite"), (CHANCE, ONES, "not deter")])
def test_every_status_is_told(landscape, theta, status):
    told = [
        minimise(landscape, theta)[0].status,
        certify(landscape, theta[0]).status,
        seek(landscape, theta)[0].place.status,
        inertia(landscape, theta)[0].status,
        escape(landscape, theta[0], ONES[0]).status,
        noise([(1, landscape), (2, landscape)], theta).status[0],
        agreement(landscape, BOWL, theta, rate=0.1).status[0],
        agreement(BOWL, landscape, theta, rate=0.1).status[0],
    ]
    assert [one for one in told if not one.startswith(status)] == []
    assert not escape(landscape, theta[0], ONES[0]).descended
    assert minimise(landscape, theta)[0].index is None
    assert noise([(1, landscape), (2, landscape)], theta).ratio.isnan().all()
    assert agreement(landscape, landscape, theta, rate=0.1).ratio.isnan().all()
    assert inertia(landscape, theta)[0].eigenvalues.isnan().all()


def test_losses_by_chance_are_not_compared():
    for ask in (
        lambda: along(CHANCE, straight(ONES, ZEROS)),
        lambda: connect(CHANCE, ONES, ZEROS),
        lambda: surface(CHANCE, ONES[0], torch.eye(2, dtype=torch.float64), points=3),
    ):
        with pytest.raises(Refusal, match="twice different"):
            ask()


def test_what_is_not_finite_is_nan_in_its_own_lane_only():
    path = straight(torch.cat([ONES, LOST]), torch.cat([ZEROS, ZEROS]), 5)
    losses = along(BOWL, path)
    gradients = torch.stack([BOWL.gradient(one)[1] for one in path])
    for numbers in (
        barrier(losses), descent(losses).rise, concave_share(losses), convexity(losses, gradients, path).share,
        convexity(losses, gradients, path).violation, travel_dimension(path), spectrum(BOWL, path[:, 0])[:, 0],
    ):  # fmt: skip
        assert numbers.isnan().tolist() == [False, True]
    cells = surface(BOWL, LOST[0], torch.eye(2, dtype=torch.float64), points=3).losses
    assert cells.isnan().all()


def test_zero_gradients_and_directions_are_told():
    assert noise([(1, BOWL), (2, BOWL)], ZEROS).status == ["zero gradient"]
    assert agreement(BOWL, BOWL, ZEROS, rate=0.1).cosine.isnan().all()
    assert kernel_residual(BOWL, ZEROS).isnan().all()
    with pytest.raises(Refusal, match="give an eigenvector"):
        escape(BOWL, ONES[0], ZEROS[0])


def test_a_diverged_trajectory_has_no_plane():
    with pytest.raises(Refusal, match="leave out what diverged"):
        trajectory_plane(LOST.expand(4, -1))


def test_a_curve_has_its_ends_to_the_last_bit():
    start, end = torch.randn(2, 3, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    path = bezier(start, start * 1e3, end, 7)
    assert path[:, 0].equal(start)
    assert path[:, -1].equal(end)


def test_each_batch_has_its_gradient():
    full, theta = network()
    found = each_gradient([(1, full), (1, planted([1.0] * theta.shape[1]))], theta)
    torch.testing.assert_close(found, torch.stack([full.gradient(theta)[1], theta]))
