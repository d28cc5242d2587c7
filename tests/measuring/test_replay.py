from dataclasses import replace

import pytest
import torch
from made_runs import INPUTS, trained

from nominima.ground.files import Refusal
from nominima.measuring.replay import Replay
from nominima.planning.run import Run, Start

KNOBS = [
    {"rate": (0.003, 0.03)}, {"optimizer": "muon"}, {"optimizer": "momentum", "schedule": "cosine"},
    {"l2": 0.01, "l1": 0.001}, {"decay": 0.1, "dropout": 0.2}, {"smoothing": 0.1}, {"pacing": {"order": "clean"}},
    {"gain": 2.0}, {"half": "second", "draw": 1},
]  # fmt: skip


@pytest.mark.parametrize(
    ("family", "knobs"), [*((family, {}) for family in INPUTS), *(("mlp", each) for each in KNOBS)]
)
def test_every_step_is_the_one_that_was_trained(family, knobs):
    subject = trained(family, **knobs)
    replay, trajectory = Replay(subject), subject.trajectory
    for step in trajectory.steps.tolist():
        replay.advance(step)
        (there,) = trajectory.theta[trajectory.steps == step]
        torch.testing.assert_close(replay.parameters.rows(), there, rtol=0, atol=0)
    assert replay.drift.tolist() == [0, 0, 0]


def test_another_training_drifts():
    subject = trained()
    theta = subject.trajectory.theta.clone()
    theta[5:, 1] += 0.1 * (theta[5:, 1] - theta[0, 1])
    moved = replace(subject, trajectory=replace(subject.trajectory, theta=theta))
    replay, steps = Replay(moved), subject.trajectory.steps.tolist()
    replay.advance(steps[4])
    assert replay.drift.tolist() == [0, 0, 0]
    replay.advance(steps[5])
    replay.advance(steps[6])
    assert replay.drift.tolist() == [0, pytest.approx(0.1 / 1.1, rel=1e-4), 0]
    elsewhere = replace(subject, trajectory=replace(subject.trajectory, theta=subject.trajectory.theta + 1))
    replay = Replay(elsewhere)
    replay.advance(0)
    assert (replay.drift > 100).all(), "another start"


def test_lanes_that_diverged_are_left_out():
    subject = trained()
    gone = replace(subject, trajectory=replace(subject.trajectory, diverged=torch.tensor([-1, 3, -1])))
    replay = Replay(gone)
    replay.advance(60)
    assert (replay.alive.tolist(), replay.drift.tolist()) == ([0, 2], [0, 0])
    none = Replay(replace(subject, trajectory=replace(subject.trajectory, diverged=torch.tensor([1, 3, 2]))))
    none.advance(60)
    assert none.alive.tolist() == []


def test_what_takes_from_other_runs_is_refused():
    subject = trained()
    run = Run(stack="made/s", training=subject.run.training.model_copy(update={"start": Start(run="other/base")}))
    with pytest.raises(Refusal, match="made/s takes from other/base"):
        Replay(replace(subject, run=run))
