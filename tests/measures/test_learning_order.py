import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from scipy.stats import mannwhitneyu

sys.path.insert(0, str(Path(__file__).parents[1] / "measuring"))  # where runs are made

from made_runs import INPUTS, trained  # pyright: ignore[reportMissingImports] - in that folder

from nominima.ground.files import Refusal
from nominima.measures.learning_order import FROM, crossing, measure
from nominima.measuring import learning
from nominima.planning.steps import metric_steps
from nominima.training.trajectory import Records

LAST = 60
STEPS = np.array(metric_steps(LAST), float)  # 0 … 10, 12, 13, 15, 17, 20, 23, 27, 31, 35, 40, 47, 54, 60
POINTS = len(STEPS)


@pytest.fixture
def seen(monkeypatch):
    """A run of the engine with these records of it: right (point, lane, example) and moved (lane, example)."""

    def make(subject, right, moved):
        labels = torch.zeros(moved.shape, dtype=torch.uint8)
        prediction = torch.where(torch.as_tensor(right), 0, 1).to(torch.uint8)
        nothing = torch.zeros(0)
        records = Records(torch.from_numpy(STEPS).long(), nothing, prediction, labels, torch.as_tensor(moved), nothing,
                          nothing)  # fmt: skip
        monkeypatch.setattr(learning, "read_records", lambda folder, run: records)
        return subject

    return make


def from_step(first, examples):
    """Right from these steps on, (point, example)."""
    return STEPS[:, None] >= np.broadcast_to(first, examples)


@pytest.mark.parametrize("family", INPUTS)
def test_numbers_are_those_of_the_predictions_of_every_family(family, seen):
    subject = trained(family)
    lanes, examples = subject.labels.shape
    rng = np.random.default_rng(1)
    first = rng.choice([0, 2, 5, 10, 20, 40, 99], size=(lanes, examples))
    moved = np.zeros((lanes, examples), dtype=bool)
    moved[:, :12] = True
    right = np.stack([from_step(row, examples) for row in first], axis=1)
    table = measure(seen(subject, right, moved))
    for lane in range(lanes):
        row = table.row(lane, named=True)
        clean, late = first[lane][~moved[lane]], first[lane][moved[lane]]
        assert row["clean_first"] == pytest.approx(mannwhitneyu(late, clean).statistic / (len(late) * len(clean)))
        assert row["clean"] == pytest.approx((clean < 60).mean())
        assert row["corrupted"] == pytest.approx((late < 60).mean())
        its = subject.trajectory.metrics.filter(seed=subject.seeds[lane])
        assert row["highest"] == its["validation_accuracy"].max()
        assert row["trained"] == its["train_accuracy"][int(its["validation_accuracy"].arg_max() or 0)]
        assert its["step"].min() <= row["peak"] <= its["step"].max()
    assert table["seed"].to_list() == subject.seeds


def test_clean_labels_marked_by_chance_are_as_early_as_the_others(seen):
    subject = trained(count=403, examples=400)
    moved = np.zeros((3, 400), dtype=bool)
    moved[:, :80] = True
    first = np.where(moved, 40, np.random.default_rng(2).choice([1, 5, 10, 20], size=(3, 400)))
    right = np.stack([from_step(row, 400) for row in first], axis=1)
    table = measure(seen(subject, right, moved))
    assert table["clean_first"].to_list() == [1.0] * 3
    assert table["marked_first"].to_list() == pytest.approx([0.5] * 3, abs=0.03)
    assert table["marked_first"].n_unique() == 3


def test_peaks_are_those_of_the_validation_curves(seen):
    subject = trained()
    x = pl.col("step").cast(pl.Float64).clip(0.5).log()
    metrics = subject.trajectory.metrics.with_columns(
        validation_loss=(x - np.log(12.5)) ** 2, validation_accuracy=1 - 0.01 * (x - np.log(24.0)) ** 2
    )
    its = replace(subject, trajectory=replace(subject.trajectory, metrics=metrics))
    moved = np.zeros((3, 33), dtype=bool)
    moved[:, :6] = True
    table = measure(seen(its, np.ones((POINTS, 3, 33), dtype=bool), moved))
    assert table["peak"].to_list() == pytest.approx([12.5] * 3)
    assert table["peak_accuracy"].to_list() == pytest.approx([24.0] * 3)


class TestCrossing:
    @staticmethod
    def logistic(middle, high=1.0):
        """A share that grows like a logistic function of ln t, fastest at `middle`."""
        return high / (1 + (middle / np.maximum(STEPS, 1e-9)) ** 2)

    def test_it_is_where_one_begins_to_grow_faster_than_the_other(self):
        """Of two equal curves, one later by a factor of four, the derivatives meet half way, in ln t."""
        assert crossing(STEPS, self.logistic(6.0), self.logistic(24.0)) == pytest.approx(12.0, rel=0.1)

    def test_numbers_cross_later_than_shares(self):
        clean, corrupted = self.logistic(4.0), self.logistic(12.0)
        shares, numbers = crossing(STEPS, clean, corrupted), crossing(STEPS, clean, corrupted, 0.25)
        assert numbers > 1.3 * shares
        assert np.isnan(crossing(STEPS, clean, corrupted, 1e-6)), "one corrupted label is never more"

    def test_there_is_none_while_the_clean_are_faster(self):
        assert np.isnan(crossing(STEPS, self.logistic(30.0), self.logistic(300.0)))
        assert np.isnan(crossing(np.array([0.0, 1.0, 2.0]), np.ones(3), np.ones(3)))

    def test_chance_at_the_start_is_no_crossing(self):
        """Corrupted labels gain by chance in the first steps, when no more of the clean had been learned than of
        them; a tenth more of the clean must have been first."""
        flicker = 0.05 * np.minimum(STEPS, 4)
        clean, corrupted = flicker + 0.6 * self.logistic(10.0), 1.4 * flicker + 0.6 * self.logistic(35.0)
        found = crossing(STEPS, clean, corrupted)
        assert found > 10
        assert (clean - corrupted)[found > STEPS].max() > FROM
        assert np.isnan(crossing(STEPS, 0.15 * self.logistic(6.0), 0.15 * self.logistic(12.0)))

    def test_the_lead_is_read_where_the_three_log_steps_have_begun(self):
        """The clean lead by an eighth from the fifth point on, and from there the corrupted gain as much a step."""
        at = np.arange(14)
        steps, clean = np.exp2(at), np.where(at >= 4, 0.125, 0.0).astype(np.float64)
        corrupted = 0.125 * np.maximum(0, at - 4).astype(np.float64)
        assert crossing(steps, clean, corrupted) == pytest.approx(2.0**3.5)

    def test_three_log_steps_are_averaged(self):
        """A single log-step in which more of the corrupted is learned is no crossing where its neighbours outweigh it;
        one that outweighs them is."""
        clean = self.logistic(20.0)
        for more, crossed in ((0.03, False), (0.4, True)):
            corrupted = np.where(np.arange(POINTS) > 17, more, 0.0)
            found = crossing(STEPS, clean, corrupted)
            assert np.isfinite(found) == crossed
            if crossed:
                assert STEPS[15] < found < STEPS[19]

    @pytest.mark.parametrize(("gained", "crossed"), [({14: 0.07}, True), ({13: 0.035, 15: 0.035}, False)])
    def test_it_is_held_for_three_points(self, gained, crossed):
        """Of the clean .02 are learned in every log-step, .06 in three. A gain of .07 of the corrupted is seen at three
        middles, and from half a log-step before it on; two gains of .035 exceed .06 at the one between them only."""
        at = np.arange(22.0)
        steps, clean = np.exp(np.log(1.2) * at).astype(np.float64), (0.02 * at + 0.1).astype(np.float64)
        corrupted = np.cumsum([gained.get(int(place), 0.0) for place in at])
        found = crossing(steps, clean, corrupted)
        assert np.isfinite(found) == crossed
        if crossed:
            assert 1.2**11.5 < found < 1.2**12.6


def test_lost_seeds_keep_their_rows(seen):
    subject = trained()
    gone = replace(subject, trajectory=replace(subject.trajectory, diverged=torch.tensor([-1, 5, -1])))
    moved = np.zeros((3, 33), dtype=bool)
    moved[:, :6] = True
    table = measure(seen(gone, np.ones((POINTS, 3, 33), dtype=bool), moved))
    assert table["status"].to_list() == ["ok", "diverged", "ok"]
    assert table["clean_first"].to_list() == [0.5, None, 0.5]
    assert table["crossing"].to_list() == [None] * 3


@pytest.mark.parametrize("all_of_them", [False, True])
def test_labels_of_one_kind_are_refused(seen, all_of_them):
    moved = np.full((3, 33), all_of_them)
    with pytest.raises(Refusal, match="no corrupted labels beside clean ones"):
        measure(seen(trained(), np.ones((POINTS, 3, 33), dtype=bool), moved))
