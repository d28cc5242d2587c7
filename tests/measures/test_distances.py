from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from nominima.landscape.matching import match, permuted, sequential
from nominima.measures.distances import measure, pseudo_log_cv


@pytest.mark.parametrize("column", ["init_init", "best_best", "end_end", "init_early", "init_best", "init_end"])
def test_all_ordered_pairs_equal_scipy(subject, column):
    trajectory = subject.trajectory
    points = {
        "init": trajectory.theta[0],
        "early": trajectory.theta[1],
        "end": trajectory.theta[-1],
        "best": trajectory.best_loss,
    }
    one, other = (points[name].double().numpy() for name in column.split("_"))
    table = measure(subject)
    assert table.select("seed", "other").rows() == [(a, b) for a in (100, 101, 102) for b in (100, 101, 102)]
    assert table[column].to_list() == pytest.approx(cdist(one, other).flatten().tolist(), rel=1e-12, abs=1e-12)


def test_a_seed_is_at_no_distance_from_itself(subject):
    own = measure(subject).filter(seed=101, other=101)
    assert own.select("init_init", "best_best", "end_end").row(0) == (0, 0, 0)
    assert own["init_best"][0] > 0


def test_near_points_and_huge_ones_keep_their_digits(subject, moved):
    theta = torch.zeros_like(subject.trajectory.theta)
    theta[:, :, 0] = torch.tensor([1e4, 1e4 + 2**-9, 1e30])
    table = measure(moved(subject, theta))
    assert table.filter(seed=100, other=101)["init_init"][0] == pytest.approx(2**-9, rel=1e-9)
    assert table.filter(seed=100, other=102)["init_init"][0] == pytest.approx(1e30, rel=1e-6)


def test_pairs_with_a_lost_seed_are_diverged(diverged):
    table = measure(diverged)
    assert len(table) == 9
    for row in table.rows(named=True):
        lost = 101 in (row["seed"], row["other"])
        assert row["status"] == ("diverged" if lost else "ok")
        assert (row["init_init"] is None) == lost


def test_one_seed_has_itself_only(alone):
    table = measure(alone)
    assert table.select("seed", "other", "status").rows() == [(100, 100, "ok")]
    assert np.isfinite(table["init_end"][0])


def test_solutions_that_differ_by_the_order_of_their_units_are_matched(subject, moved):
    symmetry = sequential(leaf.shape for leaf in subject.model.layout)
    one = subject.trajectory.best_loss[0]
    turned = [permuted(symmetry, one, [np.roll(np.arange(size), by) for size in symmetry.sizes]) for by in (1, 2)]
    table = measure(moved(subject, subject.trajectory.theta, best_loss=torch.stack([one, *turned])))
    apart = table.filter(table["seed"] != table["other"])
    assert (apart["best_best"] > 0.1).all()
    assert (apart["best_matched"] == 0).all()


def test_every_pair_of_independent_solutions_is_matched_by_itself(subject):
    table, best = measure(subject, restarts=0), subject.trajectory.best_loss
    assert (table["best_matched"] <= table["best_best"]).all()
    symmetry = sequential(leaf.shape for leaf in subject.model.layout)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        near, _ = match(symmetry, best[one], best[other], restarts=0, seed=subject.seeds[one])
        pair = {subject.seeds[one], subject.seeds[other]}
        both = [row for row in table.rows(named=True) if {row["seed"], row["other"]} == pair]
        assert [row["best_matched"] for row in both] == pytest.approx([float((best[one] - near).norm())] * 2, rel=1e-5)


def test_pseudo_values_of_the_spread_are_those_of_the_jackknife():
    draw = np.random.default_rng(3)
    points = torch.from_numpy(draw.standard_normal((6, 9)))
    apart = torch.cdist(points, points)

    def log_cv(kept):
        found = np.array([float(apart[a, b]) for a in kept for b in kept if a != b])
        return np.log(found.std() / found.mean())

    sound = [0, 1, 3, 4, 5]
    whole = log_cv(sound)
    expected = [5 * whole - 4 * log_cv([other for other in sound if other != seed]) for seed in sound]
    found = pseudo_log_cv(apart, torch.tensor([True, True, False, True, True, True]))
    assert found[sound].tolist() == pytest.approx(expected)
    assert found[2].isnan()
    assert pseudo_log_cv(apart, torch.tensor([True] * 3 + [False] * 3)).isnan().all()


def test_spreads_stand_in_a_seeds_own_row(subject):
    table = measure(subject)
    assert table["init_spread"].null_count() == 9, "three seeds are too few"


def test_units_of_a_family_without_a_chain_of_layers_are_not_matched(subject):
    scaled = replace(subject, model=replace(subject.model, layout=tuple(reversed(subject.model.layout))))
    assert measure(scaled)["best_matched"].null_count() == 9
