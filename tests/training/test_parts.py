"""A stack is moved in parts that stay near the core, and nobody can tell from what comes out."""

import pytest
import torch
from test_engine import blobs, run
from test_update import training

from nominima.planning import shelf
from nominima.training import lanes
from nominima.training.engine import fit
from nominima.training.lanes import parted

CHANGES = {
    "calm": {},
    "decayed": {"l2": 0.1, "decay": 0.2},
    "sparse": {"l1": 0.1},
    "wild": {"rate": 1e30},
    "fast": {"rate": 0.03},
    "clean": {"noise": 0.0},
    "drawn": {"draw": 1},
}


def fitted(optimizer: str, **base):
    runs = [
        run(optimizer=optimizer, steps=25, **{**base, **changes}).model_copy(update={"variant": label})
        for label, changes in CHANGES.items()
    ]
    return fit(runs, blobs(), say=lambda _: None)


@pytest.mark.parametrize(
    ("optimizer", "base"),
    [*((name, {}) for name in shelf.names("optimizers")), ("adam", {"dropout": 0.3}), ("adam", {"model": "cnn"})],
)
def test_parts_change_no_bit(optimizer, base, monkeypatch):
    monkeypatch.setattr(lanes, "UNLIKE", lanes.ALIKE)
    whole = fitted(optimizer, **base)
    monkeypatch.setattr(lanes, "UNLIKE", 0)
    monkeypatch.setattr(lanes, "ALIKE", 0)
    assert (whole[3][0].diverged > 0).all()
    for (one, its), (other, theirs) in zip(whole, fitted(optimizer, **base), strict=True):
        assert torch.equal(one.theta, other.theta)
        assert torch.equal(its.loss, theirs.loss)
        assert one.metrics.equals(other.metrics)


def test_a_part_is_of_whole_runs_and_of_more_where_they_are_updated_alike():
    rates = [training(rate=rate, seeds=4) for rate in (0.1, 0.1, 0.1, 0.2, 0.2)]
    assert parted(rates, 1) == [slice(0, 20)]
    assert parted(rates, lanes.ALIKE // 8) == [slice(0, 8), slice(8, 12), slice(12, 20)]
    assert parted(rates, lanes.ALIKE) == [slice(at, at + 4) for at in range(0, 20, 4)]
    assert parted(rates, lanes.UNLIKE // 8) == [slice(0, 12), slice(12, 20)]
