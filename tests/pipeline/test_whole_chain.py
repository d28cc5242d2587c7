"""Every claim of the shelf and the planted ones through the real snakemake and dvc, on tiny data: `make smoke`."""

import json
import shutil
from pathlib import Path

import pytest
from project import ROOT, jobs, lay

from nominima.planning import shelf

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

PLANTED = ROOT / "tests/planted"
WORDS = {"p0a_wrong": "contradicted", "p0b_noise": "inconclusive"}
ASKED = """\
  p0a_wrong: {}
  p0b_noise: {}
"""


def test_all_claims_and_the_planted_ones_are_judged_drawn_recorded_and_verified(tmp_path: Path) -> None:
    project = lay(tmp_path / "project", ROOT / "tests/params.smoke.yaml")
    for kind in ("measures", "claims"):
        for file in (PLANTED / kind).glob("*.py"):
            shutil.copy(file, project.root / "src/nominima" / kind)
    project.edit("params.yaml", "\nmeasures:\n", "\nmeasures:\n  planted: {conditions: 60}\n")
    with (project.root / "params.yaml").open("a") as params:
        params.write(ASKED)
    project.snakemake()
    assert jobs(project.run("dvc", "repro")) == set(), "DVC records what Snakemake made"
    project.commit()
    project.assert_clean()
    project.run("nominima", "verify")
    found = {path.stem: json.loads(path.read_text()) for path in (project.root / "reports/verdicts").glob("*.json")}
    assert set(found) == {*shelf.names("claims"), *WORDS, "scoreboard"}
    assert {name: found[name]["outcome"] for name in WORDS} == WORDS
    failed = {name: its["reason"] for name, its in found.items() if "failed" in its.get("reason", "")}
    assert failed == {}, "a claim whose judging fails is untested and says so"
    sizes = {path.name: path.stat().st_size for path in (project.root / "reports/evidence").glob("*.csv")}
    assert set(sizes) == {f"{name}{end}" for name in set(found) - {"scoreboard"} for end in (".csv", ".trends.csv")}
    assert {name: size for name, size in sizes.items() if size > 300_000} == {}, "evidence lies in Git"
    page = (project.root / "reports/index.html").read_text()
    assert all(name in page for name in found if name != "scoreboard")
    assert "contradicted" in project.run("nominima", "verdicts")
