"""What a start does not need is not loaded: torch takes two seconds, scipy.stats and altair one each."""

import subprocess
import sys

import pytest

from nominima.cli.frame import told
from nominima.planning import digests

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


def test_a_command_takes_no_digest_that_an_earlier_one_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    monkeypatch.setattr(digests, "recall", lambda: steps.append("recalled"))
    told(lambda: steps.append("run"))()
    assert steps == ["recalled", "run"]
