"""`verify` holds each file's own trace against the plan, so that nothing old passes for what params.yaml asks for."""

import os
import shutil
from pathlib import Path

import pytest
from verified import flip

from chain import CLAIM, Plan, plan
from nominima.ground.places import ledger
from nominima.tracing import verify

VERDICT = f"reports/verdicts/{CLAIM}.json"


@pytest.fixture
def project(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work in."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.chdir(shutil.copytree(recorded, tmp_path / "project"))
    return Path.cwd()


def against(jobs: Plan) -> list[str]:
    return [finding.path for finding in verify.verify(Path.cwd(), jobs).findings]


def test_results_of_another_plan_are_named_once_for_each_verb(project: Path) -> None:
    assert against(plan()) == []
    changed = against(plan(rate=0.2))
    assert changed == ["data/runs/width/w4/metrics.parquet", "data/measures/runs/width/w4/norms.parquet"]
    assert against(plan(runs=("width/w2",)))[:2] == [ledger("train"), ledger("measure")]


def test_a_clone_without_data_is_held_against_the_plan_by_its_ledgers(project: Path) -> None:
    shutil.rmtree("data")
    assert against(plan()) == []
    assert against(plan(code="beef")) == [
        "data/datasets/digits.safetensors",
        "data/runs/width/w2/metrics.parquet",
        "data/measures/runs/width/w2/norms.parquet",
        VERDICT,
        f"reports/figures/{CLAIM}.png",
    ]


def test_a_damaged_file_is_named_and_not_what_rests_on_it(project: Path) -> None:
    flip("data/datasets/digits.safetensors")
    assert against(plan()) == ["data/datasets/digits.safetensors"]
