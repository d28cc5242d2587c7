"""`of_module` on other people's networks against plain autograd of the module, in float64."""

from functools import partial
from typing import Any

import pytest
import torch
from cases import CASES, built
from modules import CE, F, Scaled, classes, contents, dense, rows
from plain import Plain
from torch import nn

from nominima.ground.files import Refusal
from nominima.landscape.extremes import ends
from nominima.landscape.loss import of_stack, of_vector
from nominima.landscape.module import of_module
from nominima.landscape.newton import certify
from nominima.landscape.paths import along, bezier, connect, lines, straight
from nominima.landscape.quadrature import density
from nominima.landscape.surfaces import filter_directions, surface

pytestmark = [
    pytest.mark.filterwarnings("ignore:.torch.jit.script.* is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:enable_nested_tensor:UserWarning"),
    pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning"),
    pytest.mark.filterwarnings("ignore:Complex modules are a new feature:UserWarning"),
]
MODES = {"plain": torch.enable_grad, "no_grad": torch.no_grad, "inference": torch.inference_mode}


def made(name, case=None, **options):
    case = case or built(name)
    return of_module(case.module, case.loss, case.x, case.y, **case.options, **options)


@pytest.mark.parametrize("chunk", [11, 8192])
@pytest.mark.parametrize("name", CASES)
def test_value_gradient_and_hessian_are_those_of_plain_autograd(name, chunk):
    plain, (landscape, theta) = Plain(name), made(name, rows=chunk)
    torch.testing.assert_close(theta[0], plain.theta, rtol=0, atol=0)
    torch.testing.assert_close(landscape.value(theta)[0], plain.value().detach())
    torch.testing.assert_close(landscape.gradient(theta)[1][0], plain.gradient().detach())
    torch.testing.assert_close(landscape.hessian(theta)[0], plain.hessian())


@pytest.mark.parametrize(
    ("name", "mode"),
    [(name, "plain") for name in CASES]
    + [
        (name, mode)
        for name in ("perceptron", "encoder in eval", "lstm", "physics")
        for mode in ("no_grad", "inference")
    ],
)
def test_every_instrument_is_right_in_every_mode(name, mode):
    plain, case = Plain(name), built(name)
    exact, length = torch.linalg.eigvalsh(plain.hessian()), plain.gradient().detach().norm()
    with MODES[mode]():
        landscape, theta = made(name, case)
        there = theta + 0.1
        (found,) = ends(landscape, theta, tolerance=1e-8)
        (probed,) = density(landscape, theta, probes=3, steps=theta.shape[1])
        path, line = along(landscape, straight(theta, there, points=3)), lines(landscape, theta, there, points=3)
        middle = connect(landscape, theta, there, steps=2)
        plane = filter_directions([one.shape for one in plain.free], theta[0])
        cells = surface(landscape, theta[0], plane, span=0.1, points=3).losses
        place = certify(landscape, theta[0])
    assert found.converged
    torch.testing.assert_close(found.values, exact[[0, -1]], rtol=1e-7, atol=1e-8)
    assert abs(probed.moment(0)[0] - 1) < 1e-9
    assert abs(probed.nodes.min() - exact[0]) < 1e-6
    for share, loss in zip([0, 0.5, 1], path[0], strict=True):
        torch.testing.assert_close(loss, plain.value(theta[0] + 0.1 * share).detach())
    torch.testing.assert_close(line, path)
    curve = along(landscape, bezier(theta, middle, there, points=3))
    torch.testing.assert_close(curve[0, 1], plain.value((theta[0] + there[0]) / 4 + middle[0] / 2).detach())
    torch.testing.assert_close(cells[0, 2], plain.value(theta[0] - 0.1 * plane[0] + 0.1 * plane[1]).detach())
    assert place.gradient_norm == pytest.approx(float(length), abs=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_the_users_module_and_random_numbers_are_left_alone(name):
    case = built(name)
    before, draws = contents(case.module), torch.get_rng_state()
    attributes = [dict(one.__dict__) for one in case.module.modules()]
    landscape, theta = of_module(case.module, case.loss, case.x, case.y, **case.options)
    along(landscape, straight(theta, 2 * theta, points=3))
    landscape.product(theta)(torch.ones_like(theta)[None])
    after = contents(case.module)
    assert after[1:] == before[1:]
    assert all(torch.equal(one, after[0][key]) for key, one in before[0].items())
    assert torch.equal(torch.get_rng_state(), draws)
    for one, kept in zip(case.module.modules(), attributes, strict=True):
        assert all(one.__dict__[key] is value for key, value in kept.items())


def test_training_the_module_further_does_not_move_its_landscape():
    module: Any = Scaled().double()
    landscape, theta = of_module(module, CE(), rows(30, 5), classes())
    before = landscape.value(theta)
    with torch.no_grad():
        module.scale.mul_(2)
        module.inner[0].weight.zero_()
    assert torch.equal(landscape.value(theta), before)


def test_only_a_plain_perceptron_takes_the_short_cut():
    quick = {name for name in CASES if type(made(name)[0].parts[0]).__name__ == "Chunk"}
    assert quick == {"perceptron", "distributions"}
    assert type(made("perceptron", reference=True)[0].parts[0]).__name__ == "Traced"


@pytest.mark.parametrize("count", [8192, 8193])
def test_a_sum_over_more_than_one_chunk_is_still_the_sum(count):
    module, loss = dense(nn.GELU).double(), CE(reduction="sum")
    x, y = rows(count, 5), classes(count)
    landscape, theta = of_module(module, loss, x, y)
    torch.testing.assert_close(landscape.value(theta)[0], loss(module(x), y).detach())


WEIGHTS = torch.tensor([0.05, 1.0, 5.0])
COUPLED = {
    "weights": lambda out, y: F.cross_entropy(out, y, weight=WEIGHTS.to(out)),
    "weights in float32": lambda out, y: F.cross_entropy(out.float(), y, weight=WEIGHTS.sqrt()),
    "ignored": lambda out, y: F.cross_entropy(out, y, ignore_index=0),
    "root": lambda out, y: (F.cross_entropy(out, y) + 1).sqrt(),
}


@pytest.mark.parametrize("loss", COUPLED.values(), ids=COUPLED)
def test_a_loss_of_chunks_that_is_nearly_a_mean_is_refused(loss):
    """Two chunks of thousands of examples differ little in what couples them."""
    torch.manual_seed(0)
    with pytest.raises(Refusal, match="not clearly their mean or their sum"):
        of_module(nn.Linear(5, 3), loss, *many(), rows=4000)


@pytest.mark.parametrize("options", [{"weight": WEIGHTS}, {"ignore_index": 0}], ids=["w", "i"])
def test_cross_entropy_with_options_is_summed_however_they_are_given(options):
    module, (x, y) = nn.Linear(5, 3), many()
    whole = F.cross_entropy(module(x), y, **options).item()
    for loss in (partial(F.cross_entropy, **options), nn.CrossEntropyLoss(**options)):
        landscape, theta = of_module(module, loss, x, y, rows=4000)
        assert landscape.value(theta).item() == pytest.approx(whole, rel=1e-6)


@pytest.mark.parametrize("size", [0.0, 1e-5])
def test_a_mean_is_found_out_where_the_loss_is_next_to_nothing(size):
    module, (x, _) = nn.Linear(5, 3), many()
    y = module(x).detach() * (1 + size)
    landscape, theta = of_module(module, lambda out, y: F.mse_loss(out, y), x, y, rows=4000)
    expected = 2 / 3 * x.mT @ x / len(x)
    assert torch.allclose(landscape.hessian(theta)[0][:5, :5], expected, rtol=1e-4, atol=1e-6)


def many():
    x = torch.randn(9000, 5, generator=torch.Generator().manual_seed(0))
    return x, (x[:, 0] > 0.3).long() + (x[:, 1] > 1).long()


BUFFERS = {"not a number": lambda: torch.tensor([torch.nan, 1.0]), "sparse": lambda: torch.eye(30).to_sparse()}


@pytest.mark.parametrize("buffer", BUFFERS.values(), ids=BUFFERS)
def test_buffers_that_do_not_change_are_taken(buffer):
    class Held(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(5, 3)
            self.register_buffer("held", buffer())

        def forward(self, x):
            out = self.layer(x)
            return torch.sparse.mm(self.held, out) if self.held.is_sparse else out

    module, x, y = Held(), rows(30, 5).float(), classes(30)
    landscape, theta = of_module(module, F.cross_entropy, x, y)
    assert landscape.value(theta).item() == pytest.approx(F.cross_entropy(module.layer(x), y).item(), rel=1e-6)


def test_a_module_that_is_not_finite_keeps_its_status():
    module = dense(nn.GELU).double()
    with torch.no_grad():
        module[0].weight[0, 0] = torch.nan
    landscape, theta = of_module(module, CE(), rows(30, 5), classes())
    assert ends(landscape, theta)[0].status == "not finite"


def test_a_loss_whose_lanes_vmap_cannot_take_is_computed_one_after_the_other():
    landscape = of_vector(lambda v: v.square().sum() if v.detach()[0] > 0 else v.sum(), 2)
    theta = torch.tensor([[1.0, 2.0], [-1.0, 2.0]])
    assert landscape.value(theta).tolist() == [5.0, 1.0]
    assert landscape.hessian(theta).tolist() == [[[2.0, 0.0], [0.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]]


def test_a_mistake_of_the_caller_is_not_hidden_by_the_second_try():
    def wrong(_):
        raise KeyError("missing")

    with pytest.raises(KeyError, match="missing"):
        of_vector(wrong, 2).value(torch.ones(2, 2))


def test_theta_of_another_graph_is_taken_as_numbers():
    theta = torch.ones(1, 2, requires_grad=True)
    assert not of_stack(lambda t: t.square().sum(-1), 2).value(theta * 2).requires_grad
