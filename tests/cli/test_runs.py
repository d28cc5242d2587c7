"""`nominima run` before it starts anything: which claims are meant. The rest: tests/pipeline/project.py."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nominima.cli import app

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("c9", "c9: no claim of params.yaml; allowed: c0a_bigger_is_better, c1a_random_points"),
        ("c", "c: no claim of params.yaml; it is the start of c0a_bigger_is_better, c1a_random_points"),
        ("c1a_random_point5", "did you mean 'c1a_random_points'?"),
    ],
)
def test_what_is_no_claim_or_several_starts_nothing(
    asked: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / "tests/pipeline/params.yaml", tmp_path / "params.yaml")
    (tmp_path / "reports/ledger").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["run", "c0a", asked])
    assert result.exit_code == 1
    assert told in result.stderr
    assert not (tmp_path / ".snakemake").exists()
