"""Every value that DVC recorded and every object in its cache is held against what is here."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from by_dvc import RAW
from ruamel.yaml import YAML
from verified import flip, named, report

from chain import git
from nominima.ground.places import ledger
from nominima.tracing import lock, verify


@pytest.fixture
def project(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work in."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.chdir(shutil.copytree(recorded, tmp_path / "project"))
    return Path.cwd()


def test_the_cache_may_lie_elsewhere(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("cache")
    shutil.copytree(".dvc/cache/files", elsewhere / "files")
    shutil.rmtree(".dvc/cache")
    Path(".dvc/config").write_text("[core]\n    analytics = false\n")
    Path(".dvc/config.local").write_text(f"[cache]\n    dir = {elsewhere}\n")
    assert report()["findings"] == []
    victim = next(path for path in elsewhere.rglob("*") if path.is_file())
    flip(str(victim))
    assert named() == [str(victim)]


@pytest.mark.parametrize("content", ["", "[", "stages: 3", "stages: {a: {outs: [{path: x}]}}", "\x00", "a: *b"])
@pytest.mark.parametrize("path", ["dvc.lock", f"{RAW}.dvc"])
def test_a_damaged_record_of_dvc_is_named(path: str, content: str, project: Path) -> None:
    Path(path).write_text(content)
    assert named() == [path]


def test_a_record_that_leads_out_of_the_project_is_named(project: Path) -> None:
    Path("dvc.lock").write_text("stages: {a: {outs: [{path: ../../etc/passwd, md5: x}]}}")
    assert named() == ["dvc.lock"]


LOCKED = """
schema: '2.0'
stages:
  prepare:
    cmd: snakemake all_prepare
    deps:
    - {path: data/raw, hash: md5, md5: MD5, size: 3, nfiles: 1}
    params:
      params.yaml:
        datasets: {scan: {source: idx}}
    outs: []
"""


def test_every_value_in_the_lock_is_held_against_what_is_here(project: Path) -> None:
    Path("dvc.yaml").write_text("stages: {prepare: {cmd: snakemake all_prepare}}")
    Path("params.yaml").write_text("datasets: {scan: {source: idx}}")
    Path(f"{RAW}.dvc").unlink()
    listing = json.dumps([{"md5": hashlib.md5(b"raw").hexdigest(), "relpath": "scan.idx"}])
    sound = LOCKED.replace("MD5", hashlib.md5(listing.encode()).hexdigest() + ".dir")

    def differing(old: str, new: str) -> list[str]:
        Path("dvc.lock").write_text(sound.replace(old, new))
        return [finding.path for finding in verify.verify(Path.cwd(), None).findings]

    assert differing("", "") == []
    for old, new, path in [
        ("size: 3", "size: 2", "data/raw"),
        ("nfiles: 1", "nfiles: 3", "data/raw"),
        ("hash: md5", "hash: md4", "data/raw"),
        (".dir", ".dis", "data/raw"),
        ("idx", "idy", "dvc.lock"),
        ("cmd: s", "cmd: r", "dvc.lock"),
        ("  prepare:", "  qrepare:", "dvc.lock"),
        ("2.0", "2.1", "dvc.lock"),
        ("nfiles", "ofiles", "dvc.lock"),
        ("deps:", "depr:", "dvc.lock"),
        ("params.yaml", "params.yamm", "dvc.lock"),
    ]:
        assert differing(old, new) == [path], (old, new)


def test_a_path_in_the_lock_that_leads_nowhere_is_missing(project: Path) -> None:
    Path("dvc.lock").write_text(LOCKED.replace("data/raw", "data/rav"))
    assert "data/rav" in report()["missing"]


def test_the_cache_that_every_project_of_a_user_shares_is_hashed(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, config = tmp_path_factory.mktemp("shared"), tmp_path_factory.mktemp("config")
    shutil.copytree(".dvc/cache/files", shared / "files")
    shutil.rmtree(".dvc/cache")
    (config / "config").write_text(f"[cache]\n    dir = {shared}\n")
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(config))
    victim = next(path for path in shared.rglob("*") if path.is_file())
    flip(str(victim))
    assert named() == [str(victim)]


def test_a_config_that_dvc_cannot_read_is_named(project: Path) -> None:
    Path(".dvc/config").write_text("<<<<<<< HEAD")
    assert named() == [".dvc/config"]


def test_what_dvc_ignores_is_no_difference(project: Path) -> None:
    Path(".dvcignore").write_text("# names\n__pycache__\n.DS_Store\n")
    Path("data/runs/__pycache__").mkdir()
    Path("data/runs/__pycache__/x.pyc").write_text("x")
    Path("data/runs/.DS_Store").write_text("x")
    lock._ignored.cache_clear()
    assert named() == []


@pytest.mark.slow
def test_real_dvc_records_what_verify_reads_and_the_told_remedy_mends_it(project: Path) -> None:
    for path in (".dvc", "dvc.lock", f"{RAW}.dvc"):
        shutil.rmtree(path) if Path(path).is_dir() else Path(path).unlink()
    kept = {"persist": True}
    outs = [
        {"data/runs": kept},
        {"reports/verdicts": {"cache": False} | kept},
        {"reports/index.html": kept},
        {ledger("train"): {"cache": False} | kept},
    ]
    YAML().dump({"stages": {"all": {"cmd": "true", "outs": outs}}}, Path("dvc.yaml"))
    Path(".gitignore").unlink()
    git("rm", "-r", "--quiet", "--cached", "reports/index.html")
    git("commit", "--quiet", "--message", "Leave the page to DVC")

    def dvc(*arguments: str) -> None:
        subprocess.run([sys.executable, "-m", "dvc", *arguments, "--quiet"], check=True)

    dvc("init")
    dvc("repro")
    assert named() == []
    victim = next(path for path in Path(".dvc/cache/files").rglob("*") if path.is_file() and path.suffix != ".dir")
    mode = victim.stat().st_mode
    victim.chmod(0o644)
    flip(str(victim))
    victim.chmod(mode)
    assert named() == [str(victim)]
    victim.unlink()
    dvc("repro", "--force")
    assert victim.is_file()
    assert named() == []
