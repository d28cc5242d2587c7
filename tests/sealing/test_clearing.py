"""A seal clears away what no job makes any more, and nothing else."""

from pathlib import Path

import pytest

from chain import Plan, build, plan
from nominima.ground.files import Refusal
from nominima.ground.places import VERBS, ledger
from nominima.verbs.seal import seal


def files() -> set[str]:
    return {path.as_posix() for path in Path().rglob("*") if path.is_file()}


def put(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("{}")


def test_what_killed_jobs_left_is_removed_and_nothing_that_is_a_persons_own(jobs: Plan) -> None:
    own = {
        "data/raw/scan.idx",
        "data/notes.txt",
        "data/measures/NOTES.md",
        "data/runs/width/w8/metrics.parquet",
        "reports/figures/README.md",
        "reports/figures/.gitignore",
        "reports/figures/my_talk_version.png",
        "reports/verdicts/c9.json",
        "reports/.index.html.bak",
        "src/x.py",
    }
    litter = {
        "data/runs/.metrics.parquet.abcd1234",
        "data/runs/width/w2/.x1y2z3w4/metrics.parquet",
        "reports/verdicts/.c9.json.x_y1z2w3",
        "reports/evidence/.c9.csv.x_y1z2w3",
        "reports/.index.html.x_y1z2w3",
        "reports/ledger/.train.json.x_y1z2w3",
    }
    wanted = files()
    put(*own, *litter)
    for verb in VERBS:
        seal(verb, jobs[verb])
    assert files() == wanted | own
    assert not Path("data/runs/width/w2/.x1y2z3w4").exists()


def test_what_a_job_of_another_verb_is_writing_stays(jobs: Plan) -> None:
    writing = {"data/runs/.metrics.parquet.abcd1234", "reports/.index.html.x_y1z2w3"}
    put(*writing)
    seal("measure", jobs["measure"])
    seal("judge", jobs["judge"])
    assert writing <= files()


def test_what_the_ledger_named_is_removed_once_no_job_makes_it(jobs: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    gone = jobs["measure"]["runs/width/w4"].outputs[0]
    fewer = plan(runs=("width/w2",))
    seal("measure", fewer["measure"])
    assert not Path(gone).exists()
    assert not Path(gone).parent.exists()
    assert f"removed {gone}: no job makes it" in capsys.readouterr().out


def test_what_somebody_made_of_a_file_that_no_job_makes_any_more_stays(jobs: Plan) -> None:
    theirs = Path(jobs["measure"]["runs/width/w4"].outputs[0])
    theirs.write_text("theirs by now")
    seal("measure", plan(runs=("width/w2",))["measure"])
    assert theirs.read_text() == "theirs by now"


def test_a_verb_of_no_jobs_clears_all_that_its_ledger_names(jobs: Plan) -> None:
    seal("measure", {})
    assert not list(Path("data/measures").iterdir())


def test_a_run_taken_out_leaves_no_orphan(jobs: Plan) -> None:
    fewer = plan(runs=("width/w2",))
    build(fewer)
    assert not any("w4" in file for file in files())
    assert "w4" not in Path(ledger("train")).read_text()


def test_links_out_of_the_project_are_not_followed(jobs: Plan, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "precious.parquet").write_text("x")
    Path("data/runs/link").symlink_to(outside)
    Path("data/runs/file").symlink_to(outside / "precious.parquet")
    seal("train", jobs["train"])
    assert Path("data/runs/file").is_symlink()
    assert (outside / "precious.parquet").read_text() == "x"
    Path("reports/figures").rename(outside / "figures")
    Path("reports/figures").symlink_to(outside / "figures")
    (outside / "figures" / "c9.svg").write_text("x")
    with pytest.raises(Refusal, match="reports/figures leads out of the project"):
        seal("report", jobs["report"])
    assert (outside / "figures" / "c9.svg").exists()
