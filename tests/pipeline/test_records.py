"""What decides is what the files hold: not time stamps, not Snakemake's records, not a ledger that was put back."""

import json
import os
import shutil
import struct
from pathlib import Path

import pytest
from project import AFTER_RATE, RATE, Project, flip, jobs

from nominima.ground.files import digest
from nominima.planning import digests

pytestmark = pytest.mark.slow

NORMS = "data/measures/runs/sizes/noisy.w2/norms.parquet"
EVIDENCE = "reports/evidence/c0a_bigger_is_better.csv"


def refused(project: Project, *files: str) -> None:
    """Both tools end badly and say of which files."""
    for command in (("snakemake", "--cores", "all"), ("dvc", "repro")):
        output = project.run(*command, check=False)
        assert all(f"{file}: edited by hand" in output for file in files)
        assert "exit code 0" not in output


def test_outputs_edited_by_hand_stay_refused_until_they_are_mended_without_their_ledgers_too(project: Project) -> None:
    ledgers, lock = project.ledgers(), (project.root / "dvc.lock").read_bytes()
    flip(project.root / NORMS)
    refused(project, NORMS)
    assert project.ledgers() == ledgers
    flip(project.root / EVIDENCE, -8)
    for name in ("measure", "judge"):
        (project.root / f"reports/ledger/{name}.json").unlink()
    refused(project, NORMS, EVIDENCE)
    assert (project.root / "dvc.lock").read_bytes() == lock
    for name in (NORMS, EVIDENCE):
        (project.root / name).unlink()
    project.run("dvc", "repro")
    assert project.ledgers() == ledgers
    project.assert_clean()


def test_a_process_that_runs_one_job_decides_nothing(project: Project) -> None:
    """As remote executors start them: what lies elsewhere is the main process's business."""
    flip(project.root / NORMS)
    asked = ("--target-jobs", "prepare:name=digits", "--allowed-rules", "prepare", "--force", "--nolock")
    assert "exit code 0" in project.snakemake("--mode", "subprocess", *asked)
    assert "edited by hand" in project.snakemake("--dry-run", check=False)


def test_a_verification_believes_no_kept_digest_however_well_it_is_sealed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, source = project.root / digests.MEMORY, project.root / "src/nominima"
    told = json.loads(memory.read_text())["digests"]
    claim = source / "claims/c1a_random_points.py"
    claim.write_text(claim.read_text() + "\njudge = judge\n")
    monkeypatch.setattr(digests, "_taken", {(source, tuple(each.partition("@")[0].split("+"))): each for each in told})
    digests.recall(source)
    digests.keep(source)
    assert json.loads(memory.read_text())["digests"] == told
    assert "other results by now" not in project.run("nominima", "verdicts"), "what is only read believes it"
    output = project.run("nominima", "verify", check=False)
    assert "expected the 3 jobs of judge as params.yaml and the source ask for them" in output
    assert "exit code 1" in output


def test_lost_records_and_other_time_stamps_rerun_nothing_and_hide_nothing(project: Project) -> None:
    shutil.rmtree(project.root / ".snakemake")
    for age, path in enumerate(sorted(project.root.glob("[drs]*/**/*.*"), reverse=True)):
        os.utime(path, (age, age))
    project.assert_clean()
    project.edit("params.yaml", *RATE)
    assert jobs(project.snakemake("--dry-run")) == AFTER_RATE
    for record in (project.root / ".snakemake").glob("metadata/**/*"):
        record.write_text("")
    assert jobs(project.snakemake("--dry-run", "--rerun-triggers", "mtime")) == AFTER_RATE


def test_a_folder_copied_elsewhere_with_new_time_stamps_is_clean(project: Project, tmp_path: Path) -> None:
    copied = Project(tmp_path / "an [2] other's place")
    project.run("cp", "-r", str(project.root), str(copied.root))
    copied.assert_clean()
    copied.run("nominima", "verify")


NAMES = ", ".join(
    f"{part}_{kind}: data/raw/{file}-{kind}-{form}-ubyte.gz"
    for part, file in (("train", "train"), ("test", "t10k"))
    for kind, form in (("images", "idx3"), ("labels", "idx1"))
)
SMALL = f"""
strict: false
datasets:
  usual: {{source: idx, options: {{train: 50, validation: 20}}}}
  named: {{source: idx, options: {{train: 50, validation: 20, {NAMES}}}}}
training:
  {{dataset: usual, model: mlp, size: 2, optimizer: adam, rate: 0.01, batch: 10, steps: 5, first_seed: 0, seeds: 2}}
sweeps:
  one: {{axes: {{size: {{w2: {{size: 2}}, w4: {{size: 4}}}}}}}}
measures: {{}}
claims: {{}}
"""
"""Trainings only. One data set finds its files by the names that `idx` has by default, one has them in params."""


def idx(project: Project, value: int, year: int) -> None:
    """Four raw files under the names that `idx` has by default, with time stamps of long ago."""
    for part, count in (("train", 80), ("t10k", 40)):
        images = struct.pack(">BBBBIII", 0, 0, 8, 3, count, 4, 4) + bytes(value * at % 251 for at in range(count * 16))
        labels = struct.pack(">BBBBI", 0, 0, 8, 1, count) + bytes(at % 4 for at in range(count))
        for name, content in (("images-idx3", images), ("labels-idx1", labels)):
            path = project.root / f"data/raw/{part}-{name}-ubyte.gz"
            path.write_bytes(content)
            os.utime(path, (year, year))


def test_raw_files_replaced_under_older_time_stamps_are_prepared_again_and_trainings_alone_recorded(
    project: Project,
) -> None:
    (project.root / "params.yaml").write_text(SMALL)
    idx(project, 3, 2_000_000)
    project.run("dvc", "repro", "prepare")
    files = [project.root / f"data/datasets/{name}.safetensors" for name in ("usual", "named")]
    before = [file.read_bytes() for file in files]
    idx(project, 5, 1_000_000)
    planned = jobs(project.snakemake("--dry-run", "all_prepare"))
    assert planned == {f"prepare {file.relative_to(project.root)}" for file in files}
    assert jobs(project.run("dvc", "repro", "prepare")) == planned
    assert all(file.read_bytes() != old for file, old in zip(files, before, strict=True))
    assert (project.root / "reports/ledger/prepare.json").read_text().count("data/raw/t") == 8
    project.snakemake()
    assert jobs(project.run("dvc", "repro")) == set()
    project.assert_clean()


def test_an_experiment_elsewhere_takes_a_raw_file_as_it_lies_here(project: Project) -> None:
    """Replaced, and not yet given to DVC."""
    (project.root / "params.yaml").write_text(SMALL)
    idx(project, 3, 2_000_000)
    raw = sorted(path.relative_to(project.root).as_posix() for path in project.root.glob("data/raw/*.gz"))
    project.run("dvc", "add", *raw)
    project.run("dvc", "repro", "prepare")
    project.commit()
    idx(project, 5, 1_000_000)
    project.run("dvc", "exp", "run", "--temp", "--name", "tried", "prepare")
    ref = project.run("git", "for-each-ref", "--format=%(refname)", "refs/exps/**/tried").split()[0]
    told = project.run("git", "show", f"{ref}:reports/ledger/prepare.json")
    assert {file: digest(project.root / file) in told for file in raw} == dict.fromkeys(raw, True)
