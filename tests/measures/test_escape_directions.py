from dataclasses import replace

import polars as pl
import pytest
import torch
from torch.nn.functional import cross_entropy

from nominima.measures.escape_directions import measure

POINTS = ["best", "end", "init", "middle"]


def loss(subject, lane, examples):
    """The training loss of a lane as a function of one parameter vector, by the model itself."""
    x, truth = subject.x[:examples].double(), subject.labels[lane, :examples]
    return lambda theta: cross_entropy(subject.model.forward(subject.model.views(theta[None]), x)[0], truth)


def places(subject, lane):
    path = subject.trajectory.theta[:, lane].double()  # steps 0 … 8: ln 3 is nearest to ln 8 / 2
    return {"init": path[0], "middle": path[3], "best": subject.points()["best"][lane].double(), "end": path[-1]}


@pytest.mark.parametrize("exact_seeds", [0, 2])
def test_curvature_is_that_of_nested_autograd(subject, exact_seeds):
    table = measure(subject, examples=30, seeds=2, exact_seeds=exact_seeds)
    assert table.select("seed", "point").rows() == [(seed, point) for seed in (100, 101) for point in POINTS]
    assert set(table["method"]) == {"exact" if exact_seeds else "lanczos"}
    for row in table.rows(named=True):
        lane = row["seed"] - 100
        value, theta = loss(subject, lane, 30), places(subject, lane)[row["point"]]
        eigenvalues = torch.linalg.eigvalsh(torch.autograd.functional.hessian(value, theta))
        low, high = eigenvalues[0].item(), eigenvalues[-1].item()
        rounding = 1e-9 * high
        assert low - rounding <= row["lambda_min"] <= (1 if exact_seeds else 0.8) * low + rounding
        assert high + rounding >= row["lambda_max"] >= (1 if exact_seeds else 0.8) * high - rounding
        assert row["train_loss"] == pytest.approx(value(theta).item(), rel=1e-12)
        assert (row["status"], row["converged"]) == ("ok", True)
    assert table.filter(seed=100)["step"].to_list() == [5, 8, 0, 3]


def test_the_fall_is_one_that_can_be_had(subject):
    """Along the exact eigenvector the loss falls by as much at the same lengths; its even part is no larger."""
    table = measure(subject, seeds=1, exact_seeds=1)
    for row in table.rows(named=True):
        value, theta = loss(subject, 0, 40), places(subject, 0)[row["point"]]
        vector = torch.linalg.eigh(torch.autograd.functional.hessian(value, theta))[1][:, 0]
        lengths = 10 * 2 ** -torch.arange(30, dtype=torch.float64)
        there = torch.stack([value(theta + step * vector) for step in torch.cat([lengths, -lengths])])
        best = value(theta) - there.min()
        even = value(theta) - (there[: len(lengths)] + there[len(lengths) :]).min() / 2
        assert 0 < row["fall"] == pytest.approx(best.item(), rel=1e-6)
        assert row["bend"] <= even.item() + 1e-9
        assert row["bend"] <= row["fall"] + 1e-12


def test_large_networks_have_no_rows_and_lost_seeds_keep_theirs(subject, diverged):
    assert measure(subject, largest=subject.model.size - 1).is_empty()
    table = measure(diverged)
    assert table.filter(seed=101)["lambda_min"].null_count() == 4
    assert set(table.filter(seed=101)["status"]) == {"diverged"}
    assert not table.filter(seed=101)["converged"].any()
    assert table.filter(pl.col("seed") != 101)["lambda_min"].null_count() == 0


def test_losses_that_overflow_are_not_finite(alone, moved):
    huge = torch.full_like(alone.trajectory.theta, 1e38).double() ** 4
    table = measure(moved(alone, huge, best_loss=huge[0]))
    assert table["status"].to_list() == ["not_finite"] * 4


def test_a_network_that_no_parameter_moves_has_rows_like_any_other(subject):
    """Dead units and a certain answer, as after a rate of 10,000: the Hessian is 0 in all entries."""
    trajectory = subject.trajectory
    dead = torch.zeros_like(trajectory.theta)
    dead[..., -3:] = torch.tensor([1e4, 0, 0])  # the biases of the answer
    far = replace(trajectory, theta=dead, best_loss=dead[0])
    table = measure(replace(subject, trajectory=far), seeds=1, exact_seeds=1)
    assert table["status"].to_list() == ["ok"] * 4
    assert table["lambda_max"].abs().max() == 0
    assert table["train_loss"].is_finite().all()
