"""Every leaf of params.yaml and every source file: what Snakemake would run, DVC would run too."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from project import ROOT
from ruamel.yaml import YAML

from nominima.ground.places import VERBS
from nominima.planning.params import Params
from nominima.planning.plan import Plan

TREE: dict[str, Any] = YAML(typ="safe", pure=True).load((ROOT / "tests/pipeline/params.yaml").read_text())
LOCKS = {file.name for file in ROOT.glob("requirements*.lock")} - {"requirements-cluster.lock"}  # makes nothing
STAGES: dict[str, Any] = YAML(typ="safe", pure=True).load((ROOT / "dvc.yaml").read_text())["stages"]


def leaves(tree: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, (*at, key))
    else:
        yield at


def mutated(leaf: tuple[str, ...]) -> Plan:
    tree = copy.deepcopy(TREE)
    at = tree
    for key in leaf[:-1]:
        at = at[key]
    at[leaf[-1]] = another(at[leaf[-1]])
    return Plan(Params.model_validate_json(json.dumps(tree)))


def another(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case list():
            return value[:-1]
        case str():
            return OTHER_NAME.get(value, value)
        case _:
            return value * 2


OTHER_NAME = {"end": "best", "mnist1d": "digits", "digits": "mnist1d", "adam": "sgd"}


def changed(before: Plan, after: Plan) -> set[str]:
    """The verbs with a job that is new, gone, or has another spec, code or set of files."""
    return {verb for verb in VERBS if before.jobs(verb) != after.jobs(verb)}


@pytest.mark.parametrize("leaf", list(leaves(TREE)), ids=".".join)
def test_a_leaf_that_changes_a_job_is_a_parameter_of_its_dvc_stage(leaf: tuple[str, ...]) -> None:
    verbs = changed(Plan(Params.model_validate_json(json.dumps(TREE))), mutated(leaf))
    stale = {stage for stage in VERBS if leaf[0] in STAGES[stage]["params"]}
    assert verbs <= stale
    assert verbs or leaf[-1] in ("source", "model", "run"), "a leaf that changes nothing should not be in params.yaml"


@pytest.mark.parametrize("stage", VERBS)
def test_every_stage_depends_on_all_that_decides_about_its_jobs(stage: str) -> None:
    deps = STAGES[stage]["deps"]
    assert {"Snakefile", "profiles", "workflow", "src"} | LOCKS <= set(deps)
    upstream = VERBS[: VERBS.index(stage)][-1:]
    assert all(f"reports/ledger/{verb}.json" in deps for verb in upstream)
    assert all(isinstance(out, str) or next(iter(out.values()))["persist"] for out in STAGES[stage]["outs"])


def test_every_file_that_snakemake_reads_lies_in_a_folder_that_dvc_watches() -> None:
    watched = [Path(dep) for dep in STAGES["prepare"]["deps"]]
    read = [*ROOT.glob("workflow/**/*.smk"), *ROOT.glob("src/nominima/**/*.py"), ROOT / "Snakefile"]
    assert all(any(file.relative_to(ROOT).is_relative_to(dep) for dep in watched) for file in read)
