"""Students that know no true label: stopped by what their teacher answers, and labels permuted within its answers."""

import pytest
import torch
from test_engine import CLASSES, blobs, run
from test_sources import SOURCE, X, trained

from nominima.ground.places import TRAJECTORY
from nominima.tracing.trace import Trace
from nominima.training.engine import fit
from nominima.training.model import Model, build_model
from nominima.training.reference import Reference, References
from nominima.training.targets import taught
from nominima.verbs.train import leave

BLOBS = blobs()
SHOWN, CLEAN = torch.from_numpy(BLOBS.validation.x), torch.from_numpy(BLOBS.validation.y)
LABELS = torch.from_numpy(BLOBS.train.y).expand(3, -1)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """A teacher of seeds 100 … 102, stopped before it knows all."""
    folder = tmp_path_factory.mktemp("teacher")
    trace = Trace(verb="train", spec={}, code="", inputs={}, environment={})
    leave([run(steps=10)], BLOBS, [folder / name for name in TRAJECTORY], trace)
    return Reference(run(steps=10), folder)


@pytest.fixture
def sources(source: Reference) -> References:
    return {SOURCE: source}


def student(**how):
    return run(noise=0.0, teacher={"run": SOURCE, "at": "best_accuracy", "kind": "hard", **how})


def logits(theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    model = build_model(run().training, (6,), CLASSES)
    return model.forward(model.views(theta), x)


def answers(source: Reference, x: torch.Tensor) -> torch.Tensor:
    return logits(source.trajectory.best_accuracy[:3], x).argmax(-1)


def permuted(source: Reference) -> torch.Tensor:
    pupil = student(kind="permuted")
    assert pupil.training.teacher is not None
    return taught(pupil, pupil.training.teacher, source, X, LABELS, CLASSES)


def test_permuted_labels_change_places_within_the_same_answers_only(source):
    told, its = permuted(source), answers(source, X)
    assert told.unique().tolist() == [0, 1]
    assert (told.sum(-1) == 1).all()
    moved = told.argmax(-1)
    for lane in range(3):
        for answer in range(CLASSES):
            here = its[lane] == answer
            assert moved[lane][here].bincount(minlength=CLASSES).tolist() == (
                LABELS[lane][here].bincount(minlength=CLASSES).tolist()
            )
    wrong = its != LABELS
    assert wrong.any()
    assert 0 < (moved != LABELS).sum() <= 2 * wrong.sum()
    assert torch.equal(permuted(source), told), "by lot, but the same of the same seed"


def test_a_lane_is_permuted_by_its_own_seed(source):
    """Of one answer for all examples nothing but the lot is left."""
    blind = run(noise=0.0, seeds=3, teacher={"run": SOURCE, "at": "init", "kind": "permuted"})
    assert blind.training.teacher is not None
    same = torch.zeros(20, 6)
    labels = (torch.arange(20) % CLASSES).expand(3, -1)
    moved = taught(blind, blind.training.teacher, source, same, labels, CLASSES).argmax(-1)
    assert [row.bincount().tolist() for row in moved] == [[7, 7, 6]] * 3
    assert not torch.equal(moved[0], moved[1])


def test_a_teacher_that_validates_stops_its_students(sources, source):
    trajectory, records = trained(student(validates=True), sources)
    told = answers(source, SHOWN)
    assert (told != CLEAN).any(1).all()
    first = logits(trajectory.theta[0], SHOWN)
    losses = -first.log_softmax(-1).gather(-1, told.unsqueeze(-1)).squeeze(-1)
    row = trajectory.metrics.filter(step=0)
    torch.testing.assert_close(torch.tensor(row["validation_loss"].to_list()), losses.mean(1))
    agreed = (first.argmax(-1) == told).double().mean(1)
    torch.testing.assert_close(torch.tensor(row["validation_accuracy"].to_list(), dtype=torch.float64), agreed)
    assert torch.equal(records.validation_right[0], first.argmax(-1) == told)
    at_stop = (logits(trajectory.best_accuracy, SHOWN).argmax(-1) == told).double().mean(1)
    highest = [max(trajectory.metrics.filter(seed=seed)["validation_accuracy"]) for seed in (100, 101, 102)]
    torch.testing.assert_close(at_stop, torch.tensor(highest, dtype=torch.float64))


def test_it_changes_neither_what_is_learned_nor_what_neighbours_are_stopped_by(sources):
    runs = [each.model_copy(update={"variant": f"a{at}"})
            for at, each in enumerate([student(validates=True), student(), run(noise=0.2)])]  # fmt: skip
    (blind, _), (seeing, records), (noisy, own) = fit(runs, BLOBS, sources, say=lambda _: None)
    torch.testing.assert_close(blind.theta, seeing.theta)
    assert blind.metrics["validation_accuracy"].to_list() != seeing.metrics["validation_accuracy"].to_list()
    assert blind.metrics["test_accuracy"].to_list()[0] == pytest.approx(seeing.metrics["test_accuracy"].to_list()[0])
    right = logits(seeing.theta[0], SHOWN).argmax(-1) == CLEAN
    assert torch.equal(records.validation_right[0], right)
    assert torch.equal(own.validation_right[0], logits(noisy.theta[0], SHOWN).argmax(-1) == CLEAN)


def test_each_lane_is_stopped_by_its_own_teacher_when_one_before_it_diverges(sources, monkeypatch):
    calm, _ = trained(student(validates=True), sources)
    initial, calls = Model.initial, []

    def second_lane_huge(model: Model, source: torch.Generator) -> torch.Tensor:
        calls.append(source)
        return initial(model, source) * (1e15 if len(calls) == 2 else 1)

    monkeypatch.setattr(Model, "initial", second_lane_huge)
    wild, _ = trained(student(validates=True), sources)
    assert wild.diverged.tolist() == [-1, 0, -1]
    for seed in (100, 102):
        found, expected = (each.metrics.filter(seed=seed)["validation_loss"].to_list() for each in (wild, calm))
        assert found == pytest.approx(expected, rel=1e-4)
