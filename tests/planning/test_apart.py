"""Measures that are apart: a job each, so that neither they nor the others of the same runs are taken twice."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from test_params import changed

from nominima.estimating.estimate import estimate
from nominima.estimating.learn import logs
from nominima.estimating.progress import expected
from nominima.ground.files import Refusal
from nominima.planning import digests, shelf, subjects
from nominima.planning.costs import read_costs
from nominima.planning.guard import rule_name
from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.tracing.standing import NOTHING

ROOT = Path(__file__).parents[2]
APART, JOINT = "gradient_noise", "norms"
SWEEP = {
    "axes": {"size": {"w": [4, 8]}, "data": {"one": {"examples": 100}, "all": {}}},
    "lanes": {"rate": {"r": [0.01, 0.1]}},
}


def planned(tmp_path: Path, *measures: str, claims: dict[str, Any] | None = None) -> Plan:
    """The smoke params with one sweep only, of two axes, of which so much is measured."""
    tree = json.loads(changed())
    tree["sweeps"] = {"new": SWEEP | {"measures": list(measures)}}
    file = tmp_path / "params.yaml"
    file.write_text(json.dumps(tree | {"claims": claims or {}}))
    return Plan(load(file))


def test_a_measure_apart_has_a_job_of_its_own_beside_that_of_the_others(tmp_path: Path) -> None:
    plan = planned(tmp_path, JOINT, "line", APART)
    jobs = plan.measure
    assert list(jobs)[:2] == ["runs/new/w4.one", f"runs/new/w4.one/{APART}"]
    assert len(jobs) == 2 * 4
    joint, apart = list(jobs.values())[:2]
    assert apart.outputs == [f"data/measures/runs/new/w4.one/{lane}/{APART}.parquet" for lane in ("r0-01", "r0-1")]
    assert {Path(file).stem for file in joint.outputs} == {JOINT, "line"}
    assert apart.inputs == joint.inputs
    specs = [json.loads(job.spec) for job in (joint, apart)]
    assert [spec.pop("measures").keys() for spec in specs] == [{JOINT, "line"}, {APART}]
    assert specs[0] == specs[1]
    assert specs[0]["subject"] == "runs/new/w4.one"


def test_one_more_measure_apart_leaves_all_other_jobs_as_they_are(tmp_path: Path) -> None:
    before, after = planned(tmp_path, JOINT), planned(tmp_path, JOINT, APART)
    new = after.measure.keys() - before.measure.keys()
    assert new == {f"runs/new/{labels}/{APART}" for labels in ("w4.one", "w4.all", "w8.one", "w8.all")}
    assert {name: job for name, job in after.measure.items() if name not in new} == before.measure
    assert (after.train, after.judge) == (before.train, before.judge)
    assert planned(tmp_path, JOINT, "line").measure["runs/new/w4.one"] != before.measure["runs/new/w4.one"]


def test_where_nothing_else_is_measured_there_is_no_other_job(tmp_path: Path) -> None:
    plan = planned(tmp_path, APART)
    assert all(name.endswith(f"/{APART}") for name in plan.measure)
    assert list(plan.measured)[-1] == f"runs/new/{{labels}}/{APART}"
    assert planned(tmp_path).measure == {}


def test_a_claim_is_judged_on_both(tmp_path: Path) -> None:
    trials = {"c1e_connected": {"sweeps": ["new"]}, "c2a_minima_vanish": {"datasets": ["mnist1d"]}}
    plan = planned(tmp_path, claims=trials)
    asked = set(shelf.constant("claims", "c1e_connected", "MEASURES"))
    assert {Path(file).stem for file in plan.judge["c1e_connected"].inputs} == asked
    assert "barriers" in asked
    assert len(asked) > 1
    assert "data/measures/datasets/mnist1d/toy_minima.parquet" in plan.judge["c2a_minima_vanish"].inputs
    assert plan.measure["datasets/mnist1d/toy_minima"].inputs == ["data/datasets/mnist1d.safetensors"]


def test_a_claim_reads_what_its_also_names_where_a_sweep_asks_for_it_and_asks_for_it_nowhere(tmp_path: Path) -> None:
    trial = {"c4a_straight_way_down": {"sweeps": ["new"]}}
    (also,) = shelf.constant("claims", "c4a_straight_way_down", "ALSO")
    alone, beside = planned(tmp_path, claims=trial), planned(tmp_path, also, claims=trial)
    made = {file for job in beside.measure.values() for file in job.outputs if Path(file).stem == also}
    assert len(made) == 8
    inputs = [set(plan.judge["c4a_straight_way_down"].inputs) for plan in (alone, beside)]
    assert inputs[1] - inputs[0] == made


def code(plan: Plan, job: str, source: Path) -> str:
    return digests.code(*plan.measure[job].code.partition("@")[0].split("+"), source=source)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the package, its rules and locks, to be edited."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "workflow", tmp_path / "workflow", ignore=ignored)
    for lock in ROOT.glob("requirements*.lock"):
        shutil.copy(lock, tmp_path)
    return shutil.copytree(ROOT / "src/nominima", tmp_path / "src/nominima", ignore=ignored)


@pytest.mark.parametrize(("edited", "again"), [(JOINT, [True, False]), (APART, [False, True])])
def test_an_edit_of_one_takes_the_other_not_again(tmp_path: Path, source: Path, edited: str, again: list[bool]) -> None:
    plan = planned(tmp_path, JOINT, APART)
    file = source / f"measures/{edited}.py"
    file.write_text(file.read_text() + "\nmeasure = measure\n")
    jobs = ["runs/new/w4.one", f"runs/new/w4.one/{APART}"]
    assert [code(plan, job, source) != plan.measure[job].code for job in jobs] == again


@pytest.mark.parametrize(("said", "apart"), [("APART = False", False), ("APART: bool = True", True)])
def test_whether_a_measure_is_apart_is_no_part_of_its_code(
    said: str, apart: bool, tmp_path: Path, source: Path
) -> None:
    """It changes no number: a measure set apart is registered as it was."""
    plan = planned(tmp_path, JOINT, APART)
    file = source / f"measures/{APART}.py"
    file.write_text(file.read_text().replace("\nAPART = True\n", f"\n{said}\n"))
    assert subjects.apart(file) is apart
    assert code(plan, f"runs/new/w4.one/{APART}", source) == plan.measure[f"runs/new/w4.one/{APART}"].code


def test_elsewhere_than_in_a_measure_the_word_counts_as_any_other(source: Path) -> None:
    before = digests.code("models.mlp")
    file = source / "models/mlp.py"
    file.write_text(file.read_text() + "\nAPART = True\n")
    assert digests.code("models.mlp", source=source) != before


def test_no_measure_reads_whether_it_is_apart() -> None:
    """Else its digest would not tell of it."""
    files = {file: file.read_text() for file in (ROOT / "src/nominima/measures").glob("*.py")}
    assert {file.stem for file, text in files.items() if "APART" in text.replace("\nAPART = True\n", "\n")} == set()
    assert APART in {file.stem for file in files if subjects.apart(file)}


def test_no_two_kinds_of_job_share_a_rule() -> None:
    jobs = ["theory", "theory/line", "datasets/line", "datasets/a/line", "datasets/a-line", "runs/line/{labels}",
            "runs/a/{labels}/line", "runs/a-line/{labels}", "runs/a_line/{labels}", "runs/a/{labels}/line_a",
            "runs/a-apart-line/{labels}", "runs/a_APART_line".lower() + "/{labels}"]  # fmt: skip
    rules = [rule_name("measure", job) for job in jobs]
    assert len(set(rules)) == len(jobs)
    assert all(rule.isidentifier() for rule in rules)
    assert rules[6] == "measure_runs_a_APART_line"


def test_a_job_is_found_by_its_pattern() -> None:
    told = {
        "theory": ("theory", "", "theory"),
        "theory/line": ("theory", "line", "theory/line"),
        "datasets/a/line": ("datasets/a", "line", "datasets/a/line"),
        "runs/a/w4.b": ("runs/a/w4.b", "", "runs/a/{labels}"),
        "runs/a/w4.b/line": ("runs/a/w4.b", "line", "runs/a/{labels}/line"),
        "runs/a/{labels}/line": ("runs/a/{labels}", "line", "runs/a/{labels}/line"),
    }
    assert {job: (*subjects.split(job), subjects.pattern(job)) for job in told} == told


def cost(line: str) -> str:
    return f"{line}\ncost: 50.00 CPU s, 400 MB\n"


def test_a_measure_apart_is_expected_awaited_and_learned_from(tmp_path: Path) -> None:
    plan, costs = planned(tmp_path, JOINT, APART), read_costs()
    found = {job.job: job for job in estimate(plan, costs, 1, NOTHING).of("measure")}
    assert found.keys() == plan.measure.keys()
    both = [found["runs/new/w4.one"], found[f"runs/new/w4.one/{APART}"]]
    assert [job.start for job in both] == [costs.start["measure"]] * 2
    rules = {rule for rule in expected(estimate(plan, costs, 1, NOTHING)) if rule.startswith("measure_")}
    assert rules == {rule_name("measure", pattern) for pattern in plan.measured}
    log: dict[str, Any] = {f"new/w4.one/r0-{end} {APART}": "9 rows, 20.00 CPU s" for end in ("01", "1")}
    file = tmp_path / f"logs/measure/runs/new/w4.one/{APART}.log"
    file.parent.mkdir(parents=True)
    file.write_text(cost("\n".join(f"{name}: {told}" for name, told in log.items())))
    assert list(logs(plan, tmp_path)["measure"]) == [f"runs/new/w4.one/{APART}"]


def test_a_measure_on_no_shelf_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="'gradient_nois' is no file of that shelf"):
        planned(tmp_path, "gradient_nois")
