"""As in every job: one thread (many on few cores are slower by orders, and change bits), products by one way."""

import os

import pytest

from nominima.planning.workplace import VARIABLES

os.environ |= VARIABLES


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the files of slow tests out to the workers, those that may take longest first, and all others after them.

    xdist gives each worker as many tests in a row as any other, and later what it can take from another's end: as they
    are collected, one worker would have all slow ones, and the last of them when the others have nothing left.
    """
    items.sort(key=lambda item: (not _slow(item), -_limit(item)))
    slow = [item for item in items if _slow(item)]
    files, rest, dealt = list(dict.fromkeys(item.path for item in slow)), items[len(slow) :], list[pytest.Item]()
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    for worker in range(workers):
        hand = [item for item in slow if item.path in files[worker::workers]]
        more = max(0, (len(items) - len(dealt)) // (workers - worker) - len(hand))
        dealt += hand + rest[:more]
        rest = rest[more:]
    items[:] = dealt + rest


def _slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None


def _limit(item: pytest.Item) -> float:
    """Seconds that a test may take by a mark of its own; 0 without one."""
    mark = item.get_closest_marker("timeout")
    return mark.args[0] if mark else 0.0
