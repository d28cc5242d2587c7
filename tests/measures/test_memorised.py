import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "measuring"))  # where runs are made

from made_runs import INPUTS, trained  # pyright: ignore[reportMissingImports] - in that folder

from nominima.measures.memorised import SHARES, measure
from nominima.measuring import learning
from nominima.planning.steps import metric_steps
from nominima.training.trajectory import Records

POINTS = len(metric_steps(60))
CLEAN, CORRUPTED = 200, 100


@pytest.fixture
def seen(monkeypatch):
    """A run with records in which these shares (point,) of its clean and of its corrupted labels are fitted."""

    def make(subject, clean, corrupted, seed=1):
        rng = np.random.default_rng(seed)
        moved = np.arange(CLEAN + CORRUPTED) >= CLEAN
        place = np.concatenate([rng.permutation(CLEAN) / CLEAN, rng.permutation(CORRUPTED) / CORRUPTED])
        right = place < np.where(moved, np.asarray(corrupted)[:, None], np.asarray(clean)[:, None]) - 1e-9
        lanes = len(subject.seeds)
        each = torch.from_numpy(np.stack([right] * lanes, axis=1))
        nothing = torch.zeros(0)
        records = Records(nothing, nothing, torch.where(each, 0, 1).to(torch.uint8),
                          torch.zeros((lanes, CLEAN + CORRUPTED), dtype=torch.uint8),
                          torch.from_numpy(np.stack([moved] * lanes)), nothing, nothing)  # fmt: skip
        monkeypatch.setattr(learning, "read_records", lambda folder, run: records)
        return subject

    return make


def read(table, column="corrupted", seed=100):
    return dict(table.filter(seed=seed).select("clean", column).rows())


@pytest.mark.parametrize("family", INPUTS)
def test_it_is_read_off_the_line_between_two_points(family, seen):
    """The corrupted are fitted half as far as the clean, at points of which none is a share that is asked for."""
    clean = np.linspace(0.05, 0.9, POINTS)
    subject = trained(family)
    table = measure(seen(subject, np.round(clean * 200) / 200, np.round(clean * 50) / 100))
    found = read(table)
    for share in SHARES:
        if share < 0.9:
            assert found[share] == pytest.approx(share / 2, abs=0.012)
        elif share > 0.9:
            assert found[share] is None
    assert table["seed"].unique(maintain_order=True).to_list() == subject.seeds


def test_the_first_time_counts(seen):
    """Half of the clean are fitted at the third point, forgotten, and fitted again when all corrupted ones are."""
    clean, corrupted = np.zeros(POINTS), np.ones(POINTS)
    clean[2], clean[-3:], corrupted[:4] = 0.6, 0.8, (0.0, 0.0, 0.3, 0.3)
    found = read(measure(seen(trained(), clean, corrupted)))
    assert found[0.3] == pytest.approx(0.15)
    assert found[0.6] == pytest.approx(0.3)
    assert found[0.7] == pytest.approx(1.0)


def test_where_all_are_fitted_from_the_start_that_is_the_moment(seen):
    found = read(measure(seen(trained(), np.ones(POINTS), np.linspace(0.3, 1.0, POINTS))))
    assert set(found.values()) == {0.3}


def test_marked_clean_labels_are_fitted_like_the_others(seen):
    clean = np.round(np.linspace(0.0, 1.0, POINTS) * 200) / 200
    table = measure(seen(trained(), clean, np.zeros(POINTS)))
    marked = read(table, "marked")
    assert [marked[share] for share in SHARES] == pytest.approx(list(SHARES), abs=0.06)
    assert set(read(table).values()) == {0.0}
    assert marked != read(table, "marked", seed=101)


def test_lost_seeds_keep_their_rows(seen):
    subject = trained()
    gone = replace(subject, trajectory=replace(subject.trajectory, diverged=torch.tensor([-1, 5, -1])))
    table = measure(seen(gone, np.linspace(0, 1, POINTS), np.linspace(0, 1, POINTS)))
    assert table.group_by("seed").len()["len"].unique().to_list() == [len(SHARES)]
    assert set(table.filter(seed=101)["status"]) == {"diverged"}
    assert table.filter(seed=101).select(pl.col("corrupted", "marked").null_count()).row(0) == (len(SHARES),) * 2
