"""The engine reproduces what others published of MNIST-1D."""

import pytest
import torch

from benchmarks.published import ACCURACY, DESCENT, accuracy, descent

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _as_in_a_job():
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    yield
    torch.set_flush_denormal(False)


@pytest.mark.parametrize(
    ("setting", "margin"), [("linear", 0.02), ("mlp, width 100", 0.035), ("cnn, 25 channels", 0.02)]
)
def test_accuracies_are_those_published(setting, margin):
    published = ACCURACY[setting][1] / 100
    assert 1 - accuracy(setting, seeds=2).mean == pytest.approx(published, abs=margin)


def test_the_peak_of_double_descent_is_where_it_was_published():
    found = {width: descent(width, seeds=2).mean for width in (27, 47, 80)}
    assert max(found, key=lambda width: found[width]) == max(DESCENT, key=lambda width: DESCENT[width]) == 47
    assert found[47] == pytest.approx(DESCENT[47] / 100, abs=0.04)
