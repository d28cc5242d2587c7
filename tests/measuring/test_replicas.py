import numpy as np
import pytest
import scipy.optimize
import torch
from torch.nn.functional import cross_entropy

from nominima.measuring import replicas
from nominima.measuring.replicas import knobs, train
from nominima.planning import shelf
from nominima.planning.steps import metric_steps

FAMILIES = {"mlp": (4, (5,)), "cnn": (2, (12,)), "transformer": (4, (12,))}
SEEDS = range(100, 104)


def drawn(inputs, lanes=4, count=24, classes=3):
    """Training examples and, for validation, others, of each lane."""
    draw = torch.Generator().manual_seed(0)
    return [(torch.randn(lanes, count, *inputs, generator=draw),
               torch.randint(0, classes, (lanes, count), generator=draw)) for _ in range(2)]  # fmt: skip


def losses(model, theta, x, y):
    """Mean cross-entropy of each lane on its own examples, by torch."""
    logits = [model.forward(model.views(row[None]), its)[0] for row, its in zip(theta, x, strict=True)]
    return torch.stack([cross_entropy(its, truth) for its, truth in zip(logits, y, strict=True)]).double()


def validating(model, split):
    x, y = split

    def validation(parameters, which):
        theta = torch.cat([leaf.flatten(1) for leaf in parameters.values()], dim=1)
        return losses(model, theta, x[which], y[which])

    return validation


def made(family="mlp", seeds=SEEDS, which=slice(None), **changes):
    size, inputs = FAMILIES[family]
    model = shelf.load("models", family).build(size, inputs, 3)
    fitted, seen = ((x[which], y[which]) for x, y in drawn(inputs))
    training = knobs(**{"optimizer": "adam", "rate": 0.02, "batch": 10, "steps": 40} | changes)
    return model, fitted, seen, train(model, training, seeds, fitted, validating(model, seen))


def test_softmax_regression_that_is_never_stopped_arrives_at_the_minimum():
    """The gradient of all examples, 200 times: SciPy finds the same loss."""
    fitted, seen = drawn((2,), lanes=2, count=60)
    model = shelf.load("models", "mlp").build(1, (2,), 3, depth=0)
    training = knobs(optimizer="adam", rate=0.03, batch=60, steps=800)
    found = train(model, training, range(2), fitted, validating(model, seen))
    for lane in range(2):
        x, y = fitted[0][lane].double().numpy(), fitted[1][lane].numpy()

        def loss(theta, x=x, y=y):
            logits = x @ theta[:6].reshape(3, 2).T + theta[6:]
            return (np.log(np.exp(logits).sum(1)) - logits[np.arange(60), y]).mean()

        least = scipy.optimize.minimize(loss, np.zeros(9)).fun
        assert loss(found.end[lane].double().numpy()) == pytest.approx(least, abs=1e-6)
        assert loss(found.initial[lane].double().numpy()) > least + 0.01


@pytest.mark.parametrize("family", FAMILIES)
def test_a_lane_has_the_same_numbers_in_any_stack(family, monkeypatch):
    *_, together = made(family)
    monkeypatch.setattr(replicas, "AT_ONCE", 1)
    *_, apart = made(family)
    *_, alone = made(family, seeds=SEEDS[2:3], which=slice(2, 3))
    for one, other, third in zip(together, apart, alone, strict=True):
        assert torch.equal(one, other)
        assert torch.equal(one[2:3], third)
    assert not torch.equal(together.initial, together.end)


@pytest.mark.parametrize("family", FAMILIES)
def test_steps_are_those_of_gradient_descent_on_the_lane_s_own_examples(family):
    model, (x, y), _, found = made(family, optimizer="sgd", rate=0.1, batch=24, steps=3)
    theta = found.initial
    for _ in range(3):
        free = theta.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(losses(model, free, x, y).sum(), free)
        theta = theta - 0.1 * gradient.float()
    assert torch.allclose(theta, found.end, atol=1e-5)


def test_the_stop_has_the_lowest_validation_loss_of_all_looks():
    model, _, seen, found = made(steps=60, rate=0.05)
    for lane, step in enumerate(found.step.tolist()):
        by_look = {}
        for look in metric_steps(60):
            *_, until = made(steps=max(look, 1), rate=0.05)
            theta = until.end if look else until.initial
            by_look[look] = losses(model, theta, *seen)[lane].item()
        assert step == min(by_look, key=lambda look: by_look[look])
        assert losses(model, found.stop, *seen)[lane].item() == pytest.approx(by_look[step], abs=1e-6)
    assert found.step.max() < 60
    assert not found.censored.any()


def test_what_improves_to_the_end_is_censored_and_what_rests_is_not():
    """Validated on its own training examples a lane never overfits."""
    x, y = drawn((2,), lanes=2, count=60)[0]
    model = shelf.load("models", "mlp").build(1, (2,), 3, depth=0)

    def censored(steps):
        training = knobs(optimizer="sgd", rate=0.5, batch=60, steps=steps)
        found = train(model, training, range(2), (x, y), validating(model, (x, y)))
        return found.censored.tolist(), [step == steps for step in found.step.tolist()]

    assert censored(10) == ([True, True], [True, True])
    assert censored(300)[0] == [False, False]
    stops = [censored(steps) for steps in (60, 80, 110, 150, 200)]
    assert any(last and not late for lates, lasts in stops for late, last in zip(lates, lasts, strict=True))


def test_of_equal_looks_the_first_is_the_stop():
    fitted, _ = drawn((5,))
    model = shelf.load("models", "mlp").build(4, (5,), 3)
    training = knobs(optimizer="adam", rate=0.02, batch=10, steps=5)

    def level(parameters, which):
        return torch.ones(len(SEEDS[which]), dtype=torch.float64)

    found = train(model, training, SEEDS, fitted, level)
    assert found.step.tolist() == [0] * 4
    assert torch.equal(found.stop, found.initial)
