import math

import pytest
import torch
from landscapes import examples, network, perceptron
from torch import nn

from nominima.ground.files import Refusal
from nominima.landscape.geometry import below_tangents, concave_share, convexity, descent
from nominima.landscape.loss import of_stack
from nominima.landscape.matching import match, permuted, sequential
from nominima.landscape.module import of_module
from nominima.landscape.paths import along, barrier, bezier, connect, lines, straight
from nominima.landscape.surfaces import filter_directions, surface, trajectory_plane

WELLS = of_stack(lambda t: (t[:, 0] ** 2 - 1) ** 2 + (t[:, 1] - 1 + t[:, 0] ** 2) ** 2, 2)
LEFT, RIGHT = torch.tensor([[-1.0, 0.0]]).double(), torch.tensor([[1.0, 0.0]]).double()


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_a_straight_path_has_its_ends_to_the_last_bit():
    start, end = drawn(3, 7), drawn(3, 7, seed=1)
    path = straight(start, end, 11)
    assert path.shape == (3, 11, 7)
    assert path[:, 0].equal(start)
    assert path[:, -1].equal(end)
    torch.testing.assert_close(path[:, 5], (start + end) / 2)
    with pytest.raises(Refusal, match="two ends"):
        straight(start, end, 1)


def test_losses_along_a_path_are_those_of_its_points():
    landscape, theta = network()
    path = straight(theta, -theta, 5)
    found = along(landscape, path)
    assert found.shape == (1, 5)
    torch.testing.assert_close(found[0, 3], landscape.value(path[:, 3])[0])


@pytest.mark.parametrize("reference", [False, True])
@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
def test_lines_and_planes_are_those_of_their_points(activation, reference):
    landscape, theta = network(activation, decay=0.1, reference=reference)
    start, end = torch.cat([theta, -theta]), drawn(2, theta.shape[1])
    found = lines(landscape, start, end, 7)
    torch.testing.assert_close(found, along(landscape, straight(start, end, 7)))
    assert found[:, 0].equal(landscape.value(start))
    assert found[:, -1].equal(landscape.value(end))
    shares = drawn(400, 3, seed=4)
    spanned = torch.cat([theta, end])
    torch.testing.assert_close(landscape.combined(spanned, shares), landscape.value(shares @ spanned))


def test_lines_of_a_linear_model_are_those_of_their_points():
    landscape, theta = of_module(nn.Sequential(nn.Linear(5, 3)).double(), nn.CrossEntropyLoss(), *examples())
    end = drawn(1, theta.shape[1])
    torch.testing.assert_close(lines(landscape, theta, end, 5), along(landscape, straight(theta, end, 5)))


def test_barrier_of_two_wells_is_known():
    losses = along(WELLS, straight(LEFT, RIGHT, 101))
    # On the line y = 0 the loss is 2·(x² − 1)², highest at 0.
    assert barrier(losses).item() == pytest.approx(2)
    assert barrier(losses, torch.tensor([4.0])).item() == pytest.approx(0.5)
    assert barrier(losses, torch.tensor([0.0])).isnan()


def test_no_barrier_is_zero_and_a_broken_loss_none_at_all():
    bowl = of_stack(lambda t: t.square().sum(-1), 2)
    assert barrier(along(bowl, straight(LEFT, RIGHT))).item() == 0
    assert barrier(torch.tensor([[0.0, torch.nan, 0.0]])).isnan()


def test_a_trained_curve_goes_round_a_hill():
    hill = of_stack(lambda t: torch.exp(-4 * t.square().sum(-1)) + 0.02 * t[:, 1].square(), 2)
    control = connect(hill, LEFT, RIGHT + 0.01)
    curve = bezier(LEFT, control, RIGHT + 0.01, 201)
    line = barrier(along(hill, straight(LEFT, RIGHT + 0.01, 201))).item()
    assert curve[:, 0].equal(LEFT)
    torch.testing.assert_close(curve[:, -1], RIGHT + 0.01)
    assert line == pytest.approx(1, abs=0.05)
    assert barrier(along(hill, curve)).item() < 0.25 * line


def test_a_curve_cannot_pass_a_wall():
    wall = of_stack(lambda t: torch.exp(-4 * t[:, 0] ** 2), 2)
    control = connect(wall, LEFT, RIGHT)
    assert barrier(along(wall, bezier(LEFT, control, RIGHT, 201))).item() == pytest.approx(1, abs=0.03)


MLP = [(7, 5), (7,), (6, 7), (6,), (3, 6), (3,)]
CNN = [(4, 1, 3), (4,), (5, 4, 3), (5,), (3, 15), (3,)]


def cnn():
    torch.manual_seed(0)
    layers = [nn.Unflatten(1, (1, 7)), nn.Conv1d(1, 4, 3), nn.Tanh(), nn.Conv1d(4, 5, 3), nn.Tanh()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(15, 3)).double()


def mlp():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 6), nn.Tanh(), nn.Linear(6, 3)).double()


@pytest.mark.parametrize(("shapes", "module"), [(MLP, mlp()), (CNN, cnn())], ids=["mlp", "cnn"])
def test_a_planted_permutation_is_undone_exactly(shapes, module):
    symmetry = sequential(shapes)
    assert [tuple(p.shape) for p in module.parameters()] == shapes
    theta = nn.utils.parameters_to_vector(module.parameters()).detach()
    generator = torch.Generator().manual_seed(5)
    orders = [torch.randperm(size, generator=generator).numpy() for size in symmetry.sizes]
    other = permuted(symmetry, theta, orders)
    assert not other.equal(theta)
    x = drawn(20, 5 if shapes is MLP else 7)
    before = module(x)
    nn.utils.vector_to_parameters(other, module.parameters())
    torch.testing.assert_close(module(x), before)
    nn.utils.vector_to_parameters(theta, module.parameters())
    found, _ = match(symmetry, theta, other, restarts=3)
    assert found.equal(theta)


def test_matching_brings_nearer_and_never_changes_the_function():
    symmetry = sequential([tuple(p.shape) for p in perceptron().parameters()])
    landscape, theta = network()
    other = drawn(theta.shape[1], seed=3)
    found, orders = match(symmetry, theta[0], other)
    assert (found - theta[0]).norm() < (other - theta[0]).norm()
    torch.testing.assert_close(landscape.value(found[None]), landscape.value(other[None]))
    assert permuted(symmetry, other, orders).equal(found)


def test_matching_refuses_what_it_cannot_match():
    with pytest.raises(Refusal, match="one chain"):
        sequential([(4, 3), (4,), (2, 5)])
    with pytest.raises(Refusal, match="not finite"):
        match(sequential(MLP), torch.full((115,), torch.nan), torch.zeros(115))


def test_the_middle_cell_is_the_models_loss_to_the_last_bit():
    landscape, theta = network()
    shapes = [tuple(p.shape) for p in perceptron().parameters()]
    directions = filter_directions(shapes, theta[0])
    found = surface(landscape, theta[0], directions, points=7, span=0.5)
    assert found.losses.shape == (7, 7)
    assert found.losses[3, 3] == landscape.value(theta)[0]
    corner = theta + 0.5 * directions[:1] - 0.5 * directions[1:]
    torch.testing.assert_close(found.losses[6, 0], landscape.value(corner)[0])
    with pytest.raises(Refusal, match="odd number"):
        surface(landscape, theta[0], directions, points=50)


def test_filters_are_as_long_as_the_centres():
    shapes = [(4, 2, 3), (4,), (3, 4), (3,)]
    centre = drawn(43)
    directions = filter_directions(shapes, centre, seed=2)
    lengths = directions[:, :24].view(2, 4, 6).norm(dim=-1)
    torch.testing.assert_close(lengths, centre[:24].view(4, 6).norm(dim=-1).expand(2, 4))
    assert directions[:, 24:28].eq(0).all()
    assert directions[:, 40:].eq(0).all()
    assert not directions[0].equal(directions[1])


def test_a_flat_trajectory_lies_in_its_plane():
    angle = torch.linspace(0, 3, 20).double()
    axes = torch.linalg.qr(drawn(9, 2))[0].T
    path = torch.stack([2 * angle.cos(), angle.sin()], dim=1) @ axes + drawn(9, seed=4)
    plane = trajectory_plane(path)
    assert plane.explained == pytest.approx(1)
    torch.testing.assert_close(path[-1] + plane.places @ plane.directions, path)
    assert plane.places[-1].eq(0).all()
    with pytest.raises(Refusal, match="at least three"):
        trajectory_plane(path[:2])


def walk(landscape, path):
    losses, gradients = landscape.gradient(path)
    return losses[None], gradients[None], path[None]


def test_a_convex_bowl_has_no_convexity_gap():
    bowl = of_stack(lambda t: t.square().sum(-1), 3)
    found = convexity(*walk(bowl, drawn(10, 3) * torch.linspace(2, 0.1, 10)[:, None]))
    assert found.share.item() == 1
    assert found.violation.item() == 0


def test_a_hill_violates_every_pair_by_a_known_amount():
    hill = of_stack(lambda t: -t.square().sum(-1), 1)
    path = torch.tensor([[0.0], [1.0], [3.0]]).double()
    found = convexity(*walk(hill, path))
    assert found.share.item() == 0
    # Each pair misses (s − t)²: 1, 9 and 4; the drop is 9.
    assert found.violation.item() == pytest.approx((1 + 9 + 4) / 3 / 9)


def test_of_a_wave_the_way_down_to_its_tangents_is_that_of_the_formula():
    wave = of_stack(lambda t: t.sin().sum(-1), 1)
    a, b = (torch.linspace(0, 6, count).double().unsqueeze(1) for count in (9, 7))
    found = below_tangents(*wave.gradient(a), a, wave.value(b), b)
    torch.testing.assert_close(found, a.sin() + a.cos() * (b.mT - a) - b.sin().mT)


def test_a_dome_lies_below_its_tangents_by_half_the_square_of_the_way():
    dome = of_stack(lambda t: -t.square().sum(-1) / 2, 5)
    a, b = 10 + drawn(4, 5), 10 + drawn(6, 5, seed=1)
    torch.testing.assert_close(below_tangents(*dome.gradient(a), a, dome.value(b), b), torch.cdist(a, b).square() / 2)


def test_descent_is_told_by_hand_made_losses():
    found = descent(torch.tensor([[4.0, 3.0, 3.5, 2.0], [4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0]]))
    assert found.monotone[:2].tolist() == [0, 1]
    assert found.rise[:2].tolist() == [0.25, 0]
    assert found.uphill[:2].tolist() == [pytest.approx(0.5 / 3), 0]
    assert found.rising[:2].tolist() == [pytest.approx(1 / 3), 0]
    assert all(math.isnan(value[2]) for value in (found.monotone, found.rise, found.uphill, found.rising))


def test_a_plateau_that_only_rounds_does_not_rise():
    found = descent(torch.tensor([[3.0, 1.0, 1 + 2e-7, 1.0, 1 + 4e-7, 0.9999995, 1 + 4e-7, 1.5]]))
    assert found.rising.item() == pytest.approx(1 / 7)
    assert found.uphill.item() == pytest.approx(0.5 / 2.5, rel=1e-6)


def test_what_rounding_is_goes_by_the_losses_of_a_step_not_by_the_first():
    found = descent(torch.tensor([[3000.0, 0.01, 0.012, 0.01, 0.012, 0.01]]))
    assert found.rising.item() == pytest.approx(2 / 5)


def test_a_small_rise_within_the_tolerance_is_monotone():
    assert descent(torch.tensor([[1.0, 0.5, 0.5009, 0.0]])).monotone.item() == 1
    assert descent(torch.tensor([[1.0, 0.5, 0.5011, 0.0]])).monotone.item() == 0


def test_concave_share_of_a_cosine_is_half():
    x = torch.linspace(0, math.pi, 402, dtype=torch.float64)
    assert concave_share(torch.cos(x)[None]).item() == pytest.approx(0.5, abs=0.01)
    assert concave_share((x - 4).square()[None]).item() == 0
    assert concave_share(1 - x[None]).item() == 0
    assert concave_share(1 - x[None].float()).item() == 0
    assert concave_share(x[None]).isnan()
