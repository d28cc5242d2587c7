"""What goes wrong while it runs: nothing finished is lost, nothing half-done is kept, nothing stale is trusted."""

import json
import time

import pytest
from project import AFTER_RATE, Project, jobs

pytestmark = pytest.mark.slow


def test_a_failing_job_is_tried_again_by_a_plain_rerun_and_params_edited_meanwhile_are_noticed(
    project: Project,
) -> None:
    """The job that fails is the only one that reads the broken file."""
    project.edit("params.yaml", "w4: {size: 4}", "w4: {size: 4, optimizer: sgd}")
    project.edit("src/nominima/optimizers/sgd.py", "\ndef ", "\nraise SystemExit('the disk is on fire')\n\n\ndef ")
    for _ in range(2):
        output = project.snakemake(check=False)
        assert "the disk is on fire" in output
        assert "exit code 1" in output
        assert "Nothing to be done" not in output
    project.run("git", "checkout", "-q", "src")
    log = project.root / "logs/train/sizes/noisy.w4.log"
    log.unlink()
    with project.start("snakemake", "--cores", "all", "--verbose") as running:
        while not log.exists() and running.poll() is None:
            time.sleep(0.1)
        project.edit("params.yaml", "optimizer: sgd", "optimizer: momentum")
        output = running.communicate()[0]
    assert "params.yaml changed during the run" in output
    assert jobs(output) == AFTER_RATE
    assert "Submitting maximum" not in output, "a limit on jobs a second wakes the scheduler for every job that is done"
    assert jobs(project.snakemake("--dry-run")) == AFTER_RATE, "what was made is of the old values"
    project.edit("params.yaml", "optimizer: momentum", "optimizer: sgd")
    assert jobs(project.run("dvc", "repro")) == set(), "DVC records what Snakemake made"
    project.assert_clean()


def test_source_edited_while_a_stage_runs_is_not_recorded_with_what_came_of_the_old_one(project: Project) -> None:
    (project.root / "reports/metrics.yaml").unlink()
    edited = "snakemake --cores all && sed -i s/d9d9d9/d8d8d8/ src/nominima/drawing/theme.py"
    output = project.run("python", "-m", "nominima.verbs.check", "report", "sh", "-c", edited, check=False)
    assert "100%" in output, "Snakemake has made what was missing"
    assert output.endswith("exit code 1")
    assert "check: reports/ledger/report.json: not that of params.yaml, the source" in output


def test_what_lies_about_is_named_and_a_lock_refused_where_nothing_is_to_be_made(project: Project) -> None:
    (project.root / "data/measures/NOTES.md").write_text("mine")
    asked = ("python", "-m", "nominima.verbs.check", "measure", "no-such-command")
    output = project.run(*asked)
    assert "left alone, since no job makes it: data/measures/NOTES.md" in output
    (project.root / ".snakemake/locks").mkdir(exist_ok=True)
    (project.root / ".snakemake/locks/0.input.lock").write_text("")
    assert "check: a run that was killed left its lock in this folder" in project.run(*asked, check=False)


def test_a_measure_that_fails_costs_its_own_rows_and_the_page_says_so(project: Project) -> None:
    failing = 'raise ArithmeticError("no scale")\n    x = subject.train.x'
    project.edit("src/nominima/measures/input_distances.py", "x = subject.train.x", failing)
    file = project.root / "reports/verdicts/c1a_random_points.json"
    before = json.loads(file.read_text())
    project.snakemake()
    told = "Measures that failed: input_distances of datasets/digits (ArithmeticError: no scale); "
    verdict = json.loads(file.read_text())
    assert told in verdict["reason"]
    assert verdict["primary"] == before["primary"], "what was measured of random points is judged as ever"
    assert told in (project.root / "reports/index.html").read_text()
    assert jobs(project.snakemake("--dry-run")) == set()


def test_values_from_outside_params_are_refused(project: Project) -> None:
    output = project.snakemake("--config", "rate=1", check=False)
    assert "--config rate: every value lives in params.yaml" in output
    assert "Traceback" not in output


def test_a_bare_clone_is_not_taken_for_finished(project: Project, tmp_path) -> None:
    project.run("git", "clone", "-q", str(project.root), str(tmp_path / "bare"))
    bare = Project(tmp_path / "bare")
    planned = jobs(bare.snakemake("--dry-run"))
    assert len(planned) == len(jobs(project.snakemake("--dry-run", "--forceall")))
