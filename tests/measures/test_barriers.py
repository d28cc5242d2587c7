from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from nominima.landscape.loss import of_model
from nominima.landscape.matching import permuted, sequential
from nominima.landscape.paths import along, bezier, connect, straight
from nominima.measures.barriers import PATHS, measure


def by_path(table, seed):
    return {row["path"]: row for row in table.filter(seed=seed).rows(named=True)}


def test_the_straight_barrier_is_that_of_losses_taken_one_by_one(subject):
    best, points = subject.trajectory.best_loss, 9

    def loss(theta, lane=0):
        logits = subject.model.forward(subject.model.views(theta[None]), subject.x)[0]
        return cross_entropy(logits, subject.labels[lane]).item()

    shares = np.linspace(0, 1, points)
    heights = [loss(torch.lerp(best[0], best[1], float(t))) for t in shares]
    line = heights[0] + shares * (heights[-1] - heights[0])
    start = subject.trajectory.theta[0]
    gain = (loss(start[0]) + loss(start[1]) - heights[0] - heights[-1]) / 2
    row = by_path(measure(subject, points=points), 100)["straight"]
    assert row["other"] == 101
    assert row["barrier"] == pytest.approx(max(0, (np.array(heights) - line).max()), abs=1e-6)
    assert row["won"] == pytest.approx(gain, abs=1e-6)
    assert row["share"] == pytest.approx(row["barrier"] / gain, abs=1e-5)


def test_every_seed_has_every_way_and_the_last_one_s_next_is_the_first(subject):
    table = measure(subject, points=3, steps=1)
    assert table.select("seed", "path").rows() == [(seed, path) for seed in (100, 101, 102) for path in sorted(PATHS)]
    assert table.filter(seed=102)["other"].unique().to_list() == [100]
    assert measure(subject, pairs=1, points=3, steps=1)["seed"].unique().to_list() == [100]


def test_a_planted_permutation_is_recovered_exactly(subject):
    table = measure(subject, points=5, steps=1)
    planted = table.filter(path="planted")
    assert planted["restored"].to_list() == [1.0] * 3
    assert planted["barrier"].to_list() == pytest.approx([0.0] * 3, abs=1e-6)
    assert table.filter(path="straight")["restored"].null_count() == 3


def test_a_solution_with_shuffled_units_is_matched_and_has_a_barrier_before(subject, moved):
    symmetry = sequential(leaf.shape for leaf in subject.model.layout)
    best = subject.trajectory.best_loss.clone()
    best[0] *= 4
    best[1] = permuted(symmetry, best[0], [np.roll(np.arange(size), 1) for size in symmetry.sizes])
    logits = subject.model.forward(subject.model.views(best), subject.x)
    made = replace(moved(subject, subject.trajectory.theta, best_loss=best), labels=logits.argmax(-1))
    ways = by_path(measure(made, points=11, steps=30), 100)
    assert ways["straight_matched"]["barrier"] == pytest.approx(0, abs=1e-5)
    assert ways["straight"]["barrier"] > 0.1
    assert ways["shuffled"]["barrier"] > 0.1
    assert ways["curve"]["barrier"] < ways["straight"]["barrier"]


def test_a_curve_has_no_higher_mean_loss_than_the_straight_line(subject):
    """All that fitting by few steps promises: how high a badly conditioned curve stays depends on the last bits."""
    landscape = of_model(subject.model, subject.x, subject.labels[0])
    one, two = subject.trajectory.best_loss[:1] * 4, subject.trajectory.best_loss[1:2] * 4
    curve = bezier(one, connect(landscape, one, two, steps=30), two, 201)
    assert along(landscape, curve).mean() < along(landscape, straight(one, two, 201)).mean()


def test_lost_and_lonely_seeds_are_told(diverged, alone):
    table = measure(diverged, points=3, steps=1)
    assert table.filter(path="curve")["status"].to_list() == ["diverged", "diverged", "ok"]
    assert table.filter(status="diverged")["barrier"].null_count() == 2 * len(PATHS)
    assert measure(alone)["status"].unique().to_list() == ["alone"]


def test_where_nothing_was_won_there_is_no_share(subject):
    flat = replace(subject.trajectory, best_loss=subject.trajectory.theta[0])
    table = measure(replace(subject, trajectory=flat), points=3, steps=1)
    assert table["status"].unique().to_list() == ["not_finite"]
