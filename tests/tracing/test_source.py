"""Whether a commit's params.yaml and source made a result is read out of Git; nothing of another commit is ever run."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from asked import lone, run, told
from typer.testing import CliRunner

from chain import build, commit, git, picture
from nominima.cli import app
from nominima.ground.places import VERBS, ledger
from nominima.planning.digests import SOURCE
from nominima.planning.plan import Plan
from nominima.planning.reader import load

SMALL = Path(__file__).parents[1] / "pipeline/params.yaml"
FIGURE = "reports/figures/c0a_bigger_is_better.png"
SPY = "import pathlib; pathlib.Path({0!r}).write_text('run')\n"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with this source, small parameters and what they plan, in one commit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("whole"))
        git("init", "--quiet", "--initial-branch", "main")
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(SOURCE, "src/nominima", ignore=ignored)
        for lock in SOURCE.parent.parent.glob("requirements*.lock"):
            shutil.copy(lock, ".")
        shutil.copytree(SOURCE.parent.parent / "workflow/rules", "workflow/rules")
        shutil.copy(SMALL, "params.yaml")
        made()
        commit("Run it")
        return Path.cwd()


@pytest.fixture
def project(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work in."""
    monkeypatch.chdir(shutil.copytree(whole, tmp_path / "project"))
    return Path.cwd()


def made() -> None:
    plan = Plan(load(Path("params.yaml")))
    build({verb: plan.jobs(verb) for verb in VERBS})


def edit(file: str, old: str, new: str) -> None:
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new, 1))


def test_a_commit_whose_parameters_and_source_made_the_file_confirms_it(project: Path) -> None:
    source = told(lone(FIGURE))["source"]
    assert (source["same"], source["differing"]) == (True, [])
    assert "are exactly those that made it" in re.sub(r"\s+", " ", run("../x").stdout)


def test_a_commit_with_other_parameters_than_made_the_file_is_found_out(project: Path) -> None:
    edit("params.yaml", "rate: 0.01", "rate: 0.02")
    made()
    edit("params.yaml", "rate: 0.02", "rate: 0.03")
    commit("Not what was run")
    source = told(lone(FIGURE))["source"]
    assert source["same"] is False
    assert "train sizes/noisy.w4: run.training.rate: 0.02 → 0.03" in source["differing"]
    assert "made from parameters or source that are not those of commit" in source["told"]


def test_a_file_made_by_other_source_than_its_commit_has_is_found_out(project: Path) -> None:
    plan = Plan(load(Path("params.yaml")))
    other = {job: at._replace(code=at.code[:-1] + "x") for job, at in plan.train.items()}
    build({verb: plan.jobs(verb) | (other if verb == "train" else {}) for verb in VERBS})
    commit("Other source in the tree")
    source = told(lone(FIGURE))["source"]
    assert source["same"] is False
    assert set(source["differing"]) == {f"train {job}: other source" for job in other if job.startswith("si")}


@pytest.mark.parametrize(
    ("file", "old", "new", "differing"),
    [
        ("src/nominima/training/engine.py", "def fit(", "VERSION = fit = 3\n\n\ndef fit(", "train sizes/noisy.w4"),
        ("requirements.lock", "\nsafetensors==", "\nsafetensors==0.", "train sizes/noisy.w4"),
        ("workflow/rules/train.smk", "python -m", "nice python -m", "train sizes/noisy.w4"),
        ("src/nominima/claims/c0a_bigger_is_better.py", "def judge(", "X = judge = 3\n\n\ndef judge(", "judge c0a_"),
    ],
)
def test_a_file_made_by_other_source_than_its_commit_has_is_found_out_by_job(
    file: str, old: str, new: str, differing: str, project: Path
) -> None:
    edit(file, old, new)
    edit("params.yaml", "rate: 0.01", "rate: 0.02")
    made()
    commit("Other source in the tree")
    source = told(lone(FIGURE))["source"]
    assert source["same"] is False
    assert any(line.startswith(differing) and line.endswith(": other source") for line in source["differing"])
    assert not any("rate" in line for line in source["differing"])


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("planning/plan.py", "self.params.runs()", "dict(self.params.runs())"),
        ("planning/workplace.py", '"MKL_DYNAMIC": "FALSE"', '"MKL_DYNAMIC": "TRUE"'),
        ("claims/c1a_random_points.py", "MEASURES = (", 'MEASURES = ("norms", '),
        ("measures/norms.py", 'OF = "run"', 'OF = "run"\nAPART = True'),
    ],
)
def test_a_commit_that_plans_in_another_way_leaves_the_question_open(
    file: str, old: str, new: str, project: Path
) -> None:
    edit(f"src/nominima/{file}", old, new)
    edit("params.yaml", "rate: 0.01", "rate: 0.02")
    made()
    edit("params.yaml", "rate: 0.02", "rate: 0.03")
    commit("Another way to plan")
    source = told(lone(FIGURE))["source"]
    assert (source["same"], source["differing"]) == (None, [])
    assert "is not answered: it plans in another way than this program" in source["told"]


@pytest.mark.parametrize("content", [b"def fit(", b"\xff\xfe", b"\0", None])
def test_a_commit_whose_source_cannot_be_read_did_not_make_it(content: bytes | None, project: Path) -> None:
    file = Path("src/nominima/training/engine.py")
    file.write_bytes(content) if content else file.unlink()
    edit("params.yaml", "rate: 0.01", "rate: 0.02")
    made()
    commit("No source")
    source = told(lone(FIGURE))["source"]
    assert source["same"] is False
    assert "train sizes/noisy.w4: other source" in source["differing"]


def test_a_commit_that_has_its_source_elsewhere_leaves_the_question_open(project: Path) -> None:
    Path("src/nominima/planning").rename("src/nominima/plans")
    edit("params.yaml", "rate: 0.01", "rate: 0.02")
    made()
    commit("Another layout")
    source = told(lone(FIGURE))["source"]
    assert source["same"] is None
    assert "it plans in another way than this program" in source["told"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (None, "it has no params.yaml"),
        ("a: [", "params.yaml:1:5"),
        ("a: 1", "missing; every"),
        ("#" * 2_000_000, "a file of 2000000 bytes"),
    ],
)
def test_a_commit_whose_parameters_cannot_be_read_says_why(params: str | None, message: str, project: Path) -> None:
    edit("params.yaml", "rate: 0.01", "rate: 0.02")
    made()
    Path("params.yaml").write_text(params) if params else Path("params.yaml").unlink()
    commit("Other parameters")
    walk = told(lone(FIGURE))
    assert (walk["standing"], walk["source"]["same"]) == ("recorded", None)
    assert "is not answered" in walk["source"]["told"]
    assert message in walk["source"]["told"]


def test_nothing_of_a_branch_that_was_only_fetched_is_run_and_its_bytes_are_not_those_of_head(project: Path) -> None:
    spy = project.parent / "spy"
    file = lone(FIGURE)
    file.write_bytes(picture(shade=9))
    git("checkout", "--quiet", "-b", "attacker")
    report = json.loads(Path(ledger("report")).read_text())
    report["jobs"]["c0a_bigger_is_better"]["outputs"][FIGURE] = hashlib.sha256(file.read_bytes()).hexdigest()
    Path(ledger("report")).write_text(json.dumps(report))
    for module in Path("src").rglob("*.py"):
        module.write_text(SPY.format(str(spy)) + module.read_text())
    Path("src/sitecustomize.py").write_text(SPY.format(str(spy)))
    branch = commit("Fix a typo")
    git("checkout", "--quiet", "main")
    walk = told(file)
    assert (walk["standing"], walk["commit"]["id"], walk["current"]) == ("recorded", branch, False)
    assert walk["source"]["same"] is None
    assert "attacker" in " ".join(walk["notes"])
    assert "still so at HEAD" not in run(file).stdout
    assert not spy.exists()


def test_verdicts_that_are_not_of_the_params_and_the_source_are_said_to_be_so(project: Path) -> None:
    board = Path("reports/verdicts/scoreboard.json")
    board.write_text(json.dumps({"standings": [], "trace": json.loads(board.read_text())["trace"]}))
    assert "note" not in verdicts()
    edit("params.yaml", "rate: 0.01", "rate: 0.02")
    assert "note: params.yaml or the source ask for other results by now (train, measure); `snake" in verdicts()
    Path(ledger("prepare")).unlink()
    assert "by now (prepare, train, measure)" in verdicts()


def verdicts() -> str:
    shown = CliRunner().invoke(app, ["verdicts"])
    assert shown.exit_code == 0
    return shown.stderr
