"""What a start does not need is not loaded: torch takes two seconds, scipy.stats and altair one each."""

import subprocess
import sys

import pytest

DEAR = {"torch", "scipy.stats", "altair"}


@pytest.mark.parametrize(
    ("module", "needed"),
    [
        ("cli", set[str]()),
        ("verbs.judge", set[str]()),
        ("verbs.report", {"altair"}),
        ("planning.plan", set[str]()),
        ("verbs.train", {"torch"}),
    ],
)
def test_a_start_loads_what_it_needs(module: str, needed: set[str]) -> None:
    asked = f"import sys, nominima.{module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert DEAR.intersection(done.stdout.split()) == needed
