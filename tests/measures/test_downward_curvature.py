import pytest
import torch
from torch.nn.functional import cross_entropy

from nominima.landscape.lanczos import random_starts
from nominima.measures.downward_curvature import measure


def spectrum(subject, lane):
    """Eigenvalues and eigenvectors (columns) of the dense Hessian at the stop in float64, by nested autograd."""
    theta = subject.trajectory.best_loss[lane].double()

    def loss(vector):
        logits = subject.model.forward(subject.model.views(vector[None]), subject.x.double())[0]
        return cross_entropy(logits, subject.labels[lane])

    return torch.linalg.eigh(torch.autograd.functional.hessian(loss, theta, vectorize=True))


def test_all_products_give_the_spectrum_as_the_start_sees_it(family):
    row = measure(family, seeds=1, products=10_000).row(0, named=True)
    values, vectors = spectrum(family, 0)
    start = random_starts(1, 1, family.trajectory.best_loss[:1], 100)[0, 0].double()
    seen = (start / start.norm() @ vectors).square() * values.abs()
    scale = values.abs().max().item()
    assert row["status"] == "ok"
    assert row["lambda_min"] == pytest.approx(values[0].item(), abs=1e-4 * scale)
    assert row["lambda_max"] == pytest.approx(values[-1].item(), abs=1e-4 * scale)
    assert row["mass"] == pytest.approx((seen[values < 0].sum() / seen.sum()).item(), abs=1e-3)
    assert 0.001 < row["mass"] < 0.999


def test_few_products_stay_inside_the_spectrum(subject):
    for lane, row in enumerate(measure(subject, products=3).rows(named=True)):
        values, _ = spectrum(subject, lane)
        rounding = 1e-5 * values.abs().max().item()
        assert values[0] - rounding <= row["lambda_min"] < row["lambda_max"] <= values[-1] + rounding


def test_each_seed_has_a_row_of_its_own_and_so_has_a_lost_one(diverged):
    table = measure(diverged)
    assert table.select("seed", "status").rows() == [(100, "ok"), (101, "diverged"), (102, "ok")]
    assert table["mass"].null_count() == 1
    assert table["lambda_min"].drop_nulls().n_unique() == 2
    assert measure(diverged, seeds=2)["seed"].to_list() == [100, 101]


def test_losses_that_overflow_are_not_finite(alone, moved):
    huge = torch.full_like(alone.trajectory.theta, 1e38)
    row = measure(moved(alone, huge, best_loss=huge[0])).row(0, named=True)
    assert (row["status"], row["mass"]) == ("not_finite", None)
