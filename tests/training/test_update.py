"""Schedules, priors, masks and rates that differ from lane to lane."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from nominima.planning import shelf
from nominima.planning.run import Training
from nominima.training.stack import Leaf, Stack
from nominima.training.update import Update, scheduled

LAYOUT = (Leaf("weight", (3, 4), 4, "hidden"), Leaf("bias", (3,), 4, "bias"))
START = torch.randn(3, 15, generator=torch.Generator().manual_seed(9))
BASE = {"dataset": "d", "model": "mlp", "size": 1, "optimizer": "sgd", "rate": 0.1, "batch": 1, "steps": 8}


def training(**changes) -> Training:
    return Training.model_validate({**BASE, "first_seed": 100, "seeds": 1, **changes})


def walked(
    lanes: list[Training], rows: torch.Tensor = START, mask: torch.Tensor | None = None, steps: int = 8,
    outside: float = 0.0,
):  # fmt: skip
    """Where the lanes get to on a noisy quadratic, with so much more of a gradient outside the mask."""
    spoilt = 0.0 if mask is None else outside * ~mask
    optimizer = shelf.load("optimizers", lanes[0].optimizer).build()
    parameters = Stack.of(LAYOUT, rows)
    gradient = parameters.zeros()
    held = None if mask is None else Stack.of(LAYOUT, mask.float()).flat
    update = Update(lanes, optimizer, parameters, gradient, optimizer.start(parameters), held)
    for t in range(1, steps + 1):
        noise = torch.randn(15, generator=torch.Generator().manual_seed(t))
        gradient.flat.copy_(Stack.of(LAYOUT, parameters.rows() + noise + spoilt).flat)
        update(t)
    return parameters.rows()


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("constant", lambda o: torch.optim.lr_scheduler.ConstantLR(o, 1.0)),
        ("linear", lambda o: torch.optim.lr_scheduler.LinearLR(o, 1.0, 1e-12, total_iters=8)),
        ("cosine", lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 8)),
    ],
)
def test_rates_fall_as_with_torch(name, theirs):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler, share = theirs(optimizer), scheduled(training(schedule=name))
    for t in range(1, 9):
        assert share(t) == pytest.approx(scheduler.get_last_lr()[0], abs=1e-9)
        optimizer.step()
        scheduler.step()


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "adamw", "rmsprop", "muon", "soap"])
def test_lanes_of_many_rates_and_strengths_walk_as_alone(optimizer):
    lanes = [
        training(optimizer=optimizer, rate=0.1, l2=0.1, schedule="linear"),
        training(optimizer=optimizer, rate=0.02, decay=0.3, schedule="linear"),
        training(optimizer=optimizer, rate=0.05, l1=0.2, schedule="linear"),
    ]
    together = walked(lanes)
    for at, lane in enumerate(lanes):
        torch.testing.assert_close(together[at : at + 1], walked([lane], START[at : at + 1]), rtol=1e-4, atol=1e-5)
    assert all((one - other).norm() > 0.01 for one, other in pairwise(together))


def test_the_lasso_is_the_proximal_step():
    plain, lasso = walked([training()] * 3, steps=1), walked([training(l1=2.0)] * 3, steps=1)
    torch.testing.assert_close(lasso, nn.functional.softshrink(plain, 0.2))
    assert (lasso == 0).any()


def test_the_lasso_falls_with_the_rate():
    share, theta = scheduled(training(schedule="linear")), START
    for t in range(1, 5):
        noise, rate = torch.randn(15, generator=torch.Generator().manual_seed(t)), 0.1 * share(t)
        theta = nn.functional.softshrink(theta - rate * (theta + noise), 2.0 * rate)
    torch.testing.assert_close(walked([training(l1=2.0, schedule="linear")] * 3, steps=4), theta)


def test_decoupled_decay_shrinks_before_the_step():
    plain, shrunk = walked([training()] * 3, 0.97 * START, steps=1), walked([training(decay=0.3)] * 3, steps=1)
    torch.testing.assert_close(shrunk - plain, 0.1 * (START - 0.97 * START) * -1, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "muon", "soap"])
def test_what_a_mask_holds_stays_at_zero_and_is_not_felt(optimizer):
    mask = torch.rand(3, 15, generator=torch.Generator().manual_seed(1)) > 0.5
    found = walked([training(optimizer=optimizer)] * 3, START * mask, mask)
    assert (found[~mask] == 0).all()
    assert (found[mask] != START[mask]).all()
    assert torch.equal(found, walked([training(optimizer=optimizer)] * 3, START * mask, mask, outside=5.0))
