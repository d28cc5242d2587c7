from itertools import combinations, product

import numpy as np
import polars as pl
import pytest
import torch

from nominima.ground.files import Refusal
from nominima.measures import bias_variance
from nominima.measures.bias_variance import (
    OPTIMIZERS,
    blocks,
    decomposition,
    measure,
    participation,
    pseudo_values,
    validation_loss,
)
from nominima.planning import shelf
from nominima.training.dataset import Dataset, Examples
from nominima.training.feed import generator

FEW = {"sets": 4, "examples": 20, "widest": 8, "batch": 10, "steps": 6, "longest": 9, "first_seed": 7}


def dataset(train=90, validation=30, test=50, inputs=(2, 3), seed=0) -> Dataset:
    """The class is the largest of the first three inputs."""
    draw = np.random.default_rng(seed)
    drawn = [draw.standard_normal((count, *inputs)).astype(np.float32) for count in (train, validation, test)]
    return Dataset(3, *(Examples(x, x.reshape(len(x), 6)[:, :3].argmax(1)) for x in drawn))


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return measure(dataset(), **FEW)


def planted(sets=5, examples=7, seed=1):
    draw = np.random.default_rng(seed)
    return torch.from_numpy(draw.dirichlet([1, 1, 1], (sets, examples))), torch.from_numpy(
        draw.integers(0, 3, examples)
    )


def by_hand(p, y):
    """Means over all pairs of sets, in loops."""
    errors = p - np.eye(3)[y]
    pairs = list(combinations(range(len(p)), 2))
    bias = np.mean([(errors[i] * errors[j]).sum(1).mean() for i, j in pairs])
    variance = np.mean([((p[i] - p[j]) ** 2).sum(1).mean() / 2 for i, j in pairs])
    return np.array([bias, variance])


def test_the_numbers_are_means_over_pairs_and_add_up_to_the_brier_score():
    p, y = planted()
    bias, variance = (values.mean().item() for values in decomposition(p, y))
    assert [bias, variance] == pytest.approx(by_hand(p.numpy(), y.numpy()), rel=1e-12)
    assert bias + variance == pytest.approx(((p.numpy() - np.eye(3)[y]) ** 2).sum(2).mean(), rel=1e-12)
    assert variance == pytest.approx(p.numpy().var(axis=0, ddof=1).sum(1).mean(), rel=1e-12)


def test_pseudo_values_are_those_of_the_jackknife():
    p, y = planted()
    whole = by_hand(p.numpy(), y.numpy())
    left_out = [by_hand(np.delete(p.numpy(), lane, axis=0), y.numpy()) for lane in range(5)]
    wanted = np.array([5 * whole - 4 * without for without in left_out])
    assert torch.stack(decomposition(p, y), 1).numpy() == pytest.approx(wanted, rel=1e-10)


def test_sets_that_agree_have_bias_alone_and_sets_that_are_right_on_average_variance_alone():
    p, y = planted(sets=1)
    bias, variance = decomposition(p.expand(4, -1, -1), y)
    assert variance.tolist() == pytest.approx([0] * 4, abs=1e-12)
    assert bias.tolist() == pytest.approx([((p[0].numpy() - np.eye(3)[y]) ** 2).sum(1).mean()] * 4)
    draw = np.random.default_rng(3)
    right = torch.from_numpy(np.eye(3)[np.zeros(500, int)] + 0.1 * draw.standard_normal((6, 500, 3)))
    bias, variance = (values.mean().item() for values in decomposition(right, torch.zeros(500, dtype=torch.int64)))
    assert [bias, variance] == pytest.approx([0, 3 * 0.01], abs=0.001)


def test_three_sets_are_unbiased():
    """A mean of .3 off and a deviation of .5: without the correction squared bias would be .09 + .25/3."""
    draw = np.random.default_rng(4)
    drawn = torch.from_numpy(1.3 + 0.5 * draw.standard_normal((3000, 3)))
    inner = torch.stack([pseudo_values((row - 1)[:, None] * (row - 1)).mean() for row in drawn])
    assert inner.mean().item() == pytest.approx(0.09, abs=0.02)


@pytest.mark.parametrize(
    ("travel", "count"), [([0, 3, 0, 0], 1), ([2, -2, 2, 2], 4), ([1, 1, 0, 0], 2), ([2, 1, 0, 0], 25 / 17)]
)
def test_participation_counts_the_parameters_that_share_the_travel(travel, count):
    assert participation(torch.tensor(travel, dtype=torch.float32)).item() == pytest.approx(count)


def test_training_sets_are_disjoint_blocks_with_noise_of_their_own():
    subject = dataset()
    x, y = blocks(subject, range(7, 11), 20, 0.3)
    assert x.flatten(0, 1).numpy() == pytest.approx(subject.train.x[:80])
    clean = subject.train.y[:80].reshape(4, 20)
    moved = y.numpy() != clean
    assert moved.sum(1).tolist() == [6] * 4
    assert len({tuple(row) for row in moved.tolist()}) == 4
    assert (blocks(subject, range(7, 11), 20, 0.0)[1].numpy() == clean).all()


def test_sets_are_stopped_by_a_validation_that_carries_their_noise(monkeypatch):
    asked = set()
    own = bias_variance.train

    def spy(its, training, seeds, examples, validation):
        moved = (examples[1].numpy() != dataset().train.y[: examples[1].numel()].reshape(examples[1].shape)).any()
        asked.add((bool(moved), validation.args[2]))
        return own(its, training, seeds, examples, validation)

    monkeypatch.setattr(bias_variance, "train", spy)
    measure(dataset(), **FEW | {"widest": 4})
    assert asked == {(False, 0.0), (True, 0.2)}


def test_every_width_noise_point_and_set_has_its_row(table):
    told = table.select("optimizer", "noise", "width", "point", "seed").rows()
    assert told == list(product(("adam", "momentum"), (0.0, 0.2), (4, 8), ("best", "end"), range(7, 11)))
    assert table.group_by("width", maintain_order=True).agg(pl.col("parameters").first()).rows() == [(4, 63), (8, 155)]
    assert table.filter(width=4)["step"].max() <= 9
    assert table.filter(width=8)["step"].max() <= 6
    assert table["participation"].is_between(1, 155).all()
    assert table["status"].unique().to_list() == ["ok"]
    numbers = ("bias", "variance", "participation")
    early = table.filter(pl.col("step") < 6).select(pl.struct(numbers).n_unique(), pl.len()).row(0)
    assert early[0] == early[1] > 0


def test_networks_that_never_leave_their_start_have_no_travel_to_share():
    """Nothing can be learned of labels that are all the same and wrong."""
    subject = dataset()
    wrong = Examples(subject.validation.x, (subject.validation.y + 1) % 3)
    table = measure(Dataset(3, subject.train, wrong, subject.test), **FEW | {"steps": 1, "longest": 1})
    still = table.filter(pl.col("step") == 0, point="best")
    assert still.height > 0
    assert (still["participation"].null_count(), still["status"].unique().to_list()) == (still.height, ["ok"])


def test_an_untrained_network_is_off_by_what_its_start_says(monkeypatch):
    """After one step of next to nothing: the Brier score of the starts, by NumPy."""
    subject = dataset()
    monkeypatch.setitem(OPTIMIZERS, "adam", 1e-9)
    table = measure(subject, **FEW | {"steps": 1, "longest": 1})
    table = table.filter(optimizer="adam", noise=0.0, width=8, point="end")
    model = shelf.load("models", "mlp").build(8, (2, 3), 3)
    p = []
    for seed in range(7, 11):
        leaves = {name: leaf[0].numpy() for name, leaf in
                  model.views(model.initial(generator(seed, "initial"))[None]).items()}  # fmt: skip
        hidden = subject.test.x.reshape(-1, 6)
        for layer in (1, 2):
            hidden = np.maximum(hidden @ leaves[f"weight{layer}"].T, 0)
        logits = np.exp(hidden @ leaves["weight3"].T)
        p.append(logits / logits.sum(1, keepdims=True))
    wanted = by_hand(np.array(p), subject.test.y)
    assert table.select(pl.col("bias", "variance").mean()).row(0) == pytest.approx(wanted, rel=1e-4)


def test_the_same_sets_give_the_same_rows_at_any_width(table):
    narrow = measure(dataset(), **FEW | {"widest": 4, "steps": 3})
    assert (narrow["step"] <= 3).all()
    again = measure(dataset(), **FEW)
    assert again.equals(table)


def test_small_data_sets_are_cut_into_smaller_sets_and_impossible_ones_refused():
    assert measure(dataset(train=41), **FEW | {"widest": 4}).height == 2 * 2 * 1 * 2 * 4
    with pytest.raises(Refusal, match=r"sets is 2; the data set can be cut into 3 to 90"):
        measure(dataset(), **FEW | {"sets": 2})
    with pytest.raises(Refusal, match="no validation examples"):
        measure(dataset(validation=0), **FEW)


def test_networks_are_stopped_by_a_validation_that_carries_the_noise():
    """(1 − r)·CE(y) + r/2·Σ CE(k ≠ y), meant over the validation examples."""
    subject, logits = dataset(), torch.tensor([1.0, 0.0, -2.0])
    model = shelf.load("models", "mlp").build(4, (2, 3), 3)
    theta = torch.zeros(2, model.size)
    theta[:, -3:] = logits  # the biases of the output: every example is told the same
    surprise = -logits.double().log_softmax(0).numpy()
    own = surprise[subject.validation.y].mean()
    wanted = 0.7 * own + 0.3 / 2 * (surprise.sum() - own)
    for share, loss in ((0.3, wanted), (0.0, own)):
        found = validation_loss(model, subject, share, model.views(theta), slice(0, 2))
        assert found.tolist() == pytest.approx([loss] * 2, rel=1e-6)
