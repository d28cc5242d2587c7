import numpy as np
import pytest

from nominima.ground.files import Refusal
from nominima.measures.input_distances import measure, participation_ratio
from nominima.training.dataset import Dataset, Examples


def dataset(x: np.ndarray) -> Dataset:
    few = Examples(np.zeros((0, *x.shape[1:]), np.float32), np.zeros(0, np.int64))
    return Dataset(2, Examples(x.astype(np.float32), np.zeros(len(x), np.int64)), few, few)


def test_corners_of_a_cross_are_hand_made():
    """±e_k: a pair is √2 apart, opposite ones 2; with all 2d points the covariance is a multiple of the identity."""
    x = np.concatenate([np.eye(6), -np.eye(6)]).reshape(12, 2, 3)
    table = measure(dataset(x), points=12, seeds=3, first_seed=5)
    apart = [2.0] * 6 + [np.sqrt(2)] * 60
    assert table["seed"].to_list() == [5, 6, 7]
    assert table["cv"].to_list() == pytest.approx([np.std(apart) / np.mean(apart)] * 3)
    assert table["dimension"].to_list() == [6] * 3
    assert table["effective_dimension"].to_list() == pytest.approx([6] * 3)


def test_seeds_draw_different_inputs_without_repeats():
    x = np.random.default_rng(0).standard_normal((300, 5))
    table = measure(dataset(x), points=40, seeds=5, first_seed=0)
    assert table["cv"].n_unique() == 5
    assert measure(dataset(x), points=40, seeds=1, first_seed=3)["cv"][0] == table["cv"][3]
    doubled = measure(dataset(np.eye(40)), points=40, seeds=1, first_seed=0)
    assert doubled["cv"][0] == pytest.approx(0, abs=1e-6)


def test_participation_ratio_counts_filled_dimensions():
    draw = np.random.default_rng(1)
    line = draw.standard_normal((50, 1)) * np.arange(1, 8)
    assert participation_ratio(line + 3) == pytest.approx(1)
    x = draw.standard_normal((200, 4)) * [1, 2, 3, 0]
    eigenvalues = np.linalg.eigvalsh(np.cov(x.T))
    assert participation_ratio(x) == pytest.approx(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())


def test_too_few_inputs_are_refused():
    with pytest.raises(Refusal, match=r"points is 13; the data set has 12 training inputs"):
        measure(dataset(np.zeros((12, 2))), points=13)
