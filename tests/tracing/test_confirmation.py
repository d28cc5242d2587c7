"""A file is never called confirmed when it is not."""

import json
import shutil
from pathlib import Path

import pytest
from asked import FIGURE, lone, run, told, trace_of

from chain import build, commit, git, picture, plan
from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.tracing.artefact import embed
from nominima.tracing.source import main
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
    assert "no Git repository" in told("../x")["told"]


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


def with_source(params: str, source: str = "import sys; print(open(sys.argv[1]).read())") -> None:
    """The project with a source that plans what params.yaml says."""
    Path("src/nominima/tracing").mkdir(parents=True)
    Path("src/nominima/__init__.py").write_text("")
    Path("src/nominima/tracing/source.py").write_text(source)
    Path("params.yaml").write_text(params)
    commit("Add the source")


def planned(rate: float) -> str:
    return json.dumps(
        {verb: {name: [job.spec, job.code] for name, job in jobs.items()} for verb, jobs in plan(rate).items()}
    )


def test_a_commit_whose_source_and_parameters_made_the_file_confirms_it(project: Path) -> None:
    build(plan(rate=0.2))
    with_source(planned(0.2))
    source = told(lone())["source"]
    assert (source["same"], source["differing"]) == (True, [])


def test_a_commit_made_with_other_parameters_in_the_tree_is_found_out(project: Path) -> None:
    build(plan(rate=0.2, code="beef"))
    with_source(planned(0.25))
    source = told(lone())["source"]
    assert source["same"] is False
    assert "train width/w4: run.training.rate: 0.2 → 0.25" in source["differing"]
    assert "prepare digits: other source" in source["differing"]
    assert "made from parameters or source that are not those of commit" in run("../x").stdout


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise ValueError('old')", "do not run here: ValueError: old"),
        ("print('{')", "give no plan"),
        (None, "has no src"),
    ],
)
def test_a_commit_whose_source_cannot_be_asked_says_why(source: str | None, message: str, project: Path) -> None:
    build(plan(rate=0.2))
    if source is None:
        commit("Without a source")
    else:
        with_source("{}", source)
    walk = told(lone())
    assert (walk["standing"], walk["source"]["same"]) == ("recorded", None)
    assert message in walk["source"]["told"]


def test_this_source_tells_what_it_plans(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    smoke = Path(__file__).parents[1] / "params.smoke.yaml"
    monkeypatch.setattr("sys.argv", ["source", str(smoke)])
    main()
    jobs = Plan(load(smoke)).train
    assert json.loads(capsys.readouterr().out)["train"] == {name: [job.spec, job.code] for name, job in jobs.items()}
