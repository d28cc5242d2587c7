"""What decides is what the files hold: not time stamps, not Snakemake's records, not a ledger that was put back."""

import os
import shutil
import struct
from pathlib import Path

import pytest
from project import AFTER_RATE, RATE, Project, flip, jobs

from nominima.ground.files import digest
from nominima.ground.places import owner

pytestmark = pytest.mark.slow

NORMS = "data/measures/runs/sizes/noisy.w2/norms.parquet"


def test_an_output_edited_by_hand_stays_refused_until_it_is_mended(project: Project) -> None:
    flip(project.root / NORMS)
    ledgers, lock = project.ledgers(), (project.root / "dvc.lock").read_bytes()
    for command in (("snakemake", "--cores", "all"), ("snakemake", "--cores", "all"), ("dvc", "repro")):
        output = project.run(*command, check=False)
        assert f"{NORMS}: edited by hand" in output
        assert "exit code 0" not in output
    assert (project.ledgers(), (project.root / "dvc.lock").read_bytes()) == (ledgers, lock)
    (project.root / NORMS).unlink()
    project.run("dvc", "repro")
    assert project.ledgers() == ledgers
    project.assert_clean()


@pytest.mark.parametrize(
    ("file", "at", "command"),
    [(NORMS, 64, ("dvc", "repro")), ("reports/evidence/c0a_bigger_is_better.csv", -8, ("snakemake", "--cores", "all"))],
)
def test_an_output_edited_by_hand_is_refused_without_its_ledger_too(
    project: Project, file: str, at: int, command: tuple[str, ...]
) -> None:
    before, lock = project.ledgers(), (project.root / "dvc.lock").read_bytes()
    flip(project.root / file, at)
    (project.root / "reports/ledger" / f"{owner(file)}.json").unlink()
    output = project.run(*command, check=False)
    assert f"{file}: edited by hand" in output
    assert "exit code 0" not in output
    assert (project.root / "dvc.lock").read_bytes() == lock
    (project.root / file).unlink()
    project.snakemake()
    assert project.ledgers() == before
    project.assert_clean()


def test_a_process_that_runs_one_job_decides_nothing(project: Project) -> None:
    """As remote executors start them: what lies elsewhere is the main process's business."""
    flip(project.root / NORMS)
    asked = ("--target-jobs", "prepare:name=digits", "--allowed-rules", "prepare", "--force", "--nolock")
    assert "exit code 0" in project.snakemake("--mode", "subprocess", *asked)
    assert "edited by hand" in project.snakemake("--dry-run", check=False)


def test_a_failed_seal_is_not_forgotten(project: Project) -> None:
    project.edit("params.yaml", *RATE)
    ledgers = project.ledgers()
    project.edit(
        "src/nominima/verbs/seal.py", "    try:\n        print(seal(", "    os.abort()\n    try:\n        print(seal("
    )
    assert "exit code 1" in project.snakemake(check=False)
    assert project.ledgers() == ledgers
    output = project.run("dvc", "repro", check=False)
    assert "Nothing to be done" not in output.split("Running stage 'train'")[1]
    assert "exit code 0" not in output
    assert project.ledgers() == ledgers
    project.run("git", "checkout", "-q", "src")
    project.run("dvc", "repro")
    assert '"rate": 1e-05' in (project.root / "reports/ledger/train.json").read_text()
    project.assert_clean()


def test_files_touched_after_an_edit_are_made_again_and_never_recorded(project: Project) -> None:
    project.edit("params.yaml", *RATE)
    project.snakemake("--touch")
    assert jobs(project.snakemake("--dry-run")) == AFTER_RATE
    (project.root / "mine").mkdir()
    (project.root / "mine/config.yaml").write_text("touch: true\n")
    output = project.run("env", "SNAKEMAKE_PROFILE=mine", "dvc", "repro", check=False)
    assert "reports/ledger/train.json: not that of params.yaml" in output
    assert "rate: 1e-05" not in (project.root / "dvc.lock").read_text()
    assert jobs(project.run("dvc", "repro")) == AFTER_RATE


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


def test_a_persons_own_files_are_named_and_left_alone(project: Project) -> None:
    own = ["data/measures/NOTES.md", "reports/figures/my_talk_version.png"]
    for name in own:
        (project.root / name).write_text("mine")
    project.edit("params.yaml", "        w8: {size: 8}\n", "")
    output = project.snakemake()
    for name in own:
        assert f"left alone, since no job makes it: {name}" in output
        assert (project.root / name).read_text() == "mine"
    assert not (project.root / "data/runs/sizes/noisy.w8").exists()


SMALL = """
datasets:
  {datasets}
training:
  {{dataset: own, model: mlp, size: 2, optimizer: adam, rate: 0.01, batch: 10, steps: 5, first_seed: 0, seeds: 2}}
sweeps:
  one: {{axes: {{size: {{w2: {{size: 2}}, w4: {{size: 4}}}}}}}}
measures: {{}}
claims: {{}}
"""


def small(project: Project, dataset: str) -> None:
    """Another, smaller params.yaml: neither measures nor claims."""
    (project.root / "params.yaml").write_text(SMALL.format(datasets=dataset))


def test_a_project_of_trainings_only_is_made_and_recorded(project: Project) -> None:
    small(project, "own: {source: digits, options: {seed: 1, train: 100, validation: 50, test: 100}}")
    project.snakemake()
    assert jobs(project.run("dvc", "repro")) == set()
    project.assert_clean()


def idx(project: Project, value: int, year: int) -> None:
    """Four raw files under the names that `idx` has by default, with time stamps of long ago."""
    for part, count in (("train", 80), ("t10k", 40)):
        images = struct.pack(">BBBBIII", 0, 0, 8, 3, count, 4, 4) + bytes(value * at % 251 for at in range(count * 16))
        labels = struct.pack(">BBBBI", 0, 0, 8, 1, count) + bytes(at % 4 for at in range(count))
        for name, content in (("images-idx3", images), ("labels-idx1", labels)):
            path = project.root / f"data/raw/{part}-{name}-ubyte.gz"
            path.write_bytes(content)
            os.utime(path, (year, year))


NAMES = ", ".join(
    f"{part}_{kind}: data/raw/{file}-{kind}-{form}-ubyte.gz"
    for part, file in (("train", "train"), ("test", "t10k"))
    for kind, form in (("images", "idx3"), ("labels", "idx1"))
)


@pytest.mark.parametrize("named", ["", f", {NAMES}"], ids=["default names", "names in params"])
def test_raw_files_replaced_under_older_time_stamps_are_prepared_again(project: Project, named: str) -> None:
    small(project, f"own: {{source: idx, options: {{train: 50, validation: 20{named}}}}}")
    idx(project, 3, 2_000_000)
    project.run("dvc", "repro", "prepare")
    before = (project.root / "data/datasets/own.safetensors").read_bytes()
    idx(project, 5, 1_000_000)
    planned = jobs(project.snakemake("--dry-run", "all_prepare"))
    assert planned == {"prepare data/datasets/own.safetensors"}
    assert jobs(project.run("dvc", "repro", "prepare")) == planned
    assert (project.root / "data/datasets/own.safetensors").read_bytes() != before
    assert Path(project.root / "reports/ledger/prepare.json").read_text().count("data/raw/t") == 4


def test_an_experiment_elsewhere_takes_a_raw_file_as_it_lies_here(project: Project) -> None:
    """Replaced, and not yet given to DVC."""
    small(project, "own: {source: idx, options: {train: 50, validation: 20}}")
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
