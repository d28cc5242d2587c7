import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from torch.nn.functional import cross_entropy

sys.path.insert(0, str(Path(__file__).parents[1] / "measuring"))  # where runs are made

from made_runs import BASE, INPUTS, trained  # pyright: ignore[reportMissingImports] - in that folder

from nominima.ground.files import Refusal
from nominima.measures.gradient_noise import looked, mean_and_noise, measure
from nominima.measuring.replay import Replay
from nominima.planning.run import Teacher
from nominima.planning.steps import metric_steps


def with_validation(subject, best, late=()):
    """The same run with validation losses that are lowest at these steps, a number for each seed."""
    step, seed = pl.col("step").cast(pl.Float64), pl.col("seed")
    vertex = seed.replace_strict(subject.seeds, [float(each) for each in best], return_dtype=pl.Float64)
    loss = ((step.clip(0.5) / vertex).log() ** 2).alias("validation_loss")
    stops = torch.tensor([subject.run.training.steps if lane in late else 5 for lane in range(3)])
    trajectory = replace(
        subject.trajectory, metrics=subject.trajectory.metrics.with_columns(loss), best_loss_step=stops
    )
    return replace(subject, trajectory=trajectory)


def per_example(subject, theta, x, targets):
    """Gradients of each example by torch.func, float64 (example, param)."""

    def loss(vector, one, wanted):
        logits = subject.model.forward(subject.model.views(vector[None]), one[None])[0]
        return cross_entropy(logits, wanted[None])

    pairs = zip(x.double(), targets.double(), strict=True)
    return torch.stack([torch.func.grad(loss)(theta.double(), one, wanted) for one, wanted in pairs])


@pytest.mark.parametrize("family", INPUTS)
def test_gradients_and_their_scatter_are_those_of_single_examples(family):
    """With batches of one example tr Σ is the trace of the sample covariance."""
    subject = trained(family)
    trajectory, far, noise = subject.trajectory, subject.dataset.test, BASE["noise"]
    seen = looked(subject, Replay(subject), trajectory.steps.tolist(), batch=1, tested=25)
    expected = torch.full((25, 3), noise / 2)
    expected[torch.arange(25), torch.from_numpy(far.y[:25])] = 1 - noise
    for point, lane in ((0, 0), (7, 1), (-1, 2)):
        theta = trajectory.theta[point, lane]
        own = torch.nn.functional.one_hot(subject.labels[lane], 3)
        each = per_example(subject, theta, subject.x, own)
        g, h = each.mean(0), per_example(subject, theta, torch.from_numpy(far.x[:25]), expected).mean(0)
        told = [part[point, lane] for part in seen]
        numbers = [each.var(0).sum() / len(each), g @ g, h @ h, g @ h]
        assert told == pytest.approx([number.item() for number in numbers], rel=2e-4, abs=1e-7)


@pytest.mark.parametrize("batch", [3, 1000])
def test_batches_are_sixteen_at_least_and_hold_every_example(batch):
    """Of 33 examples seventeen batches of two or less, unless batches are to be smaller still."""
    subject = trained()
    seen, whole = (looked(subject, Replay(subject), [0, 9], batch=each, tested=40) for each in (batch, 1))
    np.testing.assert_allclose(seen.square, whole.square, rtol=1e-5)
    np.testing.assert_allclose(seen.noise, whole.noise, rtol=0.8)
    assert not np.allclose(seen.noise, whole.noise, rtol=1e-3)


def test_the_trace_has_the_right_expectation_whatever_the_sizes_of_batches_are():
    """Planted: examples N(mean, diag(variances)); of 4000 draws, batches of 1 to 40 and one alone."""
    draw = torch.Generator().manual_seed(1)
    variances, mean, sizes, lanes = torch.tensor([4.0, 1.0, 0.25]), torch.tensor([0.3, -0.2, 0.0]), (1, 7, 40, 12), 4000
    rows = [mean + (variances / size).sqrt() * torch.randn(lanes, 3, generator=draw) for size in sizes]
    g, noise = mean_and_noise((size, each.double()) for size, each in zip(sizes, rows, strict=True))
    count = sum(sizes)
    torch.testing.assert_close(g, sum(size * each.double() for size, each in zip(sizes, rows, strict=True)) / count)
    by_hand = sum(size * (each.double() - g).square().sum(1) for size, each in zip(sizes, rows, strict=True)) / 3
    torch.testing.assert_close(noise, by_hand / count)
    for found, truth in ((noise, variances.sum() / count), (g.square().sum(1) - noise, mean.square().sum())):
        assert abs(found.mean() - truth) < 4 * found.std() / lanes**0.5
    biased = g.square().sum(1).mean()
    assert biased > mean.square().sum() + 0.9 * variances.sum() / count, "noise lengthens the gradient"


def test_a_single_batch_has_no_scatter():
    _, noise = mean_and_noise([(5, torch.ones(2, 3, dtype=torch.float64))])
    assert noise.isnan().all()


@pytest.mark.parametrize("family", INPUTS)
def test_steps_are_those_at_which_the_numbers_cross(family):
    subject = with_validation(trained(family), (6.0, 7.4, 9.0))
    table, grid = measure(subject), metric_steps(60)
    assert (table["status"].to_list(), table["drift"].to_list()) == (["ok"] * 3, [0.0] * 3)
    assert table["peak"].to_list() == pytest.approx([6.0, 7.4, 9.0])
    assert table["seen"].to_list() == [60] * 3
    noise, square, other, both = looked(subject, Replay(subject), grid, tested=2000)
    conditions = {"noise_from": noise / (square - noise) > 1, "apart_from": both / (square * other) ** 0.5 < 0.5,
                  "unshared_from": both / square < 0.5}  # fmt: skip
    conditions["noise_from"] |= square <= noise
    for lane, row in enumerate(table.rows(named=True)):
        for name, true in conditions.items():
            first = [grid[at] for at in range(1, len(grid) - 2) if true[at : at + 3, lane].all()]
            assert row[name] == (first[0] if first else None), name
    nearest = [grid.index(step) for step in (6, 7, 9)]
    expected = [noise[point, lane] / square[point, lane] for lane, point in enumerate(nearest)]
    assert table["share_at_peak"].to_list() == pytest.approx(expected)


def test_a_run_that_ends_before_noise_can_be_told_is_short():
    """All examples have one label, so that their gradients agree, and no step leads anywhere."""
    easy = trained(labels=1, noise=0.0, optimizer="sgd", rate=1e-6)
    table = measure(with_validation(easy, (6.0, 22.0, 24.0)))
    assert table["noise_from"].null_count() == 3
    assert table["status"].to_list() == ["ok", "ok", "short"], "47, 54 and 60 lie beyond 44, and two of them beyond 48"


def test_another_training_is_astray_and_without_validation_there_is_no_peak():
    subject = with_validation(trained(), (6.0, 6.0, 6.0))
    theta = subject.trajectory.theta.clone()
    theta[5:, 0] += 0.02 * (theta[5:, 0] - theta[0, 0])
    table = measure(replace(subject, trajectory=replace(subject.trajectory, theta=theta)))
    assert table["status"].to_list() == ["astray", "ok", "ok"]
    blind = subject.trajectory.metrics.with_columns(validation_loss=pl.lit(None, pl.Float64))
    table = measure(replace(subject, trajectory=replace(subject.trajectory, metrics=blind)))
    assert (table["status"].to_list(), table["peak"].null_count()) == (["ok"] * 3, 3)


def test_where_all_diverged_there_are_rows_and_what_takes_from_others_is_refused():
    subject = trained()
    gone = replace(subject, trajectory=replace(subject.trajectory, diverged=torch.tensor([1, 2, 3])))
    assert measure(gone)["status"].to_list() == ["diverged"] * 3
    taught = subject.run.training.model_copy(update={"teacher": Teacher(run="teachers/base")})
    with pytest.raises(Refusal, match="takes from teachers/base"):
        measure(replace(subject, run=subject.run.model_copy(update={"training": taught})))
