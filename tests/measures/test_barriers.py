from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.integrate import fixed_quad
from torch.nn.functional import cross_entropy

from nominima.ground.files import Refusal
from nominima.landscape.matching import permuted, sequential
from nominima.landscape.paths import bezier, straight
from nominima.measures.barriers import FITTED, MATCHED, PATHS, measure
from nominima.measuring.curves import Ways, fit, losses
from nominima.training.dataset import Dataset, Examples


def by_path(table, seed):
    return {row["path"]: row for row in table.filter(seed=seed).rows(named=True)}


def ways(subject, height=0.0, stretch=1.0):
    best = stretch * subject.trajectory.best_loss
    return Ways(best, best.roll(-1, 0), subject.labels, subject.seeds, torch.full((len(best),), height))


def along(subject, between, middle):
    """Mean loss along each curve as validation sees it: the training inputs here, with their clean labels."""

    def heights(places):
        t = torch.from_numpy(places).float()[:, None]
        start, centre, end = (theta.unsqueeze(1) for theta in (between.start, middle, between.end))
        return losses(subject, (1 - t) ** 2 * start + 2 * t * (1 - t) * centre + t**2 * end).numpy()

    return fixed_quad(heights, 0, 1, n=5)[0]


def overfitted(subject):
    """Clean test examples of their own, so that each split is told from the others."""
    draw = np.random.default_rng(7)
    count, shape = 30, subject.x.shape[1:]
    splits = [
        Examples(draw.standard_normal((count, *shape)).astype(np.float32), draw.integers(0, 3, count)) for _ in range(2)
    ]
    return replace(subject, dataset=Dataset(3, subject.dataset.train, *splits))


def test_the_straight_barrier_is_that_of_losses_taken_one_by_one(family):
    subject = overfitted(family)
    best, start, points = subject.trajectory.best_loss, subject.trajectory.theta[0], 9
    test = torch.from_numpy(subject.dataset.test.x), torch.from_numpy(subject.dataset.test.y)
    row = by_path(measure(subject, points=points, steps=1), 100)["straight"]
    assert row["other"] == 101
    for prefix, (x, y) in {"": test, "train_": (subject.x, subject.labels[0])}.items():

        def loss(theta, x=x, y=y):
            return cross_entropy(subject.model.forward(subject.model.views(theta[None]), x)[0], y).item()

        heights = [loss(torch.lerp(best[0], best[1], point / (points - 1))) for point in range(points)]
        rise = max(heights[1:-1]) - max(heights[0], heights[-1])
        gain = (loss(start[0]) + loss(start[1]) - heights[0] - heights[-1]) / 2
        assert row[f"{prefix}barrier"] == pytest.approx(rise, abs=1e-6)
        assert row[f"{prefix}won"] == pytest.approx(gain, abs=1e-6)
        if gain > 0:
            assert row[f"{prefix}share"] == pytest.approx(rise / gain, abs=1e-4)


def test_every_seed_has_every_way_and_the_last_one_s_next_is_the_first(subject):
    table = measure(subject, points=3, steps=1, overtrained=True)
    keys = [(seed, ends, path) for seed in (100, 101, 102) for ends in ("best", "end") for path in sorted(PATHS)]
    assert table.select("seed", "ends", "path").rows() == keys
    assert table.filter(seed=102)["other"].unique().to_list() == [100]
    assert table["fitted"].to_list() == [int(path in FITTED) for _, _, path in keys]
    assert table.filter(fitted=0)["stopped"].null_count() == 6 * (len(PATHS) - len(FITTED))
    assert measure(subject, pairs=1, points=3, steps=1)["seed"].unique().to_list() == [100]


def test_families_without_units_that_can_be_reordered_have_the_other_ways(family):
    table = measure(family, pairs=1, points=5, steps=4)
    status = dict(table.select("path", "status").rows())
    known = family.run.training.model != "transformer"
    assert status == {path: "ok" if known or path not in MATCHED else "unmatched" for path in PATHS}
    assert table.filter(status="ok")["share"].null_count() == 0


def test_a_planted_permutation_is_recovered_exactly_and_its_curve_has_no_barrier(family):
    if family.run.training.model == "transformer":
        return
    planted = measure(family, points=5, steps=64).filter(path="planted")
    assert planted["restored"].to_list() == [1.0] * 3
    assert (planted["barrier"] < 0.01).all()


def test_a_wall_is_seen_by_the_curve_that_is_fitted_over_it(family):
    """More than half as high as was asked for, on both splits, however much lower the curve lies without it."""
    table = measure(family, points=25, steps=64, wall=0.3)
    walled = table.filter(path="walled")
    assert walled["share"].is_between(0.15, 0.5).all()
    assert walled["train_share"].is_between(0.15, 0.5).all()
    assert (table.filter(path="curve")["train_share"] < 0.15).all()


def test_the_slope_of_a_wall_is_the_derivative_of_its_profile(subject):
    over = ways(subject, height=0.7)
    theta = torch.lerp(over.start, over.end, 0.45).requires_grad_()
    height = (over.wall[:, None] * over.profile(theta[:, None])).sum()
    (slope,) = torch.autograd.grad(height, theta)
    torch.testing.assert_close(over.slope(theta.detach()), slope)
    middle = (over.start + over.end)[:, None] / 2
    assert over.profile(middle).flatten().tolist() == pytest.approx([1.0] * 3, abs=1e-6)
    assert over.profile(over.start[:, None]).max() < 1e-5


def test_a_curve_is_fitted_to_all_examples_and_stopped_by_validation(family):
    start = ways(family, stretch=3.0)
    middle, stopped = fit(family, start, 32)
    bow, line = bezier(start.start, middle, start.end, 25), straight(start.start, start.end, 25)
    assert (along(family, start, middle) <= along(family, start, (start.start + start.end) / 2) + 1e-6).all()
    assert set(stopped.tolist()) <= {0, 1, 2, 4, 8, 16, 32}
    assert losses(family, bow, family.labels).mean() < losses(family, line, family.labels).mean()


def test_validation_that_gets_worse_at_once_keeps_the_straight_line(subject):
    wrong = Examples(subject.dataset.train.x, (subject.labels[0].numpy() + 1) % 3)
    turned = replace(
        subject, dataset=replace(subject.dataset, validation=wrong), labels=subject.labels[:1].expand(3, -1)
    )
    start = ways(turned)
    middle, stopped = fit(turned, start, 16)
    assert stopped.tolist() == [0, 0, 0]
    torch.testing.assert_close(middle, (start.start + start.end) / 2)


def test_a_lane_is_fitted_alike_alone_among_others_and_again(family, monkeypatch):
    whole, stops = fit(family, ways(family), 8)
    again, _ = fit(family, ways(family), 8)
    assert torch.equal(whole, again)
    monkeypatch.setattr("nominima.measuring.curves.NUMBERS", 1)
    apart, others = fit(family, ways(family), 8)
    torch.testing.assert_close(apart, whole, rtol=1e-4, atol=1e-5)
    assert others.tolist() == stops.tolist()


def test_a_curve_that_is_stopped_leaves_the_others_as_they_are(subject, monkeypatch):
    """From the first look on here: the curve that begins far above its ends goes on when the others have left."""
    monkeypatch.setattr("nominima.measuring.curves.PATIENT", 1)
    start = ways(subject)
    start.end[0] *= 4
    whole, stops = fit(subject, start, 64)
    assert len(set(stops.tolist())) > 1
    for lane in range(len(stops)):
        alone, stop = fit(subject, start.take([lane]), 64)
        torch.testing.assert_close(alone[0], whole[lane], rtol=1e-4, atol=1e-5)
        assert stop.item() == stops[lane]


def test_a_solution_with_shuffled_units_is_matched_and_has_a_barrier_before(subject, moved):
    symmetry = sequential(leaf.shape for leaf in subject.model.layout)
    best = subject.trajectory.best_loss.clone()
    best[0] *= 4
    best[1] = permuted(symmetry, best[0], [np.roll(np.arange(size), 1) for size in symmetry.sizes])
    answers = subject.model.forward(subject.model.views(best), subject.x).argmax(-1)
    seen = Examples(subject.dataset.train.x, answers[0].numpy())
    made = replace(
        moved(subject, subject.trajectory.theta, best_loss=best), labels=answers, dataset=Dataset(3, seen, seen, seen)
    )
    found = by_path(measure(made, points=11, steps=256), 100)
    assert found["straight_matched"]["barrier"] == pytest.approx(0, abs=1e-5)
    assert found["straight"]["barrier"] > 0.1
    assert found["shuffled"]["barrier"] > 0.1
    assert found["curve"]["barrier"] < found["straight"]["barrier"]


def test_lost_and_lonely_seeds_are_told(diverged, alone):
    table = measure(diverged, points=3, steps=1)
    assert table.filter(path="curve")["status"].to_list() == ["diverged", "diverged", "ok"]
    assert table.filter(status="diverged")["barrier"].null_count() == 2 * len(PATHS)
    assert measure(alone)["status"].unique().to_list() == ["alone"]


def test_where_nothing_was_won_there_is_no_share(subject):
    flat = replace(subject.trajectory, best_loss=subject.trajectory.theta[0])
    table = measure(replace(subject, trajectory=flat), points=3, steps=1)
    assert table["status"].unique().to_list() == ["not_finite"]


def test_what_cannot_be_asked_is_refused(subject):
    with pytest.raises(Refusal, match="points is 2; a way has two ends and a point between"):
        measure(subject, points=2)
    nothing = Examples(subject.dataset.train.x[:0], subject.dataset.train.y[:0])
    bare = replace(subject, dataset=replace(subject.dataset, validation=nothing))
    with pytest.raises(Refusal, match="has no validation examples"):
        measure(bare)
