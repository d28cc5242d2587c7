"""Costs learned from the logs that jobs leave."""

import json
import shutil
from pathlib import Path

import pytest
from test_estimate import COSTS, ROOT, plan
from typer.testing import CliRunner

from nominima.cli import app, plans
from nominima.estimating.learn import learned, logs
from nominima.planning.costs import Costs, counts, measuring_seconds, read_costs, training_seconds
from nominima.tracing.job import spent

TRAIN = "s/{}: 4 lanes, 0 diverged, 1000 steps; stop by validation loss 1.0000, test accuracy 0.5000; {} parameters\n"


def left(root: Path, **texts: str) -> Path:
    """Logs by `<verb>__<job>`, `-` for `/` in the job's name."""
    for name, text in texts.items():
        verb, _, job = name.partition("__")
        path = root / "logs" / verb / f"{job.replace('_', '/')}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_the_last_line_of_a_log_says_what_a_job_cost(tmp_path: Path) -> None:
    left(tmp_path, prepare__d=f"d: 100 train\n{spent()}\n", train__s_a="step 0/60 killed\n")
    found = logs(plan(), tmp_path)
    assert list(found["prepare"]) == ["d"]
    assert 0 < found["prepare"]["d"].seconds < 3600
    assert 1e7 < found["prepare"]["d"].memory < 1e11
    assert found["train"] == {}


def test_what_logs_tell_is_taken_and_the_rest_is_kept(tmp_path: Path) -> None:
    expected = training_seconds(plan().runs["s/a"].training, plan().params.datasets["d"], COSTS)[0]
    cost = COSTS.start["train"] + 3 * expected
    left(
        tmp_path,
        prepare__d="cost: 9.00 CPU s, 100 MB\n",
        train__s_a=f"{TRAIN.format('a', 2000)}cost: {cost:.2f} CPU s, 700 MB\n",
        measure__runs_s_a="s/a norms: 9 rows, 8.00 CPU s\ncost: 12.00 CPU s, 500 MB\n",
        measure__theory="theory random_points: 7 rows, 0.00 CPU s\ncost: 4.00 CPU s, 300 MB\n",
        seal__prepare="prepare: 1 files of 1 jobs sealed\ncost: 1.00 CPU s, 90 MB\n",
        seal__train="train: 6 files of 2 jobs sealed\ncost: 3.00 CPU s, 200 MB\n",
    )
    found = learned(plan(), COSTS, tmp_path)
    assert found.job == COSTS.job | {"prepare": 9.0, "seal": 2.0}
    assert found.step["mlp"] == pytest.approx({"10": 3e-6, "100": 3e-4}, rel=0.01)
    assert found.measure["norms"].curves == {"mlp": {"10": 2.0}}
    assert found.measure["random_points"].curves == {"": {"0": 0.005}}
    assert found.measure["random_points"].counts == {"points": 50, "seeds": 20, "lowest": 16, "highest": 4096}
    assert found.measure["curvature"] == COSTS.measure["curvature"]
    assert found.parameters["mlp"] == {"10": 2000.0, "100": 10000.0}
    assert found.memory == pytest.approx(
        {"prepare": 1e8, "train": 7e8 - 10 * 4 * 2000 * 4, "measure": 5e8, "seal": 2e8}, rel=0.01
    )
    assert learned(plan(), COSTS, tmp_path / "none") == COSTS
    again = learned(plan(), found, tmp_path)
    assert again.step["mlp"] == pytest.approx(found.step["mlp"], rel=0.01)


def test_a_network_that_a_measure_leaves_out_costs_nothing(tmp_path: Path) -> None:
    left(tmp_path, measure__runs_s_a="s/a curvature: 2 rows, 8.00 CPU s\ncost: 12.00 CPU s, 500 MB\n")
    found = learned(plan(), COSTS, tmp_path).measure["curvature"]
    assert found.counts["seeds"] == 2
    assert found.curves["mlp"]["10"] == 4.0


def test_a_measure_costs_more_with_each_of_its_numbers() -> None:
    usual = measuring_seconds("curvature", {}, plan().runs["s/a"].training, COSTS)
    assert usual == pytest.approx(2 * 1.0)  # of the four networks it looks at two
    training = plan().runs["s/a"].training
    assert measuring_seconds("curvature", {"iterations": 300}, training, COSTS) == pytest.approx(3 * usual)
    seen = [measuring_seconds("curvature", {"seeds": most}, training, COSTS) for most in (1, 4, 8)]
    assert seen == pytest.approx([1.0, 4.0, 4.0])
    wider = training.model_copy(update={"size": 100, "seeds": 1})
    assert measuring_seconds("curvature", {}, wider, COSTS) == pytest.approx(4.0)
    assert measuring_seconds("random_points", {"points": 500}, None, COSTS) == pytest.approx(70)


def test_a_size_from_which_a_measure_does_less_is_no_count() -> None:
    assert counts("decay_shift", {"largest": 5000}) == {"seeds": 8, "iterations": 400}


def test_the_command_writes_what_was_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml")
    shutil.copy(ROOT / "Snakefile", tmp_path / "Snakefile")
    file = tmp_path / "costs.json"
    file.write_text(COSTS.model_dump_json())
    monkeypatch.setattr(plans, "COSTS", file)
    monkeypatch.setattr(plans, "project", lambda: tmp_path)
    monkeypatch.setattr(plans, "read_costs", lambda: COSTS)
    left(tmp_path, prepare__digits="cost: 33.00 CPU s, 100 MB\n")
    told = CliRunner().invoke(app, ["learn"])
    assert told.exit_code == 0, told.output
    assert "learned from 1 logs" in told.output
    assert read_costs(file).job["prepare"] == 33.0


def test_the_committed_costs_are_of_what_stands_on_the_shelves() -> None:
    known = json.loads((ROOT / "benchmarks/costs.json").read_text())
    measures = {path.stem for path in (ROOT / "src/nominima/measures").glob("*.py")} - {"__init__"}
    assert set(known["measure"]) <= measures
    assert Costs.model_validate(known).memory["train"] > 1e8
