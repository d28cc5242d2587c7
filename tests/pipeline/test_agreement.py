"""Snakemake and DVC never disagree: one edit reruns exactly what depends on it, whichever of the two is asked."""

import json
from collections.abc import Callable

import pytest
from project import AFTER_RATE, CLAIMS_ON_SIZES, RATE, Project, above, flip, jobs

pytestmark = pytest.mark.slow
APART = "measure_runs_followers_APART_tangentUgaps data/measures/runs/followers/base/slow/tangent_gaps.parquet"


def test_a_built_project_is_clean_for_both_and_a_flipped_bit_is_named(project: Project) -> None:
    project.assert_clean()
    assert "nothing to commit" in project.run("git", "status")
    victim = project.root / "data/runs/sizes/noisy.w4/parameters.safetensors"
    flip(victim, at=-1)
    told = project.run("nominima", "verify", check=False)
    assert "exit code 1" in told
    assert "noisy.w4/parameters.safetensors" in told.replace("\n", "")


def test_one_rate_edited_reruns_what_depends_on_it_even_if_touched_and_either_revision_is_clean(
    project: Project,
) -> None:
    older, before = project.run("git", "rev-parse", "HEAD").split()[0], project.ledgers()
    project.edit("params.yaml", *RATE)
    project.snakemake("--touch")
    assert jobs(project.snakemake("--dry-run")) == AFTER_RATE
    (project.root / "mine").mkdir()
    (project.root / "mine/config.yaml").write_text("touch: true\n")
    output = project.run("env", "SNAKEMAKE_PROFILE=mine", "dvc", "repro", check=False)
    assert "reports/ledger/train.json: not that of params.yaml" in output
    assert "rate: 1e-05" not in (project.root / "dvc.lock").read_text()
    assert jobs(project.run("dvc", "repro")) == AFTER_RATE, "what is touched is made again and never recorded"
    project.assert_clean()
    newer, after = project.commit(), project.ledgers()
    for revision, ledgers in ((older, before), (newer, after)):
        project.run("git", "checkout", "-q", revision)
        project.run("dvc", "checkout")
        project.assert_clean()
        assert project.ledgers() == ledgers


def test_a_failed_seal_is_not_forgotten_and_in_the_end_all_that_depends_on_an_edit_is_made_once(
    project: Project,
) -> None:
    """A run from which others start is changed, a size is removed, and a person's own files lie about."""
    own, ledgers = ["data/measures/NOTES.md", "reports/figures/my_talk_version.png"], project.ledgers()
    for name in own:
        (project.root / name).write_text("mine")
    project.edit("params.yaml", "{dataset: digits}", "{dataset: digits, batch: 25}")
    project.edit("params.yaml", "        w8: {size: 8}\n", "")
    project.edit(
        "src/nominima/verbs/seal.py", "    try:\n        print(seal(", "    os.abort()\n    try:\n        print(seal("
    )
    tried = [project.snakemake(check=False), project.run("dvc", "repro", check=False)]
    assert "exit code 1" in tried[0]
    assert "exit code 0" not in tried[1]
    assert "Nothing to be done" not in tried[1].split("Running stage 'train'")[1]
    assert project.ledgers() == ledgers
    project.run("git", "checkout", "-q", "src")
    tried.append(project.run("dvc", "repro"))
    made = [job for output in tried for job in jobs(output)]
    assert len(made) == len(set(made)), "nothing finished is lost"
    assert set(made) == above(CLAIMS_ON_SIZES) | {
        "train_single data/runs/single/base/parameters.safetensors",
        "train_followers data/runs/followers/base/slow/parameters.safetensors",
        "measure_runs_single data/measures/runs/single/base/learning_curve.parquet",
        "measure_runs_followers data/measures/runs/followers/base/slow/norms.parquet",
        APART,
    }
    assert not (project.root / "data/runs/sizes/noisy.w8").exists()
    assert not (project.root / "data/measures/runs/sizes/noisy.w8").exists()
    assert "noisy.w8" not in (project.root / "reports/ledger/train.json").read_text()
    for name in own:
        assert all(f"left alone, since no job makes it: {name}" in output for output in tried)
        assert (project.root / name).read_text() == "mine"
    project.assert_clean()


def test_a_colour_and_the_command_of_a_rule_rerun_what_is_made_with_them(project: Project) -> None:
    project.edit("src/nominima/drawing/theme.py", '"#d9d9d9"', '"#d8d8d8"')
    assert {job.split()[0] for job in jobs(project.snakemake("--dry-run"))} == {"figure", "detail", "page"}
    project.run("git", "checkout", "-q", "src")
    project.edit("workflow/rules/measure.smk", "python -m", "python -B -m")
    ran = {job.split()[0].partition("_")[0] for job in jobs(project.snakemake("--dry-run"))}
    assert ran == {"measure", "judge", "scoreboard", "figure", "detail", "page", "metrics"}


def test_a_comment_or_docstring_reruns_nothing_and_one_claim_edited_is_judged_again_and_nothing_else(
    project: Project,
) -> None:
    project.edit("src/nominima/verbs/train.py", '"""', '"""Another docstring. ')
    project.edit("src/nominima/models/mlp.py", "import torch", "import torch  # a comment")
    measures = project.root / "src/nominima/measures"
    for name in ("tangent_gaps", "norms"):
        text = (measures / f"{name}.py").read_text()
        (measures / f"{name}.py").write_text(text + "\nmeasure = measure\n")
        ran = jobs(project.snakemake("--dry-run"))
        assert (APART in ran) == (name == "tangent_gaps"), (
            "a measure apart, and those beside it, have jobs of their own"
        )
        assert any(job.startswith("measure_runs_followers ") for job in ran) == (name == "norms")
        (measures / f"{name}.py").write_text(text)
    file = project.root / "src/nominima/claims/c1a_random_points.py"
    file.write_text(file.read_text() + "\nUNUSED = 1\n")
    assert jobs(project.snakemake("--dry-run")) == set()
    file.write_text(file.read_text() + "\njudge = judge\n")
    assert jobs(project.run("dvc", "repro")) == above({"c1a_random_points"})
    project.assert_clean()


def test_a_clone_pulls_is_clean_and_reruns_exactly_what_an_edit_asks_for(
    project: Project, clone: Callable[[Project], Project]
) -> None:
    project.run("dvc", "remote", "add", "-d", "shelf", str(project.root.parent / "remote"))
    project.run("dvc", "push")
    project.commit()
    theirs = clone(project)
    theirs.run("dvc", "pull")
    theirs.assert_clean()
    theirs.edit("params.yaml", *RATE)
    assert jobs(theirs.snakemake("--dry-run")) == AFTER_RATE


def test_an_experiment_elsewhere_reruns_only_what_it_changes(project: Project) -> None:
    output = project.run("dvc", "exp", "run", "--temp", "-S", "+sweeps.sizes.axes.size.w4.rate=1e-05")
    assert jobs(output) == AFTER_RATE
    project.assert_clean()
    project.run("dvc", "exp", "apply", project.run("dvc", "exp", "list", "--name-only").split()[-4])
    assert '"rate": 1e-05' in (project.root / "reports/ledger/train.json").read_text()
    project.assert_clean()


def test_a_lone_picture_leads_back_to_commit_parameters_and_source(project: Project) -> None:
    picture = project.root.parent / "lone picture"
    picture.write_bytes((project.root / "reports/figures/c0a_bigger_is_better.png").read_bytes())
    commit = project.run("git", "rev-parse", "HEAD").split()[0]
    project.edit("params.yaml", *RATE)
    project.commit()
    told = json.loads(project.run("nominima", "trace", "--json", str(picture)).rpartition("\nexit code")[0])
    assert (told["standing"], told["commit"]["id"]) == ("recorded", commit)
    assert told["source"]["same"] is True
