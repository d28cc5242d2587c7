"""Whatever a user's shell says, a job has one thread and the settings that its digest counts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nominima.planning import digests
from nominima.planning.reach import closure
from nominima.planning.workplace import VARIABLES, WITHOUT, set_up, threads
from nominima.tracing import trace

TOLD = "import os, sys; print(*(os.environ.get(name) for name in sys.argv[1:]), sep='\\n')"


@pytest.fixture(autouse=True)
def shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's shell in which every variable is set otherwise."""
    monkeypatch.setattr(os, "environ", os.environ | dict.fromkeys([*VARIABLES, *WITHOUT], "2"))


def test_a_users_settings_do_not_reach_a_job(tmp_path: Path) -> None:
    set_up(tmp_path)
    command = [sys.executable, "-c", TOLD, *VARIABLES, *WITHOUT, "PYTHONPATH"]
    there = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=True)
    assert there.stdout.splitlines() == [*VARIABLES.values(), *["None"] * len(WITHOUT), str(tmp_path / "src")]
    assert {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"} <= VARIABLES.keys()


def test_a_trace_names_every_variable_that_gives_a_job_more_threads(tmp_path: Path) -> None:
    set_up(tmp_path)
    assert threads() == "1"
    os.environ["OPENBLAS_NUM_THREADS"] = "2"
    assert trace.environment()["threads"] == "OPENBLAS_NUM_THREADS 2"
    del os.environ["OPENBLAS_NUM_THREADS"]
    assert threads() == "OPENBLAS_NUM_THREADS unset"


def test_a_trace_tells_the_version_of_every_library_that_data_are_made_with() -> None:
    files = (digests.SOURCE / "datasets").glob("[a-z]*.py")
    used = set[str]().union(*(closure(digests.SOURCE, [(f"datasets.{file.stem}", "")]).libraries for file in files))
    told = {digests.IMPORTED_AS.get(name, name.replace("-", "_")) for name in trace.PACKAGES}
    assert {"mnist1d", "sklearn", "numpy"} <= used
    assert used & set(digests.locked()) - told == {"pydantic"}, "it checks options and makes no number"
    assert trace.environment().keys() >= set(trace.PACKAGES)
