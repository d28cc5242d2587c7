import pytest
import torch
from landscapes import network, planted
from torch import nn

from nominima.landscape.decrement import decrements
from nominima.landscape.loss import of_stack, of_vector

DRAW = torch.Generator().manual_seed(3)


def dense(landscape, theta, shift=1e-3):
    """The formula by the whole Hessian."""
    values, vectors = torch.linalg.eigh(landscape.hessian(theta)[0])
    share = vectors.mT @ landscape.gradient(theta)[1][0]
    return (share.square() / (values.abs() + shift * values.abs().max())).sum().item() / 2


def test_a_bowl_is_promised_all_that_it_loses_down_to_its_minimum():
    bowl = planted([0.5, 1.0, 2.0, 8.0])
    theta = torch.randn(2, 4, generator=DRAW, dtype=torch.float64)
    assert decrements(bowl, theta, shift=0) == pytest.approx(bowl.value(theta), rel=1e-10)


def test_downward_curvature_counts_as_upward_and_the_shift_is_relative_to_the_largest():
    """x² − 4·y², at (3, 1): H = diag(2, −8), g = (6, −8); the shift is .25·8."""
    saddle = of_stack(lambda theta: theta[:, 0] ** 2 - 4 * theta[:, 1] ** 2, 2)
    found = decrements(saddle, torch.tensor([[3.0, 1.0]], dtype=torch.float64), shift=0.25)
    assert found.item() == pytest.approx((36 / (2 + 2) + 64 / (8 + 2)) / 2)


@pytest.mark.parametrize("activation", [nn.Tanh, nn.ReLU])
@pytest.mark.parametrize("scale", [0.3, 1.0])
def test_a_network_as_by_its_whole_hessian(activation, scale):
    landscape, start = network(activation)
    theta = torch.stack([scale * start.flatten(), start.flatten() + 0.3])
    whole = [dense(landscape, one[None]) for one in theta]
    assert decrements(landscape, theta, steps=len(theta[0])) == pytest.approx(
        torch.tensor(whole, dtype=torch.float64), rel=1e-8
    )
    few = decrements(landscape, theta, steps=2)
    assert not torch.allclose(few, torch.tensor(whole, dtype=torch.float64), rtol=1e-3), "two products are too few"


def test_where_nothing_pulls_nothing_is_promised():
    bowl = planted([0.5, 1.0, 2.0])
    assert decrements(bowl, torch.zeros(1, 3, dtype=torch.float64)).item() == 0


def test_what_is_not_finite_is_not_a_number():
    theta = torch.tensor([[1.0, 2.0], [torch.nan, 2.0]], dtype=torch.float64)
    assert decrements(planted([1.0, 2.0]), theta).isnan().tolist() == [False, True]


def test_a_slope_without_curvature_has_no_end():
    slope = of_vector(lambda theta: theta.sum() + 0 * theta.square().sum(), 2)
    assert decrements(slope, torch.zeros(1, 2, dtype=torch.float64)).isinf().all()
