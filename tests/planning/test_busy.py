"""Who holds Snakemake's lock, and what to do about it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nominima.planning.busy import LOCKS, held, started


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    (tmp_path / LOCKS).mkdir(parents=True)
    (tmp_path / LOCKS / "0.output.lock").write_text("x")
    return tmp_path


def test_no_lock_is_no_word(tmp_path: Path) -> None:
    assert held(tmp_path) is None


def test_a_lock_that_nobody_holds_can_be_removed(locked: Path) -> None:
    told = held(locked)
    assert told is not None
    assert "`snakemake --unlock` removes it" in told


def test_nothing_is_said_where_the_lock_is_about_to_go(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["snakemake", "--unlock"])
    assert held(locked) is None


@pytest.mark.parametrize(
    ("command", "its_own"),
    [
        ("snakemake --cores all", True),
        ("/x/.venv/bin/python3 /x/.venv/bin/snakemake --cores 1", True),
        ("python -m snakemake -n", True),
        ("timeout 60 snakemake", False),
        ("python -m nominima.verbs.train snakemake", False),
        ("python", False),
        ("", False),
    ],
)
def test_a_command_that_only_names_snakemake_is_not_its_own(command: str, its_own: bool) -> None:
    assert started([*(word.encode() for word in command.split(" ")), b""]) is its_own


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="processes are seen in /proc")
@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_process_that_holds_it_is_named(elsewhere: bool, locked: Path) -> None:
    cat = shutil.which("cat")
    assert cat is not None
    (locked / "snakemake").symlink_to(os.path.realpath(cat))
    cwd = locked / ".snakemake" if elsewhere else locked
    with subprocess.Popen([locked / "snakemake"], cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"up\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"up\n"  # its command can be read only once it runs
        told = held(locked)
        process.kill()
    assert told is not None
    assert (f"(process {process.pid}); wait for it" in told) is not elsewhere
