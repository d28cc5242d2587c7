"""One more of each kind is a file, its test and params: dropped into a copy of the project, nothing else touched."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from additions import ADDITIONS, TOLD, USED, WARM, WARMUP, WARMUP_TEST, Addition, Edit

ROOT = Path(__file__).parents[1]
PLAN = "from pathlib import Path; from nominima.planning.plan import Plan; from nominima.planning.reader import load; "
PLAN += "plan = Plan(load(Path('params.yaml'))); "


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what is in Git, without results."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        if not name.startswith("reports/") and (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def run(project: Path, *command: str) -> str:
    """The output of a command of Python with the source of the copy."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(project / "src"), str(project)])}
    done = subprocess.run([sys.executable, *command], cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def add(project: Path, added: Addition) -> None:
    """Drop the files and put the lines into params.yaml."""
    for name, content in added.files.items():
        (project / name).write_text(content)
    params = (project / "params.yaml").read_text()
    below, lines = added.params
    head, mark, tail = params.partition(f"\n{below}")
    rest = tail.partition("\n")
    (project / "params.yaml").write_text(f"{head}{mark}{rest[0]}\n{lines}{rest[2]}")


def test_one_more_of_each_kind_is_its_file_its_test_and_params(project: Path) -> None:
    for added in ADDITIONS.values():
        add(project, added)
    run(project, "docs/generate.py")
    assert '  c7a_moves: {"sweeps": ["sizes"]}\n' in (project / "tests/params.smoke.yaml").read_text()
    own = [name for added in ADDITIONS.values() for name in added.files if name.startswith("tests/")]
    run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", *own)
    shelf = [added.over_the_shelf for added in ADDITIONS.values() if added.over_the_shelf]
    named = ("-k", "linear or (signs and mlp) or c7a")
    told = run(project, "-m", "pytest", "-v", "-p", "no:cacheprovider", *shelf, *named)
    passed = [line.split(" PASSED")[0] for line in told.splitlines() if " PASSED" in line]
    assert {name.partition("::")[0] for name in passed} == set(shelf), "the tests over the shelf find each"
    run(project, "-c", PLAN.replace("params.yaml", "tests/params.smoke.yaml") + "assert 'c7a_moves' in plan.judge")
    planned = " + ".join(f"[{added.planned}]" for added in ADDITIONS.values())
    assert run(project, "-c", f"{PLAN}print({planned})").strip() == str([True] * len(ADDITIONS))


def edit(project: Path, its: Edit) -> None:
    """Put the lines of an edit into its file."""
    file = project / its.file
    text = file.read_text()
    assert text.count(f"\n{its.before}") == 1
    file.write_text(text.replace(f"\n{its.before}", f"\n{its.lines}{its.before}"))


def test_one_more_knob_is_a_field_the_place_that_uses_it_its_test_and_a_row_and_the_field_reruns_nothing(
    project: Path,
) -> None:
    asked = f"{PLAN}print({{f'{{verb}} {{name}}': (job.spec, job.code) for verb in ('train', 'measure', 'judge') "
    asked += "for name, job in plan.jobs(verb).items()})"
    before = ast.literal_eval(run(project, "-c", asked))
    edit(project, WARMUP)
    assert ast.literal_eval(run(project, "-c", asked)) == before
    edit(project, USED)
    after = ast.literal_eval(run(project, "-c", asked))
    assert {name: spec for name, (spec, _) in after.items()} == {name: spec for name, (spec, _) in before.items()}
    assert not any(name.startswith("judge ") for name in after if after[name] != before[name])
    edit(project, TOLD)
    (project / "tests/training/test_warmup.py").write_text(WARMUP_TEST)
    add(project, Addition({}, WARM))
    run(project, "docs/generate.py")
    assert "warmup" in (project / "workflow/schemas/params.schema.json").read_text()
    found = "[run.training.warmup for run in plan.runs.values() if run.sweep == 'warm']"
    column = "from nominima.measuring.identity import IDENTITY; "
    told = run(project, "-c", f"{PLAN}{column}print({found}, 'warmup' in IDENTITY['run'])")
    assert told.strip() == "[0.5] True", "it is a condition of every table"
    tests = (
        "training/test_warmup.py",
        "training/test_training_page.py",
        "planning/test_knobs.py",
        "judging/test_lanes.py",
        "verbs/test_measure.py::test_every_measure_of_a_run_of_every_family_keeps_its_schema[mlp]",
    )
    run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/{name}" for name in tests))
