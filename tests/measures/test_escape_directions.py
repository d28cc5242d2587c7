import polars as pl
import pytest
import torch
from torch.nn.functional import cross_entropy

from nominima.measures.escape_directions import LENGTHS, POINTS, measure


def loss(subject, lane):
    """The whole training loss of a lane as a function of one parameter vector, by the model itself."""
    x, truth = subject.x.double(), subject.labels[lane]
    return lambda theta: cross_entropy(subject.model.forward(subject.model.views(theta[None]), x)[0], truth)


def places(subject, lane):
    """Steps 0 … 8 are all kept: of those nearest to 8^(k/5), 2, 2, 4 and 5, the one nearest to the stop is left out."""
    path, stop = subject.trajectory.theta[:, lane].double(), subject.points()["best"][lane].double()
    return {"init": path[0], "early": path[2], "middle": path[2], "late": path[4], "best": stop, "end": path[-1]}


SEEN = {}


def spectrum(subject, point):
    """Eigenvalues and vectors of the dense Hessian of the first lane, by nested autograd."""
    key = subject.run.training.model, point
    if key not in SEEN:
        theta = places(subject, 0)[point]
        SEEN[key] = torch.linalg.eigh(torch.autograd.functional.hessian(loss(subject, 0), theta, vectorize=True))
    return SEEN[key]


@pytest.mark.parametrize("exact_seeds", [0, 1])
def test_curvature_is_that_of_nested_autograd(family, exact_seeds):
    table = measure(family, seeds=1, exact_seeds=exact_seeds)
    assert table["point"].to_list() == sorted(POINTS)
    assert set(table["method"]) == {"exact" if exact_seeds else "lanczos"}
    assert dict(table.select("point", "step").rows()) == {"init": 0, "early": 2, "middle": 2, "late": 4, "best": 5,
                                                          "end": 8}  # fmt: skip
    value = loss(family, 0)
    for row in table.rows(named=True):
        theta = places(family, 0)[row["point"]]
        values, _ = spectrum(family, row["point"])
        low, high = values[0].item(), values[-1].item()
        rounding = (1e-9 if exact_seeds else 1e-5) * max(-low, high)
        near = 1 if exact_seeds else 0.9 if row["converged"] else 1e-9
        assert low - rounding <= row["lambda_min"] <= near * low + rounding
        assert high + rounding >= row["lambda_max"] >= (near if row["converged"] else 0.1) * high - rounding
        assert row["train_loss"] == pytest.approx(value(theta).item(), rel=1e-9)
        assert (row["status"], row["answered"]) == ("ok", True)
        assert row["answered"] == (low < -1e-4 * high)
    best = places(family, 0)["best"]
    won = value(places(family, 0)["init"]).item() - value(best).item()
    assert table["won"].to_list() == pytest.approx([won] * len(POINTS))
    assert table.filter(point="best")["converged"].all()


def test_the_fall_is_one_that_can_be_had(family):
    """Along the exact eigenvector the loss falls by as much at the same lengths; its even part is no larger."""
    table = measure(family, seeds=1, exact_seeds=1)
    value = loss(family, 0)
    for row in table.rows(named=True):
        theta = places(family, 0)[row["point"]]
        vector = spectrum(family, row["point"])[1][:, 0]
        there = torch.stack([value(theta + step * vector) for step in torch.cat([LENGTHS, -LENGTHS])])
        best = value(theta) - there.min()
        even = value(theta) - (there[: len(LENGTHS)] + there[len(LENGTHS) :]).min() / 2
        assert 0 < row["fall"] == pytest.approx(best.item(), rel=1e-4)
        assert row["bend"] == pytest.approx(max(0, even.item()), rel=1e-4, abs=1e-12)
        assert row["bend"] <= row["fall"] + 1e-12


def test_what_lanczos_stops_at_answers_the_question_and_leads_down(subject):
    """Away from the stop it makes fewer products; what it says of sign and fall holds for the whole spectrum."""
    quick = measure(subject, exact_seeds=0)
    whole = measure(subject, exact_seeds=3)
    assert quick["answered"].all()
    assert not quick.filter(pl.col("point") != "best")["converged"].all()
    for one, other in zip(quick.rows(named=True), whole.rows(named=True), strict=True):
        assert (one["lambda_min"] < 0) == (other["lambda_min"] < 0)
        assert one["bend"] > 1e-5 * one["won"] or one["converged"]


def test_large_networks_have_no_rows_and_lost_seeds_keep_theirs(subject, diverged):
    assert measure(subject, largest=subject.model.size - 1).is_empty()
    table = measure(diverged)
    assert table.filter(seed=101)["lambda_min"].null_count() == len(POINTS)
    assert set(table.filter(seed=101)["status"]) == {"diverged"}
    assert not table.filter(seed=101)["converged"].any()
    assert table.filter(pl.col("seed") != 101)["lambda_min"].null_count() == 0


def test_losses_that_overflow_are_not_finite(alone, moved):
    huge = torch.full_like(alone.trajectory.theta, 1e38).double() ** 4
    table = measure(moved(alone, huge, best_loss=huge[0]))
    assert table["status"].to_list() == ["not_finite"] * len(POINTS)


def test_a_dead_network_is_answered(alone, moved):
    """All parameters zero: only the output's biases have curvature, and its softmax is convex in them."""
    dead = torch.zeros_like(alone.trajectory.theta)
    table = measure(moved(alone, dead, best_loss=dead[0]), exact_seeds=1)
    assert table["status"].to_list() == ["ok"] * len(POINTS)
    assert table["bend"].to_list() == [0.0] * len(POINTS)
