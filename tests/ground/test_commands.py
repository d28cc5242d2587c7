"""Commands that are waited for."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nominima.ground.commands import run
from nominima.ground.files import Refusal


@pytest.mark.parametrize(("does", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", 137)])
def test_its_exit_code_is_told_as_shells_have_it(does: str, code: int, tmp_path: Path) -> None:
    assert run(["sh", "-c", f"touch here; {does}"], tmp_path) == code
    assert (tmp_path / "here").exists()


def test_one_that_is_missing_is_named() -> None:
    with pytest.raises(Refusal, match="no-such-command is not installed here"):
        run(["no-such-command"])


def test_interrupted_it_ends_what_it_has_begun(tmp_path: Path) -> None:
    """As Ctrl-C does, the whole group is told; Snakemake takes longer to end its jobs than Python would wait."""
    does = "trap 'sleep 1; touch ended; exit 1' INT; touch begun; while :; do sleep 0.1; done"
    asked = f"from nominima.ground.commands import run; run(['sh', '-c', {does!r}])"
    with subprocess.Popen([sys.executable, "-c", asked], cwd=tmp_path, start_new_session=True) as running:
        while not (tmp_path / "begun").exists():
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGINT)
    assert (tmp_path / "ended").exists()
