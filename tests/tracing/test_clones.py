"""A clone holds the same bytes whatever its owner's Git is set to."""

import shutil
from pathlib import Path

import pytest
from asked import FIGURE, told
from typer.testing import CliRunner

from chain import commit, git
from nominima.cli import app

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("setting", ["true", "input"])
def test_a_clone_that_converts_line_ends_is_as_recorded(
    setting: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / ".gitattributes", ".")
    Path("notes.txt").write_bytes(b"one\ntwo\n")
    commit("Say how files are kept")
    git("-c", f"core.autocrlf={setting}", "clone", "--quiet", str(project), "../clone")
    monkeypatch.chdir("../clone")
    git("config", "core.autocrlf", setting)
    assert Path("notes.txt").read_bytes() == b"one\ntwo\n"
    report = CliRunner().invoke(app, ["verify"]).stdout
    assert "✘" not in report
    assert "what is here is as recorded" in report
    assert told(FIGURE)["standing"] == "recorded"
    Path("reports/ledger/train.json").write_bytes(
        Path("reports/ledger/train.json").read_bytes().replace(b"\n", b"\r\n")
    )
    assert git("status", "--porcelain") == "M reports/ledger/train.json"
