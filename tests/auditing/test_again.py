"""Processes of an audit: once it is stopped, what runs is ended and nothing starts."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nominima.auditing.again import Running

FOREVER = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_stopping_ends_what_runs_and_lets_nothing_start(tmp_path: Path) -> None:
    running = Running()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(running.run, FOREVER, tmp_path, {})
        time.sleep(0.5)
        running.stop()
        code, _ = first.result(timeout=60)
    assert code != 0
    assert running.run([sys.executable, "-c", "print(1)"], tmp_path, {}) == (130, "interrupted")
    assert Running().run([sys.executable, "-c", "print(1)"], tmp_path, {}) == (0, "1\n")
