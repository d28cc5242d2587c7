"""DVC's configuration decides where the cache is, and a damaged one is a sentence."""

import json
import shutil
from pathlib import Path

import pytest
from asked import told
from typer.testing import CliRunner

from nominima.cli import app

TABLE = "data/measures/runs/width/w4/norms.parquet"


@pytest.fixture
def project(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(shutil.copytree(recorded, tmp_path / "project"))
    return Path.cwd()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[cache]\n<<<<<<< HEAD\n    type = copy\n=======\n    type = reflink\n>>>>>>> b\n", "Parsing failed"),
        (b"[cache]\n    type = copy\n[cache]\n", "Duplicate section name"),
        (b"\xff\xfe[\0c\0", "'utf-8' codec can't decode byte 0xff"),
        (b"[cache]\n    dir = 'x'\n    never = 1\n", "extra keys not allowed"),
    ],
)
def test_a_damaged_configuration_is_told_in_dvcs_words(content: bytes, reason: str, project: Path) -> None:
    Path(".dvc/config").write_bytes(content)
    result = CliRunner().invoke(app, ["verify", "--json"])
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    (found,) = [each for each in json.loads(result.stdout)["findings"] if each["path"] == ".dvc/config"]
    assert f".dvc/config: config file error: {reason}" in found["found"]
    assert "`git checkout -- .dvc/config`" in found["remedy"]


@pytest.mark.parametrize("file", [".dvc/config", ".dvc/config.local"])
def test_a_cache_that_lies_elsewhere_is_found(file: str, project: Path) -> None:
    Path(".dvc/cache").rename("../100%")
    Path(file).write_text("[cache]\n    dir = ../../100%\n")
    assert told(TABLE)["kept"] == "cache"
