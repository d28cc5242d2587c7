from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from nominima.measuring.subject import RunSubject
from nominima.planning import shelf
from nominima.planning.run import Run, Training
from nominima.planning.steps import checkpoint_steps, metric_steps
from nominima.training.dataset import Dataset, Examples
from nominima.training.trajectory import METRICS, Trajectory

CLASSES, EXAMPLES, STEPS = 3, 40, 8
FAMILIES = {"mlp": (4, (5,)), "cnn": (2, (12,)), "transformer": (4, (12,))}


@pytest.fixture(scope="session")
def subject() -> RunSubject:
    """Three seeds of a little MLP after eight steps of gradient descent; each stops best at a step of its own."""
    return made(3)


@pytest.fixture(scope="session", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> RunSubject:
    """Three seeds of a little network of each family."""
    return made(3, request.param)


@pytest.fixture(scope="session")
def alone() -> RunSubject:
    """One seed of the same."""
    return made(1)


@pytest.fixture(scope="session")
def diverged(subject: RunSubject) -> RunSubject:
    """The three seeds, the second of which diverged at step 2."""
    trajectory = subject.trajectory
    gone = (pl.col("seed") == subject.seeds[1]) & (pl.col("step") >= 2)
    numbers = list(METRICS)[3:]
    metrics = trajectory.metrics.with_columns(
        pl.when(gone).then(pl.lit("diverged")).otherwise("status").alias("status"),
        *(pl.when(~gone).then(name).alias(name) for name in numbers),
    )
    theta = trajectory.theta.clone()
    theta[2:, 1] = theta[1, 1]
    return replace(
        subject, trajectory=replace(trajectory, theta=theta, metrics=metrics, diverged=torch.tensor([-1, 2, -1]))
    )


def made(lanes: int, family: str = "mlp") -> RunSubject:
    size, inputs = FAMILIES[family]
    draw = np.random.default_rng(0)
    x = draw.standard_normal((EXAMPLES, *inputs)).astype(np.float32)
    examples = Examples(x, draw.integers(0, CLASSES, EXAMPLES))
    dataset = Dataset(CLASSES, examples, examples, examples)
    labels = torch.from_numpy(draw.integers(0, CLASSES, (3, EXAMPLES)))[:lanes]
    model = shelf.load("models", family).build(size, inputs, CLASSES)
    training = Training.model_validate(
        {
            "dataset": "made",
            "model": family,
            "size": size,
            "optimizer": "sgd",
            "rate": 0.5,
            "batch": EXAMPLES,
            "steps": STEPS,
            "first_seed": 100,
            "seeds": lanes,
        }
    )
    run = Run(stack="sizes/w4", training=training)

    def losses(theta: Tensor) -> Tensor:
        logits = model.forward(model.views(theta), torch.from_numpy(x))
        return torch.stack([cross_entropy(lane, truth) for lane, truth in zip(logits, labels, strict=True)])

    path = [torch.stack([model.initial(torch.Generator().manual_seed(seed)) for seed in run.seeds])]
    for _ in range(STEPS):
        free = path[-1].clone().requires_grad_()
        (gradient,) = torch.autograd.grad(losses(free).sum(), free)
        path.append(path[-1] - training.rates[0] * gradient)
    best = torch.tensor([5, 7, 6])[:lanes]
    lane = torch.arange(lanes)
    trajectory = Trajectory(
        run=run,
        steps=torch.tensor(checkpoint_steps(STEPS)),
        theta=torch.stack([path[step] for step in checkpoint_steps(STEPS)]),
        best_loss=torch.stack(path)[best, lane],
        best_loss_step=best,
        best_accuracy=torch.stack(path)[best - 1, lane],
        best_accuracy_step=best - 1,
        rate=torch.tensor(0.5, dtype=torch.float64),
        diverged=torch.full((lanes,), -1),
        metrics=_metrics(run, [losses(theta).tolist() for theta in path]),
    )
    return RunSubject(run, trajectory, dataset, model, labels)


def _metrics(run: Run, losses: list[list[float]]) -> pl.DataFrame:
    rows = [
        {"seed": seed, "step": step, "status": "ok"}
        | dict.fromkeys(list(METRICS)[3:], 0.25)
        | {"train_loss": losses[step][lane]}
        for lane, seed in enumerate(run.seeds)
        for step in metric_steps(run.training.steps)
    ]
    return pl.DataFrame(rows, METRICS)


def with_theta(subject: RunSubject, theta: Tensor, **others: Tensor) -> RunSubject:
    """The same subject with other parameters (checkpoint, lane, param)."""
    return replace(subject, trajectory=replace(subject.trajectory, theta=theta, **others))


@pytest.fixture(scope="session")
def moved():
    """`with_theta` for tests."""
    return with_theta
