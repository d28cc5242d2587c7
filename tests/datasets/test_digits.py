import numpy as np
import pytest
from sklearn.datasets import load_digits

from nominima.datasets.digits import make
from nominima.ground.files import Refusal


def test_every_scan_is_used_once():
    made = make()
    assert [len(split.y) for split in (made.train, made.validation, made.test)] == [797, 400, 600]
    assert made.inputs == (8, 8)
    assert made.classes == 10
    x = np.concatenate([made.train.x, made.validation.x, made.test.x])
    data, target = load_digits(return_X_y=True)
    lowest, highest = x.min(), x.max()
    pixels = np.rint((x - lowest) / (highest - lowest) * 16)
    ours = {
        (pixel.tobytes(), label)
        for pixel, label in zip(pixels.astype(int), [*made.train.y, *made.validation.y, *made.test.y], strict=True)
    }
    theirs = {(image.astype(int).tobytes(), label) for image, label in zip(data, target, strict=True)}
    assert ours == theirs
    assert len(theirs) == 1797


def test_standardised_by_training_pixels_alone():
    made = make(seed=1, train=100, validation=10, test=50)
    assert made.train.x.dtype == np.float32
    assert made.train.x.mean(dtype=float) == pytest.approx(0, abs=1e-6)
    assert made.train.x.std(dtype=float) == pytest.approx(1, abs=1e-6)
    assert abs(made.test.x.mean(dtype=float)) > 1e-4


def test_seed_draws_the_order():
    np.testing.assert_array_equal(make(seed=1).train.x, make(seed=1).train.x)
    assert not np.array_equal(make(seed=1).train.y, make(seed=2).train.y)


def test_more_than_there_are_is_refused():
    with pytest.raises(Refusal, match=r"is 1798; there are 1797"):
        make(train=798)
