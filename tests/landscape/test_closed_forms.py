import math

import mpmath
import pytest
import torch

from nominima.ground.files import Refusal
from nominima.landscape.closed_forms import LinearRegression, distance_cv, goe_all_positive, reddi
from nominima.landscape.extremes import ends
from nominima.landscape.hessian import spectrum
from nominima.landscape.known import deep_linear, deep_linear_minimum, deep_linear_saddle, quadratic


def data(count=30, features=6):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(count, features, generator=generator, dtype=torch.float64)
    return x, torch.randn(count, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(
    ("size", "share"), [(1, 0.5), (2, (2 - math.sqrt(2)) / 4), (3, 1 / 4 - 1 / math.sqrt(2) / math.pi)]
)
def test_goe_has_its_known_shares(size, share):
    assert goe_all_positive(size) == pytest.approx(share, rel=1e-9)


@pytest.mark.parametrize(
    ("size", "share"),
    [(5, 1.401146854634e-4), (8, 9.69454674930767e-10), (10, 2.26565315810842e-14), (12, 5.89241265837858e-20)],
)
def test_goe_keeps_its_digits(size, share):
    """Against the Pfaffian by adaptive quadrature to 34 digits."""
    assert goe_all_positive(size) == pytest.approx(share, rel=1e-12)


def test_goe_two_is_the_quoted_number():
    assert goe_all_positive(2) == pytest.approx(0.146447, abs=5e-7)


def test_goe_agrees_with_drawn_matrices():
    drawn = torch.randn(200_000, 4, 4, generator=torch.Generator().manual_seed(0))
    share = (torch.linalg.eigvalsh(drawn + drawn.mT)[:, 0] > 0).double().mean().item()
    expected = goe_all_positive(4)
    assert abs(share - expected) < 4 * math.sqrt(expected / 200_000)


def test_goe_falls_as_its_asymptote_says():
    logs = [math.log(goe_all_positive(size)) for size in range(1, 13)]
    second = logs[11] - 2 * logs[10] + logs[9]
    assert second / -2 == pytest.approx(math.log(3) / 4, rel=0.02)
    with pytest.raises(Refusal, match="1 to 12"):
        goe_all_positive(13)


@pytest.mark.parametrize("dimension", [1, 2, 3, 16, 99, 100, 101, 150, 4096, 10**5, 10**7, 10**8, 10**9])
def test_distance_cv_keeps_its_digits_in_all_dimensions(dimension):
    with mpmath.workdps(50):
        d = mpmath.mpf(dimension)
        square = 2 * mpmath.exp(2 * (mpmath.loggamma((d + 1) / 2) - mpmath.loggamma(d / 2)))
        exact = float(mpmath.sqrt(d / square - 1))
    assert distance_cv(dimension) == pytest.approx(exact, rel=1e-10)


def test_distance_cv_is_exact_and_tends_to_its_limit():
    # In the plane the distance is Rayleigh, whose CV is √(4/π − 1).
    assert distance_cv(2) == pytest.approx(math.sqrt(4 / math.pi - 1))
    assert distance_cv(4096) * math.sqrt(2 * 4096) == pytest.approx(1, abs=1e-3)
    points = torch.randn(2, 100_000, 16, generator=torch.Generator().manual_seed(0))
    lengths = (points[0] - points[1]).norm(dim=1)
    assert (lengths.std() / lengths.mean()).item() == pytest.approx(distance_cv(16), rel=0.01)


@pytest.mark.parametrize("shape", [(30, 6), (6, 30)])
def test_flow_solves_its_differential_equation_and_ends_at_least_squares(shape):
    x, y = data(*shape)
    linear = LinearRegression.of(x, y)
    times = torch.tensor([0.0, 0.7, 0.7 + 1e-6, torch.inf], dtype=torch.float64)
    start, now, soon, end = linear.flow(times)
    assert start.eq(0).all()
    torch.testing.assert_close((soon - now) / 1e-6, -x.T @ (x @ now - y) / len(x), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(end, torch.linalg.lstsq(x, y[:, None], driver="gelsd").solution[:, 0])


def test_ridge_solves_its_normal_equations():
    x, y = data(6, 30)
    for strength, found in zip((0.1, 2.0), LinearRegression.of(x, y).ridge(torch.tensor([0.1, 2.0])), strict=True):
        normal = x.T @ x / len(x) + strength * torch.eye(30, dtype=torch.float64)
        torch.testing.assert_close(found, torch.linalg.solve(normal, x.T @ y / len(x)))


@pytest.mark.parametrize("amsgrad", [False, True])
def test_reddi_walks_as_torch_optim_does(amsgrad):
    place = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([place], lr=0.05, betas=(0.0, 1 / 17), amsgrad=amsgrad)
    walked = []
    for step in range(1, 301):
        optimizer.param_groups[0]["lr"] = 0.05 / math.sqrt(step)
        place.grad = torch.tensor([4.0 if step % 3 == 1 else -1.0], dtype=torch.float64)
        optimizer.step()
        place.data.clamp_(-1, 1)
        walked.append(place.item())
    assert reddi(300, amsgrad=amsgrad) == pytest.approx(walked, abs=1e-12)


def test_reddi_ends_where_published():
    assert reddi()[-1] == pytest.approx(1.0, abs=1e-2)
    assert reddi(amsgrad=True)[-1] == pytest.approx(-0.99985, abs=5e-4)


def test_quadratic_has_its_spectrum():
    values = torch.tensor([-2.0, 0.0, 1.0, 1.0, 5.0], dtype=torch.float64)
    torch.testing.assert_close(spectrum(quadratic(values), torch.ones(1, 5, dtype=torch.float64))[0], values)


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (3, 3)])
@pytest.mark.parametrize("place", [deep_linear_saddle, deep_linear_minimum])
def test_deep_linear_has_its_spectrum(place, shape):
    wanted = torch.randn(*shape, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    landscape = deep_linear(wanted, 4)
    theta, values = place(wanted, 4)
    assert landscape.gradient(theta)[1].abs().max() < 1e-12
    torch.testing.assert_close(spectrum(landscape, theta)[0], values, atol=1e-10, rtol=0)
    (found,) = ends(landscape, theta, low=3, high=3, tolerance=1e-9)
    torch.testing.assert_close(found.values, values[[0, 1, 2, -3, -2, -1]], atol=1e-6, rtol=0)


def test_deep_linear_minimum_needs_units_enough():
    with pytest.raises(Refusal, match="at least 3"):
        deep_linear_minimum(torch.eye(3), 2)
