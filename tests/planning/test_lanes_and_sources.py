"""Runs that share a stack, and runs that take something from others: unrolled, told of and refused."""

from typing import Any

import pytest
from ruamel.yaml import YAML
from test_params import SMOKE, changed, refused

from nominima.planning.params import Params
from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.planning.run import FREE, Run, Training, apart, together

RATES = {"slow": {"rate": 0.001}, "fast": {"rate": 0.1}}
W8 = "sizes/noisy.w8"
TAUGHT_BY_W8 = {"noise": 0.2, "pacing": {"order": "taught", "run": W8}}
TAUGHT = {"axes": {"labels": {"clean": {}, "noisy": {"noise": 0.2}}}, "lanes": {"rate": RATES}}


@pytest.fixture
def params(tmp_path) -> Params:
    file = tmp_path / "params.yaml"
    file.write_text(changed(sweeps__taught=TAUGHT | {"changes": {"start": {"run": "sizes/noisy.w8", "at": "end"}}}))
    return load(file)


def test_runs_that_differ_in_lanes_share_a_stack(params: Params) -> None:
    runs = [run for run in params.runs().values() if run.sweep == "taught"]
    assert [(run.stack, run.name) for run in runs] == [
        ("taught/clean", "taught/clean/slow"),
        ("taught/clean", "taught/clean/fast"),
        ("taught/noisy", "taught/noisy/slow"),
        ("taught/noisy", "taught/noisy/fast"),
    ]
    assert apart(together(runs[:2])) == runs[:2]
    one = params.runs()["sizes/noisy.w8"]
    assert apart(together([one])) == [one]


def test_one_job_makes_the_files_of_every_run_of_a_stack(params: Params) -> None:
    job = Plan(params).train["taught/noisy"]
    assert job.outputs == [
        f"data/runs/taught/noisy/{rate}/{file}"
        for rate in RATES
        for file in ("parameters.safetensors", "metrics.parquet", "records.safetensors")
    ]
    assert "data/runs/sizes/noisy.w8/parameters.safetensors" in job.inputs
    assert '"sources":{"sizes/noisy.w8":' in job.spec


def test_what_lanes_may_differ_in_changes_no_shape_and_no_cost() -> None:
    assert set(Training.model_fields) > FREE
    assert not FREE & {"model", "size", "batch", "steps", "dataset", "examples", "optimizer", "seeds", "device"}


def test_labels_stand_in_for_axes_in_the_names_of_sources(tmp_path) -> None:
    file = tmp_path / "params.yaml"
    size = YAML(typ="safe", pure=True).load(SMOKE)["sweeps"]["sizes"]["axes"]["size"]
    again = {"changes": {"teacher": {"run": "sizes/noisy.{size}"}, "noise": 0.2}, "axes": {"size": size}}
    file.write_text(changed(sweeps__again=again))
    run: Run = load(file).runs()["again/w4"]
    assert run.training.sources == ["sizes/noisy.w4"]


def rounds(steps: int = 60, keep: float = 0.6) -> dict[str, Any]:
    """A dense sweep and two rounds of pruning, the second from the first's ticket."""
    size, of = {"size": {"w4": {"size": 4}, "w8": {"size": 8}}}, {"at": "end", "keep": 0.6}
    start, first, ticket = {"run": "dense/{size}", "at": "init"}, {"run": "dense/{size}"}, {"run": "once/{size}/ticket"}
    arms = {"ticket": {}, "redrawn": {"start": None, "draw": 1}}
    return {
        "sweeps__dense": {"axes": size, "changes": {"steps": steps}},
        "sweeps__once": {"axes": size, "changes": {"prune": of | first | {"keep": keep}, "start": start},
                         "lanes": {"arm": arms | {"random": {"prune": of | first | {"kind": "random"}}}}},
        "sweeps__twice": {"axes": size, "changes": {"prune": of | ticket, "start": start}, "lanes": {"arm": arms}},
    }  # fmt: skip


def trained_again(tmp_path, **edit: Any) -> set[str]:
    """The trainings whose values are edited, and those that read what others make anew."""
    file, plans = tmp_path / "params.yaml", []
    for its in (rounds(), rounds(**edit)):
        file.write_text(changed(**its))
        plans.append(Plan(load(file)).train)
    before, after = plans
    again = {name for name, job in after.items() if job.spec != before[name].spec}
    for _ in after:
        made = {file for name in again for file in after[name].outputs}
        again |= {name for name, job in after.items() if made & set(job.inputs)}
    return again


def test_a_round_is_trained_again_exactly_if_what_it_is_pruned_from_is(tmp_path) -> None:
    assert trained_again(tmp_path) == set()
    assert trained_again(tmp_path, keep=0.5) == {f"{sweep}/w{size}" for sweep in ("once", "twice") for size in (4, 8)}
    assert trained_again(tmp_path, steps=70) == {
        f"{of}/w{size}" for of in ("dense", "once", "twice") for size in (4, 8)
    }


def test_the_arms_of_a_round_share_its_job(tmp_path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(changed(**rounds()))
    job = Plan(load(file)).train["twice/w4"]
    sources = {name.rpartition("/")[0] for name in job.inputs if "parameters" in name}
    assert sources == {"data/runs/dense/w4", "data/runs/once/w4/ticket"}
    assert {name.split("/")[4] for name in job.outputs} == {"ticket", "redrawn"}


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        ({"lanes": {"size": {"w2": {"size": 2}}}}, "sweeps.new.lanes.size.w2.size: unknown key"),
        ({"axes": {"a": {"x": {"rate": 1.0}}}, "lanes": {"a": RATES}}, "sweeps.new.lanes: a is an axis too"),
        ({"changes": {"start": {"run": "sizes/noisy.w9"}}}, "start.run: 'sizes/noisy.w9' is no run; did you mean"),
        ({"changes": {"start": {"run": "sizes/{sise}.w8"}}}, "start.run: 'sizes/{sise}.w8' is no run"),
        ({"changes": {"start": {"run": "../up"}}}, "sweeps.new.changes.start.run: "),
        ({"changes": {"start": {"run": "sizes/noisy.w4"}}}, "sizes/noisy.w4 has size 4, this run 8"),
        ({"changes": {"prune": {"run": W8, "keep": 0.5}, "size": 4}}, "prune.run: sizes/noisy.w8 has size 8, this"),
        ({"changes": {"teacher": {"run": "sizes/noisy.w8"}, "seeds": 6}}, "has no lane for some of the seeds 100"),
        ({"changes": {"pacing": {"order": "taught"}}}, "pacing.run: order taught needs one"),
        ({"changes": {"pacing": {"order": "reversed", "other": W8}}}, "pacing.run: order reversed needs one"),
        ({"changes": {"pacing": {"order": "random", "run": "sizes/noisy.w8"}}}, "order random has no use for one"),
        ({"changes": {"pacing": {"order": "clean", "other": W8}}}, "pacing.other: order clean has no use for one"),
        ({"changes": TAUGHT_BY_W8 | {"examples": 9}}, "pacing.run: sizes/noisy.w8 has examples None, this run 9"),
        ({"changes": TAUGHT_BY_W8 | {"skip": 9}}, "sizes/noisy.w8 has skip 0, this run 9; they must be the same"),
        ({"changes": TAUGHT_BY_W8 | {"noise": 0.1}}, "pacing.run: sizes/noisy.w8 has noise 0.2, this run 0.1"),
        ({"changes": TAUGHT_BY_W8 | {"dataset": "digits"}}, "sizes/noisy.w8 has dataset mnist1d, this run digits"),
        ({"changes": TAUGHT_BY_W8 | {"size": 4}}, "pacing.run: sizes/noisy.w8 has size 8, this run 4"),
        ({"changes": TAUGHT_BY_W8 | {"seeds": 6}}, "pacing.run: sizes/noisy.w8 has no lane for some of the seeds 100"),
        ({"changes": {"pacing": {"order": "taught", "run": W8, "at": 11}}}, "pacing.at: sizes/noisy.w8 has no"),
        ({"changes": {"half": "first", "examples": 80}}, "batch: 50: more than the 40 examples trained on"),
        ({"changes": {"start": {"run": W8, "at": 11}}}, "start.at: sizes/noisy.w8 has no checkpoint at step 11"),
        ({"changes": {"teacher": {"run": "new/base"}}}, "new/base → new/base wait for each other"),
        ({"changes": {"teacher": {"run": W8, "validates": True}, "noise": 0.1}}, "teacher.validates: noise 0.1"),
        ({"changes": {"teacher": {"run": W8, "kind": "shuffled"}}}, "sweeps.new.changes.teacher.kind"),
        ({"changes": {"prune": {"run": "sizes/noisy.w8", "keep": 0}}}, "sweeps.new.changes.prune.keep: 0"),
        ({"changes": {"start": {"run": "sizes/noisy.w8", "at": "middle"}}}, "sweeps.new.changes.start.at"),
        ({"changes": {"device": "gpu"}}, "sweeps.new.changes.device: \"gpu\""),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_or_shared_is_told(tmp_path, sweep: dict[str, Any], message: str) -> None:
    assert message in refused(tmp_path, changed(sweeps__new=sweep))


HALVES = {"lanes": {"half": {"all": {}, "one": {"half": "first"}, "two": {"half": "second"}}}}


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (("one", "one"), "taught/base saw the first half; one must see the first half, the other the second"),
        (("all", "two"), "teachers/base/all saw all and teachers/base/two saw the second half; one must see"),
        (("two", None), "pacing.other: teachers/base/two saw the second half only; name a run that saw the other one"),
        (("one", "four"), "pacing.other: 'teachers/base/four' is no run"),
    ],
)
def test_teachers_who_did_not_share_the_examples_out_are_told(tmp_path, named, message: str) -> None:
    run, other = (name and f"teachers/base/{name}" for name in named)
    student = {"changes": {"pacing": {"order": "taught", "run": run, "other": other}}}
    told = refused(tmp_path, changed(sweeps__teachers=HALVES, sweeps__student=student))
    assert message.replace("taught/base saw", "teachers/base/one saw") in told


def test_both_teachers_are_trained_first_and_named_with_labels_of_size_left_open(tmp_path) -> None:
    sizes = {"w4": {"size": 4}, "w8": {"size": 8}}
    taken = {"order": "taught", "run": "teachers/{size}/two", "other": "teachers/{size}/one"}
    file = tmp_path / "params.yaml"
    file.write_text(changed(sweeps__teachers=HALVES | {"axes": {"size": sizes}},
                            sweeps__student={"axes": {"size": sizes}, "changes": {"pacing": taken}}))  # fmt: skip
    params = load(file)
    run = params.runs()["student/w4"]
    assert run.training.sources == ["teachers/w4/one", "teachers/w4/two"]
    assert run.taken == {"pacing": "teachers/{size}/two", "pacing.other": "teachers/{size}/one"}
    assert "data/runs/teachers/w4/one/records.safetensors" in Plan(params).train["student/w4"].inputs
    changes = params.sweeps["student"].changes.model_dump()
    assert taken.items() <= changes["pacing"].items(), "names are filled in a copy"
