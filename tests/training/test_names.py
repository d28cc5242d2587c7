"""One name for a run: of its folders, its rows and inside its files, whatever order its lanes are declared in."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from ruamel.yaml import YAML

from nominima.ground.files import Refusal
from nominima.ground.places import table
from nominima.measuring.table import read_table
from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.tracing.job import Work
from nominima.training.trajectory import read_trajectory
from nominima.verbs.measure import measure
from nominima.verbs.prepare import prepare
from nominima.verbs.train import train

ROOT = Path(__file__).parents[2]
VERBS = {"prepare": prepare, "train": train, "measure": measure}
GAINS = {"small": {"gain": 0.01}, "big": {"gain": 10.0}}
NOISES = {"b": {"noise": 0.2}, "a": {}}


pytestmark = pytest.mark.usefixtures("project")


def planned(**sweeps: Any) -> Plan:
    """The plan of these sweeps, with digits only and next to no claims."""
    tree: dict[str, Any] = YAML(typ="safe", pure=True).load((ROOT / "tests/params.smoke.yaml").read_text())
    tree["datasets"] = {"digits": tree["datasets"]["digits"]}
    tree["training"] |= {"dataset": "digits", "size": 4, "steps": 4, "seeds": 2}
    tree |= {"sweeps": sweeps, "claims": {}}
    Path("params.yaml").write_text(json.dumps(tree))
    return Plan(load(Path("params.yaml")))


def ran(plan: Plan, *verbs: str) -> None:
    """Run the jobs of these verbs in this process, each once its inputs are there."""
    for verb in verbs:
        waiting = dict(plan.jobs(verb))
        while waiting:
            name = next(name for name, job in waiting.items() if all(Path(file).exists() for file in job.inputs))
            job = waiting.pop(name)
            inputs, outputs = (list(map(Path, files)) for files in (job.inputs, job.outputs))
            VERBS[verb](Work(verb, json.loads(job.spec), job.code, inputs, outputs))


def norm(plan: Plan, name: str) -> float:
    run = plan.runs[name]
    return read_trajectory(run.folder, run).theta[0].norm().item()


SOURCES = {"lanes": {"scale": GAINS, "noise": NOISES}, "measures": ["norms"]}
STUDENTS = {"changes": {"start": {"run": "teachers/base/small.b", "at": "init"}}}


def test_lanes_in_any_order_lie_where_their_names_say(capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned(teachers=SOURCES, students=STUDENTS)
    ran(plan, "prepare", "train", "measure")
    logged = capsys.readouterr().out.splitlines()
    for name, run in plan.runs.items():
        assert len([line for line in logged if line.startswith(f"{name}: 2 lanes")]) == 1
        if run.sweep == "teachers":
            scale, noise = run.variant.split(".")
            found = read_table(Path(table(f"runs/{name}", "norms")))
            known = (name, GAINS[scale]["gain"], NOISES[noise].get("noise", 0.0))
            assert found.select("run", "gain", "noise").unique().rows() == [known]
            assert len([line for line in logged if line.startswith(f"{name} norms: ")]) == 1
            assert found["norm"][0] < 1 if scale == "small" else found["norm"][0] > 10
    assert norm(plan, "students/base") == norm(plan, "teachers/base/small.b") < 1


def test_labels_that_change_places_are_trained_again_and_mislabel_nothing() -> None:
    plan = planned(teachers=SOURCES)
    ran(plan, "prepare", "train")
    swapped = {axis: dict(reversed(labels.items())) for axis, labels in SOURCES["lanes"].items()}
    again = planned(teachers=SOURCES | {"lanes": swapped, "measures": ["norms", "learning_curve"]})
    assert again.train["teachers/base"].spec != plan.train["teachers/base"].spec
    ran(again, "measure")
    shutil.move("data/runs/teachers/base/small.a", "kept")
    shutil.copytree("data/runs/teachers/base/big.a", "data/runs/teachers/base/small.a")
    with pytest.raises(
        Refusal, match=r"small.a/parameters.* holds the run teachers/base/big.a, not teachers/base/small"
    ):
        ran(again, "measure")
    moved = Path(table("runs/teachers/base/small.a", "norms"))
    shutil.copy(table("runs/teachers/base/big.a", "norms"), moved)
    with pytest.raises(Refusal, match=r"small.a/norms.parquet: holds the run teachers/base/big.a"):
        read_table(moved)


def test_the_example_of_the_page_on_training_does_what_it_says() -> None:
    page = (ROOT / "docs/training.md").read_text().partition("## Runs that take something")[2]
    example = page.partition("```yaml\n")[2].partition("```")[0]
    plan = planned(**YAML(typ="safe", pure=True).load(example)["sweeps"])
    ran(plan, "prepare", "train")
    dense = plan.runs["dense/base"]
    start = read_trajectory(dense.folder, dense).theta[0]
    kept = {name: read_trajectory(run.folder, run).theta[0] != 0 for name, run in plan.runs.items()}
    ticket, new, lot = (kept[f"round-1/base/{arm}"] for arm in ("ticket", "new-start", "random"))
    assert torch.equal(ticket, new)
    assert not torch.equal(ticket, lot)
    assert torch.equal(read(plan, "round-1/base/ticket"), torch.where(ticket, start, 0))
    assert not torch.equal(read(plan, "round-1/base/new-start"), torch.where(ticket, start, 0))
    assert (kept["round-2/base"].sum(1) < ticket.sum(1)).all()
    end = plan.runs["random-labels/w4"]
    assert torch.equal(read(plan, "starts/w4/copied"), read_trajectory(end.folder, end).theta[-1])


def read(plan: Plan, name: str) -> torch.Tensor:
    run = plan.runs[name]
    return read_trajectory(run.folder, run).theta[0]
