"""The proof that digests are sound: every definition that a real job executes is in the closure of its digest."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nominima.ground.places import VERBS
from nominima.planning import workplace
from nominima.planning.module import module
from nominima.planning.plan import Job, Plan
from nominima.planning.reach import FRAME, Statement, closure
from nominima.planning.reader import load

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/nominima"
PARAMS = """
strict: false
datasets:
  digits: {source: digits, options: {seed: 1, train: 100, validation: 50, test: 50}}
training: {dataset: digits, model: mlp, size: 4, optimizer: adam, rate: 0.01, batch: 50, steps: 20,
           first_seed: 100, seeds: 2, dropout: 0.1, noise: 0.1}
sweeps:
  single: {}
  followers:
    changes: {start: {run: single/base, at: end}, dropout: 0.0}
    lanes: {rate: {slow: {rate: 0.001}, fast: {rate: [0.01, 0.1]}}}
    measures: [norms, curvature]
measures:
  random_points: {points: 10, seeds: 2, first_seed: 100}
  input_distances: {points: 10, seeds: 2, first_seed: 100}
claims:
  c0a_bigger_is_better: {sweeps: [single]}
  c1a_random_points: {datasets: [digits]}
"""


def span(item: tuple[str, str]) -> tuple[str, int, int]:
    at = module(SOURCE, item[0])
    node = at.definitions[item[1]][0]
    return str(at.file), min(each.lineno for each in [node, *getattr(node, "decorator_list", [])]), node.end_lineno or 0


def arguments(job: Job) -> list[str]:
    return ["--spec", job.spec, "--code", job.code, "--inputs", *job.inputs, "--outputs", *job.outputs]


def tasks(plan: Plan, verb: str, sealing: Path) -> tuple[list[dict[str, Any]], list[list[str]]]:
    """The jobs of a verb and its seal, with the roots of their digests."""
    jobs = plan.jobs(verb)
    told = [{"module": f"nominima.{job.code.partition(':')[0]}", "arguments": arguments(job)} for job in jobs.values()]
    sealing.write_text(json.dumps({name: job._asdict() for name, job in jobs.items()}))
    told.append({"module": "nominima.verbs.seal", "arguments": ["--verb", verb, "--plan", str(sealing)]})
    return told, [*(job.code.partition("@")[0].split("+") for job in jobs.values()), ["verbs.seal"]]


def places(executed: list[tuple[str, int]]) -> set[Statement]:
    """The top-level statements that executed code belongs to."""
    found = set()
    for file, line in (each for each in executed if each[0].endswith(".py")):
        name = ".".join(Path(file).relative_to(SOURCE).with_suffix("").parts).removesuffix("__init__").rstrip(".")
        for place, node in enumerate(module(SOURCE, name).statements):
            first = min(each.lineno for each in [node, *getattr(node, "decorator_list", [])])
            if first <= line <= (node.end_lineno or 0):
                found.add(Statement(name, place))
    return found


def told(place: Statement) -> str:
    name, at, _ = place
    return f"{name}: {ast.unparse(module(SOURCE, name).statements[at]).splitlines()[0][:80]}"


@pytest.mark.slow
def test_every_definition_that_a_job_executes_is_in_its_digest(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(PARAMS)
    plan = Plan(load(tmp_path / "params.yaml"))
    work = [span((f"verbs.{verb}", verb)) for verb in (*VERBS, "page", "metrics")] + [span(("verbs.seal", "main"))]
    missed: dict[str, list[str]] = {}
    for verb in VERBS:
        jobs, roots = tasks(plan, verb, tmp_path / "plan.json")
        out, task = tmp_path / f"{verb}.executed.json", tmp_path / f"{verb}.task.json"
        asked = {"source": f"{SOURCE}/", "frames": [span(item) for item in FRAME], "work": work, "jobs": jobs}
        task.write_text(json.dumps(asked | {"out": str(out)}))
        command = [sys.executable, str(Path(__file__).with_name("executed.py")), str(task)]
        environment = os.environ | workplace.VARIABLES | {"PYTHONPATH": str(SOURCE.parent)}
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, stdout=subprocess.DEVNULL)
        for job, its, executed in zip(jobs, roots, json.loads(out.read_text()), strict=True):
            names = [(name, part) for name, _, part in (root.partition(":") for root in its)]
            found = closure(SOURCE, names)
            lacking = places(executed) - found.statements
            shipped = {Path(file) for file, _ in executed if not file.endswith(".py")}
            assert shipped <= found.files
            assert len(places(executed)) >= 3, f"{job['module']} is not traced"
            if lacking:
                missed["+".join(its)] = sorted(map(told, lacking))
    assert missed == {}, json.dumps(missed, indent=1)
