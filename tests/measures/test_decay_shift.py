from dataclasses import replace

import pytest
import torch
from torch.nn.functional import cross_entropy

from nominima.measures.decay_shift import measure
from nominima.planning.run import Run


def held(subject, l2):
    training = subject.run.training.model_copy(update={"l2": l2})
    return replace(subject, run=Run(stack="decay/base", training=training))


@pytest.mark.parametrize("l2", [0.0, 0.05, 1e-6])
def test_every_eigenvalue_moves_by_the_decay(subject, l2):
    table = measure(held(subject, l2), seeds=2)
    assert table["seed"].to_list() == [100, 101]
    for row in table.rows(named=True):
        lane = row["seed"] - 100
        x, truth = subject.x.double(), subject.labels[lane]

        def loss(theta, x=x, truth=truth):
            return cross_entropy(subject.model.forward(subject.model.views(theta[None]), x)[0], truth)

        theta = subject.points()["end"][lane].double()
        eigenvalues = torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, theta))
        assert row["lambda_min"] == pytest.approx(eigenvalues[0].item(), abs=1e-12)
        assert row["lambda_max"] == pytest.approx(eigenvalues[-1].item(), rel=1e-9)
        assert row["lambda_min_held"] == pytest.approx(eigenvalues[0].item() + l2, abs=1e-12)
        shifts = (row["shift_least"], row["shift_most"])
        assert shifts == (pytest.approx((1, 1), rel=1e-6) if l2 else (None, None))


def test_lanczos_finds_both_ends_of_the_whole_hessian(family):
    whole = measure(held(family, 0.05), exact=10**6, exact_seeds=3)
    table = measure(held(family, 0.05), exact=0)
    for one, other in zip(whole.rows(named=True), table.rows(named=True), strict=True):
        assert other["converged"]
        near = max(0.02 * abs(one["lambda_min"]), 2e-5 * one["lambda_max"])
        assert other["lambda_min"] == pytest.approx(one["lambda_min"], abs=near)
        assert other["lambda_min_held"] == pytest.approx(one["lambda_min_held"], abs=near)
        assert other["lambda_max"] == pytest.approx(one["lambda_max"], rel=0.02)
        assert abs(other["lambda_min"] - one["lambda_min"]) <= other["error_min"] + 1e-9
        assert (other["shift_least"], one["error_min"]) == (None, 0.0)


def test_large_networks_have_no_rows_and_lost_seeds_keep_theirs(subject, diverged):
    assert measure(held(subject, 0.1), largest=subject.model.size - 1).is_empty()
    table = measure(held(diverged, 0.1))
    assert table["status"].to_list() == ["ok", "diverged", "ok"]
    assert table["lambda_min_held"].null_count() == 1
