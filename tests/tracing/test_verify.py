"""A bit flipped anywhere in what is stored is found, and the file is named."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from by_dvc import RAW, record
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from chain import CLAIM, build, git, plan
from nominima.cli import app
from nominima.ground.places import VERBS, ledger
from nominima.tracing import verify

FIGURE = f"reports/figures/{CLAIM}.svg"


@pytest.fixture
def project(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work in."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.chdir(shutil.copytree(recorded, tmp_path / "project"))
    return Path.cwd()


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["verify", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def report() -> dict[str, Any]:
    return json.loads(run("--json").stdout)


def named() -> list[str]:
    return [finding["path"] for finding in report()["findings"]]


def flip(path: str, at: int = -1) -> None:
    content = bytearray(Path(path).read_bytes())
    content[at] ^= 1
    Path(path).write_bytes(content)


def test_what_is_as_recorded_is_said_to_be(project: Path) -> None:
    result = run()
    assert result.exit_code == 0
    assert "everything is here and as recorded" in result.stdout
    assert report()["notes"] == []
    assert report()["missing"] == []


STORED = [
    "data/datasets/digits.safetensors",
    "data/runs/width/w2/parameters.safetensors",
    "data/runs/width/w2/records.safetensors",
    "data/runs/width/w4/metrics.parquet",
    "data/measures/runs/width/w2/norms.parquet",
    f"reports/verdicts/{CLAIM}.json",
    "reports/verdicts/scoreboard.json",
    f"reports/figures/{CLAIM}.vl.json",
    FIGURE,
    f"reports/figures/{CLAIM}.png",
    "reports/index.html",
]


@pytest.mark.parametrize("path", STORED)
def test_a_flipped_bit_in_a_result_is_named_with_both_hashes(path: str, project: Path) -> None:
    before = after = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    for at in (0, 40, -1):
        flip(path, at)
        (finding,) = report()["findings"]
        after = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        assert (finding["path"], finding["expected"], finding["found"]) == (path, before, after)
        assert "snakemake --cores all" in finding["remedy"]
    shown = run()
    assert shown.exit_code == 1
    assert f"✘ {path}" in shown.stdout
    assert before in shown.stdout
    assert after in shown.stdout


@pytest.mark.parametrize("path", [RAW, ".snakemake/metadata/a"])
def test_a_flipped_bit_in_what_dvc_alone_records_is_named(path: str, project: Path) -> None:
    flip(path)
    assert named() == [RAW if path == RAW else ".snakemake/metadata"]


@pytest.mark.parametrize("verb", VERBS)
def test_a_flipped_bit_in_a_ledger_is_named(verb: str, project: Path) -> None:
    for at in range(1, len(Path(ledger(verb)).read_bytes()), 397):
        flip(ledger(verb), at)
        assert ledger(verb) in named(), at
        flip(ledger(verb), at)


def test_a_flipped_bit_in_every_cache_object_is_named(project: Path) -> None:
    objects = sorted(str(path) for path in Path(".dvc/cache").rglob("*") if path.is_file())
    assert len(objects) > 20
    for path in objects:
        flip(path)
    assert named() == objects


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


def test_a_forged_result_with_a_ledger_to_match_is_given_away_by_the_lock(project: Path) -> None:
    old = hashlib.sha256(Path(FIGURE).read_bytes()).hexdigest()
    flip(FIGURE, -20)
    new = hashlib.sha256(Path(FIGURE).read_bytes()).hexdigest()
    Path(ledger("report")).write_text(Path(ledger("report")).read_text().replace(old, new))
    assert {"reports/figures", ledger("report")} <= set(named())
    assert report()["notes"] == [f"not committed as it is: {ledger('report')}"]


@pytest.mark.parametrize("content", ["", "[", "stages: 3", "stages: {a: {outs: [{path: x}]}}", "\x00", "a: *b"])
@pytest.mark.parametrize("path", ["dvc.lock", f"{RAW}.dvc"])
def test_a_damaged_record_of_dvc_is_named(path: str, content: str, project: Path) -> None:
    Path(path).write_text(content)
    assert named() == [path]


def test_a_record_that_leads_out_of_the_project_is_named(project: Path) -> None:
    Path("dvc.lock").write_text("stages: {a: {outs: [{path: ../../etc/passwd, md5: x}]}}")
    assert named() == ["dvc.lock"]


def test_a_fresh_clone_is_told_once_what_to_do(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = project.parent / f"{project.name}-clone"
    git("clone", "--quiet", str(project), str(clone))
    monkeypatch.chdir(clone)
    assert report()["findings"] == []
    result = run()
    assert result.exit_code == 1
    assert result.stdout.count("make reproduce") == 1
    assert "what is here is as recorded" in result.stdout
    assert {"data/datasets/digits.safetensors", "data/runs", RAW} <= set(report()["missing"])


def test_files_that_no_ledger_tells_of_are_named(project: Path) -> None:
    Path("data/runs/width/w8").mkdir()
    Path("data/runs/width/w8/metrics.parquet").write_text("x")
    Path("reports/figures/README.md").write_text("x")
    assert "data/runs/width/w8/metrics.parquet" in named()
    assert "reports/figures/README.md" not in named()


def test_what_dvc_ignores_is_no_difference(project: Path) -> None:
    Path(".dvcignore").write_text("# names\n__pycache__\n.DS_Store\n")
    Path("data/runs/__pycache__").mkdir()
    Path("data/runs/__pycache__/x.pyc").write_text("x")
    Path("data/runs/.DS_Store").write_text("x")
    verify._ignored.cache_clear()
    assert named() == []


def test_later_verbs_that_are_out_of_date_are_named_once_each(project: Path) -> None:
    build(plan(rate=0.2), ("prepare", "train"))
    record()
    findings = report()["findings"]
    assert [finding["path"] for finding in findings] == [ledger("measure"), ledger("report")]
    assert "snakemake --cores all" in findings[0]["remedy"]


def test_what_dvc_did_not_record_yet_is_named_with_the_command_that_does(project: Path) -> None:
    build(plan(rate=0.2))
    findings = report()["findings"]
    assert {"data/runs", "data/measures", ledger("train")} <= {finding["path"] for finding in findings}
    assert all("dvc repro" in finding["remedy"] for finding in findings)


def test_without_git_or_dvc_the_ledgers_are_checked_alone(project: Path) -> None:
    shutil.rmtree(".git")
    Path("dvc.lock").unlink()
    result = report()
    assert result["findings"] == []
    assert len(result["notes"]) == 2
    flip(FIGURE)
    assert named() == [FIGURE]


def test_where_nothing_is_recorded_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "no project here" in run().stderr
    git("init", "--quiet")
    assert "nothing is recorded here" in run().stderr


def test_a_folder_in_the_place_of_a_file_is_missing(project: Path) -> None:
    Path(FIGURE).unlink()
    Path(FIGURE).mkdir()
    assert FIGURE in report()["missing"]


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
