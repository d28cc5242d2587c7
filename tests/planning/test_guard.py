"""What is said before and after a run about the machine that it runs on."""

import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from nominima.ground.files import Refusal
from nominima.planning import guard
from nominima.planning.plan import Job
from nominima.tracing import job

LOG = """RuleException:
CalledProcessError in file "workflow/rules/train.smk", line 4:
Command 'set -euo pipefail;  python -m nominima.verbs.train --spec x > logs/train/sizes/{job}.log 2>&1' returned \
non-zero exit status {status}.
"""


def test_a_killed_job_is_named_with_its_peak_and_what_to_lower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("logs/train/sizes").mkdir(parents=True)
    Path("logs/train/sizes/w64.log").write_text("step 0\nmemory: 2.2 GB\nmemory: 3.4 GB\nstep 1\n")
    log = "".join(LOG.format(job=job, status=status) for job, status in (("w64", 137), ("w2", 1), ("w8", 137)))
    first, second = guard.killed(log + log)
    assert first.startswith("logs/train/sizes/w64.log: killed, most likely for memory (memory: 3.4 GB): ask for fewer")
    assert second.startswith("logs/train/sizes/w8.log: killed, most likely for memory (it had less than 2 GB)")


def test_a_library_that_is_missing_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(guard, "version", missing)
    with pytest.raises(Refusal, match=r"is not installed here; `make install`"):
        guard.environment()


def test_a_job_is_given_through_a_file_what_was_planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = [f"data/{index:05}.parquet" for index in range(20_000)]
    planned = Job(inputs=[], outputs=names, spec='{"a": "é, \\n and @"}', code="ground.texts@0")
    seen: list[job.Work] = []
    monkeypatch.setattr(job.digests, "changed", lambda _: False)
    monkeypatch.setattr(sys, "argv", ["train", f"@{guard.arguments(planned)}"])
    job.main("train", seen.append)
    (work,) = seen
    assert (work.spec, work.code, work.inputs) == ({"a": "é, \n and @"}, planned.code, [])
    assert list(map(str, work.outputs)) == names
    assert guard.arguments(planned) == guard.arguments(planned) != guard.arguments(planned._replace(code="other@0"))
