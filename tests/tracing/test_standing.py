"""What decides is every file's own trace and every verb's ledger, and nothing else."""

import json
import os
from pathlib import Path

import pytest

from chain import CLAIM, ENVIRONMENT, Plan, build, make, plan, write
from nominima.ground.files import Refusal
from nominima.ground.places import VERBS, ledger
from nominima.planning.plan import Job
from nominima.tracing.artefact import read_trace
from nominima.tracing.standing import NOTHING, start, steps
from nominima.verbs.seal import seal

TABLE = "data/measures/runs/width/w4/norms.parquet"
DATASET = "data/datasets/digits.safetensors"
VERDICT = f"reports/verdicts/{CLAIM}.json"


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A small plan, all of it made and sealed in the working folder."""
    monkeypatch.chdir(tmp_path)
    jobs = plan()
    build(jobs)
    return jobs


def rewrite(path: str, value: int = 8, **changes: object) -> None:
    """Write a file with other numbers and, but for `changes`, the same trace."""
    trace = read_trace(Path(path))
    assert trace is not None
    write(Path(path), trace.model_copy(update=changes), value)


def above(verb: str) -> set[str]:
    """All that rests on one changed file of a verb, in the small plan."""
    jobs = plan()
    files = {"measure": [TABLE, *jobs["judge"][CLAIM].outputs], "judge": [VERDICT]}.get(verb, [])
    rest = {file for job in jobs["report"].values() for file in job.outputs}
    return {*files, "reports/verdicts/scoreboard.json", *rest, *map(ledger, VERBS[VERBS.index(verb) :])}


def test_what_was_made_and_sealed_stands(jobs: Plan) -> None:
    assert start(jobs) == NOTHING


def test_time_stamps_decide_nothing(jobs: Plan) -> None:
    for age, path in enumerate(sorted(Path().rglob("*.*"), reverse=True)):
        os.utime(path, (age, age))
    assert start(jobs) == NOTHING


def test_another_environment_decides_nothing(jobs: Plan) -> None:
    rewrite(TABLE, environment=ENVIRONMENT | {"torch": "2.14.0"})
    found = start(jobs)
    assert TABLE not in found.needed
    assert ledger("measure") in found.again, "its ledger has other bytes"


def test_a_changed_rate_makes_its_run_again_and_all_that_rests_on_it(jobs: Plan) -> None:
    edited = plan(rate=0.2)
    found = start(edited)
    run = set(edited["train"]["width/w4"].outputs)
    assert found.needed == run | above("measure") | {ledger("train")}
    assert {file for file in found.again if file.startswith("data/")} == run | {TABLE}


def test_other_code_makes_everything_again(jobs: Plan) -> None:
    edited = plan(code="beef")
    assert start(edited).again >= {
        file for planned in edited.values() for job in planned.values() for file in job.outputs
    }


def test_a_missing_file_is_made_again_with_all_that_rests_on_it(jobs: Plan) -> None:
    Path(TABLE).unlink()
    found = start(jobs)
    assert found.needed == above("measure")
    assert TABLE not in found.again


def test_a_file_edited_by_hand_is_refused_at_every_start(jobs: Plan) -> None:
    rewrite(TABLE)
    for _ in range(2):
        with pytest.raises(Refusal, match=f"{TABLE}: edited by hand, .* delete this file, then"):
            start(jobs)
    Path(TABLE).unlink()
    make("measure", jobs["measure"]["runs/width/w4"])
    assert start(jobs) == NOTHING


def test_an_edited_file_of_a_job_that_is_made_again_is_no_matter(jobs: Plan) -> None:
    rewrite(TABLE)
    assert TABLE in start(plan(rate=0.2)).again


@pytest.mark.parametrize("content", ["", "{}", "a note"])
def test_a_file_without_a_trace_is_never_written_over(content: str, jobs: Plan) -> None:
    Path(VERDICT).write_text(content)
    with pytest.raises(Refusal, match=f"{VERDICT}: damaged, or not made by this pipeline: .* move it away"):
        start(jobs)
    with pytest.raises(Refusal, match="move it away"):
        start(plan(rate=0.2))


def test_as_many_refusals_as_are_shown_are_not_cut(jobs: Plan) -> None:
    for file in [*jobs["train"]["width/w2"].outputs, *jobs["train"]["width/w4"].outputs[:2]]:
        Path(file).write_text("x")
    with pytest.raises(Refusal) as refused:
        start(jobs)
    assert (str(refused.value).count("damaged"), "more" in str(refused.value)) == (5, False)


def test_many_refusals_are_cut(jobs: Plan) -> None:
    for job in jobs["train"].values():
        for file in job.outputs:
            Path(file).write_text("x")
    with pytest.raises(Refusal, match="… and 1 more"):
        start(jobs)


def test_a_ledger_put_back_is_written_again_with_those_after_it(jobs: Plan) -> None:
    before = Path(ledger("measure")).read_bytes()
    newer = plan(rate=0.2)
    build(newer)
    Path(ledger("measure")).write_bytes(before)
    found = start(newer)
    assert ledger("measure") in found.again
    assert {file for file in found.needed if file.startswith("data/")} == set()
    assert set(map(ledger, ("measure", "judge", "report"))) <= found.needed
    assert ledger("train") not in found.needed


def test_a_ledger_of_more_jobs_than_planned_is_written_again(jobs: Plan) -> None:
    fewer = plan(runs=("width/w2",))
    found = start(fewer)
    assert {ledger("train"), ledger("measure")} <= found.again
    assert not {file for file in found.needed if file.startswith("data/")}


def test_a_lost_ledger_is_written_again(jobs: Plan) -> None:
    Path(ledger("prepare")).unlink()
    assert start(jobs).again >= {ledger("prepare")}


def test_a_damaged_ledger_is_refused(jobs: Plan) -> None:
    Path(ledger("train")).write_bytes(b"")
    with pytest.raises(Refusal, match=r"train\.json: not a sound ledger"):
        start(jobs)


def test_a_raw_file_replaced_under_an_older_time_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data/raw").mkdir(parents=True)
    raw = Path("data/raw/scan")
    raw.write_text("1")
    planned = {verb: {} for verb in VERBS} | {"prepare": {"scan": Job([str(raw)], [DATASET], "{}", "c0de")}}
    build(planned)
    assert start(planned) == NOTHING
    raw.write_text("2")
    os.utime(raw, (0, 0))
    assert start(planned).again >= {DATASET}


def test_what_is_a_persons_own_is_named_and_what_a_killed_job_left_is_not(jobs: Plan) -> None:
    own = {"data/measures/NOTES.md", "reports/figures/my_talk_version.png", "data/runs/width/w2/.metrics.parquet.old"}
    litter = {"data/runs/width/w2/.metrics.parquet.abcd1234", "data/runs/width/w2/.x1y2z3w4/metrics.parquet"}
    for name in own | litter | {"data/runs/.gitignore"}:
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("x")
    found = start(jobs)
    assert set(found.others) == own
    assert not found.needed


def test_jobs_come_after_those_that_they_rest_on_however_the_plan_lists_them() -> None:
    source, follower = Job([], ["a"], "{}", "c"), Job(["a"], ["b"], "{}", "c")
    order = [
        step.outputs
        for step in steps({verb: {"b": follower, "a": source} if verb == "train" else {} for verb in VERBS})
    ]
    assert order.index(["a"]) < order.index(["b"]) < order.index([ledger("train")])


def test_a_second_seal_after_a_failed_one_is_asked_for(jobs: Plan) -> None:
    newer = plan(rate=0.2)
    build(newer, ("prepare",))
    make("train", newer["train"]["width/w4"])
    for _ in range(2):
        assert ledger("train") in start(newer).again
    seal("train", newer["train"])
    assert ledger("train") not in start(newer).needed


def test_an_entry_forged_in_a_ledger_is_not_that_of_the_plan(jobs: Plan) -> None:
    tree = json.loads(Path(ledger("train")).read_bytes())
    tree["jobs"]["width/w4"]["outputs"] = dict.fromkeys(tree["jobs"]["width/w4"]["outputs"], "0" * 64)
    Path(ledger("train")).write_text(json.dumps(tree))
    with pytest.raises(Refusal, match="edited by hand"):
        start(jobs)
