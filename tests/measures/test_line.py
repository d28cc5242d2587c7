from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy

from nominima.ground.files import Refusal
from nominima.measures.line import measure


def loss(subject, theta, lane):
    """Mean cross-entropy of one model."""
    return cross_entropy(
        subject.model.forward(subject.model.views(theta[None]), subject.x)[0], subject.labels[lane]
    ).item()


def test_every_point_is_the_loss_of_the_mixed_model(family):
    subject = family
    table = measure(subject, points=5)
    start, best = subject.trajectory.theta[0], subject.trajectory.best_loss
    assert len(table) == 3 * 2 * 5
    for row in table.rows(named=True):
        lane = row["seed"] - 100
        stop = best[lane if row["target"] == "own" else (lane + 1) % 3]
        mixed = (1 - row["alpha"]) * start[lane] + row["alpha"] * stop
        assert row["train_loss"] == pytest.approx(loss(subject, mixed, lane), rel=1e-5), row


def test_both_ends_are_included_and_exact(subject):
    own = measure(subject, points=4).filter(target="own")
    assert own["alpha"].to_list() == pytest.approx([0, 1 / 3, 2 / 3, 1] * 3)
    start = subject.train_loss(subject.trajectory.theta[0]).tolist()
    stop = subject.train_loss(subject.trajectory.best_loss).tolist()
    assert own.filter(alpha=0)["train_loss"].to_list() == start
    assert own.filter(alpha=1)["train_loss"].to_list() == stop
    metrics = subject.trajectory.metrics
    assert start == pytest.approx(metrics.filter(step=0)["train_loss"].to_list(), rel=1e-5)


def test_lines_of_a_lost_seed_and_to_it_are_diverged(diverged):
    table = measure(diverged, points=3)
    told = table.filter(alpha=0).select("seed", "target", "status").rows()
    assert told == [
        (100, "other", "diverged"),
        (100, "own", "ok"),
        (101, "other", "diverged"),
        (101, "own", "diverged"),
        (102, "other", "ok"),
        (102, "own", "ok"),
    ]
    assert table.filter(status="diverged")["train_loss"].null_count() == 9
    assert table.filter(status="ok")["train_loss"].null_count() == 0


def test_a_single_seed_has_no_control(alone):
    table = measure(alone, points=2)
    assert table.select("target", "alpha", "status").rows() == [
        ("other", 0, "alone"),
        ("other", 1, "alone"),
        ("own", 0, "ok"),
        ("own", 1, "ok"),
    ]


def test_losses_that_overflow_are_not_finite(subject, moved):
    huge = torch.full_like(subject.trajectory.theta, 1e20)
    table = measure(moved(subject, huge, best_loss=huge[0]), points=2)
    assert set(table["status"]) == {"not_finite"}
    assert table["train_loss"].null_count() == len(table)


def test_a_line_has_two_ends(subject):
    with pytest.raises(Refusal, match="points is 1; a line has at least its 2 ends"):
        measure(subject, points=1)


def test_of_mostly_moved_labels_there_is_a_line_to_the_end_judged_by_the_true_ones(subject):
    run = subject.run.model_copy(update={"training": subject.run.training.model_copy(update={"noise": 0.9})})
    table = measure(replace(subject, run=run), points=3)
    assert sorted(table["target"].unique()) == ["other", "own", "true labels"]
    unmoved = torch.from_numpy(subject.dataset.train.y).long()
    true = replace(subject, labels=unmoved.expand_as(subject.labels))
    start, end = subject.trajectory.theta[0], subject.trajectory.theta[-1]
    for row in table.filter(target="true labels").rows(named=True):
        lane = row["seed"] - 100
        mixed = torch.lerp(start[lane], end[lane], row["alpha"])
        assert row["train_loss"] == pytest.approx(loss(true, mixed, lane), rel=1e-5), row
