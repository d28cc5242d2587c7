import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "measuring"))  # where runs are made

from made_runs import trained  # pyright: ignore[reportMissingImports] - in that folder

from nominima.measures import afterwards
from nominima.measures.afterwards import interpolated, measure
from nominima.measuring.replay import Replay
from nominima.planning.run import Run
from nominima.planning.steps import checkpoint_steps, metric_steps
from nominima.training.trajectory import METRICS

LAST = 400
STEPS, KEPT = metric_steps(LAST), checkpoint_steps(LAST)


def made(subject, loss, path=lambda step: step, best=20, accuracy=None):
    """A subject of LAST steps: f = loss(step), θ = path(step) along one direction, of length 1; best of every lane."""
    rows = [
        {"seed": seed, "step": step, "status": "ok"}
        | dict.fromkeys(list(METRICS)[3:], 0.5)
        | {"train_loss": loss(step)}
        for seed in subject.seeds
        for step in STEPS
    ]
    lanes = len(subject.seeds)
    unit = torch.zeros(subject.model.size)
    unit[3] = 1.0

    def theta(steps):
        return torch.stack([(2.0 + path(step)) * unit for step in steps]).float()

    accuracy = best if accuracy is None else accuracy
    trajectory = replace(
        subject.trajectory,
        run=Run(stack="sizes/w4", training=subject.run.training.model_copy(update={"steps": LAST})),
        metrics=pl.DataFrame(rows, METRICS),
        steps=torch.tensor(KEPT),
        theta=theta(KEPT).unsqueeze(1).expand(-1, lanes, -1),
        best_loss=theta([best] * lanes),
        best_loss_step=torch.full((lanes,), best),
        best_accuracy=theta([accuracy] * lanes),
        best_accuracy_step=torch.full((lanes,), accuracy),
    )
    return replace(subject, run=trajectory.run, trajectory=trajectory)


def at(table, point="best", seed=100):
    return table.filter(seed=seed, point=point).row(0, named=True)


def logarithm(step):
    return np.log(max(step, 0.5))


def test_what_is_linear_in_the_logarithm_is_read_exactly(subject):
    """f = 9 − ln t from ln ½ on, and θ goes ln t too: from 20 to 200 both move by ln 10, before by ln 40."""
    table = measure(made(subject, lambda step: 9 - logarithm(step), logarithm))
    row = at(table)
    assert (row["status"], row["step"]) == ("ok", 20)
    assert row["won"] == pytest.approx(np.log(10) / np.log(40), rel=1e-6)
    assert row["moved"] == pytest.approx(np.log(10) / np.log(40), rel=1e-5)
    assert row["left"] == pytest.approx((9 - np.log(20)) / np.log(40))


def test_a_loss_that_rises_again_is_a_loss_of_gain_and_a_way_back_is_a_way(subject):
    """Up by 1 of 4 after the stop; back to the start at step 200."""
    back = {step: step / 20 if step <= 20 else max(2 - step / 20, -9) for step in range(LAST + 1)}
    table = measure(made(subject, lambda step: 5.0 if step < 20 else 1.0 if step == 20 else 2.0, back.get))
    assert at(table)["won"] == pytest.approx(-0.25)
    steps = max(step for step in KEPT if step < 200), min(step for step in KEPT if step >= 200)
    between = np.interp(np.log(200), np.log(steps), [abs(1 - back[step]) for step in steps])
    assert at(table)["moved"] == pytest.approx(between, rel=1e-5)


def test_no_gain_exceeds_what_is_left(subject):
    row = at(measure(made(subject, lambda step: 5.0 if step < 20 else 1.0 if step == 20 else 0.0)))
    assert row["won"] == row["left"] == pytest.approx(0.25)


@pytest.mark.parametrize(("best", "status"), [(40, "ok"), (47, "censored"), (LAST, "censored"), (0, "unlearned")])
def test_a_run_that_is_too_short_and_one_that_learned_nothing_have_no_gain(subject, best, status):
    row = at(measure(made(subject, lambda step: 9 - logarithm(step), best=best)))
    assert row["status"] == status
    assert (row["won"] is None) == (row["left"] is None) == (status != "ok")


def test_both_stops_are_read_each_at_its_own(subject):
    table = measure(made(subject, lambda step: 9 - logarithm(step), best=20, accuracy=31))
    assert at(table, "best_accuracy")["won"] == pytest.approx(np.log(10) / np.log(62), rel=1e-5)
    assert at(table, "best_accuracy")["decrement"] is None


def test_learned_by_heart_is_the_first_kept_point_below_a_hundredth(subject):
    table = measure(made(subject, lambda step: 2.0 if step < 25 else 0.008 if step < 100 else 0.002))
    row = at(table, "fitted")
    assert row["step"] == min(step for step in KEPT if step >= 25)
    assert row["won"] == pytest.approx(0.006 / 1.992)
    never = at(measure(made(subject, lambda step: 2.0 if step < 25 else 0.011)), "fitted")
    assert (never["status"], never["won"], never["step"]) == ("unfitted", None, LAST)


def test_the_first_seeds_have_a_decrement_as_a_share_of_what_was_won(family, monkeypatch):
    asked = []

    def promise(landscape, theta, steps):
        asked.append((landscape.value(theta).item(), theta, steps))
        return torch.tensor([0.5])

    monkeypatch.setattr(afterwards, "decrements", promise)
    its = made(family, lambda step: 5.0 if step < 20 else 1.0)
    draw = torch.randn(its.trajectory.best_loss.shape, generator=torch.Generator().manual_seed(1))
    its = replace(its, trajectory=replace(its.trajectory, best_loss=draw))
    table = measure(its, decremented=2, products=7)
    assert table.filter(point="best")["decrement"].to_list() == [0.125, 0.125, None]
    losses = its.train_loss(its.trajectory.best_loss)
    assert [loss for loss, _, _ in asked] == pytest.approx(losses[:2].tolist(), rel=1e-5), "all examples, own labels"
    assert torch.equal(torch.cat([theta for _, theta, _ in asked]), its.trajectory.best_loss[:2].double())
    assert {steps for _, _, steps in asked} == {7}


def test_lost_seeds_keep_their_rows(diverged):
    table = measure(diverged)
    gone = table.filter(seed=101)
    assert gone["status"].to_list() == ["diverged"] * 3
    assert gone["won"].null_count() == 3


@pytest.mark.parametrize("model", ["mlp", "cnn", "transformer"])
def test_a_training_is_read_as_it_went(model):
    """The training made again and stopped at ten times the step has that loss and that distance, but for what lies
    between two looks.
    """
    subject = trained(model, steps=120)
    best = torch.full((3,), 9)
    replay = Replay(subject)
    replay.advance(9)
    there = replay.parameters.rows().clone()
    subject = replace(subject, trajectory=replace(subject.trajectory, best_loss_step=best, best_loss=there))
    replay.advance(90)
    later, start = replay.parameters.rows(), subject.trajectory.theta[0]
    loss = {0: subject.train_loss(start), 9: subject.train_loss(there), 90: subject.train_loss(later)}
    gain = (loss[9] - loss[90]) / (loss[0] - loss[9])
    moved = (later - there).norm(dim=1) / (there - start).norm(dim=1)
    table = measure(subject, decremented=1, products=3).filter(point="best")
    assert table["status"].to_list() == ["ok"] * 3
    assert table["won"].to_numpy() == pytest.approx(gain.numpy(), rel=0.08)
    assert table["moved"].to_numpy() == pytest.approx(moved.numpy(), rel=0.03)
    assert table["decrement"].is_not_null().to_list() == [True, False, False]


def test_between_two_steps():
    steps, values = np.array([0.0, 1, 10, 100]), np.array([4.0, 3, 2, 0])
    assert interpolated(10**1.5, steps, values) == pytest.approx(1)
    assert interpolated(10, steps, values) == 2
    assert interpolated(0, steps, values) == 4
