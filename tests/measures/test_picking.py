from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from scipy.stats import hypergeom
from torch.nn.functional import cross_entropy

from nominima.ground.files import Refusal
from nominima.measures import picking
from nominima.measures.picking import measure
from nominima.planning.run import Run
from nominima.planning.steps import checkpoint_steps, metric_steps
from nominima.training.trajectory import METRICS, Records

LAST = 60
STEPS = metric_steps(LAST)  # 0 … 10, 12, 13, 15, 17, 20, 23, 27, 31, 35, 40, 47, 54, 60
POINTS = len(STEPS)


@pytest.fixture
def made(monkeypatch):
    """A subject of LAST steps with these numbers: test, accuracy, train (point,); loss, right (point, example)."""

    def make(subject, loss, test=None, right=None, accuracy=None, train=None, noisy=None, tested="always"):
        lanes, falling = len(subject.seeds), np.linspace(2, 1, POINTS)
        told = {"test_loss": test, "test_accuracy": accuracy, "train_loss": train, "noisy_test_loss": noisy}
        told = {name: falling if given is None else given for name, given in told.items()}
        told["test_accuracy"] = 1 - falling / 4 if accuracy is None else accuracy
        metrics = pl.concat(
            pl.DataFrame({"seed": [seed] * POINTS, "step": STEPS, "status": ["ok"] * POINTS}
                         | {name: told.get(name, [0.5] * POINTS) for name in list(METRICS)[3:]}, METRICS)
            for seed in subject.seeds
        )  # fmt: skip
        training = subject.run.training.model_copy(update={"steps": LAST, "tested": tested})
        draw = torch.Generator().manual_seed(1)
        theta = torch.stack([subject.trajectory.theta[-1] * (1 + at / 50) for at in range(len(checkpoint_steps(LAST)))])
        theta += 0.1 * torch.randn(theta.shape, generator=draw)
        theta[0] = 3 * torch.randn(theta[0].shape, generator=draw)  # worse than all others
        run = Run(stack="sizes/w4", training=training)
        trajectory = replace(
            subject.trajectory, run=run, metrics=metrics, theta=theta, steps=torch.tensor(checkpoint_steps(LAST))
        )
        loss = torch.as_tensor(np.asarray(loss)).half()
        right = torch.zeros(loss.shape, dtype=torch.bool) if right is None else torch.as_tensor(np.asarray(right))
        records = Records(
            *[torch.zeros(0)] * 5,
            validation_loss=loss.unsqueeze(1).expand(-1, lanes, -1),
            validation_right=right.unsqueeze(1).expand(-1, lanes, -1),
        )
        monkeypatch.setattr(picking, "read_records", lambda folder, run: records)
        return replace(subject, run=run, trajectory=trajectory)

    return make


def alike(values, examples=40):
    """Losses of validation examples that are all the same."""
    return np.repeat(np.asarray(values)[:, None], examples, axis=1)


def at(table, **which):
    return table.filter(seed=100, **which).row(0, named=True)


def curve(*pairs, start=3.0):
    """E at every point: `start` up to the first of these steps, then these values, each from its step on."""
    return np.array([[value for step, value in ((0, start), *pairs) if step <= now][-1] for now in STEPS])


def test_a_curve_that_all_examples_share_is_read_exactly(family, made):
    """Lowest at step 20: test there 1.3 of 2 at the start and 1.1 at best, so (1.3 − 1.1)/(2 − 1.1)."""
    test = curve((1, 1.5), (20, 1.3), (27, 1.1), (31, 1.2), start=2.0)
    noisy = curve((1, 2.5), (15, 2.3), (20, 2.4), start=2.8)
    table = measure(made(family, alike(curve((20, 1.0), (23, 1.5))), test=test, noisy=noisy), subsets=7)
    for count in (20, 40):
        row = at(table, by="loss", rule="lowest", validated=count)
        assert row["regret"] == pytest.approx(0.2 / 0.9)
        assert row["noisy"] == pytest.approx(0.1 / 0.5)
        assert row["spent"] == pytest.approx(60 / 20)
    assert at(table, by="loss", rule="never")["regret"] == pytest.approx(0.1 / 0.9)
    assert table.filter(rule="never")["validated"].unique().to_list() == [40]


def test_accuracy_is_larger_the_better(family, made):
    accuracy = curve((1, 0.3), (12, 0.7), (17, 0.9), (40, 0.8), start=0.1)
    right = alike(curve((12, 1), (13, 0), start=0) > 0)
    table = measure(made(family, alike(curve()), right=right, accuracy=accuracy))
    assert at(table, by="accuracy", rule="lowest", validated=20)["regret"] == pytest.approx(0.2 / 0.8)
    assert at(table, by="accuracy", rule="never")["regret"] == pytest.approx(0.1 / 0.8)


def test_subsets_are_drawn_without_replacement(subject, made):
    """18 of 40 examples prefer step 20, a little more than the others prefer step 31: ten or more of 20 do so by the
    hypergeometric law.
    """
    first = np.arange(40) < 18
    loss = np.where(
        first, curve((20, 0.99), (23, 2.0), start=2.0)[:, None], curve((31, 1.0), (35, 2.0), start=2.0)[:, None]
    )
    test = curve((20, 0.5), (23, 1.0), (31, 0.0), (35, 1.0), start=1.0)
    table = measure(made(subject, loss, test=test), subsets=4000)
    often = hypergeom(40, 18, 20).sf(9)
    assert at(table, by="loss", rule="lowest", validated=20)["regret"] == pytest.approx(0.5 * often, abs=0.02)
    assert at(table, by="loss", rule="lowest", validated=40)["regret"] == 0
    assert table.filter(by="loss", rule="lowest", validated=20)["regret"].n_unique() > 1, "each seed draws its own"


class TestRules:
    def test_gl_stops_above_five_percent(self, subject, made):
        """1.05 is not above, 1.06 at step 23 is; the network of step 17 is kept, that of step 40 is not seen."""
        loss = alike(curve((17, 1.0), (20, 1.045), (23, 1.06), (40, 0.5)))
        test = curve((17, 1.5), (20, 2.0), (40, 1.0), start=2.0)
        row = at(measure(made(subject, loss, test=test)), rule="GL", validated=40)
        assert (row["regret"], row["spent"]) == (pytest.approx(0.5), pytest.approx(23 / 17))

    def test_no_rule_looks_before_the_tenth_step(self, subject, made):
        loss = alike(curve((2, 1.0), (3, 1.5), (4, 1.6), (5, 1.7), (6, 0.9), (10, 0.8)))
        table = measure(made(subject, loss, train=curve((2, 1.0))))
        for rule in picking.RULES:
            assert at(table, rule=rule, validated=40)["spent"] == pytest.approx(60 / 10)

    @pytest.mark.parametrize(("train", "stopped"), [(1.005, 17), (1.1, 60)])
    def test_pq_weighs_the_loss_by_progress_at_the_end_of_a_strip(self, subject, made, train, stopped):
        """GL is 2 % from step 15, inside the first strip, and at its end, step 17. The training loss falls there from a
        value once and then stays at 1: P is 1000·(mean of (train, 1, 1, 1, 1) − 1), 1 or 20. Later strips progress.
        """
        later = np.where(np.array(STEPS) > 17, np.linspace(9, 1, POINTS) ** 2, 1.0)
        train = np.where(np.array(STEPS) <= 10, train, later)
        loss = alike(curve((10, 1.0), (15, 1.02)))
        row = at(measure(made(subject, loss, train=train)), rule="PQ", validated=40)
        assert row["spent"] == pytest.approx(stopped / 10)

    def test_up_stops_at_the_third_rise_running(self, subject, made):
        twice = ((10, 1.0), (12, 1.1), (13, 1.2), (15, 1.1))
        loss = alike(curve(*twice, (20, 1.2), (23, 1.3), (27, 1.4), (31, 0.9)))
        row = at(measure(made(subject, loss)), rule="UP", validated=40)
        assert row["spent"] == pytest.approx(27 / 10)
        never = alike(curve(*twice, (20, 1.2), (23, 1.3), (27, 1.3), (31, 1.4)))
        assert at(measure(made(subject, never)), rule="UP", validated=40)["spent"] == pytest.approx(60 / 10)


def test_halves_are_those_of_the_test_examples(family, made):
    loss = alike(curve((20, 1.0), (23, 1.5)))
    its = made(family, loss)
    table, kept = measure(its), checkpoint_steps(LAST)
    picked = min(range(len(kept)), key=lambda at: (dict(zip(STEPS, loss[:, 0], strict=True))[kept[at]], at))
    x, truth = torch.from_numpy(its.dataset.test.x), torch.from_numpy(its.dataset.test.y)
    for lane, seed in enumerate(its.seeds):
        logits = its.model.forward(its.model.views(its.trajectory.theta[:, lane]), x)
        each = torch.stack([cross_entropy(point, truth, reduction="none") for point in logits]).double()
        one, other = each[:, 0::2].mean(1), each[:, 1::2].mean(1)
        ways = [(b[picked] - b[a.argmin()]) / (b[0] - b[a.argmin()]) for a, b in ((one, other), (other, one))]
        row = table.filter(seed=seed, by="loss", rule="lowest", validated=40).row(0, named=True)
        assert row["halved"] == pytest.approx(torch.stack(ways).mean().item(), rel=1e-4)


def test_lost_seeds_keep_their_rows(subject, made, diverged):
    its = made(subject, alike(curve((20, 1.0))))
    gone = replace(its, trajectory=replace(its.trajectory, diverged=diverged.trajectory.diverged))
    table = measure(gone)
    assert table.group_by("seed").len()["len"].n_unique() == 1
    assert set(table.filter(seed=101)["status"]) == {"diverged"}
    assert table.filter(seed=101)["regret"].null_count() == table.height // 3
    assert table.filter(pl.col("seed") != 101)["regret"].null_count() == 0


def test_a_network_that_learned_nothing_has_no_regret(subject, made):
    table = measure(made(subject, alike(curve()), test=np.linspace(1, 2, POINTS)))
    assert at(table, by="loss", rule="lowest", validated=40)["status"] == "not_finite"


def test_what_cannot_be_measured_is_refused(subject, made):
    with pytest.raises(Refusal, match="say `tested: always`"):
        measure(made(subject, alike(curve()), tested="stops"))
    with pytest.raises(Refusal, match="has no validation examples"):
        measure(made(subject, np.zeros((POINTS, 0))))
