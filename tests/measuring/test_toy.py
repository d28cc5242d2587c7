import numpy as np
import pytest
import torch

from nominima.ground.files import Refusal
from nominima.landscape.known import deep_linear, deep_linear_saddle
from nominima.landscape.loss import of_stack
from nominima.landscape.toy import Toy
from nominima.measuring.toy import descend, task, way_down
from nominima.training.dataset import Dataset, Examples


@pytest.fixture(scope="module")
def dataset():
    draw = np.random.default_rng(0)
    x = draw.standard_normal((200, 3, 4)).astype(np.float32) * np.linspace(3, 1, 12).reshape(3, 4).astype(np.float32)
    examples = Examples(x, draw.integers(0, 10, 200))
    return Dataset(10, examples, examples, examples)


def test_the_task_is_three_classes_seen_through_whitened_components(dataset):
    x, y = task(dataset, examples=40, inputs=5, noise=0.25, seed=1)
    assert (x.shape, x.dtype, y.shape) == ((40, 5), torch.float64, (40,))
    torch.testing.assert_close(x.T @ x / 40, torch.eye(5, dtype=torch.float64))
    torch.testing.assert_close(x.mean(0), torch.zeros(5, dtype=torch.float64))
    assert set(y.tolist()) == {0, 1, 2}


def test_every_draw_is_another_and_the_same_again(dataset):
    x, y = task(dataset, examples=40, inputs=5, noise=0.25, seed=1)
    again = task(dataset, examples=40, inputs=5, noise=0.25, seed=1)
    other = task(dataset, examples=40, inputs=5, noise=0.25, seed=2)
    assert x.equal(again[0])
    assert y.equal(again[1])
    assert not x.equal(other[0])


def test_a_share_of_the_labels_of_a_draw_is_moved(dataset):
    _, clean = task(dataset, examples=40, inputs=5, noise=0.0, seed=1)
    _, noisy = task(dataset, examples=40, inputs=5, noise=0.25, seed=1)
    assert (clean != noisy).sum() == 10, "noise and draw have generators of their own"


def test_a_draw_takes_at_most_four_fifths(dataset):
    known = int((dataset.train.y < 3).sum())
    assert len(task(dataset, examples=150, inputs=5, noise=0.1, seed=1)[1]) == int(0.8 * known)


def test_the_task_says_what_the_data_lack(dataset):
    with pytest.raises(Refusal, match="examples of the first 3 classes"):
        task(dataset, examples=5, inputs=5, noise=0.1, seed=1)
    with pytest.raises(Refusal, match="fewer dimensions"):
        task(dataset, examples=40, inputs=13, noise=0.1, seed=1)


def test_descent_ends_where_newtons_method_would(dataset):
    x, y = task(dataset, examples=40, inputs=5, noise=0.1, seed=1)
    toy = Toy(x, y, 2)
    end = descend(toy.landscape(0.01), toy.initial(torch.Generator().manual_seed(0)))
    assert end.status == "strict minimum"
    assert end.gradient_norm < 1e-10
    values, out = way_down(toy.landscape(0.01), end.theta)
    assert values[0] == pytest.approx(end.smallest)
    assert not out.descended
    assert out.fall == 0


def test_a_saddle_is_left():
    wanted = torch.diag(torch.tensor([1.0, 2.0], dtype=torch.float64))
    landscape, (saddle,) = deep_linear(wanted, 2), deep_linear_saddle(wanted, 2)[0]
    values, out = way_down(landscape, saddle)
    assert values[0] < 0
    assert out.fall > 0.1
    assert descend(landscape, saddle).loss == pytest.approx(0, abs=1e-12)
    assert descend(landscape, saddle, thorough=False).loss > 0.1


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # scipy's, of steps to where nothing is finite
def test_a_loss_without_a_minimum_is_not_followed_for_ever():
    endless = of_stack(lambda theta: torch.exp(-theta.sum(-1)), 1)
    end = descend(endless, torch.zeros(1, dtype=torch.float64), thorough=False)
    assert end.status in ("minimum at infinity", "not converged")
