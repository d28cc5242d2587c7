import hashlib
import random
import subprocess
import sys

import numpy as np
import pytest
from mnist1d.data import get_dataset_args, make_dataset

from nominima.datasets.mnist1d import make
from nominima.ground.files import Refusal


@pytest.fixture(scope="module")
def published():
    return make_dataset(get_dataset_args())


def test_the_anchor_set_is_the_published_one(published):
    made = make(seed=42, train=4000, validation=0, test=1000)
    np.testing.assert_array_equal(made.train.x, published["x"].astype(np.float32))
    np.testing.assert_array_equal(made.train.y, published["y"])
    np.testing.assert_array_equal(made.test.x, published["x_test"].astype(np.float32))
    np.testing.assert_array_equal(made.test.y, published["y_test"])
    assert made.classes == 10
    assert made.inputs == (40,)
    assert made.validation.x.shape == (0, 40)


def test_splits_follow_one_another():
    whole, split = (
        make(seed=3, train=40, validation=0, test=20),
        make(seed=3, train=20, validation=20, test=20),
    )
    np.testing.assert_array_equal(np.concatenate([split.train.x, split.validation.x]), whole.train.x)
    np.testing.assert_array_equal(np.concatenate([split.train.y, split.validation.y]), whole.train.y)
    np.testing.assert_array_equal(split.test.x, whole.test.x)


def test_float32_arrays_are_pinned():
    made = make(seed=7, train=30, validation=10, test=20)
    arrays = [part for split in (made.train, made.validation, made.test) for part in (split.x, split.y)]
    assert [part.dtype for part in arrays] == [np.float32, np.int64] * 3
    told = hashlib.sha256(b"".join(part.tobytes() for part in arrays)).hexdigest()
    assert told == "29260ed84b4000c79a5a42272de108eebef55441a87882cb8a17a436d723b74f"


def test_seed_moves_the_signals():
    assert not np.array_equal(make(seed=1, train=10, validation=0, test=10).train.x,
                              make(seed=2, train=10, validation=0, test=10).train.x)  # fmt: skip


def test_global_state_is_left_alone():
    random.seed(5)
    np.random.seed(5)
    expected = random.random(), np.random.rand()
    random.seed(5)
    np.random.seed(5)
    make(seed=1, train=10, validation=0, test=10)
    assert (random.random(), np.random.rand()) == expected


def test_plotting_and_download_libraries_are_not_loaded():
    load = "import sys; from nominima.datasets.mnist1d import make"
    call = "make(seed=1, train=10, validation=0, test=10)"
    listed = "print(*(name for name in ('matplotlib', 'requests', 'torch') if name in sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", f"{load}; {call}; {listed}"], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "\n"


def test_unequal_classes_are_refused():
    with pytest.raises(Refusal, match=r"is 1005; it must be a multiple of 10.*add 5"):
        make(seed=0, train=1000, validation=0, test=5)
