"""The digest of all that a job executes: the same in every Python, other after an edit that counts, and only then."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nominima.ground.places import VERBS
from nominima.ground.texts import canonical
from nominima.planning import digests
from nominima.planning.params import Changes
from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.planning.run import apart, together

ROOT = Path(__file__).parents[2]
PLAN = Plan(load(ROOT / "tests/pipeline/params.yaml"))
JOBS = {f"{verb} {name}": job for verb in VERBS for name, job in PLAN.jobs(verb).items()}
ROOTS = {name: job.code.partition("@")[0].split("+") for name, job in JOBS.items()}
JUDGED = {name for name in ROOTS if name.startswith("judge ")}
TRAINED = {name for name in ROOTS if name.startswith("train ")}
MEASURED = {name for name in ROOTS if name.startswith("measure ")}
PREPARED = {name for name in ROOTS if name.startswith("prepare ")}
SETTING = "\nimport torch\n\ntorch.set_default_dtype(torch.float64)\n"


def interpreters() -> list[str]:
    """Every other Python ≥ 3.11 of this machine, one for each minor version."""
    named = [shutil.which(f"python3.{minor}") for minor in range(11, 20)]
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found = [path for path in sorted(home.glob("*/bin/python3.[0-9]*")) if path.name[-1].isdigit()]
    versions: dict[str, str] = {}
    for path in filter(None, [*map(str, found), *named]):
        if subprocess.run([path, "-c", ""], capture_output=True).returncode == 0:
            versions.setdefault(Path(path).name, path)
    versions.pop(f"python3.{sys.version_info.minor}", None)
    return [path for name, path in sorted(versions.items()) if int(name.partition(".")[2]) >= 11]


def test_every_version_of_python_gives_the_same_digest() -> None:
    others = interpreters()
    if not others:
        pytest.skip("no other Python is installed here")
    roots = ["cli", *(f"verbs.{file.stem}" for file in (ROOT / "src/nominima/verbs").glob("[a-z]*.py"))]
    rooms = ("claims", "measures", "models", "optimizers", "datasets", "landscape")
    roots += [f"{shelf}.{file.stem}" for shelf in rooms
              for file in sorted((ROOT / "src/nominima" / shelf).glob("[a-z]*.py"))]  # fmt: skip
    asked = f"from nominima.planning import digests; print(digests.code(*{roots!r}))"
    environment = {"PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    for python in others:
        done = subprocess.run([python, "-c", asked], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == digests.code(*roots), python


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The source, the rules and the locks, to be edited."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src/nominima", tmp_path / "src/nominima", ignore=ignored)
    shutil.copytree(ROOT / "workflow", tmp_path / "workflow", ignore=ignored)
    for lock in ROOT.glob("requirements*.lock"):
        shutil.copy(lock, tmp_path)
    return tmp_path


def changed(checkout: Path) -> set[str]:
    """The jobs whose code is other than in this checkout."""
    there = checkout / "src/nominima"
    return {name for name, roots in ROOTS.items() if digests.code(*roots, source=there) != digests.code(*roots)}


def edit(checkout: Path, file: str, old: str, new: str) -> None:
    path = checkout / file
    text = path.read_text()
    assert old in text, f"{old!r} is not in {file}"
    path.write_text(text.replace(old, new, 1))


def append(checkout: Path, file: str, text: str) -> None:
    path = checkout / file
    path.write_text(path.read_text() + text)


def test_a_copy_elsewhere_has_the_same_digests(checkout: Path) -> None:
    assert changed(checkout) == set()


def test_the_command_of_a_rule_counts_for_its_jobs(checkout: Path) -> None:
    edit(checkout, "workflow/rules/train.smk", "@{params.arguments}", "-v @{params.arguments}")
    edit(checkout, "workflow/rules/judge.smk", "    shell:", "    # a comment\n    shell:\n")
    assert changed(checkout) == TRAINED


@pytest.mark.parametrize(("package", "verbs"), [("", VERBS), ("training/", ("prepare", "train", "measure"))])
def test_what_a_package_does_when_it_is_imported_counts_for_all_that_import_it(checkout, package, verbs) -> None:
    append(checkout, f"src/nominima/{package}__init__.py", SETTING)
    assert {name.split()[0] for name in changed(checkout)} == set(verbs)
    assert changed(checkout) >= TRAINED | PREPARED


def test_the_environment_that_the_workflow_sets_counts_for_all_jobs(checkout: Path) -> None:
    edit(checkout, "src/nominima/planning/workplace.py", '":4096:8"', '":16:8"')
    assert changed(checkout) == set(ROOTS)


@pytest.mark.parametrize(("library", "data"), [("mnist1d", "mnist1d"), ("scikit-learn", "digits")])
def test_the_version_of_a_data_sets_generator_counts_for_that_data_set(checkout, library, data) -> None:
    lock = checkout / "requirements.lock"
    lock.write_text(re.sub(rf"^{library}==", f"{library}==9", lock.read_text(), flags=re.MULTILINE))
    assert {name for name in changed(checkout) if name in PREPARED} == {f"prepare {data}"}


def test_what_a_package_exports_on_first_use_is_followed(checkout: Path) -> None:
    append(checkout, "src/nominima/measures/norms.py", "\n\nfrom nominima import ends\n\nUSED = ends\n")
    before = changed(checkout)
    other = checkout.parent / "other"
    shutil.copytree(checkout, other)
    edit(other, "src/nominima/landscape/ritz.py", "import numpy as np", "import numpy as np\n\nnp.seterr(all='raise')")
    assert all("norms" in " ".join(ROOTS[name]) for name in before - JUDGED)
    roots = ROOTS["measure runs/sizes/noisy.w2"]
    first, second = (digests.code(*roots, source=place / "src/nominima") for place in (checkout, other))
    assert first != second


def test_a_template_counts_for_the_page(checkout: Path) -> None:
    append(checkout, "src/nominima/verbs/page.html", "<!-- another -->")
    assert changed(checkout) == {"report page"}


def test_two_functions_of_one_name_exchanged_count(checkout: Path) -> None:
    for file in ("one", "two"):
        (checkout / f"src/nominima/training/{file}.py").write_text(f"def made() -> str:\n    return {file!r}\n")
    imports = "\nfrom nominima.training import one, two\nfrom nominima.training.{} import made\n"
    using = f"{imports}\nMADE = one.made, two.made, made\n"
    file = checkout / "src/nominima/models/mlp.py"
    text = file.read_text()
    found = set()
    for name in ("one", "two"):
        file.write_text(text + using.format(name))
        place = shutil.copytree(checkout, checkout.parent / f"{checkout.name}-{name}")
        found.add(digests.code("models.mlp", source=place / "src/nominima"))
    assert len(found) == 2


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("drawing/theme.py", '"#d9d9d9"', '"#d0d0d0"'),
        ("drawing/charts.py", "height", "height "),
        ("tracing/job.py", "ended", "finished"),
        ("tracing/artefact.py", "64 * 2**20", "65 * 2**20"),
        ("training/dataset.py", "not a data set", "no data set"),
        ("training/engine.py", "there is no CUDA device here", "no CUDA device is here"),
        ("verbs/train.py", "kept rate", "the rate kept is"),
        ("verbs/train.py", "stop by validation loss", "the stop by validation loss is"),
        (
            "planning/run.py",
            "    batch:",
            "    warmup: NonNegative = Field(default=0.0, description='none')\n    batch:",
        ),
        ("planning/run.py", "examples a step", "examples of a step"),
        ("models/mlp.py", "import torch", "import torch  # the library"),
        ("models/mlp.py", '"""', '"""Another docstring. '),
    ],
)
def test_colours_charts_messages_comments_and_new_knobs_rerun_no_training_and_no_judgement(
    checkout, file, old, new
) -> None:
    path = checkout / "src/nominima" / file
    if old in path.read_text():
        edit(checkout, f"src/nominima/{file}", old, new)
    else:
        append(checkout, f"src/nominima/{file}", "\n# a comment\n")
    assert not changed(checkout) & (PREPARED | TRAINED | MEASURED | JUDGED)


def test_pictures_that_are_drawn_otherwise_are_not_judged_again(checkout: Path) -> None:
    name = "c1a_random_points"
    append(checkout, f"src/nominima/claims/{name}.py", "\n\ndef _unused() -> None:\n    pass\n")
    edit(checkout, f"src/nominima/claims/{name}.py", '"Laws with finite variance"', '"Laws with a variance"')
    assert changed(checkout) == {f"report {name}", f"report {name}.detail"}


def test_a_claim_has_a_card_and_a_detail_picture_each_made_by_a_job_of_its_own() -> None:
    name = next(iter(PLAN.params.claims))
    card, detail = PLAN.report[name], PLAN.report[f"{name}.detail"]
    assert (json.loads(card.spec), json.loads(detail.spec)) == ({"figure": name}, {"detail": name})
    assert card.outputs == [f"reports/figures/{name}.{kind}" for kind in ("vl.json", "svg", "png")]
    assert detail.outputs == [f"reports/figures/{name}.detail.{kind}" for kind in ("vl.json", "svg", "png")]
    assert (detail.inputs, detail.code) == (card.inputs, card.code)
    assert {card.outputs[1], detail.outputs[1]} <= set(PLAN.report["page"].inputs)
    assert "scoreboard.detail" not in PLAN.report


def planned(**changes: object) -> dict[str, str]:
    """The specs of a plan whose base training is changed."""
    params = PLAN.params
    training = params.training.model_copy(update=changes)
    plan = Plan(params.model_copy(update={"training": training}))
    return {f"{verb} {name}": job.spec for verb in VERBS for name, job in plan.jobs(verb).items()}


def test_a_default_written_out_is_no_other_spec() -> None:
    assert planned(noise=0.0, dropout=0.0, model_options={"depth": 2}, optimizer_options={}) == planned()
    assert planned(dropout=0.1) != planned()
    assert planned(model_options={"depth": 1}) != planned()


def test_a_default_written_out_in_a_sweep_is_no_other_job() -> None:
    def jobs(**changes: object) -> list[dict[str, object]]:
        sweep = PLAN.params.sweeps["sizes"]
        told = Changes.model_validate(sweep.changes.model_dump(exclude_unset=True) | changes)
        sweeps = PLAN.params.sweeps | {"sizes": sweep.model_copy(update={"changes": told})}
        plan = Plan(PLAN.params.model_copy(update={"sweeps": sweeps}))
        return [{**plan.jobs(verb)} for verb in VERBS]

    assert jobs(dropout=0, model_options={"depth": 2}) == jobs()
    assert jobs(dropout=0.1) != jobs()


def test_no_knob_at_its_default_stands_in_a_spec() -> None:
    told = json.loads(planned()["train sizes/noisy.w2"])["run"]
    assert told["training"].keys() == {
        "dataset", "noise", "model", "size", "optimizer", "rate", "batch", "steps", "first_seed", "seeds",
    }  # fmt: skip


def test_the_runs_of_a_spec_are_those_it_was_made_of() -> None:
    for runs in PLAN.stacks.values():
        assert apart(json.loads(canonical(together(runs)))) == runs


@pytest.mark.parametrize(
    ("file", "old", "new", "rerun"),
    [
        ("planning/run.py", "gain: Positive = Field(default=1.0", "gain: Positive = Field(default=1.5", TRAINED),
        ("models/mlp.py", "depth: Natural = 2", "depth: Natural = 3", TRAINED | {"measure runs/single/base"}),
    ],
)
def test_a_default_changed_in_the_source_counts(checkout, file, old, new, rerun) -> None:
    edit(checkout, f"src/nominima/{file}", old, new)
    assert rerun <= changed(checkout)
    assert not changed(checkout) & (PREPARED | JUDGED)
