"""As in every job: one thread (many on few cores are slower by orders, and change bits), products by one way."""

import os

import pytest

from nominima.planning.workplace import VARIABLES

os.environ |= VARIABLES


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no worker is left with one at the end."""
    items.sort(key=lambda item: (item.get_closest_marker("timeout") is None, item.get_closest_marker("slow") is None))
