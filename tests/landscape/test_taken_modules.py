"""Whatever people's networks have: loss, gradient and products are those of plain autograd in float64."""

import pytest
import torch
from cases import CASES, built
from modules import CE, Backbone, Embedded, classes, dense, rows
from plain import Plain
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from nominima.ground.files import Refusal
from nominima.landscape.extremes import ends
from nominima.landscape.loss import Landscape
from nominima.landscape.module import of_module

pytestmark = [
    pytest.mark.filterwarnings("ignore:.torch.jit.script.* is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:enable_nested_tensor:UserWarning"),
    pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning"),
]

TAKEN = {
    "plain": ["perceptron", "functional cross-entropy", "log likelihood", "distributions", "segments"],
    "ignore_index": ["ignored class", "padded labels"],
    "class weights": ["class weights", "weights, padding and smoothing"],
    "reductions": ["sum", "sum by hand", "squares"],
    "label smoothing": ["label smoothing", "weights, padding and smoothing"],
    "hooks": ["hook", "hook before", "replaced forward"],
    "parametrizations": ["pruned", "weight norm", "spectral norm", "symmetric"],
    "tied layers": ["tied", "shared"],
    "buffers": ["buffers and attributes"],
    "batch norm and dropout in eval": ["batch norm and dropout in eval"],
    "attention": ["encoder", "encoder in eval", "attention and tuples"],
    "recurrent": ["lstm", "gru", "in both directions", "sequences of unequal length"],
    "frozen": ["frozen body", "chosen head", "chosen frozen bias", "body under no_grad"],
    "integers and dicts": ["whole numbers", "keywords", "several arguments", "several targets"],
    "tuples": ["attention and tuples"],
    "channels_last": ["channels last"],
    "control flow": ["control flow"],
    "physics": ["physics", "physics of a leaf", "physics by torch.func"],
}
CHUNKS = (8192, 11, 15, 29)
"""All examples at once, with a rest of eight, without a rest, and all but one."""


def test_every_case_is_one_of_something():
    assert {name for names in TAKEN.values() for name in names} == set(CASES)


def elsewhere(theta: Tensor) -> tuple[Tensor, Tensor]:
    """Another place and a direction, both (param,)."""
    generator = torch.Generator().manual_seed(5)
    step, probe = torch.randn(2, len(theta), generator=generator, dtype=torch.float64).to(theta)
    return theta + 0.1 * step, probe


def known(name: str, there: Tensor, probe: Tensor) -> list[Tensor]:
    """Loss, gradient and Hessian · probe by plain autograd."""
    plain = Plain(name)
    return [plain.value(there).detach(), plain.gradient().detach(), plain.product(probe)]


def told(landscape: Landscape, there: Tensor, probe: Tensor) -> list[Tensor]:
    """The same by the landscape."""
    theta = there[None]
    return [
        landscape.value(theta)[0],
        landscape.gradient(theta)[1][0],
        landscape.product(theta)(probe[None, None])[0, 0],
    ]


@pytest.mark.parametrize("what", TAKEN)
def test_all_numbers_are_right_elsewhere_too(what):
    for name in TAKEN[what]:
        case = built(name)
        asked = [of_module(case.module, case.loss, case.x, case.y, rows=one, **case.options) for one in CHUNKS]
        there, probe = elsewhere(asked[0][1][0])
        exact = known(name, there, probe)
        for landscape, _ in asked:
            torch.testing.assert_close(told(landscape, there, probe), exact, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("what", TAKEN)
def test_single_precision_is_right_to_its_own_rounding(what):
    for name in TAKEN[what]:
        case = built(name)
        loss = case.loss.float() if isinstance(case.loss, nn.Module) else case.loss
        x, y = tree_map_only(Tensor, single, (case.x, case.y))
        landscape, theta = of_module(case.module.float(), loss, x, y, **case.options)
        there, probe = elsewhere(theta[0])
        for one, exact in zip(told(landscape, there, probe), known(name, there.double(), probe.double()), strict=True):
            assert one.dtype == torch.float32
            assert (one - exact).norm() <= 1e-5 * exact.norm() + 1e-6, name


def single(leaf: Tensor) -> Tensor:
    return leaf.detach().float().requires_grad_(leaf.requires_grad) if leaf.is_floating_point() else leaf


def test_a_frozen_body_may_be_of_half_precision():
    module = Backbone().double()
    module.body.half().requires_grad_(False)
    landscape, theta = of_module(module, CE(), rows(30, 5), classes())
    seen = torch.tanh(module.body(rows(30, 5).half())).double()
    head, _ = of_module(module.head, CE(), seen.detach(), classes())
    torch.testing.assert_close(landscape.hessian(theta), head.hessian(theta))


@pytest.mark.parametrize("count", [22, 23])
def test_no_chunk_is_empty(count):
    module, x, y = dense(nn.GELU).double(), rows(count, 5), classes(count)
    landscape, theta = of_module(module, CE(), x, y, rows=11)
    assert len(landscape.parts) == -(-count // 11)
    torch.testing.assert_close(landscape.value(theta)[0], CE()(module(x), y).detach())
    with pytest.raises(Refusal, match="0 inputs and 0 targets"):
        of_module(module, CE(), x[count:], y[count:])


def test_statistics_of_the_batch_are_taken_where_all_examples_are_one_chunk():
    norm = nn.BatchNorm1d(4, track_running_stats=False)
    module = nn.Sequential(nn.Linear(5, 4), norm, nn.Tanh(), nn.Linear(4, 3)).double()
    landscape, theta = of_module(module, CE(), rows(30, 5), classes())
    torch.testing.assert_close(landscape.value(theta)[0], CE()(module(rows(30, 5)), classes()).detach())
    with pytest.raises(Refusal, match="give rows=30"):
        of_module(module, CE(), rows(30, 5), classes(), rows=11)


def test_ten_million_parameters_have_a_product_and_an_end():
    """In float32 against float64; room for the default of 500 products at once would be 20 GB."""
    torch.manual_seed(0)
    module = Embedded()
    module.embed = nn.Embedding(2_500_000, 4)
    x = torch.randint(2_500_000, (30, 5), generator=torch.Generator().manual_seed(1))
    landscape, theta = of_module(module, CE(), x, classes())
    assert theta.shape[1] > 10**7
    (found,) = ends(landscape, theta, low=0, tolerance=1e-3)
    probe = found.vectors[0]
    module.double()
    free = list(module.parameters())
    gradient = torch.autograd.grad(CE()(module(x), classes()), free, create_graph=True)
    pieces = probe.double().split([one.numel() for one in free])
    along = sum((one.flatten() @ piece for one, piece in zip(gradient, pieces, strict=True)), torch.zeros(()).double())
    exact = torch.cat([one.flatten() for one in torch.autograd.grad(along, free)])
    product = landscape.product(theta)(probe[None, None])[0, 0]
    assert (product - exact).norm() <= 1e-5 * exact.norm()
    assert found.converged
    assert found.values[0] == pytest.approx((exact @ probe.double()).item(), rel=1e-5)
