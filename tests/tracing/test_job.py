"""How a job ends that cannot go on: one sentence and the exit code that is the custom."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from nominima.ground.files import Refusal
from nominima.tracing import job

ASKED = ["measure", "--spec", "{}", "--code", "ground.texts@0"]


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ASKED)
    monkeypatch.setattr(job.digests, "changed", lambda _: False)


def ended(error: BaseException) -> str | int | None:
    def work(_: job.Work) -> None:
        raise error

    with pytest.raises(SystemExit) as end:
        job.main("measure", work)
    return end.value.code


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory: you tried")],
)
def test_memory_that_is_used_up_is_told_with_its_peak_and_what_to_lower(error: Exception) -> None:
    told = str(ended(error))
    assert told.startswith("measure: memory is used up: it had ")
    assert "ask for fewer seeds, examples or lanes" in told


def test_a_refusal_is_its_sentence() -> None:
    assert ended(Refusal("the file is gone")) == "measure: the file is gone"


def test_ctrl_c_ends_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "measure: interrupted; nothing was changed\n"


def test_any_other_error_keeps_its_traceback() -> None:
    def work(_: job.Work) -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        job.main("measure", work)


def test_the_peak_of_memory_is_in_the_log_of_a_killed_job(tmp_path: Path) -> None:
    killed = f"""
import builtins, os, sys, threading
from nominima.tracing import job
job.FIRST, job.digests.changed = 0.0, lambda _: False
written, write = threading.Event(), print
def watched(*texts, **options):
    write(*texts, **options)
    written.set()
builtins.print = watched
def work(_):
    written.wait(60)
    os.kill(os.getpid(), 9)
sys.argv = {ASKED!r}
job.main("measure", work)
"""
    ran = subprocess.run([sys.executable, "-c", killed], capture_output=True, text=True, check=False)
    assert ran.returncode == -9
    assert re.fullmatch(r"(memory: \d+\.\d GB\n)+", ran.stdout)
