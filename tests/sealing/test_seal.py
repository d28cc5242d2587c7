"""A seal records what is sound and refuses what is not."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chain import CLAIM, ENVIRONMENT, Plan, build, make, plan, write
from nominima.estimating.learn import SPENT
from nominima.ground.files import Refusal, digest
from nominima.ground.places import VERBS, ledger
from nominima.planning.plan import Job
from nominima.tracing.artefact import read_trace
from nominima.tracing.ledger import compose, parse, read_ledger
from nominima.tracing.trace import Trace
from nominima.verbs import seal as seal_module
from nominima.verbs.seal import seal

TABLE = "data/measures/runs/width/w4/norms.parquet"
VERDICT = f"reports/verdicts/{CLAIM}.json"


def ledgers() -> dict[str, bytes]:
    return {verb: Path(ledger(verb)).read_bytes() for verb in VERBS}


@pytest.mark.parametrize("verb", VERBS)
def test_a_ledger_tells_digest_and_trace_of_every_file(verb: str, jobs: Plan) -> None:
    told = read_ledger(Path(ledger(verb)))
    outputs = [file for job in jobs[verb].values() for file in job.outputs]
    assert told.digests == {file: digest(Path(file)) for file in outputs}
    for file in outputs:
        trace = read_trace(Path(file))
        assert trace is not None
        assert told.trace(told.makers[file]) == trace
        assert told.jobs[told.makers[file]].trace == trace.key


def test_a_forced_rebuild_leaves_the_ledgers_byte_identical(jobs: Plan) -> None:
    before = ledgers()
    build(jobs)
    assert ledgers() == before


def test_a_changed_rate_moves_only_the_lines_of_its_jobs(jobs: Plan) -> None:
    before = Path(ledger("train")).read_text().splitlines()
    build(plan(rate=0.2))
    after = Path(ledger("train")).read_text().splitlines()
    moved = [line for line, old in zip(after, before, strict=True) if line != old]
    assert len(moved) == 5  # key, rate and three outputs
    assert sum("0.2" in line for line in moved) == 1


def test_nothing_is_written_when_a_file_was_edited_by_hand(jobs: Plan) -> None:
    before, orphan = ledgers(), Path("data/measures/orphan.parquet")
    orphan.write_text("x")
    trace = read_trace(Path(TABLE))
    assert trace is not None
    write(Path(TABLE), trace, value=8)
    with pytest.raises(Refusal, match=rf"{TABLE}: edited by hand.*delete this file, then") as refused:
        seal("measure", jobs["measure"])
    assert "w2" not in str(refused.value)
    assert ledgers() == before
    assert orphan.exists()


def test_where_nothing_else_is_recorded_deleting_the_ledger_accepts_other_bytes(jobs: Plan) -> None:
    trace = read_trace(Path(TABLE))
    assert trace is not None
    write(Path(TABLE), trace, value=8)
    Path(ledger("measure")).unlink()
    seal("measure", jobs["measure"])
    assert read_ledger(Path(ledger("measure"))).digests[TABLE] == digest(Path(TABLE))


def test_other_bytes_of_another_environment_are_no_edit(jobs: Plan) -> None:
    trace = read_trace(Path(TABLE))
    assert trace is not None
    write(Path(TABLE), trace.model_copy(update={"environment": ENVIRONMENT | {"torch": "2.14.0"}}), value=8)
    seal("measure", jobs["measure"])
    told = read_ledger(Path(ledger("measure")))
    assert len(told.environments) == 2
    assert told.trace("runs/width/w4").environment["torch"] == "2.14.0"


def other(change: dict[str, object]) -> Callable[[], None]:
    def act() -> None:
        trace = read_trace(Path(TABLE))
        assert trace is not None
        write(Path(TABLE), trace.model_copy(update=change))

    return act


BROKEN: dict[str, tuple[Callable[[], object], str]] = {
    "missing": (lambda: Path(TABLE).unlink(), "missing"),
    "empty": (lambda: Path(TABLE).write_bytes(b""), "no PNG"),
    "truncated": (lambda: Path(TABLE).write_bytes(Path(TABLE).read_bytes()[:-9]), "damaged"),
    "stripped": (lambda: Path(TABLE).write_text("{}"), "holds no trace"),
    "other spec": (other({"spec": {"run": {"training": {"rate": 9}}}}), r"run\.training\.rate: 9 → 0\.1"),
    "other code": (other({"code": "ff" * 32}), r"other code \(f{64}, planned (c0de){16}\)"),
    "other verb": (other({"verb": "train"}), "made by train"),
    "fewer inputs": (other({"inputs": {}}), "digits.safetensors is an input only of the plan"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_file_that_is_not_the_planned_one_is_named(fault: str, jobs: Plan) -> None:
    before = ledgers()
    act, told = BROKEN[fault]
    act()
    with pytest.raises(Refusal, match=f"1 files? .*\n{TABLE}: .*{told}"):
        seal("measure", jobs["measure"])
    assert ledgers() == before


def test_a_file_made_from_another_input_than_the_ledger_upstream_tells_of_is_named(jobs: Plan) -> None:
    build(plan(rate=0.2), ("prepare", "train"))
    with pytest.raises(Refusal, match=f"{TABLE}: made from other parameters"):
        seal("measure", plan(rate=0.2)["measure"])
    make("measure", plan(rate=0.2)["measure"]["runs/width/w4"])
    seal("measure", plan(rate=0.2)["measure"])
    with pytest.raises(Refusal, match=f"{VERDICT}: made from another {TABLE} "):
        seal("judge", jobs["judge"])


def test_a_ledger_rolled_back_below_newer_files_is_named_with_the_remedy(jobs: Plan) -> None:
    newer, before = plan(rate=0.2), Path(ledger("measure")).read_bytes()
    build(newer, ("prepare", "train", "measure", "judge"))
    for verb in ("prepare", "train", "measure", "judge"):
        seal(verb, newer[verb])
    Path(ledger("measure")).write_bytes(before)
    with pytest.raises(Refusal, match=f"{VERDICT}: made from {TABLE} as it is, but reports/ledger/measure.json lists"):
        seal("judge", newer["judge"])
    seal("measure", newer["measure"])
    seal("judge", newer["judge"])


def test_all_mistakes_are_told_at_once_and_long_lists_are_cut(jobs: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    for job in jobs["train"].values():
        for file in job.outputs:
            Path(file).unlink()
    with pytest.raises(Refusal) as refused:
        seal("train", jobs["train"])
    assert str(refused.value).count("missing") == 6
    monkeypatch.setattr(seal_module, "SHOWN", 6)
    with pytest.raises(Refusal) as refused:
        seal("train", jobs["train"])
    assert "more" not in str(refused.value)
    monkeypatch.setattr(seal_module, "SHOWN", 2)
    with pytest.raises(Refusal, match="… and 4 more"):
        seal("train", jobs["train"])


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"format": 2}', b"\xff"])
def test_a_damaged_ledger_is_refused_with_the_remedy(content: bytes, jobs: Plan) -> None:
    Path(ledger("train")).write_bytes(content)
    for verb in ("train", "measure"):
        with pytest.raises(
            Refusal, match=r"train.json: not a sound ledger .*git checkout -- reports/ledger/train.json"
        ):
            seal(verb, jobs[verb])


def test_a_ledger_whose_entry_does_not_fit_its_key_is_refused(jobs: Plan) -> None:
    text = Path(ledger("train")).read_text()
    Path(ledger("train")).write_text(text.replace('"rate": 0.1', '"rate": 0.3'))
    with pytest.raises(Refusal, match="the trace of job width/w4 does not have the key"):
        read_ledger(Path(ledger("train")))


def test_no_input_file_beside_the_ledgers_is_trusted_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data/raw").mkdir(parents=True)
    Path("data/raw/scan").write_text("1")
    job = Job(["data/raw/scan"], ["data/datasets/scan.safetensors"], "{}", "c0de")
    make("prepare", job)
    seal("prepare", {"scan": job})
    Path("data/raw/scan").write_text("2")
    with pytest.raises(Refusal, match="made from another data/raw/scan"):
        seal("prepare", {"scan": job})


def test_the_process_tells_in_one_message(
    jobs: Plan, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("plan.json").write_text(json.dumps({name: job._asdict() for name, job in jobs["train"].items()}))
    monkeypatch.setattr(sys, "argv", ["seal", "--verb", "train", "--plan", "plan.json"])
    seal_module.main()
    done, cost = capsys.readouterr().out.splitlines()
    assert done == "train: 6 files of 2 jobs sealed"
    assert SPENT.fullmatch(cost)
    os.truncate("data/runs/width/w2/metrics.parquet", 10)
    with pytest.raises(SystemExit, match=r"seal train: 1 files are not sealed"):
        seal_module.main()


def test_traces_of_any_content_survive_the_ledger() -> None:
    spec = {"é": [1e-5, None, True, "</a>"], "n": 10**20}
    trace = Trace(verb="train", spec=spec, code="c", inputs={"a b": "d"}, environment={})
    made = compose("train", {"x": trace}, {"x": {"data/runs/x": "e"}})
    assert parse(made.dumps(), "x").trace("x") == trace
