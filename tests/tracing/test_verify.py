"""A bit flipped anywhere in what is stored is found, and the file is named."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest
from by_dvc import RAW, record
from verified import flip, named, report, run

from chain import CLAIM, build, git, plan
from chain import make as make_job
from nominima.ground.places import VERBS, ledger
from nominima.planning.plan import Job
from nominima.verbs.seal import seal

FIGURE = f"reports/figures/{CLAIM}.svg"
VERDICT = f"reports/verdicts/{CLAIM}.json"


@pytest.fixture
def project(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work in."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.chdir(shutil.copytree(recorded, tmp_path / "project"))
    return Path.cwd()


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


def test_a_forged_result_with_a_ledger_to_match_is_given_away_by_the_lock(project: Path) -> None:
    old = hashlib.sha256(Path(FIGURE).read_bytes()).hexdigest()
    flip(FIGURE, -20)
    new = hashlib.sha256(Path(FIGURE).read_bytes()).hexdigest()
    Path(ledger("report")).write_text(Path(ledger("report")).read_text().replace(old, new))
    assert {"reports/figures", ledger("report")} <= set(named())
    assert report()["notes"] == [f"not committed as it is: {ledger('report')}"]


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


def test_files_that_no_ledger_names_are_told_to_be_a_persons_own(project: Path) -> None:
    Path("data/runs/width/w8").mkdir()
    Path("data/runs/width/w8/metrics.parquet").write_text("x")
    record()
    assert report()["notes"][-1] == "in no ledger, so not this pipeline's: data/runs/width/w8/metrics.parquet"
    assert named() == []


def test_lost_ledgers_and_records_are_not_taken_for_all_there_is(project: Path) -> None:
    """With three ledgers, dvc.lock and all data gone, what is left rests on files that nobody vouches for."""
    for verb in ("prepare", "train", "measure"):
        Path(ledger(verb)).unlink()
    Path("dvc.lock").unlink()
    shutil.rmtree("data")
    assert named() == [ledger("judge"), ledger("report")]
    assert "2 differ from what is recorded" in run().stdout


def test_a_raw_file_that_a_ledger_names_is_hashed_and_missed(project: Path) -> None:
    job = Job([RAW], ["data/datasets/scan.safetensors"], "{}", "c0de")
    make_job("prepare", job)
    seal("prepare", {"digits": plan()["prepare"]["digits"], "scan": job})
    Path(f"{RAW}.dvc").unlink()
    flip(RAW)
    assert ledger("prepare") in named()
    Path(RAW).unlink()
    assert RAW in report()["missing"]


def test_no_ledger_at_all_is_nothing_recorded(project: Path) -> None:
    for verb in VERBS:
        Path(ledger(verb)).unlink()
    Path("dvc.lock").unlink()
    assert "nothing is recorded here" in run().stderr


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
    assert "1 differs from what is recorded" in run().stdout


def test_where_nothing_is_recorded_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "no project here" in run().stderr
    git("init", "--quiet")
    assert "nothing is recorded here" in run().stderr


def test_a_folder_in_the_place_of_a_file_is_missing(project: Path) -> None:
    Path(FIGURE).unlink()
    Path(FIGURE).mkdir()
    assert FIGURE in report()["missing"]
