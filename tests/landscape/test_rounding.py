"""Rounding is never a finding: neither a way down, nor a sign of an eigenvalue."""

import math

import pytest
import torch
from landscapes import examples

from nominima.landscape.critical import escape
from nominima.landscape.hessian import inertia
from nominima.landscape.known import quadratic
from nominima.landscape.loss import of_stack
from nominima.landscape.newton import certify, minimise
from nominima.landscape.rounding import of_hessian, of_loss
from nominima.landscape.toy import Toy

RING = of_stack(lambda t: (t.square().sum(-1) - 1).square(), 2)
"""Its minima are the unit circle: flat along it."""


def toy(dtype=torch.float64):
    x, y = examples(60, 6)
    return Toy(x.to(dtype), y, 3).landscape(1e-3)


@pytest.fixture(scope="module")
def minimum():
    start = Toy(*examples(60, 6), 3).initial(torch.Generator().manual_seed(0))
    (found,) = minimise(toy(), start[None])
    assert found.status == "strict minimum"
    return found.theta


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nothing_leads_down_from_a_strict_minimum(minimum, dtype):
    directions = torch.randn(1000, len(minimum), generator=torch.Generator().manual_seed(1)).to(dtype)
    found = [escape(toy(dtype), minimum.to(dtype), one) for one in directions]
    assert [one.fall for one in found if one.descended] == []
    assert any(one.after < one.before for one in found)  # rounding alone would be a fall


@pytest.mark.parametrize(("dtype", "least"), [(torch.float32, 1e-4), (torch.float64, 1e-12)])
def test_a_fall_just_above_rounding_is_seen(minimum, dtype, least):
    landscape, here = toy(dtype), minimum.to(dtype)
    direction = torch.randn(len(here), generator=torch.Generator().manual_seed(2)).double()
    curvature = toy().product(minimum[None])(direction[None, None])[0, 0].dot(direction)
    away = here + ((2 * least / curvature).sqrt() * direction).to(dtype)
    found = escape(landscape, away, direction.to(dtype))
    assert found.descended
    assert found.fall == pytest.approx(least, rel=0.3)
    assert of_loss(landscape, away) < least


def test_nothing_leads_down_along_a_flat_line_however_long():
    """Far away parameters round a thousand times as much as at the start, which would be a fall."""
    slope, start = of_stack(lambda t: (0.8 * t[:, 0] + 0.6 * t[:, 1] + 1).square(), 2), torch.tensor([0.3, 0.2])
    found = escape(slope, start, torch.tensor([0.6, -0.8]), longest=3000.0)
    assert found.before - found.after > of_loss(slope, start)
    assert not found.descended


@pytest.mark.parametrize("off", [0.0, 2e-12, -2e-12, 1e-11, -1e-11])
@pytest.mark.parametrize("angle", [0.3, 1.1, 2.0])
def test_the_floor_of_a_curved_valley_is_flat(off, angle):
    """Off the floor the curvature along it is 4·off·2, of either sign, where the gradient is still called zero."""
    theta = (1 + off) * torch.tensor([angle, angle + torch.pi / 2], dtype=torch.float64).cos()
    found = certify(RING, theta)
    assert (found.status, found.index) == ("minimum with flat directions", 0)


def test_terms_that_cancel_leave_no_curvature():
    """Σ (aᵢx + y)² less its terms in x is 3000·y², but the first entry is a difference of numbers near 10¹¹."""
    spoilt = []
    for seed in range(8):
        landscape, place = of_stack(cancelling(seed), 2), torch.zeros(1, 2, dtype=torch.float64)
        spoilt.append(landscape.hessian(place)[0, 0, 0].abs() > 1e-10)
        (found,) = inertia(landscape, place)
        assert (found.negative, found.zero, found.positive) == (0, 1, 1)
        assert certify(landscape, place[0]).status == "minimum with flat directions"
    assert any(spoilt)


def cancelling(seed):
    a = 1e4 * torch.rand(3000, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    squares, once = math.fsum(a.square().tolist()), math.fsum(a.tolist())

    def loss(theta):
        x, y = theta[:, 0], theta[:, 1]
        return (theta[:, :1] * a + theta[:, 1:]).square().sum(-1) - squares * x.square() - 2 * once * x * y

    return loss


def test_small_curvature_that_is_real_stays_certified():
    place = torch.zeros(3, dtype=torch.float64)
    assert certify(quadratic(torch.tensor([1e-10, 1.0, 2.0]).double()), place).status == "strict minimum"
    assert certify(quadratic(torch.tensor([-1e-10, 1.0, 2.0]).double()), place).index == 1


def test_the_rounding_of_a_hessian_is_that_of_its_dtype():
    landscape, theta = toy(), Toy(*examples(60, 6), 3).initial(torch.Generator().manual_seed(0))[None]
    exact = landscape.hessian(theta)
    planted = exact + 1e-9 * torch.ones_like(exact)
    assert of_hessian(landscape, theta, exact).item() < 1e-13
    assert of_hessian(landscape, theta, planted).item() == pytest.approx(4e-9 * len(exact[0]), rel=0.7)
