from pathlib import Path

import polars as pl
import pytest

from nominima.judging.evidence import of_view, read_numbers, read_trends
from nominima.judging.record import Scoreboard, Verdict, read_judged
from nominima.measures import random_points
from nominima.measuring.table import no_rows, write_table
from nominima.planning import digests, shelf
from nominima.tracing.artefact import read_trace
from nominima.tracing.job import Work
from nominima.tracing.trace import Trace
from nominima.verbs.judge import judge

CLAIM = "c1a_random_points"
TABLE = "data/measures/theory/random_points.parquet"
VERDICT = f"reports/verdicts/{CLAIM}.json"
NUMBERS = f"reports/evidence/{CLAIM}.csv"
TRENDS = f"reports/evidence/{CLAIM}.trends.csv"
SCOREBOARD = "reports/verdicts/scoreboard.json"
OVERALL = "c0c_truer_with_size"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose only measurement is that of random points."""
    monkeypatch.chdir(tmp_path)
    trace = Trace(verb="measure", spec={}, code="0", inputs={}, environment={})
    table = random_points.measure(None, points=40, seeds=8, lowest=256, highest=4096)
    write_table(tmp_path / TABLE, table, trace)
    return tmp_path


def run(project, spec, inputs, *outputs):
    code = digests.code("verbs.judge")
    made = [project / output for output in outputs]
    judge(Work(verb="judge", spec=spec, code=code, inputs=inputs, outputs=made))
    return [path.read_bytes() for path in made]


def paths(*names):
    return [Path(name) for name in names]


def one(project, inputs=(TABLE,)):
    return run(project, {"claim": CLAIM, "trial": {}, "sweeps": {}}, paths(*inputs), VERDICT, NUMBERS, TRENDS)


def test_a_claim_is_judged_from_its_tables(project, capsys):
    one(project)
    verdict, trace = read_judged(project / VERDICT, Verdict)
    assert (verdict.claim, len(verdict.deciding)) == (CLAIM, 6)
    assert {"gaussian", "uniform"} <= {cell.name for cell in verdict.deciding if cell.outcome == "supported"}
    assert capsys.readouterr().out == f"{CLAIM}: {verdict.outcome}. {verdict.reason}\n"
    assert trace.spec["claim"] == CLAIM
    assert list(trace.inputs) == [TABLE]


def test_the_numbers_behind_it_are_stored_with_the_same_trace(project):
    one(project)
    numbers = read_numbers(project / NUMBERS)
    assert read_trace(project / NUMBERS) == read_trace(project / VERDICT)
    assert set(numbers["view"]) >= {"CV of the distances", "cauchy", "minus the CV"}
    assert numbers.columns == ["law", "view", "size", "place", "seed", "value", "status"]
    assert numbers["value"].null_count() == numbers["status"].is_not_null().sum() == 0


def test_what_its_trend_is_told_from_is_what_the_claim_about_all_claims_is_judged_on(project):
    one(project)
    verdict, trace = read_judged(project / VERDICT, Verdict)
    assert read_trace(project / TRENDS) == trace
    outputs = [f"reports/{kind}/{OVERALL}.{end}" for kind, end in
               (("verdicts", "json"), ("evidence", "csv"), ("evidence", "trends.csv"))]  # fmt: skip
    run(project, {"claim": OVERALL, "trial": {"trends": [CLAIM]}, "sweeps": {}}, paths(TRENDS), *outputs)
    overall, trace = read_judged(project / outputs[0], Verdict)
    assert list(trace.inputs) == [TRENDS]
    told = of_view(read_numbers(project / outputs[1]), "trends")
    assert dict(told.select("condition", "value").rows()) == {
        trend.name: {"grows": 1, "shrinks": -1}.get(trend.word, 0) for trend in verdict.truer.cells
    }
    assert overall.primary.cells[0].why == "6 of the 8 trends that are needed"
    assert read_trends(project / outputs[2]).is_empty(), "it has no trend of its own"


def test_twice_the_same_bytes(project):
    assert one(project) == one(project)


def test_without_tables_a_claim_is_untested(project):
    one(project, inputs=())
    verdict, _ = read_judged(project / VERDICT, Verdict)
    assert (verdict.outcome, verdict.deciding, verdict.runs) == ("untested", [], 0)
    assert verdict.reason == "Evidence is missing: there is no measurement of random_points."


def test_measures_that_failed_are_named_with_their_reason(project):
    lost = "data/measures/datasets/scans/input_distances.parquet"
    trace = Trace(verb="measure", spec={}, code="0", inputs={}, environment={})
    table = no_rows("input_distances").insert_column(0, pl.Series("dataset", [], pl.String))
    write_table(project / lost, table, trace, "LinAlgError: singular")
    one(project, inputs=(TABLE, lost))
    verdict, _ = read_judged(project / VERDICT, Verdict)
    assert verdict.outcome != "untested"
    assert verdict.reason.endswith(" Measures that failed: input_distances of datasets/scans (LinAlgError: singular).")


def test_a_claim_whose_judging_fails_is_untested_and_says_so(project, monkeypatch, capsys):
    def failing(_):
        raise ZeroDivisionError("no seeds are left")

    monkeypatch.setattr(shelf.load("claims", CLAIM), "judge", failing)
    one(project)
    verdict, _ = read_judged(project / VERDICT, Verdict)
    assert verdict.outcome == "untested"
    assert "judging it failed (ZeroDivisionError: no seeds are left)" in verdict.reason
    assert "Traceback" in capsys.readouterr().err
    assert read_numbers(project / NUMBERS).is_empty()


def test_the_scoreboard_sets_verdicts_side_by_side(project):
    one(project)
    run(project, {"claims": [CLAIM]}, paths(VERDICT), SCOREBOARD)
    board, trace = read_judged(project / SCOREBOARD, Scoreboard)
    (standing,) = board.standings
    assert (standing.claim, standing.cells, standing.growth) == (CLAIM, 6, "grows")
    assert list(trace.inputs) == [VERDICT]


def test_a_scoreboard_of_no_claims_is_empty(project):
    run(project, {"claims": []}, [], SCOREBOARD)
    assert read_judged(project / SCOREBOARD, Scoreboard)[0].standings == []


@pytest.mark.parametrize("name", shelf.names("claims"))
def test_every_claim_is_untested_without_evidence_and_says_what_it_asks_for(project, name):
    run(project, {"claim": name, "trial": {}, "sweeps": {}}, [], VERDICT, NUMBERS, TRENDS)
    verdict, _ = read_judged(project / VERDICT, Verdict)
    assert (verdict.claim, verdict.outcome) == (name, "untested")
    asked = shelf.constant("claims", name, "MEASURES")
    assert any(measure in verdict.reason for measure in asked or ("trends",))
    assert all(measure in shelf.names("measures") for measure in asked)
