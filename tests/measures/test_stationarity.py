from dataclasses import replace

import polars as pl
import pytest
import torch
from torch.nn.functional import cross_entropy

from nominima.measures.stationarity import measure
from nominima.planning.run import Run
from nominima.planning.steps import checkpoint_steps

POINTS = ["best", "best_accuracy", "end", "init"]


def gradient(subject, theta, lane, l2=0.0):
    """Length of the gradient by autograd through the model itself."""
    free = theta.double().requires_grad_()
    logits = subject.model.forward(subject.model.views(free[None]), subject.x.double())[0]
    loss = cross_entropy(logits, subject.labels[lane]) + l2 / 2 * free.square().sum()
    return torch.autograd.grad(loss, free)[0].norm().item()


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_gradients_are_those_of_autograd(family, l2):
    subject = family
    training = subject.run.training.model_copy(update={"l2": l2})
    held = replace(subject, run=Run(stack="sizes/base", training=training))
    table = measure(held)
    assert table.select("seed", "point").rows() == [(seed, point) for seed in (100, 101, 102) for point in POINTS]
    for row in table.rows(named=True):
        lane = row["seed"] - 100
        start, there = (gradient(subject, subject.points()[at][lane], lane, l2) for at in ("init", row["point"]))
        assert row["gradient_norm"] == pytest.approx(there, rel=1e-9)
        assert row["relative_gradient"] == pytest.approx(there / start, rel=1e-9)
        assert row["status"] == "ok"
    assert table.filter(point="best")["step"].to_list() == [5, 7, 6]


def test_the_late_share_is_that_of_the_last_part_of_the_logarithm(alone, moved):
    """From 0 to 1 at the checkpoint nearest to 1000^.7, to 4 at the end: three quarters come last."""
    steps = checkpoint_steps(1000)
    late = min(steps, key=lambda step: abs(torch.log(torch.tensor(max(step, 0.5) / 1000**0.7))))
    theta = torch.zeros(len(steps), 1, alone.model.size)
    theta[steps.index(late) :, 0, 0], theta[-1, 0, 0] = 1.0, 4.0
    there = torch.zeros(1, alone.model.size)
    there[0, 0] = 4.0
    made = moved(alone, theta, steps=torch.tensor(steps), best_loss=there, best_loss_step=torch.tensor([1000]))
    table = measure(replace(made, trajectory=replace(made.trajectory, best_accuracy_step=torch.tensor([9]))))
    shares = dict(table.select("point", "late_share").rows())
    assert shares == {"best": 0.75, "best_accuracy": None, "end": 0.75, "init": None}


def test_a_lost_seed_keeps_its_rows_and_rest_is_told(diverged, alone, moved):
    table = measure(diverged)
    assert table.filter(pl.col("relative_gradient").is_null())["seed"].unique().to_list() == [101]
    nowhere = measure(moved(alone, torch.full_like(alone.trajectory.theta, torch.nan)))
    assert nowhere.filter(point="end")["status"].to_list() == ["not_finite"]
