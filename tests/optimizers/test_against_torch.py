"""Our steps against torch.optim's, over hundreds of steps on a noisy, badly scaled quadratic."""

from collections.abc import Callable

import pytest
import torch

from nominima.planning import shelf
from nominima.planning.run import Training
from nominima.training.optimizer import Optimizer
from nominima.training.stack import Leaf, Stack
from nominima.training.update import Update

LAYOUT = (Leaf("weight", (5, 4), 4, "hidden"), Leaf("bias", (5,), 4, "bias"))
LANES, STEPS, RATE = 3, 400, 3e-3
TRAINING = Training(
    dataset="d", model="mlp", size=1, optimizer="sgd", rate=RATE, batch=1, steps=STEPS, first_seed=100, seeds=LANES
)
REFERENCE: dict[tuple[str, str], Callable[..., torch.optim.Optimizer]] = {
    ("sgd", "{}"): lambda p: torch.optim.SGD(p, lr=RATE),
    ("adam", "{}"): lambda p: torch.optim.Adam(p, lr=RATE),
    ("adam", '{"beta1": 0.5, "beta2": 0.9, "epsilon": 0.01}'): lambda p: torch.optim.Adam(
        p, lr=RATE, betas=(0.5, 0.9), eps=0.01
    ),
    ("adamw", "{}"): lambda p: torch.optim.AdamW(p, lr=RATE),
    ("adamw", '{"decay": 0.5}'): lambda p: torch.optim.AdamW(p, lr=RATE, weight_decay=0.5),
    ("momentum", "{}"): lambda p: torch.optim.SGD(p, lr=RATE, momentum=0.9),
    ("rmsprop", "{}"): lambda p: torch.optim.RMSprop(p, lr=RATE),
    ("rmsprop", '{"smoothing": 0.8, "epsilon": 0.1}'): lambda p: torch.optim.RMSprop(p, lr=RATE, alpha=0.8, eps=0.1),
}


def noise(step: int) -> torch.Tensor:
    return torch.randn(LANES, 25, generator=torch.Generator().manual_seed(step))


SCALE = torch.logspace(-2, 1, 25)
START = torch.randn(LANES, 25, generator=torch.Generator().manual_seed(9))


def build(name: str, options: str) -> Optimizer:
    given = shelf.options("optimizers", name).model_validate_json(options)
    return shelf.load("optimizers", name).build(**given.model_dump())


def ours(name: str, options: str) -> torch.Tensor:
    optimizer, parameters = build(name, options), Stack.of(LAYOUT, START)
    gradient = parameters.zeros()
    update = Update([TRAINING] * LANES, optimizer, parameters, gradient, optimizer.start(parameters), None)
    for t in range(1, STEPS + 1):
        gradient.flat.copy_(Stack.of(LAYOUT, SCALE * parameters.rows() + noise(t)).flat)
        update(t)
    return parameters.rows()


def theirs(make: Callable[..., torch.optim.Optimizer], lane: int) -> torch.Tensor:
    parts = [part.clone().requires_grad_() for part in START[lane].split([20, 5])]
    weights = [parts[0].detach().view(5, 4).requires_grad_(), parts[1]]
    optimizer = make(weights)
    for t in range(1, STEPS + 1):
        flat = torch.cat([weight.detach().flatten() for weight in weights])
        gradient = SCALE * flat + noise(t)[lane]
        weights[0].grad, weights[1].grad = gradient[:20].view(5, 4), gradient[20:]
        optimizer.step()
    return torch.cat([weight.detach().flatten() for weight in weights])


@pytest.mark.parametrize(("name", "options"), REFERENCE)
def test_every_lane_walks_as_with_torch_optim(name, options):
    found = ours(name, options)
    for lane in range(LANES):
        expected = theirs(REFERENCE[name, options], lane)
        assert (expected - START[lane]).abs().max() > 0.1
        torch.testing.assert_close(found[lane], expected, rtol=2e-5, atol=2e-5)
