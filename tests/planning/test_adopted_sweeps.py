"""Sweeps of networks that were trained elsewhere: the jobs that adopt them, and what is refused."""

import copy
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ruamel.yaml import YAML

from nominima.auditing.recipe import Recipe
from nominima.auditing.replication import check_fresh
from nominima.auditing.seeds import fresh
from nominima.ground.files import Refusal
from nominima.planning.costs import read_costs, training_seconds
from nominima.planning.plan import Plan
from nominima.planning.reader import load

ROOT = Path(__file__).parents[2]
TREE: dict[str, Any] = YAML(typ="safe", pure=True).load((ROOT / "tests/pipeline/params.yaml").read_text())
FILES = "data/raw/its/{size}/{seed}-{step}.safetensors"


def plan(tmp_path: Path, files: str = FILES, **changes: Any) -> Plan:
    """The smoke params with a sweep `its` of two sizes; checkpoints None: trained here."""
    tree = copy.deepcopy(TREE)
    told = {"checkpoints": {"files": files, "every": 10, "losses": "data/raw/its/{size}.csv"}, "steps": 2} | changes
    measures = told.pop("measures", [])
    tree["sweeps"]["its"] = {"changes": told, "axes": {"size": {"w": [2, 4]}}, "measures": measures}
    tree["claims"]["c1b_parameter_distances"] = {"sweeps": ["its"]}
    tree["claims"]["c6b_good_before_bad"] = {"sweeps": ["its"]}
    (tmp_path / "params.yaml").write_text(json.dumps(tree))
    return Plan(load(tmp_path / "params.yaml"))


def test_a_job_adopts_a_file_for_each_seed_and_step_and_the_losses(tmp_path: Path) -> None:
    found = plan(tmp_path)
    job = found.train["its/w4"]
    names = [f"data/raw/its/w4/{seed}-{step}.safetensors" for seed in (100, 101) for step in (0, 10, 20)]
    assert job.inputs == ["data/datasets/mnist1d.safetensors", *names, "data/raw/its/w4.csv"]
    assert job.code.partition("@")[0] == "verbs.adopt:adopt+models.mlp"
    assert [*found.patterns["adopt"]] == ["its/{labels}"]
    assert "its/{labels}" not in found.patterns["train"]
    assert found.runs["its/w4"].taken == {
        "checkpoints.files": FILES, "checkpoints.losses": "data/raw/its/{size}.csv",
    }, "networks of one sweep are one condition, whatever their size"  # fmt: skip


def test_of_a_claim_that_asks_for_what_checkpoints_do_not_tell_nothing_is_measured(tmp_path: Path) -> None:
    found = plan(tmp_path)
    assert found.measured["runs/its/{labels}"] == ["distances"]
    assert not any("learning_order" in file for file in found.judge["c6b_good_before_bad"].inputs)


def test_other_jobs_are_what_they_were(tmp_path: Path) -> None:
    here, there = plan(tmp_path, checkpoints=None), plan(tmp_path)
    others = {name for name in here.train if not name.startswith("its/")}
    assert others
    assert {name: here.train[name] for name in others} == {name: there.train[name] for name in others}


def test_they_cost_no_step(tmp_path: Path) -> None:
    found = plan(tmp_path)
    training, costs = found.runs["its/w4"].training, read_costs()
    whole, steps = training_seconds(training, found.params.datasets["mnist1d"], costs)
    assert whole > steps == 0


def test_claims_that_rest_on_them_get_no_fresh_seeds_and_others_do(tmp_path: Path) -> None:
    subject = SimpleNamespace(plan=plan(tmp_path), job=lambda name: subject.plan.jobs(name[0])[name[1]])
    theirs = Recipe([("train", "its/w4")], {("train", "its/w4"): set()}, [], {})
    with pytest.raises(Refusal, match="its/w4 was trained elsewhere, and fresh seeds of it cannot be trained here"):
        check_fresh(subject, theirs)  # pyright: ignore[reportArgumentType] - what is asked of one
    assert Plan(fresh(subject.plan, 1000)).runs["sizes/noisy.w4"].seeds[0] >= 1000


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"noise": 0.2}, r"its \(its/w2\): noise: 0.2: that is of a training here"),
        ({"half": "first"}, "half: first: that is of a training here"),
        ({"start": {"run": "single/base"}}, "start: given: that is of a training here"),
        ({"rate": [0.1, 0.2]}, "give one rate"),
        ({"files": "data/raw/{size}/{seed}.safetensors"}, r"checkpoints.files: .* needs \{step\}"),
        ({"files": "data/raw/{step}.safetensors"}, r"needs \{seed\}"),
        ({"files": "data/raw/{width}/{seed}/{step}"}, "in braces can stand an axis of the sweep, seed or step"),
        ({"files": "data/raw/../{seed}/{step}"}, r"files: the path .* is not allowed; start with data/raw/"),
        ({"measures": ["learning_order"]}, "learning_order: checkpoints do not tell what it is about"),
        ({"measures": ["curvatur"]}, "no 'curvatur' in|curvatur.*no file of that shelf"),
        ({"measures": ["curvature", "bursts"]}, "bursts: checkpoints do not tell what it is about"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(Refusal, match=why):
        plan(tmp_path, **changes)


def test_a_sweep_is_of_one_kind(tmp_path: Path) -> None:
    plan(tmp_path)
    tree = json.loads((tmp_path / "params.yaml").read_text())
    tree["sweeps"]["its"]["axes"]["where"] = {"here": {"checkpoints": None}, "there": {}}
    (tmp_path / "params.yaml").write_text(json.dumps(tree))
    with pytest.raises(Refusal, match=r"its/w2.there has checkpoints, its/w2.here is trained here; make two sweeps"):
        load(tmp_path / "params.yaml")
