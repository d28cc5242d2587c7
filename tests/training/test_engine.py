import numpy as np
import polars as pl
import pytest
import torch
from torch import nn

from nominima.ground.files import Refusal
from nominima.models import mlp
from nominima.planning.run import Run, Training
from nominima.planning.steps import checkpoint_steps, metric_steps
from nominima.training import feed
from nominima.training.dataset import Dataset, Examples
from nominima.training.engine import fit
from nominima.training.feed import generator
from nominima.training.model import Model
from nominima.training.objective import corrupt
from nominima.training.trajectory import NUMBERS, Records, Trajectory

CLASSES = 3


def blobs(train: int = 50, validation: int = 30, test: int = 40) -> Dataset:
    source = np.random.default_rng(5)
    y = source.integers(0, CLASSES, train + validation + test)
    x = (source.standard_normal((len(y), 6)) + 2 * np.eye(CLASSES, 6)[y]).astype(np.float32)
    edges = np.cumsum([train, validation])
    return Dataset(CLASSES, *(Examples(*part) for part in zip(np.split(x, edges), np.split(y, edges), strict=True)))


def run(**changes) -> Run:
    base = {"dataset": "blobs", "noise": 0.2, "model": "mlp", "size": 5, "optimizer": "adam", "rate": 0.01}
    base |= {"batch": 8, "steps": 60, "first_seed": 100, "seeds": 3}
    return Run(stack="s/base", training=Training(**{**base, **changes}))


def quiet(run: Run, dataset: Dataset | None = None) -> tuple[Trajectory, Records]:
    return fit([run], dataset or blobs(), say=lambda _: None)[0]


def by_hand(seed: int, data: Dataset, optimizer: str, rate: float, l2: float, steps: int) -> torch.Tensor:
    """The training as a user of torch would write it, one model, from the same random numbers."""
    net = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, CLASSES))
    initial = mlp.build(5, (6,), CLASSES).initial(generator(seed, "initial"))
    nn.utils.vector_to_parameters(initial, net.parameters())
    x, clean = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
    y, _ = corrupt(clean, CLASSES, 0.2, generator(seed, "noise"))
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer]
    step, draws, order = kind(net.parameters(), lr=rate, weight_decay=l2), generator(seed, "order"), []
    for _ in range(steps):
        while len(order) < 8:
            order += torch.randperm(len(x), generator=draws).tolist()
        batch, order = order[:8], order[8:]
        step.zero_grad()
        nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
        step.step()
    return nn.utils.parameters_to_vector(net.parameters()).detach()


@pytest.mark.parametrize(("optimizer", "rate", "l2"), [("sgd", 0.1, 0.0), ("adam", 0.01, 0.0), ("adam", 0.01, 0.01)])
def test_a_lane_of_the_stack_is_the_textbook_training_of_its_seed(optimizer, rate, l2):
    trajectory, _ = quiet(run(optimizer=optimizer, rate=rate, l2=l2))
    for lane, seed in enumerate(trajectory.run.seeds):
        expected = by_hand(seed, blobs(), optimizer, rate, l2, steps=60)
        assert (expected - trajectory.theta[0, lane]).norm() > 0.5
        torch.testing.assert_close(trajectory.theta[-1, lane], expected, rtol=1e-4, atol=1e-4)


def test_a_lane_is_what_it_is_alone():
    together, _ = quiet(run())
    alone, _ = quiet(run(first_seed=101, seeds=1))
    torch.testing.assert_close(together.theta[:, 1], alone.theta[:, 0], rtol=1e-4, atol=1e-5)


def test_all_is_bitwise_equal_on_repetition(monkeypatch):
    first, records = quiet(run())
    again, records_again = quiet(run())
    monkeypatch.setattr(feed, "BLOCK", 1)
    other_blocks, _ = quiet(run())
    for name in ("theta", "best_loss", "best_accuracy", "best_loss_step"):
        assert torch.equal(getattr(first, name), getattr(again, name))
        assert torch.equal(getattr(first, name), getattr(other_blocks, name))
    assert first.metrics.equals(again.metrics)
    assert torch.equal(records.loss, records_again.loss)


def test_metrics_are_those_of_the_parameters_kept():
    trajectory, records = quiet(run(tested="always"))
    data, model, lane = blobs(), mlp.build(5, (6,), CLASSES), 2
    for at, step in enumerate(trajectory.steps.tolist()):
        leaves = model.views(trajectory.theta[at])
        splits = {name: torch.from_numpy(getattr(data, name).x) for name in ("train", "validation", "test")}
        logits = {name: model.forward(leaves, x)[lane] for name, x in splits.items()}
        here = (pl.col("seed") == 102) & (pl.col("step") == step)
        row = trajectory.metrics.row(by_predicate=here, named=True)
        loss = nn.functional.cross_entropy(logits["train"], records.labels[lane].long(), reduction="none")
        point = records.steps.tolist().index(step)
        torch.testing.assert_close(records.loss[point, lane], loss.half(), rtol=2e-3, atol=1e-3)
        assert torch.equal(records.prediction[point, lane].long(), logits["train"].argmax(1))
        assert row["train_loss"] == pytest.approx(loss.mean().item(), rel=1e-5)
        test_y = torch.from_numpy(data.test.y)
        assert row["test_loss"] == pytest.approx(nn.functional.cross_entropy(logits["test"], test_y).item(), rel=1e-5)
        assert row["test_accuracy"] == pytest.approx(logits["test"].argmax(1).eq(test_y).double().mean().item())
        log_p = logits["validation"].log_softmax(1)
        own = -log_p.gather(1, torch.from_numpy(data.validation.y)[:, None]).mean().item()
        every = -log_p.sum(1).mean().item()
        assert row["validation_loss"] == pytest.approx(0.8 * own + 0.1 * (every - own), rel=1e-5)


def test_the_test_split_is_looked_at_where_a_claim_reads_it():
    """At the start, the two stops and the end, with the numbers that looking always gives; and nothing else differs."""
    (few, _), (every, _) = quiet(run(steps=300, rate=0.05)), quiet(run(steps=300, rate=0.05, tested="always"))
    stops = {
        (seed, step)
        for name in ("loss", "accuracy")
        for seed, step in zip(few.run.seeds, getattr(few, f"best_{name}_step").tolist(), strict=True)
    }
    asked = stops | {(seed, step) for seed in few.run.seeds for step in (0, 300)}
    there = few.metrics.filter(pl.col("test_loss").is_not_null())
    assert set(there.select("seed", "step").rows()) == asked
    assert len(asked) > 2 * len(few.run.seeds)
    assert there.equals(every.metrics.join(there.select("seed", "step"), on=["seed", "step"], maintain_order="right"))
    assert few.metrics.select(pl.exclude("^.*test_(loss|accuracy)$")).equals(
        every.metrics.select(pl.exclude("^.*test_(loss|accuracy)$"))
    )


def test_stops_are_the_earliest_best_of_all_metric_steps():
    trajectory, _ = quiet(run(steps=300, rate=0.05))
    metrics = trajectory.metrics
    for lane, seed in enumerate(trajectory.run.seeds):
        mine = metrics.filter(metrics["seed"] == seed)
        loss, accuracy = mine["validation_loss"].to_numpy(), mine["validation_accuracy"].to_numpy()
        assert trajectory.best_loss_step[lane] == mine["step"][int(loss.argmin())]
        assert trajectory.best_accuracy_step[lane] == mine["step"][int(accuracy.argmax())]
    assert (trajectory.best_loss_step < 300).all()
    for lane, step in enumerate(trajectory.best_loss_step.tolist()):
        if step in trajectory.steps.tolist():
            assert torch.equal(
                trajectory.best_loss[lane], trajectory.theta[trajectory.steps.tolist().index(step), lane]
            )


def test_records_tell_which_labels_were_moved():
    _, records = quiet(run())
    clean = torch.from_numpy(blobs().train.y)
    assert torch.equal(records.moved, records.labels.long() != clean)
    assert records.moved.sum(1).tolist() == [10, 10, 10]
    assert not torch.equal(records.moved[0], records.moved[1])


def test_a_subset_is_the_first_examples():
    _, records = quiet(run(examples=20, noise=0.0))
    assert records.labels.tolist() == [blobs().train.y[:20].tolist()] * 3


def test_lanes_that_diverge_are_frozen_and_marked():
    wild, records = quiet(run(optimizer="sgd", rate=1e8, seeds=6))
    assert wild.theta.isfinite().all()
    assert records.loss.isfinite().all()
    assert 0 < (wild.diverged > 0).sum() < 6
    for lane, step in enumerate(wild.diverged.tolist()):
        mine = wild.metrics.filter(pl.col("seed") == wild.run.seeds[lane])
        after = mine.filter(pl.col("step") >= step) if step >= 0 else mine.clear()
        assert mine["status"].to_list() == ["ok"] * (len(mine) - len(after)) + ["diverged"] * len(after)
        assert after.select(NUMBERS).null_count().row(0) == (len(after),) * len(NUMBERS)
        late = wild.theta[wild.steps >= step][:, lane]
        assert step < 0 or torch.equal(late, late[:1].expand_as(late))


def test_a_lane_that_diverges_leaves_the_others_as_they_are(monkeypatch):
    calm, records = quiet(run())
    initial, calls = Model.initial, []

    def second_lane_huge(model: Model, source: torch.Generator) -> torch.Tensor:
        calls.append(source)
        return initial(model, source) * (1e15 if len(calls) == 2 else 1)

    monkeypatch.setattr(Model, "initial", second_lane_huge)
    wild, wild_records = quiet(run())
    assert wild.diverged.tolist() == [-1, 0, -1]
    torch.testing.assert_close(wild.theta[:, ::2], calm.theta[:, ::2], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(wild_records.loss[:, ::2], records.loss[:, ::2], rtol=1e-2, atol=1e-3)
    mine = calm.metrics.filter(pl.col("seed") != 101).select(NUMBERS).to_numpy()
    np.testing.assert_allclose(wild.metrics.filter(pl.col("seed") != 101).select(NUMBERS).to_numpy(), mine, rtol=1e-4)


def test_a_run_whose_lanes_all_diverge_still_ends():
    trajectory, _ = quiet(run(optimizer="sgd", rate=1e30))
    assert (trajectory.diverged > 0).all()
    assert trajectory.theta.isfinite().all()
    assert trajectory.metrics.height == 3 * len(metric_steps(60))
    assert trajectory.metrics.filter(trajectory.metrics["step"] == 60)["status"].to_list() == ["diverged"] * 3


def test_without_validation_examples_the_stop_is_the_end():
    trajectory, _ = quiet(run(tested="always"), blobs(validation=0))
    assert trajectory.best_loss_step.tolist() == trajectory.best_accuracy_step.tolist() == [60] * 3
    assert torch.equal(trajectory.best_loss, trajectory.theta[-1])
    assert trajectory.metrics["validation_loss"].null_count() == trajectory.metrics.height
    assert trajectory.metrics["test_loss"].null_count() == 0


def test_every_metric_step_is_told_in_one_line():
    told: list[str] = []
    fit([run()], blobs(), say=told.append)
    assert len(told) == len(metric_steps(60))
    assert told[-1].startswith("step 60/60  lanes 3  train loss 0.")


def test_checkpoints_are_metric_steps():
    trajectory, _ = quiet(run())
    assert trajectory.steps.tolist() == checkpoint_steps(60)
    assert set(checkpoint_steps(60)) <= set(metric_steps(60))


@pytest.mark.parametrize(
    ("changes", "sizes", "message"),
    [
        ({"examples": 51}, {}, "51: blobs holds 50; ask for fewer"),
        ({}, {"train": 0}, "empty train or test split"),
        ({}, {"test": 0}, "empty train or test split"),
    ],
)
def test_what_the_data_set_does_not_hold_is_refused(changes, sizes, message):
    with pytest.raises(Refusal, match=message):
        quiet(run(**changes), blobs(**sizes))
