import numpy as np
import polars as pl
import pytest
import torch

from nominima.measures.adam_counterexample import STARTS, measure


@pytest.fixture(scope="module")
def published():
    return measure(None)


def last(table, update):
    return table.filter(pl.col("step") == pl.col("step").max(), update=update).sort("start")["x"].to_numpy()


def test_adam_goes_to_the_worst_point_and_others_to_the_best(published):
    """Theorem 1 of Reddi et al.: one step up is as long as the two down together can hardly be, since v is C² there."""
    assert last(published, "Adam") == pytest.approx(1, abs=1e-3)
    assert last(published, "AMSGrad") == pytest.approx(-1, abs=1e-3)
    assert last(published, "gradient descent") == pytest.approx(-1, abs=1e-3)
    regret = published.filter(step=30_000, start=1.0).select("update", "regret").rows()
    assert dict(regret)["Adam"] == pytest.approx((4 - 1 - 1) * 2 / 3, rel=0.01), "of (C − 2)·2 a period"
    assert dict(regret)["gradient descent"] < 0.02


def test_a_second_library_goes_the_same_way():
    """torch's Adam with β₁ = 0, its bias correction undone by the rate, ε too small to tell, clamped by hand."""
    table, beta = measure(None, steps=60), 1 / 17
    for start in STARTS:
        x = torch.tensor([start], dtype=torch.float64, requires_grad=True)
        adam = torch.optim.Adam([x], betas=(0.0, beta), eps=1e-30)
        told = {0: start}
        for step in range(1, 61):
            adam.param_groups[0]["lr"] = 0.05 / step**0.5 / (1 - beta**step) ** 0.5
            x.grad = torch.tensor([4.0 if step % 3 == 1 else -1.0], dtype=torch.float64)
            adam.step()
            x.data.clamp_(-1, 1)
            told[step] = x.item()
        for step, found in table.filter(update="Adam", start=start).select("step", "x").rows():
            assert found == pytest.approx(told[step], abs=1e-12)


def test_the_first_steps_by_hand():
    """C = 3: β₂ = .1. x_1 = 0; up: g = 3, v = 8.1; AMSGrad keeps it, Adam forgets it: .1·8.1 + .9 = 1.71."""
    table = measure(None, steep=3.0, rate=0.1, steps=2).filter(start=0.0)
    told = {update: its["x"].to_list() for (update,), its in table.sort("step").group_by("update")}
    one = -0.1 * 3 / np.sqrt(8.1)
    assert told["Adam"] == pytest.approx([0, one, one + 0.1 / np.sqrt(2) / np.sqrt(1.71)])
    assert told["AMSGrad"] == pytest.approx([0, one, one + 0.1 / np.sqrt(2) / np.sqrt(8.1)])
    assert told["gradient descent"] == pytest.approx([0, -0.3, -0.3 + 0.1 / np.sqrt(2)])
    regret = table.filter(update="gradient descent").sort("step")["regret"].to_list()
    assert regret == [None, pytest.approx(3), pytest.approx((3 - 0.7) / 2)]


def test_numbers_stay_where_they_are_kept():
    table = measure(None, rate=5.0, steps=30)
    assert table["x"].is_between(-1, 1).all()
    assert table["x"].n_unique() > 2
