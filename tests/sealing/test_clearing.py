"""A seal clears away what no job makes any more, and nothing else."""

from pathlib import Path

import pytest

from chain import Plan, build, plan
from nominima.ground.files import Refusal
from nominima.ground.places import VERBS, ledger
from nominima.verbs.seal import seal


def files() -> set[str]:
    return {path.as_posix() for path in Path().rglob("*") if path.is_file()}


def test_orphans_of_the_verb_are_removed_and_nothing_else(jobs: Plan, tmp_path: Path) -> None:
    aside = {
        "data/raw/scan.idx",
        "data/notes.txt",
        "reports/figures/README.md",
        "reports/figures/.gitignore",
        "reports/verdicts/notes.txt",
        "reports/notes.json",
        "src/x.py",
    }
    litter = {
        "data/datasets/old.safetensors",
        "data/runs/width/w8/metrics.parquet",
        "data/runs/.metrics.parquet.abcd1234",
        "data/measures/runs/width/w2/old.parquet",
        "reports/verdicts/c9.json",
        "reports/verdicts/.c9.json.x_y1z2w3",
        "reports/figures/c9.svg",
        "reports/figures/old/c9.vl.json",
    }
    wanted = files()
    for name in aside | litter:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("{}")
    for verb in VERBS:
        seal(verb, jobs[verb])
    assert files() == wanted | aside
    assert not Path("data/runs/width/w8").exists()
    assert not Path("reports/figures/old").exists()


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
    assert not Path("data/runs/file").is_symlink()
    assert (outside / "precious.parquet").read_text() == "x"
    Path("reports/figures").rename(outside / "figures")
    Path("reports/figures").symlink_to(outside / "figures")
    (outside / "figures" / "c9.svg").write_text("x")
    with pytest.raises(Refusal, match="reports/figures leads out of the project"):
        seal("report", jobs["report"])
    assert (outside / "figures" / "c9.svg").exists()
