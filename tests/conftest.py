"""As in every job: one thread (many on few cores are slower by orders, and change bits), products by one way."""

import os

import pytest

from nominima.planning.workplace import VARIABLES

os.environ |= VARIABLES


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, those that may take longer than others before all, so that no worker is left with one."""
    items.sort(key=lambda item: (-_limit(item), item.get_closest_marker("slow") is None))


def _limit(item: pytest.Item) -> float:
    """Seconds that a test may take by a mark of its own; 0 without one."""
    mark = item.get_closest_marker("timeout")
    return mark.args[0] if mark else 0.0
