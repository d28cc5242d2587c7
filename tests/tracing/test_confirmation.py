"""A file is never called confirmed when it is not."""

import shutil
from pathlib import Path

import pytest
from asked import FIGURE, lone, run, told, trace_of

from chain import build, commit, git, picture, plan
from nominima.tracing.artefact import embed
from nominima.tracing.trace import Trace


def test_an_edited_picture_keeps_its_trace_but_is_not_confirmed(project: Path) -> None:
    Path("../x").write_bytes(embed(picture(shade=8), "png", trace_of(FIGURE)))
    walk = told("../x")
    assert walk["standing"] == "altered"
    assert "its content is not" in walk["told"]
    assert walk["recorded_as"] is None
    assert len(walk["steps"]) == 7


def test_a_forged_record_claims_and_is_not_confirmed(project: Path) -> None:
    forged = trace_of(FIGURE).model_copy(update={"code": "ff" * 32})
    Path("../x").write_bytes(embed(picture(), "png", forged))
    walk = told("../x")
    assert walk["standing"] == "claimed"
    assert walk["steps"][0]["code"] == "ff" * 32
    assert walk["steps"][0]["commit"] is None


def test_a_forged_record_cannot_write_to_the_terminal(project: Path) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07[bold red]x[/] \u202e"
    trace = Trace(verb=evil, spec={evil: evil}, code=evil, inputs={evil: evil}, environment={evil: evil})
    Path("../x").write_bytes(embed(picture(), "png", trace))
    result = run("../x")
    assert result.exit_code == 1
    assert not set("\x1b\x07\u202e") & set(result.stdout)
    assert "[bold red]x[/]" in result.stdout


def test_what_was_never_committed_is_said_to_be_so(project: Path) -> None:
    Path("src").mkdir()
    Path("src/model.py").write_text("x = 1")
    build(plan(rate=0.2))
    walk = told(lone())
    assert walk["standing"] == "uncommitted"
    assert "not committed" in walk["told"]
    assert walk["notes"] == ["made in a working tree that may differ from every commit; now it differs in src/model.py"]
    assert walk["missing"] == {}


def test_a_project_without_git_is_read_from_its_ledgers(project: Path) -> None:
    shutil.rmtree(".git")
    walk = told(lone())
    assert walk["standing"] == "uncommitted"
    assert len(walk["steps"]) == 7
    build(plan(rate=0.2))
    assert "in no Git repository" in told(FIGURE)["told"]


def test_a_repository_without_a_commit_is_read_from_its_ledgers(project: Path) -> None:
    shutil.rmtree(".git")
    git("init", "--quiet")
    assert told(lone())["standing"] == "uncommitted"


def test_outside_of_every_project_the_file_speaks_for_itself(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = lone().resolve()
    monkeypatch.chdir(project.parent)
    walk = told(file)
    assert walk["standing"] == "claimed"
    assert "there is no project here" in walk["told"]
    assert walk["steps"][0]["inputs"] == trace_of(str(file)).inputs
    assert "no project here" in run("--code", "1a2b3c4d5e6f").stderr


def test_a_shallow_clone_says_that_history_is_cut(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = lone()
    build(plan(rate=0.2))
    commit("Raise the rate")
    git("clone", "--quiet", "--depth", "1", f"file://{project}", "../shallow")
    monkeypatch.chdir("../shallow")
    walk = told(file)
    assert walk["standing"] == "claimed"
    assert "git fetch --unshallow" in walk["told"]
