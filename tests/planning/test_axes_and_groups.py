"""Params for many sweeps: axes in short, groups that claims ask for, and rules that no two sweeps share."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from test_params import changed, refused

from nominima.planning.guard import rule_name
from nominima.planning.params import Params
from nominima.planning.plan import Plan
from nominima.planning.reader import load


def loaded(tmp_path: Path, **sweeps: Any) -> Params:
    file = tmp_path / "params.yaml"
    file.write_text(changed(**{f"sweeps__{name}": sweep for name, sweep in sweeps.items()}))
    return load(file)


SHORT = {
    "axes": {"size": {"w": [4, 8]}, "data": {"one": {"examples": 100}, "all": {}}, "schedule": {"": ["linear"]}},
    "lanes": {"l2": {"l2-": [0.001, 1e-05, 2.0]}, "rate": {"r": [0.01], "tuned": {"rate": [0.01, 0.02]}}},
}
LONG = {
    "axes": SHORT["axes"]
    | {"size": {"w4": {"size": 4}, "w8": {"size": 8}}, "schedule": {"linear": {"schedule": "linear"}}},
    "lanes": {
        "l2": {"l2-0-001": {"l2": 0.001}, "l2-1e-05": {"l2": 1e-05}, "l2-2": {"l2": 2.0}},
        "rate": {"r0-01": {"rate": 0.01}, "tuned": {"rate": [0.01, 0.02]}},
    },
}  # fmt: skip


def test_an_axis_in_short_is_the_same_as_in_long(tmp_path: Path) -> None:
    assert loaded(tmp_path, new=SHORT) == loaded(tmp_path, new=LONG)
    assert "new/w4.one.linear/l2-1e-05.tuned" in loaded(tmp_path, new=SHORT).runs()


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"size": {"w": [4, -1]}}, "sweeps.new.axes.size.w-1.size: -1: "),
        ({"size": {"w": [4, 4.5]}}, "sweeps.new.axes.size.w4-5.size: 4.5: "),
        ({"seize": {"w": [4]}}, "sweeps.new.axes.seize.w4.seize: unknown key; did you mean 'size'?"),
        ({"size": {"w": []}}, "sweeps.new.axes.size: has no label"),
        ({"size": {"w": "4"}}, "sweeps.new.axes.size.w: "),
        ({"model": {"": ["MLP"]}}, "the name \"MLP\" is not allowed"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_short_is_told_by_its_key(tmp_path: Path, axes: dict[str, Any], message: str) -> None:
    assert message in refused(tmp_path, changed(sweeps__new={"axes": axes}))


def test_editors_are_told_of_both_forms() -> None:
    schema = Draft202012Validator(Params.model_json_schema())
    tree = json.loads(changed(sweeps__new=SHORT))
    assert list(schema.iter_errors(tree)) == []
    tree["sweeps"]["new"]["axes"]["size"]["w"] = "4"
    assert len(list(schema.iter_errors(tree))) == 1


def test_a_claim_asks_for_a_group_of_sweeps(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    tree = json.loads(changed())
    tree["sweeps"]["sizes"]["groups"] = tree["sweeps"]["convolutions"]["groups"] = ["families"]
    tree["claims"] = {"c0a_bigger_is_better": {"sweeps": ["families", "sizes"]}}
    file.write_text(json.dumps(tree))
    grouped = Plan(load(file))
    assert grouped.params.asked("c0a_bigger_is_better") == ["sizes", "convolutions"]
    tree["claims"]["c0a_bigger_is_better"]["sweeps"] = ["convolutions", "sizes"]
    file.write_text(json.dumps(tree))
    listed = Plan(load(file))
    assert listed.judge == grouped.judge
    assert {file.split("/")[3] for file in listed.judge["c0a_bigger_is_better"].inputs} == {"sizes", "convolutions"}


@pytest.mark.parametrize(
    ("group", "asked", "message"),
    [
        ("families", "famlies", "claims.c0a_bigger_is_better.sweeps: 'famlies' is no entry of sweeps:; did you mean"),
        ("decay", "sizes", "sweeps: decay is the name of a sweep and of a group; rename one"),
    ],
)
def test_groups_without_a_meaning_are_refused(tmp_path: Path, group: str, asked: str, message: str) -> None:
    tree = json.loads(changed())
    tree["sweeps"]["sizes"]["groups"] = [group]
    tree["claims"]["c0a_bigger_is_better"]["sweeps"] = [asked]
    assert message in refused(tmp_path, json.dumps(tree))


def test_no_two_sweeps_share_a_rule() -> None:
    names = ["a-b", "a_b", "a__b", "a-_b", "a_-b", "ab", "aub"]
    rules = [rule_name("measure", f"runs/{name}/{{labels}}") for name in names]
    assert len(set(rules)) == len(names)
    assert rules[0] == "measure_runs_a_b"
    assert all(rule.isidentifier() for rule in rules)


def test_a_claim_asks_for_the_trends_of_all_others(tmp_path: Path) -> None:
    """Its verdict is made again with any of them; theirs know nothing of it."""
    file = tmp_path / "params.yaml"
    tree = json.loads(changed())
    file.write_text(json.dumps(tree))
    before = Plan(load(file))
    tree["claims"] |= {"c0c_truer_with_size": {"trends": True}, "c0a_bigger_is_better": {"sweeps": ["sizes"]}}
    file.write_text(json.dumps(tree))
    plan = Plan(load(file))
    others = sorted(plan.params.claims.keys() - {"c0c_truer_with_size"})
    job = plan.judge["c0c_truer_with_size"]
    assert job.inputs == [f"reports/evidence/{name}.trends.csv" for name in others]
    assert all(plan.judge[name].outputs[2] in job.inputs for name in others)
    assert json.loads(job.spec)["trial"] == {"datasets": [], "sweeps": [], "trends": others}
    assert not any("evidence" in path for name in others for path in plan.judge[name].inputs)
    for name in before.judge.keys() & set(others) - {"c0a_bigger_is_better"}:
        assert plan.judge[name] == before.judge[name]
    assert (plan.train, plan.prepare) == (before.train, before.prepare)


def test_a_claim_is_judged_alike_whatever_else_is_on_trial(tmp_path: Path) -> None:
    """But for the one whose evidence is the trends of all others."""
    tree = json.loads(changed())
    file = tmp_path / "params.yaml"
    file.write_text(json.dumps(tree))
    every = Plan(load(file)).judge
    others = {name: trial for name, trial in tree["claims"].items() if not trial.get("trends")}
    for name, trial in others.items():
        file.write_text(json.dumps(tree | {"claims": {name: trial}}))
        assert Plan(load(file)).judge[name] == every[name]
