import math
from dataclasses import replace
from itertools import product

import polars as pl
import pytest
import torch
from torch.nn.functional import cross_entropy

from nominima.measures import tangent_gaps
from nominima.measures.tangent_gaps import measure
from nominima.models import mlp
from nominima.planning.run import Run
from nominima.planning.steps import checkpoint_steps

NUMBERS = ["gap", "gap_in_time", "gap_in_loss", "largest", "satisfied", "other"]
SEED = torch.Generator().manual_seed(0)


def loss(subject, theta, lane, l2=0.0):
    """The loss of one model by the family's own forward pass, float64, as a scalar that can be differentiated."""
    logits = subject.model.forward(subject.model.views(theta[None]), subject.x.double())[0]
    return cross_entropy(logits, subject.labels[lane]) + l2 / 2 * theta.square().sum()


def way(subject, lane):
    """(step, parameters) of a lane up to its stop; all its steps are checkpoints."""
    stop = int(subject.trajectory.best_loss_step[lane])
    return [(step, subject.trajectory.theta[step, lane].double()) for step in range(stop + 1)]


def plane(subject, lane, theta, l2):
    free = theta.clone().requires_grad_()
    there = loss(subject, free, lane, l2)
    return there.item(), torch.autograd.grad(there, free)[0]


def pairs(subject, lane, of, l2):
    """{(step of the plane, step of the point): gap in nats} of one lane's planes and another's points, one by one."""
    found = {}
    for (t, a), (s, b) in product(way(subject, lane), way(subject, of)):
        if t < s:
            height, slope = plane(subject, lane, a, l2)
            found[t, s] = max(0.0, height + torch.dot(slope, b - a).item() - loss(subject, b, lane, l2).item())
    return found


def expected(subject, lane, l2=0.0):
    losses = [loss(subject, theta, lane, l2).item() for _, theta in way(subject, lane)]
    fall, last = losses[0] - losses[-1], len(losses) - 1
    own = {pair: gap / fall for pair, gap in pairs(subject, lane, lane, l2).items()}
    other = {pair: gap / fall for pair, gap in pairs(subject, lane, (lane + 1) % 3, l2).items()}
    log = [math.log(1 + step) for step in range(last + 1)]
    length = [(log[min(k + 1, last)] - log[max(k - 1, 0)]) / 2 for k in range(last + 1)]
    heights = [losses[0] - fall * share / 10 for share in range(10)]
    even = {next(k for k, its in enumerate(losses) if its <= height) for height in heights} | {last}
    weights = {(t, s): length[t] * length[s] for t, s in own}
    kept = [gap for pair, gap in own.items() if even.issuperset(pair)]
    return {
        "gap": sum(own.values()) / len(own),
        "gap_in_time": sum(own[pair] * weights[pair] for pair in own) / sum(weights.values()),
        "gap_in_loss": sum(kept) / len(kept),
        "largest": max(own.values()),
        "satisfied": sum(gap <= 1e-9 for gap in own.values()) / len(own),
        "other": sum(other.values()) / len(other),
    }


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_every_number_is_that_of_all_pairs_by_autograd(family, l2):
    training = family.run.training.model_copy(update={"l2": l2})
    subject = replace(family, run=Run(stack="sizes/base", training=training))
    assert subject.trajectory.steps.tolist() == list(range(9))
    table = measure(subject)
    assert table.select("seed", "until").rows() == [(seed, until) for seed in (100, 101, 102)
                                                    for until in ("0.5", "0.75", "stop")]  # fmt: skip
    for row in table.filter(until="stop").rows(named=True):
        want = expected(subject, row["seed"] - 100, l2)
        assert row["status"] == "ok"
        assert row["points"] == [6, 8, 7][row["seed"] - 100]
        for name in NUMBERS:
            assert row[name] == pytest.approx(want[name], rel=1e-8 if name != "other" else 1e-3, abs=1e-6), name


def linear(subject):
    """The same seeds as softmax regression, whose loss is convex, after steps of gradient descent."""
    model = mlp.build(4, (5,), 3, depth=0)
    path = [torch.randn(3, model.size, generator=SEED)]
    held = replace(subject, model=model)
    for _ in range(8):
        free = path[-1].clone().double().requires_grad_()
        whole = torch.stack([loss(held, free[lane], lane) for lane in range(3)]).sum()
        path.append(path[-1] - 0.5 * torch.autograd.grad(whole, free)[0].float())
    best = torch.stack(path)[subject.trajectory.best_loss_step, torch.arange(3)]
    return replace(held, trajectory=replace(subject.trajectory, theta=torch.stack(path), best_loss=best))


def test_softmax_regression_is_convex_for_all_seeds_together(subject):
    found = measure(linear(subject)).filter(until="stop")
    assert found["status"].to_list() == ["ok"] * 3
    assert found.select("largest", "gap", "gap_in_time", "gap_in_loss").to_numpy().max() < 1e-12
    assert found["satisfied"].to_list() == [1.0] * 3
    assert found["other"].to_numpy().max() < 1e-5, "in float32"


def test_a_way_ends_where_a_share_of_guessing_is_reached(subject, monkeypatch):
    whole = measure(subject)
    assert whole.filter(until="0.5")["status"].to_list() == ["not_reached"] * 3
    assert whole.filter(until="0.5")["gap"].null_count() == 3
    losses = [loss(subject, theta, 1).item() for _, theta in way(subject, 1)]
    between = (losses[2] + losses[3]) / 2 / math.log(3)
    assert losses == sorted(losses, reverse=True)
    monkeypatch.setattr(tangent_gaps, "UNTIL", {"stop": 0.0, "here": between})
    row = measure(subject).filter(until="here", seed=101).row(0, named=True)
    stopped = torch.where(torch.arange(3) == 1, 3, subject.trajectory.best_loss_step)
    best = subject.trajectory.best_loss.clone()
    best[1] = subject.trajectory.theta[3, 1]
    short = replace(subject, trajectory=replace(subject.trajectory, best_loss=best, best_loss_step=stopped))
    want = measure(short).filter(until="stop", seed=101).row(0, named=True)
    assert row["points"] == 4
    assert row["other"] is None
    told = ("until", "other")
    assert {name: its for name, its in row.items() if name not in told} == {
        name: its for name, its in want.items() if name not in told
    }


def test_a_stop_between_checkpoints_is_a_point_of_its_own(alone, moved):
    steps = checkpoint_steps(1000)
    assert len(steps) == 23
    assert 700 not in steps
    theta = alone.trajectory.theta[0] * torch.linspace(1, 0.5, 23).view(-1, 1, 1)
    made = moved(alone, theta, steps=torch.tensor(steps), best_loss_step=torch.tensor([700]))
    row = measure(made).filter(until="stop").row(0, named=True)
    assert row["points"] == sum(step < 700 for step in steps) + 1
    assert row["fall"] == pytest.approx(loss(made, theta[0, 0].double(), 0).item()
                                        - loss(made, made.trajectory.best_loss[0].double(), 0).item())  # fmt: skip


def test_lost_seeds_and_ways_that_do_not_fall_keep_their_rows(diverged, alone, moved):
    table = measure(diverged)
    assert table.filter(seed=101)["status"].to_list() == ["diverged"] * 3
    assert table.filter(seed=101).select(NUMBERS).null_count().row(0) == (3,) * 6
    others = dict(table.filter(until="stop").select("seed", pl.col("other").is_null()).rows())
    assert others == {100: True, 101: True, 102: False}, "the next of the first is lost"
    assert measure(alone)["other"].null_count() == 3
    start = moved(alone, alone.trajectory.theta, best_loss=alone.trajectory.theta[0], best_loss_step=torch.tensor([0]))
    row = measure(start).filter(until="stop").row(0, named=True)
    assert (row["status"], row["points"], row["fall"], row["gap"]) == ("no_drop", 1, 0.0, None)
