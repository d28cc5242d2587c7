import pytest
import torch
from torch.nn.functional import cross_entropy

from nominima.measures.curvature import measure


def exact(subject, point, lane):
    """Loss, gradient norm and eigenvalues of the dense Hessian in float64, by nested autograd."""
    theta = subject.points()[point][lane].double()
    x, truth = subject.x.double(), subject.labels[lane]

    def loss(vector):
        return cross_entropy(subject.model.forward(subject.model.views(vector[None]), x)[0], truth)

    hessian = torch.autograd.functional.hessian(loss, theta, vectorize=True)
    gradient = torch.autograd.functional.jacobian(loss, theta)
    return loss(theta).item(), gradient.norm().item(), torch.linalg.eigvalsh(hessian)


def test_both_ends_are_those_of_the_dense_hessian(family):
    subject, table = family, measure(family, seeds=1)
    keys = [(100, point) for point in ("best", "end", "init")]
    assert table.select("seed", "point").rows() == keys
    for row in table.rows(named=True):
        loss, gradient, eigenvalues = exact(subject, row["point"], 0)
        scale = eigenvalues.abs().max().item()
        assert row["train_loss"] == pytest.approx(loss, rel=1e-12)
        assert row["gradient_norm"] == pytest.approx(gradient, rel=1e-10)
        assert row["lambda_min"] == pytest.approx(eigenvalues[0].item(), rel=1e-2, abs=1e-3 * scale)
        assert row["lambda_max"] == pytest.approx(eigenvalues[-1].item(), rel=1e-2, abs=1e-3 * scale)
        assert row["status"] == "ok"
        assert row["converged"]


def test_few_steps_tell_how_far_off_they_are(subject):
    for row in measure(subject, iterations=4, seeds=3).rows(named=True):
        _, _, eigenvalues = exact(subject, row["point"], row["seed"] - 100)
        assert eigenvalues[0] <= row["lambda_min"] < row["lambda_max"] <= eigenvalues[-1]
        for side in ("min", "max"):
            assert (eigenvalues - row[f"lambda_{side}"]).abs().min() <= row[f"residual_{side}"] * (1 + 1e-9)
        assert not row["converged"]
        assert row["status"] == "ok"
        assert row["iterations"] <= 4 + 2


def test_a_lost_seed_keeps_its_rows(diverged):
    table = measure(diverged, seeds=2)
    assert table["status"].to_list() == ["ok"] * 3 + ["diverged"] * 3
    assert table.filter(seed=101)["lambda_min"].null_count() == 3
    assert table.filter(seed=100)["lambda_min"].null_count() == 0


def test_losses_that_overflow_are_not_finite(alone, moved):
    huge = torch.full_like(alone.trajectory.theta, 1e38).double() ** 4
    table = measure(moved(alone, huge, best_loss=huge[0]))
    assert table["status"].to_list() == ["not_finite"] * 3
    assert table["lambda_min"].null_count() == 3


def test_more_seeds_than_there_are_is_all(alone):
    assert measure(alone, iterations=3, seeds=8)["seed"].to_list() == [100] * 3
