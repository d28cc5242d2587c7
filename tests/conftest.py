"""As in every job: one thread (many on few cores are slower by orders, and change bits), products by one way."""

import os

import pytest

os.environ |= {"OMP_NUM_THREADS": "1", "MKL_CBWR": "AUTO,STRICT"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no worker is left with one at the end."""
    items.sort(key=lambda item: (item.get_closest_marker("timeout") is None, item.get_closest_marker("slow") is None))
