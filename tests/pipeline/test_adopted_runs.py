"""Networks trained elsewhere, by a perfect oracle: those that were trained here, handed back as files of a user."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from project import Project, jobs, lay
from safetensors.torch import load_file, save_file

from nominima.ground.files import digest
from nominima.models import mlp

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SIZE, EVERY, SEEDS = 3, 100, (100, 101, 102)
MEASURES = [
    "descent", "distances", "escape_directions", "init_likeness", "line", "picking", "stationarity", "tangent_gaps"
]  # fmt: skip
CHECKPOINTS = {
    "files": "data/raw/theirs/{size}/seed{seed}/step{step}.safetensors",
    "every": EVERY,
    "losses": "data/raw/theirs/{size}.csv",
}
PARAMS: dict[str, Any] = {
    "strict": False,
    "datasets": {"mnist1d": {"source": "mnist1d", "options": {"seed": 1, "train": 100, "validation": 50, "test": 50}}},
    "training": {
        "dataset": "mnist1d", "model": "mlp", "size": SIZE, "optimizer": "adam", "rate": 0.02, "batch": 50, "steps": 10,
        "first_seed": SEEDS[0], "seeds": len(SEEDS), "tested": "always",
    },
    "sweeps": {
        "here": {"axes": {"size": {"w": [SIZE]}}, "measures": MEASURES},
        "there": {"changes": {"checkpoints": CHECKPOINTS}, "axes": {"size": {"w": [SIZE]}}, "measures": MEASURES},
    },
    "measures": {"picking": {"subsets": 5}},
    "claims": {"c4b_near_convex": {"sweeps": ["there"]}, "c6b_good_before_bad": {"sweeps": ["there"]}},
}  # fmt: skip
HERE, THERE = f"here/w{SIZE}", f"there/w{SIZE}"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose second sweep asks for files that are not there yet."""
    params = tmp_path / "params.yaml"
    params.write_text(json.dumps(PARAMS))
    return lay(tmp_path / "project", params)


def theirs(project: Project, seed: int, step: int) -> Path:
    return project.root / f"data/raw/theirs/w{SIZE}/seed{seed}/step{step}.safetensors"


def hand_back(project: Project) -> None:
    """The networks trained here as files of a user, who counts steps by hundreds and rounds losses."""
    run, model = project.root / "data/runs" / HERE, mlp.build(SIZE, (40,), 10)
    found = load_file(run / "parameters.safetensors")
    for step, rows in zip(found["steps"].tolist(), found["theta"], strict=True):
        for seed, row in zip(SEEDS, rows, strict=True):
            place = theirs(project, seed, step * EVERY)
            place.parent.mkdir(parents=True, exist_ok=True)
            save_file({name: leaf.clone() for name, leaf in model.views(row).items()}, place)
    metrics = pl.read_parquet(run / "metrics.parquet").with_columns(pl.col("step") * EVERY)
    losses = metrics.select("seed", "step", "train_loss", "validation_loss", "test_accuracy")
    losses.write_csv(project.root / f"data/raw/theirs/w{SIZE}.csv", float_precision=3)


def table(project: Project, path: str) -> pl.DataFrame:
    """A table without what tells whose it is."""
    found = pl.read_parquet(project.root / path)
    return found.drop(name for name in found.columns if name in ("sweep", "run") or name.startswith("checkpoints."))


def test_they_are_measured_judged_and_traced_as_if_they_had_been_trained_here(project: Project) -> None:
    project.snakemake(f"data/runs/{HERE}/parameters.safetensors")
    hand_back(project)
    made = jobs(project.snakemake("all_judge"))
    assert f"train_there data/runs/{THERE}/parameters.safetensors" in made
    assert not any(job.startswith("train_here") for job in made), "those were trained before"

    for name in ("parameters", "records"):
        here, there = (load_file(project.root / f"data/runs/{of}/{name}.safetensors") for of in (HERE, THERE))
        assert here.keys() == there.keys()
        assert all(here[key].equal(there[key]) for key in here)
    for name in ("runs/{}/metrics", *(f"measures/runs/{{}}/{measure}" for measure in MEASURES)):
        here, there = (table(project, f"data/{name.format(of)}.parquet") for of in (HERE, THERE))
        assert len(here), name
        assert here.equals(there), name
    verdicts = project.run("nominima", "verdicts")
    assert "c4b The way down is nearly convex: " in verdicts
    assert "there is no measurement of learning_order" in " ".join(verdicts.split()), "no label is known to be wrong"

    project.run("dvc", "add", "data/raw/theirs")
    assert jobs(project.run("dvc", "repro", "judge")) == set()
    project.commit()
    file = theirs(project, 101, 3 * EVERY)
    trace = project.run("nominima", "trace", f"data/runs/{THERE}/parameters.safetensors", "--json")
    assert all(told in trace for told in (str(file.relative_to(project.root)), digest(file), "verbs.adopt:adopt"))
    again = project.run("nominima", "audit", f"data/runs/{THERE}/parameters.safetensors", "--from", "data")
    assert "bitwise: the worst of 4 files of 2 jobs" in again

    file.unlink()  # it may be a link into DVC's cache
    file.write_bytes(theirs(project, 102, 3 * EVERY).read_bytes())
    assert "exit code 1" in project.snakemake("all_train", check=False), "files are adopted again where one is another"
    log = (project.root / f"logs/train/{THERE}.log").read_text()
    assert f"data/raw/theirs/w{SIZE}.csv: seed 101, step 300: train_loss is " in log
