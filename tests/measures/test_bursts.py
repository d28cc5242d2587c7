import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "measuring"))  # where runs are made

from made_runs import trained  # pyright: ignore[reportMissingImports] - in that folder

from nominima.ground.files import Refusal
from nominima.measures.bursts import measure, starts
from nominima.planning.run import Run, Start

STOPS = [9, 5, 3]  # while every step is looked at


def stopped(stops, **knobs):
    subject = trained(**knobs)
    return replace(subject, trajectory=replace(subject.trajectory, best_loss_step=torch.tensor(stops)))


@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
def test_its_losses_are_those_that_training_has_passed(optimizer):
    """Steps below ten are in the learning curve, one by one."""
    subject = stopped(STOPS, optimizer=optimizer, rate=0.3)
    table = measure(subject, seeds=3, steps=4)
    assert table.filter(seed=subject.seeds[2])["status"].to_list() == ["short"] * 6
    for seed, stop in zip(subject.seeds[:2], STOPS, strict=False):
        curve = subject.trajectory.metrics.filter(seed=seed).sort("step")["train_loss"].to_list()[:10]
        its = table.filter(seed=seed)
        assert its["first"].to_list() == starts(stop, 4)
        assert set(its["drift"]) == {0}
        fall = curve[0] - curve[stop]
        assert set(its["status"]) == {"ok" if fall > 0 else "no_drop"}
        for row in its.filter(status="ok").iter_rows(named=True):
            rises = [after - before for before, after in pairwise(curve[row["first"] : row["first"] + 5])]
            assert row["rising"] == sum(rise > 0 for rise in rises) / 4
            assert row["uphill"] == pytest.approx(sum(rise for rise in rises if rise > 0) / fall, rel=1e-5, abs=1e-7)
    assert (table["rising"] > 0).any(), "a high rate climbs"


def test_bursts_end_evenly_in_the_logarithm_from_their_length_to_the_stop():
    assert [first + 50 for first in starts(1600, 50)] == [50, 100, 200, 400, 800, 1600]
    assert starts(50, 50) == [0] * 6
    assert starts(49, 50) == []


def test_the_first_seeds_are_looked_at_and_those_that_diverged_have_a_row():
    subject = stopped([9, 9, 9])
    gone = replace(subject, trajectory=replace(subject.trajectory, diverged=torch.tensor([3, -1, -1])))
    table = measure(gone, seeds=2, steps=4)
    assert table["seed"].unique().to_list() == subject.seeds[:2]
    assert table.filter(pl.col("rising").is_null())["status"].to_list() == ["diverged"] * 6
    whole = measure(subject, seeds=3, steps=4)
    assert table.filter(seed=subject.seeds[1]).equals(whole.filter(seed=subject.seeds[1])), "the bits of a lane"


def test_another_training_is_astray():
    subject = stopped([9, 9, 9])
    theta = subject.trajectory.theta.clone()
    theta[3:, 1] += 0.1 * (theta[3:, 1] - theta[0, 1])
    table = measure(replace(subject, trajectory=replace(subject.trajectory, theta=theta)), seeds=3, steps=4)
    assert [table.filter(seed=seed)["status"][0] for seed in subject.seeds] == ["ok", "astray", "ok"]


def test_what_takes_from_other_runs_is_refused():
    subject = trained()
    run = Run(stack="made/s", training=subject.run.training.model_copy(update={"start": Start(run="other/base")}))
    with pytest.raises(Refusal, match="takes from other/base"):
        measure(replace(subject, run=run))
