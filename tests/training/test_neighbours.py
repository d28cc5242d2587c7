"""A lane is the same to the last bit whatever other lanes are in its stack."""

import pytest
import torch
from test_engine import blobs, quiet, run
from test_update import START, training, walked

from nominima.planning import shelf
from nominima.planning.run import Run
from nominima.training.engine import fit
from nominima.training.model import Model
from nominima.training.trajectory import Trajectory

OPTIMIZERS = shelf.names("optimizers")
FAMILIES = [("mlp", {}), ("mlp", {"activation": "tanh"}), ("cnn", {}), ("transformer", {"patch": 2})]


def quietly(runs: list[Run]) -> list[Trajectory]:
    return [trajectory for trajectory, _ in fit(runs, blobs(), say=lambda _: None)]


@pytest.mark.parametrize(("model", "options"), FAMILIES)
@pytest.mark.parametrize(("optimizer", "dropout"), [*((name, 0.0) for name in OPTIMIZERS), ("adam", 0.3)])
def test_a_lane_has_the_bits_it_has_by_itself(optimizer, model, options, dropout):
    changes = {"optimizer": optimizer, "model": model, "model_options": options, "dropout": dropout, "steps": 25}
    together, records = quiet(run(**changes))
    for lane, seed in enumerate(together.run.seeds):
        alone, its = quiet(run(**changes, first_seed=seed, seeds=1))
        assert torch.equal(together.theta[:, lane], alone.theta[:, 0])
        assert torch.equal(records.loss[:, lane], its.loss[:, 0])
    assert not torch.equal(together.theta[0], together.theta[-1])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_lane_without_numbers_changes_no_bit_of_the_others(optimizer):
    lanes = [training(optimizer=optimizer)] * 3
    spoilt = walked(lanes, START.index_fill(0, torch.tensor(1), torch.nan))
    assert spoilt[1].isnan().any()
    assert torch.equal(spoilt[::2], walked(lanes)[::2])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_runs_of_a_stack_have_the_bits_they_have_by_themselves_though_one_diverges(optimizer):
    tried = {"calm": {"rate": 0.01}, "noisy": {"rate": 0.01, "noise": 0.4}, "wild": {"rate": 1e30}}
    runs = [run(optimizer=optimizer, **{"noise": 0.0, **changes}).model_copy(update={"lanes": {"arm": label}})
            for label, changes in tried.items()]  # fmt: skip
    together = quietly(runs)
    assert (together[2].diverged > 0).all()
    for each, found in zip(runs, together, strict=True):
        assert torch.equal(found.theta, quietly([each])[0].theta)
        assert torch.equal(found.diverged, quietly([each])[0].diverged)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_rates_and_strengths_of_neighbours_change_no_bit(optimizer, schedule):
    base = {"optimizer": optimizer, "schedule": schedule}
    lanes = [
        training(**base, rate=0.1, l2=0.1),
        training(**base, rate=0.02, decay=0.3, l1=0.2),
        training(**base, rate=0.05, l1=0.1, decay=0.1, l2=0.2),
    ]
    together = walked(lanes)
    for at, lane in enumerate(lanes):
        assert torch.equal(together[at : at + 1], walked([lane], START[at : at + 1]))


@pytest.mark.parametrize("gain", [1e15, 1e30])  # too large for its losses, too large for float32
def test_a_start_that_overflows_has_diverged_at_step_0(gain, monkeypatch):
    initial = Model.initial
    monkeypatch.setattr(Model, "initial", lambda model, source: 1e9 * initial(model, source))
    runs = [
        run(gain=factor).model_copy(update={"lanes": {"gain": label}})
        for label, factor in {"back": 1e-9, "huge": gain}.items()
    ]
    (calm, _), (wild, records) = fit(runs, blobs(), say=lambda _: None)
    assert wild.diverged.tolist() == [0, 0, 0]
    assert all(part.isfinite().all() for part in (wild.theta, wild.best_loss, wild.best_accuracy, records.loss))
    assert torch.equal(calm.theta, quietly(runs[:1])[0].theta)
    assert (calm.diverged == -1).all()
