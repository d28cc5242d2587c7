"""A small plan, made and sealed."""

from pathlib import Path

import pytest

from chain import Plan, build, plan


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A small plan, all of it made and sealed in the working folder."""
    monkeypatch.chdir(tmp_path)
    jobs = plan()
    build(jobs)
    return jobs
