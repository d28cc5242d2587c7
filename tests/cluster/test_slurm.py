"""A real Slurm of one node runs the smallest project by the shipped profile, and nothing differs from a local run."""

import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pipeline.project import ROOT, Project, copy, jobs, lay

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

HERE = Path(__file__).parent
PARAMS = HERE / "params.yaml"
NEEDED = ("slurmctld", "slurmd", "sbatch", "munged")
BY_SLURM = (
    *("snakemake", "--profile", "profiles/slurm"),
    *("--latency-wait", "20", "--slurm-init-seconds-before-status-checks", "2"),
)
SUBMITTED = "has been submitted with SLURM jobid"
STATES = ("squeue", "--noheader", "--states=all", "--format=%i %T %k")


@pytest.fixture(scope="module")
def able() -> None:
    """Skip where there is no Slurm to start, before anything is built."""
    programs = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    if missing := [name for name in NEEDED if not shutil.which(name, path=programs)]:
        pytest.skip(f"no {', '.join(missing)} here: `apt-get install slurm-wlm munge`")
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.skip("Snakemake's executor for Slurm is not installed: `make cluster`")


@pytest.fixture
def slurm(able: None) -> Iterator[None]:
    """A Slurm of this test's own; a machine has one at a time, so workers wait for each other."""
    folder = Path(tempfile.mkdtemp(prefix="slurm."))  # not below pytest's: a socket's path has 107 characters at most
    with (Path(tempfile.gettempdir()) / "nominima-slurm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            with (folder / "up").open("w") as told:  # a file: daemons may hold a pipe open
                started = subprocess.run([HERE / "slurm-up", folder], stdout=told, stderr=subprocess.STDOUT)
            if started.returncode:
                pytest.skip(f"Slurm does not start here: {(folder / 'up').read_text().strip()}")
            yield
        finally:
            subprocess.run([HERE / "slurm-down", folder], check=True)
            shutil.rmtree(folder, ignore_errors=True)  # a step that was cancelled may still write its last words


@pytest.fixture(scope="module")
def local(able: None, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project as this machine alone makes it."""
    project = lay(tmp_path_factory.mktemp("local") / "project", PARAMS)
    project.snakemake()
    return project


def test_a_chain_through_slurm_is_that_of_a_local_run_and_is_recorded_without_a_job(
    slurm: None, local: Project, tmp_path: Path
) -> None:
    project = lay(tmp_path / "project", PARAMS)
    told = project.run(*BY_SLURM)
    assert project.ledgers() == local.ledgers()
    assert told.count(SUBMITTED) == 10, "seals, the page and what DVC compares are local"
    assert len(list((project.root / "logs/slurm").rglob("*.log"))) == 10
    assert jobs(project.run("dvc", "repro")) == set(), "DVC records what the cluster made"
    project.commit()
    project.assert_clean()


def test_after_a_cancelled_job_and_an_interrupted_run_the_next_one_ends_equal(
    slurm: None, local: Project, tmp_path: Path
) -> None:
    project = copy(local.root, tmp_path / "project")
    shutil.rmtree(project.root / "data/runs/sizes/w4")

    cancelled = project.start(*BY_SLURM, "--retries", "0")
    project.run("scancel", running(project, "1"))
    told, _ = cancelled.communicate()
    assert cancelled.returncode == 1, told
    assert "SLURM status is: 'CANCELLED'" in told

    interrupted = project.start(*BY_SLURM)
    job = running(project, "2")
    os.killpg(interrupted.pid, signal.SIGINT)
    told, _ = interrupted.communicate()
    assert interrupted.returncode == 1, told
    until(lambda: f"{job} CANCELLED" in project.run(*STATES), "an interrupted run takes its jobs back")

    project.run(*BY_SLURM)
    assert project.ledgers() == local.ledgers()
    assert jobs(project.run("dvc", "repro")) == set()
    project.assert_clean()


def running(project: Project, job: str) -> str:
    """Wait until Slurm runs the training of this id; return the id."""
    until(lambda: f"{job} RUNNING rule_train_sizes" in project.run(*STATES), f"job {job} runs")
    return job


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for something, two minutes at most."""
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline, f"not within two minutes: {what}"
        time.sleep(0.2)


def test_the_locked_executor_is_the_declared_one() -> None:
    declared = (ROOT / "pyproject.toml").read_text()
    locked = (ROOT / "requirements-cluster.lock").read_text()
    version = locked.partition("snakemake-executor-plugin-slurm==")[2].split()[0]
    assert f'cluster = ["snakemake-executor-plugin-slurm=={version}"]' in declared
