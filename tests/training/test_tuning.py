from dataclasses import replace
from pathlib import Path

import pytest
import torch
from test_engine import blobs, quiet, run

from nominima.ground.files import Refusal
from nominima.ground.places import TRAJECTORY
from nominima.planning.run import Run
from nominima.tracing.trace import Trace
from nominima.training.trajectory import Trajectory, read_records, read_trajectory
from nominima.training.tuning import candidates, preferred
from nominima.verbs.train import leave

TRACE = Trace(verb="train", spec={}, code="c", inputs={}, environment={})
RATES = (0.0001, 0.01, 1e30)


def left(folder: Path, tuned: Run, validation: int = 30) -> Trajectory:
    (trajectory,) = leave([tuned], blobs(validation=validation), [folder / name for name in TRAJECTORY], TRACE)
    return trajectory


def stop(trajectory: Trajectory) -> float:
    loss = trajectory.stops["validation_loss"].mean()
    assert isinstance(loss, float)
    return loss


def test_of_several_rates_the_one_with_the_lowest_validation_loss_is_left(tmp_path):
    tuned = run(rate=RATES)
    left(tmp_path / "tuned", tuned)
    kept = read_trajectory(tmp_path / "tuned", tuned)
    alone = [quiet(run(rate=rate))[0] for rate in RATES[:2]]
    assert stop(alone[1]) < stop(alone[0])
    assert kept.rate.item() == RATES[1]
    torch.testing.assert_close(kept.theta, alone[1].theta, rtol=1e-4, atol=1e-5)
    assert read_records(tmp_path / "tuned", tuned).labels.shape == (3, 50)
    assert sorted(path.name for path in (tmp_path / "tuned").iterdir()) == sorted(TRAJECTORY)


@pytest.mark.parametrize("rates", [(0.0001, 0.01), (0.01, 0.0001)])
def test_the_order_of_the_rates_does_not_matter(tmp_path, rates):
    assert left(tmp_path, run(rate=rates)).rate.item() == 0.01


def test_a_rate_at_which_lanes_diverge_is_taken_only_where_all_do(tmp_path):
    diverging = run(optimizer="sgd", rate=(1e30, 1e-9))
    assert left(tmp_path / "one", diverging).rate.item() == 1e-9
    assert left(tmp_path / "none", run(optimizer="sgd", rate=(1e30, 1e29))).rate.item() == 1e30


def test_one_lost_lane_weighs_more_than_any_loss():
    poor, good = (quiet(run(rate=rate))[0] for rate in RATES[:2])
    assert preferred([poor, good]) == 1
    assert preferred([poor, replace(good, diverged=torch.tensor([-1, 30, -1]))]) == 0


def test_runs_of_a_stack_choose_for_themselves(tmp_path):
    few, many = (
        run(rate=RATES[:2], l2=l2).model_copy(update={"variant": name}) for l2, name in ((0.0, "few"), (0.1, "many"))
    )
    plain = run(rate=0.5).model_copy(update={"variant": "plain"})
    outputs = [tmp_path / each.variant / name for each in (few, plain, many) for name in TRAJECTORY]
    found = leave([few, plain, many], blobs(), outputs, TRACE)
    assert [each.run for each in found] == [few, plain, many]
    assert [read_trajectory(tmp_path / each.variant, each).rate.item() for each in (few, plain, many)] == [
        0.01,
        0.5,
        0.01,
    ]


def test_without_validation_examples_nothing_is_chosen(tmp_path):
    with pytest.raises(Refusal, match=r"rate: 0\.0001, 0\.01: blobs has no validation examples"):
        left(tmp_path, run(rate=RATES[:2]), validation=0)
    assert not [*tmp_path.iterdir()]


def test_a_failed_training_leaves_no_candidates(tmp_path):
    with pytest.raises(Refusal, match="holds 50"):
        left(tmp_path, run(rate=RATES, examples=51))
    assert not [*tmp_path.rglob("*")]


def test_one_rate_is_no_choice():
    assert candidates(run()) == [run()]
    tried = candidates(run(rate=RATES))
    assert [each.training.rate for each in tried] == [*RATES]
    assert [each.name for each in tried] == ["s/base/rate-0", "s/base/rate-1", "s/base/rate-2"][: len(tried)]
