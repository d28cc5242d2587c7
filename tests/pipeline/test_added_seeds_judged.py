"""Seeds are added by the real tools: only the new ones are trained, and the claim that reads them is judged again."""

import json
import re
from pathlib import Path

import polars as pl
import pytest
from project import Project, jobs, lay

from nominima.ground.places import evidence, figure, verdict

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CLAIM = "c1d_init_like_solutions"
PARAMS = f"""
strict: false

datasets:
  digits: {{source: digits, options: {{seed: 1, train: 100, validation: 50, test: 50}}}}
training: {{dataset: digits, model: mlp, size: 4, optimizer: adam, rate: 0.01, batch: 50, steps: 30,
           first_seed: 100, seeds: 8}}
sweeps: {{one: {{changes: {{noise: 0.2}}}}}}
measures: {{}}
claims: {{{CLAIM}: {{sweeps: [one]}}}}
"""
JUDGED = {f"judge {verdict(CLAIM)}", f"scoreboard {verdict('scoreboard')}"}
PICTURE = figure(CLAIM, "svg")
DRAWN = {f"figure {figure(CLAIM, 'vl.json')}"}
MORE = "one/base.more-1"
ADDED = {
    f"train_one data/runs/{MORE}/parameters.safetensors",
    f"measure_runs_one data/measures/runs/{MORE}/init_likeness.parquet",
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    params = tmp_path / "params.yaml"
    params.write_text(PARAMS)
    return lay(tmp_path / "project", params)


def judged(project: Project) -> tuple[int, pl.DataFrame]:
    """How many seeds the cell has, and the numbers behind it."""
    told = json.loads((project.root / verdict(CLAIM)).read_text())
    (cell,) = told["primary"]["cells"]
    return cell["runs"], pl.read_csv(project.root / evidence(CLAIM), comment_prefix="#")


def test_seeds_are_added_and_taken_away_without_training_those_that_were_there(project: Project) -> None:
    project.snakemake("all_judge")
    count, before = judged(project)
    assert count == 8

    project.edit("params.yaml", "seeds: 8", "seeds: [8, 8]")
    assert jobs(project.snakemake("all_judge", PICTURE)) == ADDED | JUDGED | DRAWN
    count, after = judged(project)
    assert count == 16
    assert sorted(after["seed"].unique()) == list(range(100, 116))
    assert after.filter(pl.col("seed") < 108).equals(before)
    traced = project.run("nominima", "trace", PICTURE, check=False)  # no ledger lists what was asked for alone
    assert re.search(rf"jobs +one/base, {MORE} *\n", traced)
    assert "varying first_seed: 100, 108" in traced

    project.edit("params.yaml", "seeds: [8, 8]", "seeds: 8")
    assert jobs(project.run("dvc", "repro", "judge")) == JUDGED
    assert judged(project)[1].equals(before)
    assert not (project.root / f"data/runs/{MORE}").exists()
