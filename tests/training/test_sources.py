"""What a run takes from another: start, teacher, order of examples; and several runs in one stack."""

from pathlib import Path

import pytest
import torch
from test_engine import CLASSES, blobs, quiet, run

from nominima.ground.files import Refusal
from nominima.models import mlp
from nominima.planning.run import Pacing, Run
from nominima.training import pacing
from nominima.training.engine import fit
from nominima.training.model import build_model
from nominima.training.reference import Reference, References
from nominima.training.start import initial
from nominima.training.targets import targets, taught
from nominima.training.trajectory import Records, Trajectory

MODEL = mlp.build(5, (6,), CLASSES)
X = torch.from_numpy(blobs().train.x)
SOURCE = "s/base"


def trained(of: Run, sources: References) -> tuple[Trajectory, Records]:
    return fit([of], blobs(), sources, say=lambda _: None)[0]


def test_a_copy_starts_where_the_other_stood_seed_by_seed(sources, source):
    trajectory, _ = trained(run(first_seed=101, seeds=2, start={"run": SOURCE, "at": "best"}), sources)
    assert torch.equal(trajectory.theta[0], source.trajectory.best_loss[1:3])


def test_a_copy_may_be_of_any_checkpoint_and_is_scaled_by_the_gain(sources, source):
    step = source.trajectory.steps[5].item()
    started = run(gain=0.5, start={"run": SOURCE, "at": step})
    assert torch.equal(initial(started, MODEL, sources), 0.5 * source.trajectory.theta[5, :3])


def test_shuffled_weights_are_the_same_in_each_leaf_in_another_order(sources, source):
    mixed = initial(run(start={"run": SOURCE, "at": "end", "kind": "shuffled"}), MODEL, sources)
    ends = MODEL.views(source.trajectory.theta[-1, :3])
    for name, leaf in MODEL.views(mixed).items():
        assert torch.equal(leaf.flatten(1).sort().values, ends[name].flatten(1).sort().values)
    assert (mixed != source.trajectory.theta[-1, :3]).double().mean() > 0.8


def test_rescaled_weights_are_its_own_at_the_others_norms(sources, source):
    fresh = MODEL.views(initial(run(), MODEL, {}))
    rescaled = MODEL.views(initial(run(start={"run": SOURCE, "at": "end", "kind": "rescaled"}), MODEL, sources))
    ends = MODEL.views(source.trajectory.theta[-1, :3])
    for name in ("weight1", "weight2", "weight3"):
        mine, his, own = (each[name].flatten(1) for each in (rescaled, ends, fresh))
        torch.testing.assert_close(mine.norm(dim=1), his.norm(dim=1))
        torch.testing.assert_close(torch.cosine_similarity(mine, own), torch.ones(3))


def test_a_start_of_another_shape_is_refused(sources):
    with pytest.raises(Refusal, match=r"start.run: s/base has 83 parameters, this run 105"):
        trained(run(size=6, start={"run": SOURCE}), sources)


def lesson(source: Reference, **how) -> torch.Tensor:
    student = run(teacher={"run": SOURCE, "at": "end", **how})
    assert student.training.teacher is not None
    labels = torch.from_numpy(blobs().train.y).expand(3, -1)
    return taught(student, student.training.teacher, source, X, labels, CLASSES)


def test_soft_targets_are_the_teachers_probabilities(source):
    model = build_model(source.run.training, (6,), CLASSES)
    logits = model.forward(model.views(source.trajectory.theta[-1, :3]), X)
    torch.testing.assert_close(lesson(source, temperature=2.0), (logits / 2).softmax(-1))
    hard = lesson(source, kind="hard")
    assert torch.equal(hard.argmax(-1), logits.argmax(-1))
    assert hard.unique().tolist() == [0, 1]
    top, soft = lesson(source, kind="top"), logits.softmax(-1)
    torch.testing.assert_close(top.max(-1).values, soft.max(-1).values)
    rest = top.sort(-1).values[..., :-1]
    torch.testing.assert_close(rest[..., 0], rest[..., -1])
    torch.testing.assert_close(top.sum(-1), torch.ones(3, len(X)))


def test_targets_mix_labels_smoothing_and_teacher(source):
    labels = torch.zeros(3, len(X), dtype=torch.int64)
    student = run(smoothing=0.3, teacher={"run": SOURCE, "at": "end", "weight": 0.25})
    soft = lesson(source)
    mixed = targets(student, labels, CLASSES, soft)
    smooth = torch.tensor([0.8, 0.1, 0.1]).expand_as(mixed)
    torch.testing.assert_close(mixed, 0.75 * smooth + 0.25 * soft)


def test_a_student_of_its_own_teacher_has_nothing_to_learn(sources, source):
    """Started at the teacher and taught by it, the gradient is zero."""
    own = run(optimizer="sgd", start={"run": SOURCE, "at": "end"}, teacher={"run": SOURCE, "at": "end"})
    trajectory, _ = trained(own, sources)
    torch.testing.assert_close(trajectory.theta[-1], trajectory.theta[0], rtol=0, atol=1e-5)


def told(records: Records, lanes: slice = slice(0, 3)) -> pacing.Examples:
    return pacing.Examples(X, records.labels[lanes].long(), records.moved[lanes], CLASSES)


def order_of(kind: str, source: Reference, **how) -> list[pacing.Released]:
    """Of seeds 100 … 102."""
    return pacing.released(run(pacing={"order": kind, **how}), told(source.records), {SOURCE: source})


def test_more_are_released_by_a_line(source):
    released = order_of("random", source, at_once=0.6, complete=0.5)[0]
    assert [len(released(served)) for served in (0, 120, 240, 480)] == [30, 40, 50, 50]
    assert torch.equal(released(0), released(480)[:30])


def test_clean_examples_come_first(source):
    moved = source.records.moved[:3]
    for lane, released in enumerate(order_of("clean", source)):
        whole = released(480)
        assert whole.sort().values.tolist() == list(range(50))
        assert moved[lane][whole].int().diff().min() >= 0


def test_only_what_is_released_is_served():
    """With one example released at all times, training is on that example alone."""
    alone = run(noise=0.0, optimizer="sgd", pacing=Pacing(order="random", at_once=0.0, complete=1.0).model_dump())
    _, records = quiet(
        alone.model_copy(update={"training": alone.training.model_copy(update={"steps": 6, "batch": 1})})
    )
    first = [released(0) for released in pacing.released(alone, told(records), {})]
    assert all(len(each) == 1 for each in first)
    gain = records.loss[0].float() - records.loss[3].float()
    assert [lane[which].item() > 0 for lane, which in zip(gain, first, strict=True)] == [True] * 3


def test_runs_of_one_stack_are_what_they_are_alone(sources):
    runs = [
        run(rate=0.02, l2=0.01),
        run(rate=0.005, noise=0.0, gain=0.5),
        run(rate=0.01, dropout=0.3, smoothing=0.1),
        run(rate=0.01, teacher={"run": SOURCE}, pacing={"order": "taught", "run": SOURCE}, draw=1),
        run(rate=0.01, start={"run": SOURCE, "at": "init"}, prune={"run": SOURCE, "at": "end", "keep": 0.5}),
    ]
    runs = [each.model_copy(update={"variant": f"a{at}"}) for at, each in enumerate(runs)]
    together = fit(runs, blobs(), sources, say=lambda _: None)
    for each, (trajectory, records) in zip(runs, together, strict=True):
        alone, own = trained(each, sources)
        torch.testing.assert_close(trajectory.theta, alone.theta, rtol=1e-3, atol=1e-4)
        assert torch.equal(records.labels, own.labels)
        assert trajectory.run == each
    ends = [trajectory.theta[-1] for trajectory, _ in together]
    assert all((one - other).norm() > 0.1 for at, one in enumerate(ends) for other in ends[:at])


def test_lanes_that_diverge_leave_the_other_runs_of_the_stack_as_they_are():
    runs = [run(optimizer="sgd", rate=rate) for rate in (1e30, 0.1)]
    runs = [each.model_copy(update={"variant": f"r{at}"}) for at, each in enumerate(runs)]
    (wild, _), (calm, records) = fit(runs, blobs(), say=lambda _: None)
    assert (wild.diverged > 0).all()
    alone, own = quiet(runs[1])
    torch.testing.assert_close(calm.theta, alone.theta, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(records.validation_loss, own.validation_loss, rtol=1e-2, atol=1e-3)


def test_a_slice_of_the_examples_can_be_skipped():
    _, records = quiet(run(skip=15, examples=20, noise=0.0))
    assert records.labels.tolist() == [blobs().train.y[15:35].tolist()] * 3
    with pytest.raises(Refusal, match=r"skip \+ examples: 51: blobs holds 50"):
        quiet(run(skip=31, examples=20))


def test_validation_is_recorded_example_by_example():
    trajectory, records = quiet(run())
    rows = trajectory.metrics.filter(seed=101)
    for at, (loss, accuracy) in enumerate(zip(rows["validation_loss"], rows["validation_accuracy"], strict=True)):
        assert records.validation_loss[at, 1].double().mean().item() == pytest.approx(loss, rel=2e-3)
        share = records.validation_right[at, 1].double().mean().item()
        assert 0.8 * share + 0.1 * (1 - share) == pytest.approx(accuracy)


def test_a_teacher_on_other_files_is_read_when_needed(sources, tmp_path):
    gone = {SOURCE: Reference(run(seeds=4), Path(tmp_path))}
    with pytest.raises(Refusal, match=r"parameters\.safetensors"):
        trained(run(teacher={"run": SOURCE}), gone)
