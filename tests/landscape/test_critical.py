from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from landscapes import examples

from nominima.ground.files import Refusal
from nominima.landscape.critical import escape, kernel_residual, seek
from nominima.landscape.extremes import most_negative
from nominima.landscape.known import deep_linear, deep_linear_minimum, deep_linear_saddle, quadratic
from nominima.landscape.loss import of_stack, of_vector
from nominima.landscape.newton import certify, for_scipy, minimise
from nominima.landscape.safran_shamir import descend, population, students
from nominima.landscape.toy import Toy


def vector(*values):
    return torch.tensor(values, dtype=torch.float64)


ROSENBROCK = of_stack(lambda t: (1 - t[:, 0]) ** 2 + 100 * (t[:, 1] - t[:, 0] ** 2) ** 2, 2)
MONKEY = of_stack(lambda t: t[:, 0] ** 3 - 3 * t[:, 0] * t[:, 1] ** 2 + t[:, 0] ** 4 + t[:, 1] ** 4, 2)


def test_newton_finds_and_certifies_rosenbrocks_minimum():
    (found,) = minimise(ROSENBROCK, vector([-1.2, 1.0]))
    assert found.status == "strict minimum"
    assert found.gradient_norm < 1e-10
    torch.testing.assert_close(found.theta, vector(1, 1))
    # The Hessian there is [[802, −400], [−400, 200]].
    assert found.smallest == pytest.approx(501 - (501**2 - 400) ** 0.5, rel=1e-6)
    assert found.index == 0


def test_a_saddle_is_left_and_is_told_where_one_stays():
    wanted = torch.diag(vector(1, 2))
    landscape = deep_linear(wanted, 2)
    theta, _ = deep_linear_saddle(wanted, 2)
    place = certify(landscape, theta[0])
    assert (place.status, place.index) == ("saddle", 4)
    (below,) = minimise(landscape, theta + 1e-3 * torch.arange(8))
    assert below.loss == pytest.approx(0, abs=1e-12)


def test_flat_directions_are_no_strict_minimum():
    wanted = torch.diag(vector(1, 2))
    place = certify(deep_linear(wanted, 2), deep_linear_minimum(wanted, 2)[0][0])
    assert place.status == "minimum with flat directions"
    assert place.inertia is not None
    assert place.inertia.zero == 4


def test_what_did_not_converge_has_no_index():
    place = certify(ROSENBROCK, vector(0.0, 0.0))
    assert (place.status, place.index) == ("not converged", None)
    (broken,) = minimise(of_stack(lambda t: t.sum(-1).log(), 1), vector([-1.0]))
    assert broken.status == "not finite"


def test_a_minimum_at_infinity_is_not_certified():
    (endless,) = minimise(of_stack(lambda t: torch.exp(-t.sum(-1)), 1), vector([0.0]))
    assert endless.gradient_norm < 1e-10
    assert endless.status == "minimum at infinity"


def test_seek_is_drawn_to_a_saddle_and_gives_its_index():
    double_well = of_stack(lambda t: (t[:, 0] ** 2 - 1) ** 2 / 4 + t[:, 1] ** 2, 2)
    (found,) = seek(double_well, vector([0.3, 0.5]))
    assert (found.place.status, found.place.index) == ("saddle", 1)
    torch.testing.assert_close(found.place.theta, vector(0, 0), atol=1e-9, rtol=0)


def test_a_gradient_flat_place_is_no_critical_point():
    # f' = x² + ε has a minimum at 0 that is no root: Newton on the gradient stalls there with f'' = 0.
    flat = of_stack(lambda t: t[:, 0] ** 3 / 3 + 0.01 * t[:, 0] + t[:, 1] ** 2, 2)
    (found,) = seek(flat, vector([1.0, 1.0]))
    assert found.place.status == "gradient-flat"
    assert found.place.index is None
    assert found.residual < 1e-4
    assert kernel_residual(flat, vector([1.0, 0.0])).item() == pytest.approx(1)


def test_seek_tells_what_it_could_not_finish_and_what_broke():
    (short,) = seek(ROSENBROCK, vector([-1.2, 1.0]), steps=2)
    assert short.place.status == "not converged"
    (broken,) = seek(of_stack(lambda t: t.sum(-1).log(), 1), vector([-1.0]))
    assert broken.place.status == "not finite"


def test_searches_in_single_precision_are_refused():
    for search in (minimise, seek):
        with pytest.raises(Refusal, match=r"float32.*float64.*module\.double\(\)"):
            search(ROSENBROCK, torch.tensor([[-1.2, 1.0]]))


def test_escape_goes_down_from_a_saddle_and_nowhere_from_a_minimum():
    landscape = quadratic(vector(-1, 2, 3))
    (down,) = most_negative(landscape, torch.zeros(1, 3, dtype=torch.float64))
    found = escape(landscape, torch.zeros(3, dtype=torch.float64), down.vectors[0], longest=2.0)
    assert found.descended
    assert abs(found.step) == pytest.approx(2)
    assert found.after == pytest.approx(-2)
    bowl = quadratic(vector(1, 2, 3))
    assert not escape(bowl, torch.zeros(3, dtype=torch.float64), vector(1, 0, 0)).descended


def test_escape_works_downhill_of_third_order():
    assert escape(MONKEY, torch.zeros(2, dtype=torch.float64), vector(1, 0)).step < 0


def toy(hidden=3):
    x, y = examples(60, 6)
    return Toy(x, y, hidden)


def start(toy, *seeds):
    return torch.stack([toy.initial(torch.Generator().manual_seed(seed)) for seed in seeds])


def test_the_toys_hessian_in_closed_form_equals_autograd():
    small = toy()
    assert small.dimension == 9 * 3 + 2
    theta = start(small, 0, 1) * 2
    by_hand = small.landscape(0.01)
    by_autograd = of_vector(lambda t: small.landscape().value(t[None])[0], small.dimension, decay=0.01)
    graph = replace(by_hand, closed=None)
    torch.testing.assert_close(by_hand.hessian(theta), graph.hessian(theta))
    torch.testing.assert_close(by_hand.value(theta), by_autograd.value(theta))
    probes = torch.ones(2, 1, small.dimension, dtype=torch.float64)
    torch.testing.assert_close(by_hand.product(theta)(probes)[:, 0], by_hand.hessian(theta).sum(-1))


@settings(max_examples=40, deadline=None)
@given(
    hidden=st.integers(1, 9),
    seed=st.integers(0, 2**16),
    size=st.sampled_from([0.0, 0.1, 1.0, 10.0]),
    decay=st.sampled_from([0.0, 0.01]),
)
def test_the_toys_slope_in_closed_form_equals_autograd(hidden, seed, size, decay):
    small = toy(hidden)
    landscape, theta = small.landscape(decay), size * start(small, seed)[0] + size / 7
    (value,), (gradient,) = landscape.gradient(theta[None])
    loss, slope = for_scipy(landscape, theta)[0](theta.numpy())
    assert loss == pytest.approx(float(value), rel=1e-12)
    torch.testing.assert_close(torch.from_numpy(slope), gradient, rtol=1e-12, atol=1e-12 * max(1.0, size))


def test_the_toys_slope_stands_where_a_class_has_all_the_odds():
    small = toy()
    theta = start(small, 0)[0] * 3000
    (value,), (gradient,) = small.landscape().gradient(theta[None])
    loss, slope = for_scipy(small.landscape(), theta)[0](theta.numpy())
    assert loss == pytest.approx(float(value), rel=1e-12)
    torch.testing.assert_close(torch.from_numpy(slope), gradient, rtol=1e-12, atol=1e-12)


def test_the_toys_hessian_stands_where_a_class_has_all_the_odds():
    """Without decay the logits grow without bound, and the softmax's own curvature is no longer positive definite."""
    small = toy()
    theta = start(small, 0, 1) * 300
    by_hand = small.landscape().hessian(theta)
    torch.testing.assert_close(by_hand, replace(small.landscape(), closed=None).hessian(theta), atol=1e-9, rtol=1e-7)


def test_the_toys_loss_is_cross_entropy_with_a_reference_class():
    small = toy()
    theta = start(small, 0)[0]
    w1, b1, w2, b2 = theta[:18].view(3, 6), theta[18:21], theta[21:27].view(2, 3), theta[27:]
    logits = torch.tanh(small.x @ w1.T + b1) @ w2.T + b2
    full = torch.cat([logits, torch.zeros(60, 1, dtype=torch.float64)], dim=1)
    expected = torch.nn.functional.cross_entropy(full, small.y)
    torch.testing.assert_close(small.landscape().value(theta[None])[0], expected)


def test_toy_minima_are_certified_and_embedding_makes_saddles_that_lead_down():
    small = toy(2)
    minima = [one for one in minimise(small.landscape(1e-3), start(small, *range(4))) if one.status == "strict minimum"]
    assert len(minima) >= 3
    assert all(one.gradient_norm < 1e-10 and one.smallest > 0 for one in minima)
    for one in minima:
        wider, theta = small.embed(one.theta)
        landscape = wider.landscape(1e-3)
        place = certify(landscape, theta)
        assert place.loss == pytest.approx(one.loss, abs=1e-14)
        assert place.status == "saddle"
        assert place.index in (1, 2)
        (down,) = most_negative(landscape, theta[None])
        found = escape(landscape, theta, down.vectors[0])
        assert found.descended
        (below,) = minimise(landscape, found.theta[None])
        assert below.loss < one.loss


def test_safran_shamir_closed_form_agrees_with_autograd():
    landscape, theta = population(3, 4), students(2, 3, 4, 0)

    def value(t):
        units = torch.cat([t.view(3, 4), torch.eye(4, dtype=torch.float64)])
        lengths = units.norm(dim=1)
        product = lengths[:, None] * lengths
        angle = torch.acos((units @ units.T / product).clamp(-1 + 1e-14, 1 - 1e-14))
        signs = torch.tensor([1.0] * 3 + [-1.0] * 4, dtype=torch.float64)
        shares = product * (angle.sin() + (torch.pi - angle) * angle.cos()) / (2 * torch.pi)
        return (shares * signs[:, None] * signs).sum() / 2

    graph = of_vector(value, 12)
    torch.testing.assert_close(landscape.value(theta), graph.value(theta), atol=1e-12, rtol=0)
    torch.testing.assert_close(landscape.gradient(theta)[1], graph.gradient(theta)[1], atol=1e-12, rtol=0)
    hessians = torch.stack([torch.autograd.functional.hessian(value, one) for one in theta])
    torch.testing.assert_close(landscape.hessian(theta), hessians, atol=1e-10, rtol=0)
    drawn = torch.randn(400_000, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    gap = (drawn @ theta[0].view(3, 4).T).relu().sum(1) - drawn.relu().sum(1)
    assert gap.square().mean().item() / 2 == pytest.approx(landscape.value(theta)[0].item(), rel=0.01)


def test_safran_shamir_teacher_is_a_strict_global_minimum():
    place = certify(population(8, 8), torch.eye(8, dtype=torch.float64).flatten())
    assert place.status == "strict minimum"
    assert place.loss == pytest.approx(0, abs=1e-14)


def test_safran_shamir_spurious_minima_stand_at_n_is_k_and_vanish_with_one_more():
    same = descend(8, 8, runs=40)
    assert same.share == pytest.approx(0.13, abs=0.13)
    lowest = min(same.spurious, key=lambda one: one.loss)
    assert lowest.loss == pytest.approx(0.0215080, abs=5e-8)
    assert lowest.smallest == pytest.approx(0.021347, abs=5e-7)
    assert descend(9, 8, runs=10).share == 0


@pytest.mark.parametrize("seed", [17, 30, 32])
def test_seek_ends_at_the_same_bits_every_time(seed):
    # From these starts scipy's MINPACK ends in two or three places, by where the allocator puts its arrays.
    x, y = examples(150, 6)
    small = Toy(x, y, 2)
    one, ends = start(small, seed), set()
    for count in range(12):
        kept = [torch.empty(97 * count + 13 * other) for other in range(50)]
        (found,) = seek(small.landscape(1e-3), one, steps=100)
        ends.add(found.place.theta.numpy().tobytes())
        del kept
    assert len(ends) == 1
