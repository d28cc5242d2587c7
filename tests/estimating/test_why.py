"""Why a job would run: what moved of itself, or nothing but what it is made from."""

from pathlib import Path

import pytest
from test_estimate import forecast, plan

import chain
from nominima.estimating.why import Reason, why
from nominima.ground.places import ledger
from nominima.planning.plan import Plan
from nominima.tracing.history import source_here
from nominima.tracing.standing import here


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which all that the plan makes is made and sealed."""
    monkeypatch.chdir(tmp_path)
    chain.build(plan().by_verb)
    return tmp_path


def told(whole: Plan, root: Path) -> dict[str, list[str]]:
    found = here(whole.by_verb, root)
    reasons: list[Reason] = why(whole, found, source_here(root).ledgers, forecast(whole, root), root)
    return {f"{each.verb} {each.job}": each.moved for each in reasons}


def test_nothing_moved(built: Path) -> None:
    assert told(plan(), built) == {}


def test_a_value_is_told_old_and_new_and_what_rests_on_it_has_no_reason_of_its_own(built: Path) -> None:
    found = told(plan(rate=0.2), built)
    assert found["train s/a"] == ["run.training.rate: 0.1 → 0.2"]
    assert found["measure runs/s/a"] == found["report page"] == []
    assert found.keys() == {
        f"{job.verb} {job.job}" for job in forecast(plan(rate=0.2), built).due if job.verb != "seal"
    }


def test_strict_is_told_by_the_word_that_was_edited(built: Path) -> None:
    strict = Plan(plan().params.model_copy(update={"strict": True}))
    found = told(strict, built)
    assert found["train s/a"] == ["strict: false → true"]
    assert {moved[0] for moved in found.values() if moved} == {"strict: false → true"}


def test_missing_files_are_named(built: Path) -> None:
    (built / "data/runs/s/a/metrics.parquet").unlink()
    found = told(plan(), built)
    assert found["train s/a"] == ["missing: data/runs/s/a/metrics.parquet"]
    assert found["measure runs/s/a"] == []


def test_a_verb_without_a_ledger_is_told(built: Path) -> None:
    (built / ledger("train")).unlink()
    (built / "data/runs/s/a/metrics.parquet").unlink()
    assert told(plan(), built)["train s/a"] == ["nothing is recorded of its verb"]


def test_files_of_other_values_under_the_right_ledger_are_told(built: Path) -> None:
    before = (built / ledger("train")).read_bytes()
    chain.build(plan(rate=0.2).by_verb, ("prepare", "train"))
    (built / ledger("train")).write_bytes(before)
    assert told(plan(), built)["train s/a"] == ["its files are not those in its ledger"]
