"""One result after another is tampered with, with every record of it; an audit that goes far enough names each."""

import json
import random
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from forgeries import change, forged
from forging import forge, rewrite
from project import Project
from test_audit import RUN, VERDICT, audited, begun, graded, other_seed

from nominima.datasets import digits
from nominima.ground.places import ledger
from nominima.tracing.artefact import read_trace

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

DATASET = "data/datasets/digits.safetensors"
CLAIM = "src/nominima/claims/c1a_random_points.py"
TABLE = "data/measures/theory/random_points.parquet"


def test_random_values_are_found_where_they_were_forged(project: Project, tmp_path: Path) -> None:
    """The short form of forgeries.py: one audit, of files of one verb."""
    found = forged(project, 4, 4, random.Random(5), tmp_path, "c0a_bigger_is_better")
    assert (found.pop("audits"), found.total()) == (1, 4)


def test_a_value_of_every_kind_of_file_can_be_forged(project: Project) -> None:
    """What it says is another, and its trace is the same: else the long form would find what nobody forged."""
    claim = "reports/figures/c0a_bigger_is_better"
    names = ["data/runs/single/base/records.safetensors", TABLE, VERDICT, "reports/evidence/c1a_random_points.csv",
             f"{claim}.vl.json", f"{claim}.svg", f"{claim}.png", "reports/index.html"]  # fmt: skip
    for name in names:
        path = project.root / name
        trace = read_trace(path)
        assert trace
        rewrite(path, trace, lambda _: None)
        same = path.read_bytes()
        rewrite(path, trace, partial(change, name, random.Random(0)))
        assert path.read_bytes() != same, f"{name} is as it was"
        assert read_trace(path) == trace


def test_a_data_set_regenerated_with_another_seed_under_the_old_name_is_found(project: Project) -> None:
    def regenerated(arrays: dict[str, Any]) -> None:
        other = digits.make(seed=2, train=100, validation=50, test=50)
        for split in ("train", "validation", "test"):
            arrays |= {f"{split}.x": getattr(other, split).x, f"{split}.y": getattr(other, split).y}

    forge(project, DATASET, regenerated)
    found = audited(project, "c1a", "--from", "data", "--no-receipt", code=1)
    assert begun(found)["prepare digits"] == [DATASET]
    assert not any(job.startswith(("measure", "judge")) for job in begun(found))


def test_a_measurement_with_everything_rebuilt_from_it_is_found_where_one_measures_again(project: Project) -> None:
    def more_spread(columns: dict[str, list[Any]]) -> None:
        columns["cv"] = [2 * value for value in columns["cv"]]

    forge(project, TABLE, more_spread)
    for verb in ("judge", "report"):
        (project.root / ledger(verb)).unlink()
    for name in ("verdicts", "evidence", "figures"):
        shutil.rmtree(project.root / "reports" / name)
    (project.root / "dvc.lock").unlink()  # else the seal sees that the same jobs gave other bytes before
    project.commit()
    project.snakemake()
    project.run("dvc", "repro")
    project.commit()
    assert "everything is here and as recorded" in project.run("nominima", "verify")
    found = audited(project, "c1a", "--no-receipt")
    assert found["counts"] == {"bitwise": len(graded(found))}, "what was measured is taken as recorded"
    found = audited(project, "c1a", "--from", "runs", "--no-receipt", "--strict", code=1)
    assert begun(found) == {"measure theory": [TABLE]}
    assert graded(found)["reports/evidence/c1a_random_points.csv"] != "bitwise"


def test_a_limit_changed_after_the_fact_is_found_in_the_verdict_and_in_the_source(project: Project) -> None:
    def wider(tree: dict[str, Any]) -> None:
        tree["primary"]["rule"]["tau"] = [-0.9, -0.45]

    honest = project.run("git", "rev-parse", "HEAD").split()[0]
    forge(project, VERDICT, wider)
    output = project.run("nominima", "audit", "c1a", "--no-receipt", "--strict", check=False)
    assert output.endswith("exit code 1")
    assert "✘ begins in judge c1a_random_points" in output
    assert "primary.rule.tau[0]: recorded -0.9 at 0, again -0.55 at 0" in output
    project.edit(CLAIM, "tau=(-0.55, -0.45)", "tau=(-0.9, -0.45)")
    output = project.run("nominima", "audit", "c1a", "--at", honest, "--no-receipt", "--strict", check=False)
    assert "note: other source than made it: claims.c1a_random_points" in output
    assert "primary.rule.tau[0]: recorded -0.55 at 0, again -0.9 at 0" in output
    output = project.run("nominima", "audit", "c1a", "--at", honest, "--run-its-code", "--strict")
    assert f"the source of commit {honest[:12]} is run, as you asked" in output
    (receipt,) = (project.root / "reports/audits").glob("*-c1a.json")
    assert json.loads(receipt.read_text())["predicate"]["command"].endswith(" --from measures --run-its-code")


def test_a_drawn_training_is_made_again_from_its_start_and_the_receipt_says_how_far(project: Project) -> None:
    found = audited(project, RUN, "--spot", "2", "--lot", "2")
    assert found["counts"] == {"bitwise": len(graded(found))}
    assert found["starts"] == {"train single/base": "up to step 2 of 30"}
    assert "bitwise up to step 2 of 30" in project.run("nominima", "trace", RUN)
    forge(project, RUN, other_seed)
    found = audited(project, RUN, "--spot", "2", "--lot", "2", "--no-receipt", "--strict", code=1)
    assert begun(found) == {"train single/base": [RUN]}
    assert graded(found)[RUN] == "unlike"
