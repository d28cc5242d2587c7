"""The register: three digests a claim, a line for every change, and no recorded verdict that is not under it."""

import json
import shutil
from pathlib import Path

import pytest

from docs.register import PAGE, Registered, added, current, history, registered
from nominima.ground.files import Refusal
from nominima.planning.plan import Plan
from nominima.planning.reader import load

ROOT = Path(__file__).parents[2]
PLAN = Plan(load(ROOT / "params.yaml"))
CLAIM = "c0a_bigger_is_better"
HEAD = "| claim | rule | instruments | trial | changed | why |\n| --- | --- | --- | --- | --- | --- |\n"
FIRST = Registered("a1", "b1", "c1")


def test_a_new_claim_gets_a_line() -> None:
    page = added(HEAD, {"c0a_one": FIRST}, "before the first run")
    assert page == HEAD + "| `c0a_one` | `a1` | `b1` | `c1` | first registered | before the first run |\n"
    assert registered(page) == {"c0a_one": FIRST}


def test_a_change_adds_a_line_and_keeps_those_above() -> None:
    page = added(HEAD, {"c0a_one": FIRST, "c0b_two": FIRST}, "first")
    later = added(page, {"c0a_one": FIRST._replace(rule="a2", trial="c2"), "c0b_two": FIRST}, "fresh | seeds\nfrom 300")
    assert later == page + "| `c0a_one` | `a2` | `b1` | `c2` | rule, trial | fresh / seeds from 300 |\n"
    assert registered(later)["c0a_one"] == Registered("a2", "b1", "c2")


def test_the_history_of_a_claim_is_its_lines_and_every_line_is_somebodys() -> None:
    page = added(added(HEAD, {"c0a_one": FIRST}, "first"), {"c0a_one": FIRST._replace(rule="a2")}, "fresh seeds")
    assert history(page) == {
        "c0a_one": [{"changed": "first registered", "why": "first"}, {"changed": "rule", "why": "fresh seeds"}]
    }
    shipped = PAGE.read_text()
    assert sum(map(len, history(shipped).values())) == shipped.partition("## The digests")[2].count("\n| `")


def test_nothing_changed_adds_nothing_and_needs_no_reason() -> None:
    page = added(HEAD, {"c0a_one": FIRST}, "first")
    assert added(page, {"c0a_one": FIRST}, "") == page


def test_a_change_without_a_reason_is_refused() -> None:
    with pytest.raises(Refusal, match=r"c0a_one: not as registered .* make register WHY"):
        added(HEAD, {"c0a_one": FIRST}, "  ")


def test_a_verdict_recorded_by_this_code_is_under_the_digests_in_force() -> None:
    there, now = registered(PAGE.read_text()), current(PLAN)
    for claim, job in PLAN.judge.items():
        file = ROOT / job.outputs[0]
        if claim != "scoreboard" and file.exists() and json.loads(file.read_text())["trace"]["code"] == job.code:
            assert there.get(claim) == now[claim], f'{claim} is recorded and not registered: make register WHY="…"'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the package, to be edited."""
    ignored = shutil.ignore_patterns("__pycache__")
    return shutil.copytree(ROOT / "src/nominima", tmp_path / "src/nominima", ignore=ignored)


def changed(source: Path) -> set[str]:
    """The digests of a claim that are other than in this checkout."""
    now, there = current(PLAN)[CLAIM], current(PLAN, source)[CLAIM]
    return {name for name, old, new in zip(Registered._fields, now, there, strict=True) if old != new}


@pytest.mark.parametrize(
    ("file", "old", "new", "which"),
    [
        ("judging/evidence.py", "table.is_empty()", "not table.is_empty()", {"rule"}),  # shared by all claims
        (
            "judging/samples.py",
            'pl.col("size") == pl.col("size").max())',
            'pl.col("size") == pl.col("size").min())',
            {"rule"},
        ),
        ("judging/decide.py", "MOST_LOST = 0.2", "MOST_LOST = 0.9", {"rule"}),
        ("measures/learning_curve.py", "def measure(", "EDITED = 1\n\n\ndef measure(", {"instruments"}),
        ("measuring/subject.py", "self.trajectory\n", "self.trajectory or None\n", {"instruments"}),
        ("drawing/theme.py", '"#d9d9d9"', '"#d8d8d8"', set()),
    ],
)
def test_an_edit_changes_the_digest_of_what_it_decides(source, file, old, new, which) -> None:
    path = source / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert changed(source) == which


def test_the_params_of_a_claims_runs_are_its_trial() -> None:
    training = PLAN.params.training.model_copy(update={"seeds": PLAN.params.training.seeds + 1})
    now, after = current(PLAN), current(Plan(PLAN.params.model_copy(update={"training": training})))
    assert after[CLAIM].trial != now[CLAIM].trial
    assert {claim: its._replace(trial="") for claim, its in after.items()} == {
        claim: its._replace(trial="") for claim, its in now.items()
    }
