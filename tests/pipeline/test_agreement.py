"""Snakemake and DVC never disagree: one edit reruns exactly what depends on it, whichever of the two is asked."""

import json
from collections.abc import Callable

import pytest
from project import AFTER_RATE, CLAIMS_ON_SIZES, RATE, Project, above, jobs

pytestmark = pytest.mark.slow
APART = "measure_runs_followers_APART_tangentUgaps data/measures/runs/followers/base/slow/tangent_gaps.parquet"


def test_a_built_project_is_clean_for_both(project: Project) -> None:
    project.assert_clean()
    assert "nothing to commit" in project.run("git", "status")


def test_one_rate_edited_reruns_what_depends_on_it_by_dvc_and_either_revision_is_clean(project: Project) -> None:
    older, before = project.run("git", "rev-parse", "HEAD").split()[0], project.ledgers()
    project.edit("params.yaml", *RATE)
    assert jobs(project.run("dvc", "repro")) == AFTER_RATE
    project.assert_clean()
    newer = project.commit()
    for revision in (older, newer, older):
        project.run("git", "checkout", "-q", revision)
        project.run("dvc", "checkout")
        project.assert_clean()
    assert project.ledgers() == before


def test_one_rate_edited_reruns_by_snakemake_and_dvc_records_it_with_no_job(project: Project) -> None:
    project.edit("params.yaml", *RATE)
    ran = project.snakemake("--verbose")
    assert jobs(ran) == AFTER_RATE
    assert "Submitting maximum" not in ran, "a limit on jobs a second wakes the scheduler for every job that is done"
    assert jobs(project.run("dvc", "repro")) == set()
    project.assert_clean()


def test_a_run_is_trained_anew_after_the_run_it_starts_from(project: Project) -> None:
    project.edit("params.yaml", "{dataset: digits}", "{dataset: digits, batch: 25}")
    assert jobs(project.run("dvc", "repro")) == above({"c0a_bigger_is_better"}) | {
        "train_single data/runs/single/base/parameters.safetensors",
        "train_followers data/runs/followers/base/slow/parameters.safetensors",
        "measure_runs_single data/measures/runs/single/base/learning_curve.parquet",
        "measure_runs_followers data/measures/runs/followers/base/slow/norms.parquet",
        APART,
    }
    project.assert_clean()


def test_a_size_removed_leaves_no_orphan_and_retrains_nothing(project: Project) -> None:
    project.edit("params.yaml", "        w8: {size: 8}\n", "")
    ran = jobs(project.run("dvc", "repro"))
    assert ran == above(CLAIMS_ON_SIZES)
    assert not (project.root / "data/runs/sizes/noisy.w8").exists()
    assert not (project.root / "data/measures/runs/sizes/noisy.w8").exists()
    assert "noisy.w8" not in (project.root / "reports/ledger/train.json").read_text()
    project.assert_clean()


def test_a_comment_or_docstring_reruns_nothing(project: Project) -> None:
    project.edit("src/nominima/verbs/train.py", '"""', '"""Another docstring. ')
    project.edit("src/nominima/models/mlp.py", "import torch", "import torch  # a comment")
    assert jobs(project.snakemake("--dry-run")) == set()
    assert jobs(project.run("dvc", "repro")) == set()
    project.assert_clean()


def test_a_colour_draws_again_and_trains_and_judges_nothing(project: Project) -> None:
    project.edit("src/nominima/drawing/theme.py", '"#d9d9d9"', '"#d8d8d8"')
    assert {job.split()[0] for job in jobs(project.snakemake("--dry-run"))} == {"figure", "detail", "page"}


def test_the_command_of_a_rule_edited_reruns_its_jobs_and_what_is_made_from_them(project: Project) -> None:
    project.edit("workflow/rules/measure.smk", "python -m", "python -B -m")
    ran = {job.split()[0].partition("_")[0] for job in jobs(project.snakemake("--dry-run"))}
    assert ran == {"measure", "judge", "scoreboard", "figure", "detail", "page", "metrics"}


def test_one_claim_edited_is_judged_again_and_nothing_else(project: Project) -> None:
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


def test_a_flipped_bit_is_named(project: Project) -> None:
    victim = project.root / "data/runs/sizes/noisy.w4/parameters.safetensors"
    content = bytearray(victim.read_bytes())
    content[-1] ^= 1
    victim.write_bytes(content)
    told = project.run("nominima", "verify", check=False)
    assert "exit code 1" in told
    assert "noisy.w4/parameters.safetensors" in told.replace("\n", "")
