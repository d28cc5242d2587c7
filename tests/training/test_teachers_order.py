"""Examples in a teacher's order: a second draw of all but labels, halves, and losses by hand, cross-fitted."""

from typing import Any

import pytest
import torch
from test_engine import CLASSES, blobs, quiet, run
from torch import nn

from nominima.ground.files import Refusal
from nominima.ground.places import TRAJECTORY
from nominima.planning.run import Run
from nominima.tracing.trace import Trace
from nominima.training import pacing
from nominima.training.engine import fit
from nominima.training.reference import Reference, References
from nominima.training.trajectory import Records
from nominima.verbs.train import leave

HOW: dict[str, dict[str, Any]] = {
    "all": {"draw": 1}, "first": {"draw": 1, "half": "first"}, "second": {"draw": 1, "half": "second"},
}  # fmt: skip
X = torch.from_numpy(blobs().train.x)
BOTH = {"run": "first", "other": "second"}


@pytest.fixture(scope="module")
def teachers(tmp_path_factory: pytest.TempPathFactory) -> References:
    """Of seeds 100 … 103: one that saw all, and one for each half, in one stack."""
    root = tmp_path_factory.mktemp("teachers")
    runs = [run(seeds=4, rate=0.05, **how).model_copy(update={"variant": name}) for name, how in HOW.items()]
    trace = Trace(verb="train", spec={}, code="", inputs={}, environment={})
    leave(runs, blobs(), [root / each.variant / file for each in runs for file in TRAJECTORY], trace)
    return {each.variant: Reference(each, root / each.variant) for each in runs}


def student(**how) -> Run:
    """Of the last three of these seeds, so that lanes have other places than those of the teachers."""
    return run(first_seed=101, seeds=3, pacing=how)


def told(records: Records) -> pacing.Examples:
    return pacing.Examples(X, records.labels[1:].long(), records.moved[1:], CLASSES)


def whole(teachers: References, **how) -> list[list[int]]:
    """The order of each lane."""
    return [
        released(480).tolist() for released in pacing.released(student(**how), told(teachers["all"].records), teachers)
    ]


def losses(teacher: Reference, labels: torch.Tensor, seed: int, theta: torch.Tensor) -> torch.Tensor:
    """By torch's own layers and loss, in float64."""
    net = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, CLASSES))
    nn.utils.vector_to_parameters(theta[teacher.run.seeds.index(seed)], net.parameters())
    return nn.functional.cross_entropy(net(X).double(), labels.long(), reduction="none").detach()


def in_order(order: list[int], loss: torch.Tensor) -> bool:
    """Whether the loss never falls along it, but for the rounding of float32 logits."""
    return sorted(order) == list(range(50)) and bool((loss[order].diff() >= -1e-5).all())


def test_teacher_and_student_have_the_same_labels_and_nothing_else(teachers):
    trajectory, own = quiet(run(seeds=4, rate=0.05))
    for teacher in teachers.values():
        assert torch.equal(teacher.records.labels, own.labels)
        assert torch.equal(teacher.records.moved, own.moved)
        assert ((teacher.trajectory.theta[0] - trajectory.theta[0]).norm(dim=1) > 1).all()
    assert torch.equal(teachers["first"].trajectory.theta[0], teachers["all"].trajectory.theta[0])
    second, _ = quiet(run(seeds=4, rate=0.05, draw=2))
    assert (second.theta[0] - teachers["all"].trajectory.theta[0]).norm() > 1


@pytest.mark.parametrize(
    ("knobs", "differ"),
    [({}, True), ({"batch": 50}, False), ({"batch": 50, "dropout": 0.3}, True)],
    ids=["order", "all examples at each step", "dropout"],
)
def test_another_draw_has_another_order_and_other_silent_units(teachers, knobs, differ):
    """Started alike; where every step has all examples their order is nothing but rounding."""
    runs = [run(start={"run": "all", "at": "init"}, draw=draw, **knobs) for draw in (0, 1, 1)]
    one, other, again = (fit([each], blobs(), teachers, say=lambda _: None)[0][0].theta for each in runs)
    assert torch.equal(one[0], other[0])
    assert ((one[-1] - other[-1]).norm() > 0.05) == differ
    assert torch.equal(again, other)


def test_another_draw_has_another_lot(teachers):
    examples = told(teachers["all"].records)
    lots = [
        pacing.released(run(first_seed=101, seeds=3, draw=draw, pacing={"order": "random"}), examples, {})[0](
            480
        ).tolist()
        for draw in (0, 1)
    ]
    assert lots[0] != lots[1]


def test_halves_share_the_examples_out_by_a_lot_of_each_seed():
    first = pacing.first_halves(range(100, 104), 51)
    assert first.sum(1).tolist() == [25] * 4
    assert len(set(map(tuple, first.tolist()))) == 4
    for draw in (0, 3):
        parts = {}
        for half in ("first", "second"):
            asked = run(seeds=4, half=half, draw=draw)
            parts[half] = pacing.released(
                asked, pacing.Examples(X, torch.zeros(4, 51).long(), torch.zeros(4, 51).bool(), CLASSES), {}
            )
        for lane in range(4):
            one, other = (parts[half][lane](0).tolist() for half in ("first", "second"))
            assert sorted(one + other) == list(range(51))
            assert sorted(one) == first[lane].nonzero().flatten().tolist()


def test_only_its_half_is_served(teachers):
    """Labels of the other half can be anything."""
    data = blobs()
    first = pacing.first_halves(range(100, 101), 50)[0].numpy()
    y = data.train.y.copy()
    y[~first] = (y[~first] + 1) % CLASSES
    other = type(data)(CLASSES, type(data.train)(data.train.x, y), data.validation, data.test)
    half = {"seeds": 1, "noise": 0.0, "half": "first"}
    assert torch.equal(quiet(run(**half))[0].theta, quiet(run(**half), other)[0].theta)
    assert not torch.equal(quiet(run(seeds=1, noise=0.0))[0].theta, quiet(run(seeds=1, noise=0.0), other)[0].theta)


def test_a_pace_may_be_within_a_half():
    moved = torch.zeros(3, 50, dtype=torch.bool)
    paced = run(half="second", pacing={"order": "random", "at_once": 0.6, "complete": 0.5})
    for released, first in zip(
        pacing.released(paced, pacing.Examples(X, moved.long(), moved, CLASSES), {}),
        pacing.first_halves(range(100, 103), 50), strict=True,
    ):  # fmt: skip
        assert [len(released(served)) for served in (0, 240)] == [15, 25]
        assert not first[released(480)].any()


@pytest.mark.parametrize("at", ["best_accuracy", "best", "end"])
def test_the_order_is_by_the_loss_of_the_teacher_at_its_point(teachers, at):
    teacher = teachers["all"]
    theta = {"best_accuracy": teacher.trajectory.best_accuracy, "best": teacher.trajectory.best_loss,
             "end": teacher.trajectory.theta[-1]}[at]  # fmt: skip
    orders, turned = (whole(teachers, order=kind, run="all", at=at) for kind in ("taught", "reversed"))
    for lane, seed in enumerate((101, 102, 103)):
        loss = losses(teacher, teacher.records.labels[1 + lane], seed, theta)
        assert in_order(orders[lane], loss)
        assert in_order(turned[lane][::-1], loss)
        others = [
            losses(teacher, teacher.records.labels[1 + lane], seed, theta) for seed in {100, 101, 102, 103} - {seed}
        ]
        assert not any(in_order(orders[lane], other) for other in others), "no lane of another seed"


def test_by_default_it_scores_at_its_accuracy_stop(teachers):
    assert whole(teachers, order="taught", run="all") == whole(teachers, order="taught", run="all", at="best_accuracy")
    assert whole(teachers, order="taught", run="all") != whole(teachers, order="taught", run="all", at="end")


def test_each_example_is_scored_by_the_teacher_that_did_not_see_it(teachers):
    orders = whole(teachers, order="taught", **BOTH)
    assert orders == whole(teachers, order="taught", run="second", other="first"), "whichever is named first"
    halves = pacing.first_halves(range(101, 104), 50)
    for lane, seed in enumerate((101, 102, 103)):
        labels = teachers["all"].records.labels[1 + lane]
        first, second = (
            losses(teachers[name], labels, seed, teachers[name].trajectory.best_accuracy)
            for name in ("first", "second")
        )
        assert in_order(orders[lane], torch.where(halves[lane], second, first))
        assert not in_order(orders[lane], torch.where(halves[lane], first, second)), "not in sample"


def test_a_teacher_of_other_labels_is_refused(teachers):
    with pytest.raises(Refusal, match="pacing: all was trained on other labels"):
        pacing.released(student(order="taught", run="all"), told(quiet(run(seeds=4, noise=0.3))[1]), teachers)


def test_the_student_is_trained_in_that_order(teachers):
    """With one example released at all times, it is the one of the lowest loss."""
    alone = student(order="taught", at_once=0.0, complete=1.0, **BOTH)
    alone = alone.model_copy(update={"training": alone.training.model_copy(update={"steps": 6, "batch": 1})})
    _, records = fit([alone], blobs(), teachers, say=lambda _: None)[0]
    for lane, order in enumerate(whole(teachers, order="taught", **BOTH)):
        assert records.loss[3, lane, order[0]] < records.loss[0, lane, order[0]]
