"""Which jobs of an estimate would run now."""

from pathlib import Path

import pytest
from test_estimate import forecast, plan

import chain
from nominima.ground.places import VERBS, ledger
from nominima.planning.plan import Plan


@pytest.fixture
def built(tmp_path, monkeypatch):
    """The folder in which all that the plan makes is made and sealed."""
    monkeypatch.chdir(tmp_path)
    chain.build(plan().by_verb)
    return tmp_path


def due(whole: Plan, root: Path) -> dict[str, set[str]]:
    """Verb → names of the jobs that would run now."""
    found = forecast(whole, root).due
    return {verb: {job.job for job in found if job.verb == verb} for verb in (*VERBS, "seal")}


def test_what_is_sealed_does_not_run_again(built):
    assert forecast(plan(), built).due == []


def test_what_changed_runs_with_all_that_rests_on_it(built):
    found = due(plan(rate=0.2), built)
    assert (found["prepare"], found["train"]) == (set(), {"s/a", "s/b"})
    assert found["measure"] == {"runs/s/a", "runs/s/b"}
    assert (found["judge"], found["report"]) == (set(), {"page"})
    assert found["seal"] == {"train", "measure", "judge", "report"}


def test_what_is_missing_runs_again(built):
    (built / "data/runs/s/a/metrics.parquet").unlink()
    found = due(plan(), built)
    assert (found["train"], found["measure"]) == ({"s/a"}, {"runs/s/a"})


def test_a_ledger_put_back_over_newer_files_is_only_sealed(built):
    before = {verb: (built / ledger(verb)).read_bytes() for verb in VERBS}
    chain.build(plan(rate=0.2).by_verb)
    for verb, content in before.items():
        (built / ledger(verb)).write_bytes(content)
    found = due(plan(rate=0.2), built)
    assert found["train"] | found["measure"] == set()
    assert found["seal"] >= {"train", "measure"}


def test_a_file_of_other_parameters_under_the_right_ledger_runs_again(built):
    ledgers = {verb: (built / ledger(verb)).read_bytes() for verb in VERBS}
    chain.build(plan(rate=0.2).by_verb)
    for verb, content in ledgers.items():
        (built / ledger(verb)).write_bytes(content)
    assert due(plan(), built)["train"] == {"s/a", "s/b"}


def test_a_file_that_would_stop_the_run_is_named(built):
    (built / "data/runs/s/a/metrics.parquet").write_text("x")
    (note,) = forecast(plan(), built).notes
    assert note.startswith("data/runs/s/a/metrics.parquet: damaged, or not made by this pipeline")
