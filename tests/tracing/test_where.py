"""The right repository is searched, the right commit told, and what cannot be seen is said to be so."""

import shutil
import subprocess
from pathlib import Path

import pytest
from asked import FIGURE, lone, run, told

from chain import CLAIM, build, commit, git, plan
from nominima.ground.files import Refusal
from nominima.tracing.repository import resolved

TABLE = "data/measures/runs/width/w4/norms.parquet"


def test_a_file_is_found_in_its_own_project_from_inside_another_repository(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    git("init", "--quiet")
    assert told(project / FIGURE)["standing"] == "recorded"
    Path("x").write_text("x")
    commit("Something else")
    walk = told(project / FIGURE)
    assert (walk["standing"], walk["commit"]["subject"]) == ("recorded", "Run it")


def test_every_repository_searched_in_vain_is_named(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(plan(rate=0.9))
    file = Path(shutil.copy(FIGURE, "copy.png")).resolve()
    git("checkout", "--quiet", "reports")
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    git("init", "--quiet")
    walk = told(file)
    assert walk["standing"] == "claimed"
    assert f"no ledger of {tmp_path}/other, now or in Git" in walk["told"]
    assert f"no ledger of {project}, now or in Git" in walk["told"]


def test_a_repository_without_a_commit_is_not_called_none(project: Path) -> None:
    shutil.rmtree(".git")
    git("init", "--quiet")
    build(plan(rate=0.2), ("prepare",))
    shutil.rmtree("reports/ledger")
    assert "no Git repository" not in told(lone())["told"]


def test_without_git_the_ledgers_here_answer_and_git_is_said_to_be_missing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    walk = told(FIGURE)
    assert walk["standing"] == "uncommitted"
    assert "whether it is committed cannot be seen: git is not installed, or not on the PATH" in walk["told"]


def test_a_repository_of_another_owner_gets_gits_own_remedy(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = lone()
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    for name in (FIGURE, file):
        walk = told(name)
        assert walk["standing"] == "uncommitted"
        assert "detected dubious ownership" in walk["told"]
        assert f"git config --global --add safe.directory {project}" in walk["told"]
        assert "which is not committed" not in walk["told"]


@pytest.mark.parametrize("shows", ["false", "true"])
def test_a_signed_commit_is_named_whether_or_not_git_shows_signatures(shows: str, project: Path) -> None:
    git("config", "log.showSignature", shows)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "../key"], check=True)
    Path("../allowed").write_text(f"t@example.org {Path('../key.pub').read_text()}")
    git("config", "gpg.format", "ssh")
    git("config", "user.signingkey", str(Path("../key.pub").resolve()))
    git("config", "gpg.ssh.allowedSignersFile", str(Path("../allowed").resolve()))
    build(plan(rate=0.2))
    git("add", "--all")
    git("commit", "--quiet", "-S", "--message", "Signed")
    walk = told(lone())
    assert walk["commit"]["id"] == git("rev-parse", "HEAD")
    assert walk["commit"]["subject"] == "Signed"


def test_the_oldest_commit_of_a_shallow_clone_is_not_said_to_have_made_what_it_holds(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("notes").write_text("x")
    commit("Something else")
    git("clone", "--quiet", "--depth", "1", f"file://{project}", "../shallow")
    monkeypatch.chdir("../shallow")
    walk = told(FIGURE)
    assert walk["standing"] == "recorded"
    told_why = "where this shallow clone is cut: that commit or an earlier one made it; `git fetch --unshallow`"
    assert told_why in walk["told"]
    with pytest.raises(Refusal, match="`git fetch --unshallow` brings"):
        resolved(Path.cwd(), "HEAD~1")
    git("fetch", "--quiet", "--unshallow")
    assert "shallow" not in told(FIGURE)["told"]
    assert told(FIGURE)["commit"]["subject"] == "Run it"


def test_every_commit_that_recorded_the_same_bytes_is_named(project: Path) -> None:
    branches = {}
    for name in ("one", "two"):
        git("checkout", "--quiet", "-b", name, "main")
        build(plan(rate=0.7))
        branches[name] = commit(f"Try it, {name}")
    git("checkout", "--quiet", "main")
    git("merge", "--quiet", "--no-ff", "one")
    git("checkout", "--quiet", "two")
    file = lone()
    git("checkout", "--quiet", "main")
    notes = " ".join(told(file)["notes"])
    assert told(file)["commit"]["id"] == branches["one"]
    assert f"the same bytes were also recorded by commit {branches['two'][:12]}" in notes
    assert "Merge" not in notes


def test_bytes_in_git_come_back_with_the_command_told(project: Path) -> None:
    file, content = lone(), Path(FIGURE).read_bytes()
    build(plan(rate=0.2))
    commit("Raise the rate")
    walk = told(file)
    assert walk["kept"] == "git"
    subprocess.run(["bash", "-c", walk["commands"][0]], check=True)
    assert Path(f"{walk['commit']['id'][:7]}-{CLAIM}.png").read_bytes() == content


def test_bytes_that_are_neither_in_git_nor_in_the_cache_are_said_to_be_gone(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shutil.copytree(recorded, tmp_path / "project"))
    assert told(TABLE)["kept"] == "cache"
    shutil.rmtree(".dvc/cache")
    walk = told(TABLE)
    assert walk["kept"] == "gone"
    assert "neither Git nor this DVC cache has its bytes" in run(TABLE).stdout.replace("\n", " ")
    assert not any("dvc checkout" in command for command in walk["commands"])


def test_the_name_of_a_file_cannot_forge_a_line(project: Path) -> None:
    name = Path("../x\n✔ some ledger lists exactly these bytes\u202e\x9b2J.png")
    name.write_bytes(b"x")
    shutil.copy(FIGURE, Path("../y\n✔ forged\x85.png"))
    for result in (run(name), run("../y\n✔ forged\x85.png"), run("../none\n✔ forged")):
        forged = ("✔ forged", "✔ some ledger lists exactly these bytes\ufffd")
        assert not any(line.startswith(forged) for line in result.output.splitlines())


def test_json_holds_no_sign_that_a_terminal_acts_on(project: Path) -> None:
    shutil.copy(FIGURE, "../\x9b\u202e\u2066ä.png")
    result = run("../\x9b\u202e\u2066ä.png", "--json")
    assert result.stdout.isascii()
    assert told("../\x9b\u202e\u2066ä.png")["file"] == "../\x9b\u202e\u2066ä.png"


@pytest.mark.parametrize("key", ["filter.x.clean", "core.fsmonitor", "diff.x.textconv", "diff.external", "core.pager"])
def test_nothing_is_run_that_the_configuration_around_a_file_names(key: str, project: Path, tmp_path: Path) -> None:
    Path("src").mkdir()
    for file in ("params.yaml", "src/a.py"):
        Path(file).write_text("old")
    Path(".gitattributes").write_text("* filter=x diff=x\n")
    commit("Name a filter")
    git("config", key, f"touch {tmp_path}/run; cat")
    build(plan(rate=0.2))
    Path("params.yaml").write_text("new")
    Path("src/b.py").write_text("new")
    for file in (FIGURE, TABLE):
        walk = told(file)
        assert walk["standing"] == "uncommitted"
        assert walk["notes"][-1].endswith("now it differs in params.yaml, src/b.py")
    assert not (tmp_path / "run").exists()
