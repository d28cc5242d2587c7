"""A lone file is walked back to what made it."""

import shutil
from pathlib import Path

import pytest
from asked import FIGURE, lone, run, told, trace_of

from chain import CLAIM, ENVIRONMENT, build, commit, git, picture, plan
from nominima.ground.files import Refusal
from nominima.ground.places import ledger
from nominima.tracing.history import Source
from nominima.tracing.ledger import Entry, Ledger

KINDS = [
    FIGURE,
    f"reports/figures/{CLAIM}.svg",
    f"reports/figures/{CLAIM}.vl.json",
    "reports/index.html",
    f"reports/verdicts/{CLAIM}.json",
    "data/measures/runs/width/w4/norms.parquet",
    "data/runs/width/w4/parameters.safetensors",
    "data/runs/width/w4/metrics.parquet",
    "data/datasets/digits.safetensors",
]


@pytest.mark.parametrize("name", KINDS)
def test_a_moved_and_renamed_file_of_any_kind_is_walked_to_the_data(name: str, project: Path) -> None:
    walk = told(lone(name))
    assert (walk["standing"], walk["recorded_as"], walk["current"]) == ("recorded", name, True)
    assert walk["commit"]["id"] == git("rev-parse", "HEAD")
    assert walk["steps"][-1]["outputs"].keys() == {"data/datasets/digits.safetensors"}
    assert walk["missing"] == {}


def test_a_figure_names_every_step_with_its_exact_parameters(project: Path) -> None:
    walk = told(lone())
    assert [(step["verb"], step["job"]) for step in walk["steps"]] == [
        ("report", CLAIM),
        ("judge", CLAIM),
        ("measure", "runs/width/w2"),
        ("measure", "runs/width/w4"),
        ("train", "width/w2"),
        ("train", "width/w4"),
        ("prepare", "digits"),
    ]
    assert walk["steps"][5]["spec"]["run"]["training"] == {"rate": 0.1, "size": 4}
    assert walk["steps"][5]["environment"] == ENVIRONMENT
    assert walk["trace"] == trace_of(FIGURE).key


def test_a_figure_made_before_the_parameters_changed_is_walked_to_the_old_ones(project: Path) -> None:
    file, old = lone(), git("rev-parse", "HEAD")
    for rate in (0.2, 0.3):
        build(plan(rate=rate))
        commit(f"Rate {rate}")
    walk = told(file)
    assert (walk["standing"], walk["current"], walk["commit"]["id"]) == ("recorded", False, old)
    assert walk["commit"]["subject"] == "Run it"
    assert next(step for step in walk["steps"] if step["job"] == "width/w4")["spec"]["run"]["training"]["rate"] == 0.1
    assert walk["since"] == ["train width/w4: run.training.rate: 0.1 → 0.3"]


def test_what_came_back_unchanged_is_credited_to_the_first_commit(project: Path) -> None:
    file, old = lone(), git("rev-parse", "HEAD")
    for rate in (0.2, 0.1):
        build(plan(rate=rate))
        commit(f"Rate {rate}")
    walk = told(file)
    assert (walk["commit"]["id"], walk["current"]) == (old, True)


def test_steps_are_found_in_the_commits_that_recorded_them(project: Path) -> None:
    """The figure was recorded when the trajectories had moved on already."""
    shutil.rmtree(".git")
    git("init", "--quiet")
    Path(ledger("report")).rename("../report.json")
    first = commit("All but the report")
    build(plan(rate=0.2), ("prepare", "train"))
    Path("../report.json").rename(ledger("report"))
    second = commit("The report beside later trajectories")
    walk = told(lone())
    assert walk["commit"]["id"] == second
    assert {step["job"]: step["commit"] for step in walk["steps"] if step["verb"] == "train"} == {
        "width/w2": second,
        "width/w4": first,
    }
    assert walk["missing"] == {}
    assert first[:12] in run("../x").stdout


def test_a_commit_of_another_branch_is_found(project: Path) -> None:
    git("checkout", "--quiet", "-b", "trial")
    build(plan(rate=0.7))
    other = commit("Try another rate")
    file = lone()
    git("checkout", "--quiet", "main")
    assert told(file)["commit"]["id"] == other


def test_a_file_from_another_repository_claims_and_is_not_confirmed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = project.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    git("init", "--quiet")
    build(plan(rate=0.9))
    commit("Theirs")
    file = lone()
    monkeypatch.chdir(project)
    walk = told(file)
    assert walk["standing"] == "claimed"
    assert walk["commit"] is None
    assert "not confirmed: no ledger of" in walk["told"]
    assert walk["steps"][0]["spec"] == {"figure": CLAIM}
    assert "data/measures/runs/width/w4/norms.parquet" in walk["missing"]
    assert "data/measures/runs/width/w2/norms.parquet" not in walk["missing"]  # this one is the same in both


def test_a_file_in_its_own_project_is_found_from_outside(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.parent)
    assert told(project / FIGURE)["standing"] == "recorded"


def test_a_stripped_figure_is_unknown_but_its_printed_code_is_not(project: Path) -> None:
    key = trace_of(FIGURE).key
    Path("../x").write_bytes(picture())
    walk = told("../x")
    assert walk["standing"] == "unknown"
    assert "nominima trace --code" in walk["told"]
    for code in (key, key[:7], f" {key.upper()} "):
        walk = told("--code", code)
        assert (walk["standing"], walk["steps"][0]["job"]) == ("recorded", CLAIM)
    assert walk["commit"]["subject"] == "Run it"


def test_a_code_of_earlier_parameters_is_found(project: Path) -> None:
    key = trace_of(FIGURE).key
    build(plan(rate=0.2))
    commit("Raise the rate")
    assert told("--code", key)["since"] == ["train width/w4: run.training.rate: 0.1 → 0.2"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("000000000000", "no ledger of"),
        ("12345", "no trace code"),
        ("1234567890123", "no trace code"),
        ("--all--", "no trace code"),
        ("[red]abc", "[red]abc"),
    ],
)
def test_a_wrong_code_is_refused(code: str, message: str, project: Path) -> None:
    result = run("--code", code)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_codes_with_the_same_start_are_told_apart() -> None:
    empty = {"spec": {}, "code": "", "inputs": {}, "environment": "", "outputs": {}}
    entries = {name: Entry.model_validate(empty | {"trace": f"abcdef00000{name}"}) for name in "12"}
    source = Source(None, {"train": Ledger.model_construct(verb="train", environments={}, jobs=entries)})
    found = source.by_key("abcdef000002")
    assert found is not None
    assert found.job == "2"
    with pytest.raises(Refusal, match="abcdef is the start of more than one: abcdef000001, abcdef000002"):
        source.by_key("abcdef")
