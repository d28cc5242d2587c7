from dataclasses import replace

import numpy as np
import pytest
import torch

from nominima.ground.files import Refusal
from nominima.ground.places import TRAJECTORY
from nominima.measuring.subject import RunSubject, read_subject
from nominima.planning.run import Run, Training
from nominima.tracing.trace import Trace
from nominima.training.dataset import Dataset, Examples, write_dataset
from nominima.verbs.train import leave

TRACE = Trace(verb="train", spec={}, code="", inputs={}, environment={})
TRAINING = Training.model_validate(
    {
        "dataset": "made",
        "examples": 30,
        "noise": 0.3,
        "model": "mlp",
        "size": 3,
        "optimizer": "adam",
        "rate": 0.01,
        "batch": 10,
        "steps": 20,
        "first_seed": 100,
        "seeds": 3,
    }
)
RUN = Run(stack="sizes/w3", training=TRAINING)


def examples(count: int, seed: int) -> Examples:
    draw = np.random.default_rng(seed)
    return Examples(draw.standard_normal((count, 4)).astype(np.float32), draw.integers(0, 3, count))


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    dataset = Dataset(3, examples(50, 1), examples(20, 2), examples(20, 3))
    write_dataset(folder / "made.safetensors", dataset, TRACE)
    leave([RUN], dataset, [folder / name for name in TRAJECTORY], TRACE)
    return folder


@pytest.fixture(scope="module")
def subject(stored) -> RunSubject:
    return read_subject(RUN, stored / "made.safetensors", stored)


def test_losses_are_those_that_training_took(subject):
    """On the labels trained on, noisy ones included, and on the first examples alone."""
    assert subject.x.shape == (30, 4)
    assert subject.labels.shape == (3, 30)
    metrics, trajectory = subject.trajectory.metrics, subject.trajectory
    for step, theta in zip(trajectory.steps.tolist(), trajectory.theta, strict=True):
        taken = metrics.filter(step=step)["train_loss"].to_list()
        assert subject.train_loss(theta).tolist() == pytest.approx(taken, rel=1e-6)


def test_points_are_those_of_the_trajectory(subject):
    points, trajectory = subject.points(), subject.trajectory
    assert list(points) == ["init", "best", "best_accuracy", "end"]
    assert points["init"].equal(trajectory.theta[0])
    assert points["best"].equal(trajectory.best_loss)
    assert points["best_accuracy"].equal(trajectory.best_accuracy)
    assert points["end"].equal(trajectory.theta[-1])


def test_status_is_told_by_lane(subject):
    assert subject.seeds == [100, 101, 102]
    assert subject.status == ["ok"] * 3
    lost = replace(subject.trajectory, diverged=torch.tensor([-1, 0, 7]))
    assert replace(subject, trajectory=lost).status == ["ok", "diverged", "diverged"]


def test_another_run_is_refused(stored):
    other = RUN.model_copy(update={"training": TRAINING.model_copy(update={"seeds": 4})})
    with pytest.raises(Refusal, match=r"parameters.safetensors"):
        read_subject(other, stored / "made.safetensors", stored)
