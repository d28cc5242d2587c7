import numpy as np
import polars as pl
import pytest
import torch
from scipy.special import log_softmax, rel_entr

from nominima.measures import small_models
from nominima.measures.small_models import CLASSES, INPUTS, RELEVANT, excess, measure, task

FEW = {"replicas": 3, "first_seed": 7, "fewest": 20, "most": 40, "widest": 16, "batch": 30, "steps": 4,
       "small_steps": 30}  # fmt: skip


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return measure(None, **FEW)


def test_the_excess_is_the_divergence_from_the_truth_and_the_risk_less_the_bayes_risk():
    truth = np.array([[0.5, 0.25, 0.25], [0.9, 0.1 - 1e-9, 1e-9]])
    logits = np.array([[1.0, 0.0, -1.0], [3.0, 2.0, -30.0]])
    found = excess(torch.from_numpy(truth).log(), torch.from_numpy(logits)).item()
    said = log_softmax(logits, axis=1)
    assert found == pytest.approx(rel_entr(truth, np.exp(said)).sum(1).mean(), rel=1e-12)
    assert found == pytest.approx(-(truth * said).sum(1).mean() + (truth * np.log(truth)).sum(1).mean(), rel=1e-12)
    assert excess(torch.from_numpy(said), torch.from_numpy(logits)).item() == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("teacher", RELEVANT)
def test_a_teacher_is_linear_in_its_inputs_at_one_scale(teacher):
    _, _, test = task(teacher, 30, seed=5)
    logits = (test.truth - test.truth.mean(1, keepdim=True)).numpy()
    weight, *_ = np.linalg.lstsq(test.x.double().numpy(), logits, rcond=None)
    assert test.x.double().numpy() @ weight == pytest.approx(logits, abs=1e-5)
    assert np.flatnonzero(np.abs(weight).max(1) > 1e-5).tolist() == list(range(RELEVANT[teacher]))
    assert (weight**2).sum(0).mean() == pytest.approx(4, rel=1e-5)


@pytest.mark.parametrize("teacher", RELEVANT)
def test_labels_are_drawn_from_it(teacher):
    drawn = [task(teacher, 30, seed)[2] for seed in range(5)]
    p, y = torch.cat([its.truth.exp() for its in drawn]), torch.cat([its.y for its in drawn])
    frequency = torch.nn.functional.one_hot(y, CLASSES).double()
    assert ((frequency - p) * p).mean(0).tolist() == pytest.approx([0] * 3, abs=0.01)
    assert ((frequency - p).T @ torch.cat([its.x for its in drawn]).double() / len(y)).abs().max() < 0.02


def test_splits_and_replicas_are_independent():
    training, validation, test = task("linear", 30, seed=5)
    assert [len(split.x) for split in (training, validation, test)] == [30, 30, small_models.TESTED]
    rows = torch.cat([training.x, validation.x, test.x, task("linear", 30, seed=6)[0].x, task("sparse", 30, 5)[0].x])
    assert len(rows.unique(dim=0)) == len(rows)


def test_every_replica_has_the_right_small_model_and_networks(table):
    told = table.group_by("teacher", "examples", "width", maintain_order=True).agg(
        pl.len(), pl.col("parameters").first()
    )
    assert told.rows() == [
        (teacher, examples, width, 3, parameters)
        for teacher in ("linear", "sparse")
        for examples in (20, 40)
        for width, parameters in ((0, 3 * RELEVANT[teacher] + 3), (1, 29), (4, 119), (16, 659))
    ]
    assert (table["excess"] > 0).all()
    assert table["bayes"].is_between(0.3, 0.8).all()
    same = table.group_by("teacher", "examples", "seed").agg(pl.col("bayes").n_unique())
    assert (same["bayes"] == 1).all()
    assert (table.filter(width=1)["stop"].max(), table.filter(width=16)["stop"].max()) == (64, 4)


@pytest.mark.parametrize("teacher", RELEVANT)
def test_the_small_model_is_softmax_regression_on_the_inputs_that_count(teacher):
    """After a step of next to nothing it says that all classes are alike, which NumPy knows."""
    options = FEW | {"small_steps": 1, "small_rate": 1e-9, "replicas": 1}
    row = measure(None, **options).row(by_predicate=(pl.col("teacher") == teacher) & (pl.col("examples") == 40)
                                       & (pl.col("width") == 0), named=True)  # fmt: skip
    _, _, test = task(teacher, 40, seed=7)
    truth = test.truth.numpy()
    assert row["excess"] == pytest.approx((np.exp(truth) * (truth + np.log(3))).sum(1).mean(), rel=1e-5)
    assert row["bayes"] == pytest.approx(-(np.exp(truth) * truth).sum(1).mean())


def test_networks_are_served_batches_and_the_small_model_all_of_its_examples(monkeypatch):
    asked = []
    own = small_models.train

    def spy(its, training, seeds, examples, validation):
        asked.append((its.size, examples[0].shape[1], training.batch, training.rates[0], training.steps))
        return own(its, training, seeds, examples, validation)

    monkeypatch.setattr(small_models, "train", spy)
    measure(None, **FEW | {"replicas": 1, "rate": 0.25, "small_rate": 0.5})
    small = {(63, 20, 20, 0.5, 30), (63, 40, 40, 0.5, 30), (9, 20, 20, 0.5, 30), (9, 40, 40, 0.5, 30)}
    widths = {(size, count, 30, 0.25, steps) for size, steps in ((29, 64), (119, 16), (659, 4)) for count in (20, 40)}
    assert set(asked) == small | widths


def test_rows_do_not_depend_on_what_else_is_asked(table, monkeypatch):
    monkeypatch.setattr(small_models, "DRAWN", 2)
    assert measure(None, **FEW).equals(table)
    alone = measure(None, **FEW | {"replicas": 1, "first_seed": 8})
    assert alone.equals(table.filter(seed=8))


def test_given_examples_enough_the_small_model_finds_the_truth_and_training_on_lowers_no_excess():
    options = {"replicas": 2, "first_seed": 1, "fewest": 30, "most": 3000, "widest": 1, "steps": 1, "small_steps": 600}
    small = measure(None, **options, small_rate=0.02).filter(width=0)
    assert (small.filter(examples=3000, teacher="sparse")["excess"] < 0.005).all()
    assert (small.filter(examples=3000, teacher="linear")["excess"] < 0.02).all()
    few = small.filter(examples=30, teacher="linear")
    assert (few["excess_end"] > 2 * few["excess"]).all()
    assert INPUTS == 20
