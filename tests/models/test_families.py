"""What every family of the shelf must keep, whatever stands on it."""

import pytest
import torch

from nominima.planning import shelf
from nominima.planning.run import Training
from nominima.training.model import Model, build_model
from nominima.training.stack import Stack

BASE = {"dataset": "d", "optimizer": "sgd", "rate": 0.1, "batch": 1, "steps": 1, "first_seed": 0, "seeds": 1}
OPTIONS = {
    "mlp": [{}, {"depth": 1}, {"depth": 3, "activation": "tanh"}],
    "transformer": [{}, {"depth": 1, "patch": 2}],
}
CASES = [(name, options) for name in shelf.names("models") for options in OPTIONS.get(name, [{}])]


def family(name: str, options: dict, inputs: tuple[int, ...] = (8, 8), size: int = 4) -> Model:
    return build_model(Training(model=name, size=size, model_options=options, **BASE), inputs, 3)


def stack_of(model: Model, lanes: int) -> Stack:
    rows = [model.initial(torch.Generator().manual_seed(lane)) for lane in range(lanes)]
    return Stack.of(model.layout, torch.stack(rows).double() + 0.01)


def batch(lanes: int, inputs: tuple[int, ...] = (8, 8)) -> tuple[torch.Tensor, torch.Tensor]:
    source = torch.Generator().manual_seed(7)
    x = torch.randn(lanes, 5, *inputs, generator=source, dtype=torch.float64)
    return x, torch.rand(lanes, 5, 3, generator=source, dtype=torch.float64).softmax(-1)


@pytest.mark.parametrize("inputs", [(8, 8), (12,)])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_the_gradient_is_that_of_autograd_lane_by_lane(name, options, inputs):
    model, lanes = family(name, options, inputs), 3
    parameters, (x, targets) = stack_of(model, lanes), batch(lanes, inputs)
    gradient = parameters.zeros()
    model.gradient(parameters, gradient)(x, targets)
    for lane in range(lanes):
        theta = parameters.rows()[lane : lane + 1].requires_grad_()
        logits = model.forward(model.views(theta), x[lane])
        loss = torch.nn.functional.cross_entropy(logits[0], targets[lane])
        (expected,) = torch.autograd.grad(loss, theta)
        torch.testing.assert_close(gradient.rows()[lane], expected[0], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_the_gradient_follows_parameters_that_move_and_batches_that_change(name, options):
    model = family(name, options)
    parameters, (x, targets) = stack_of(model, 2), batch(2)
    gradient = parameters.zeros()
    fill = model.gradient(parameters, gradient)
    fill(x, targets)
    parameters.flat.mul_(1.1)
    fill(x[:, :4], targets[:, :4])
    fresh = parameters.zeros()
    model.gradient(parameters, fresh)(x[:, :4], targets[:, :4])
    torch.testing.assert_close(gradient.flat, fresh.flat, rtol=0, atol=0)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_inputs_shared_by_all_lanes_give_what_copies_of_them_give(name, options):
    model, (x, _) = family(name, options), batch(2)
    leaves = stack_of(model, 2).leaves
    shared, copied = model.forward(leaves, x[0]), model.forward(leaves, x[0].expand_as(x))
    assert shared.shape == (2, 5, 3)
    torch.testing.assert_close(shared, copied, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_signals_are_inputs_too(name, options):
    model, (x, _) = family(name, options, inputs=(40,)), batch(2, (40,))
    assert model.forward(stack_of(model, 2).leaves, x).shape == (2, 5, 3)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_one_dial_spans_three_decades_of_parameters(name, options):
    counts = [family(name, options, size=size).size for size in (4, 16, 64, 512, 4096)]
    assert counts == sorted(set(counts))
    assert counts[-1] > 1000 * counts[0]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_initial_parameters_have_the_deviation_their_leaf_tells(name, options):
    model = family(name, options, size=64)
    leaves = model.views(model.initial(torch.Generator().manual_seed(3)).unsqueeze(0))
    for leaf in model.layout:
        if leaf.role == "bias":
            assert leaves[leaf.name].abs().max() == 0
        elif leaf.numel > 1000:
            assert leaves[leaf.name].std() * leaf.fan_in**0.5 == pytest.approx(leaf.gain, rel=0.1)
