from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from nominima.cli import app, plans
from nominima.drawing.calibrations import line, markdown
from nominima.ground.files import Refusal
from nominima.judging.calibration import Calibrated
from nominima.measures import random_points
from nominima.measuring.table import write_table as write_measured
from nominima.planning import digests
from nominima.tracing.job import Work
from nominima.tracing.trace import Trace
from nominima.verbs.calibrate import calibrate, read_table, write_table
from nominima.verbs.judge import judge

CLAIM = "c1a_random_points"
TABLE = "data/measures/theory/random_points.parquet"
SPREAD = Path(f"docs/calibration/{CLAIM}.csv")
FINE = Calibrated(claim="c9a_fine", cells=4, of=4, seeds="8", spread="100–107", draws=2000, supported=0.01,
                  contradicted=0.0, mixed=0.05, power=0.8, at=0.2, trend=None)  # fmt: skip
POOR = FINE.model_copy(update={"claim": "c9b_poor", "supported": 0.06, "power": 0.79, "trend": 0.2, "note": "a cell"})
NONE = Calibrated(claim="c9c_none", cells=0, of=3, note="there are no runs without a prior")


@pytest.fixture
def explored(tmp_path, monkeypatch):
    """A project whose only measurement is that of random points, judged: the exploratory run too."""
    monkeypatch.chdir(tmp_path)
    table = random_points.measure(None, points=40, seeds=8, lowest=256, highest=1024)
    write_measured(Path(TABLE), table, Trace(verb="measure", spec={}, code="0", inputs={}, environment={}))
    outputs = [Path(f"reports/{name}") for name in
               (f"verdicts/{CLAIM}.json", f"evidence/{CLAIM}.csv", f"evidence/{CLAIM}.trends.csv")]  # fmt: skip
    spec = {"claim": CLAIM, "trial": {}, "sweeps": {}}
    judge(Work(verb="judge", spec=spec, code=digests.code("verbs.judge"), inputs=[Path(TABLE)], outputs=outputs))
    return Path("reports/evidence")


def test_the_spread_is_kept_and_gives_the_same_again_without_the_exploratory_run(explored):
    (first,) = calibrate({CLAIM: [TABLE]}, 5, 1, 1, explored)
    assert (first.cells, first.of, first.draws, first.at) == (6, 6, 5, -0.5)
    assert first.power is not None
    kept = SPREAD.read_text()
    assert kept.startswith(
        "view,cell,size,place,100,101,102,103,104,105,106,107\nCV of the distances,exponential,256.0,,"
    )
    assert list(calibrate({CLAIM: [TABLE]}, 5, 1, 1)) == [first]
    assert SPREAD.read_text() == kept


def test_what_is_missing_is_refused_by_name(explored):
    with pytest.raises(Refusal, match=r"data/measures/nothing.parquet: cells and seeds of c1a"):
        list(calibrate({CLAIM: ["data/measures/nothing.parquet"]}, 5, 1, 1, explored))
    SPREAD.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame({"view": ["x"]}).write_csv(SPREAD)
    with pytest.raises(Refusal, match="not a spread of seeds"):
        list(calibrate({CLAIM: [TABLE]}, 5, 1, 1))


def test_a_claim_of_which_no_exploratory_run_is_kept_is_told_so(explored):
    (found,) = calibrate({CLAIM: [TABLE]}, 5, 1, 1)
    assert (found.cells, found.of, found.note) == (0, 6, "cells not in the exploratory run: 6")


def test_a_claim_without_evidence_is_told_by_reason(explored):
    (found,) = calibrate({"c1b_parameter_distances": [TABLE]}, 5, 1, 1)
    assert found == Calibrated(claim="c1b_parameter_distances", cells=0, of=0,
                               note="there is no measurement of distances")  # fmt: skip


def test_the_table_is_kept_and_read_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_table() == []
    (tmp_path / "docs").mkdir()
    write_table([FINE, POOR, NONE])
    assert read_table() == [FINE, POOR, NONE]


def test_what_is_not_kept_is_bold_and_said():
    rows = markdown([FINE, POOR, NONE]).splitlines()[2:]
    assert rows == [
        "| `c9a_fine` | 4 of 4 | 8 | 1.0 % | 0.0 % | 5.0 % | – | 80.0 % at 0.2 |  |",
        "| `c9b_poor` | 4 of 4 | 8 | **6.0 %** | 0.0 % | 5.0 % | **20.0 %** | **79.0 %** at 0.2 | a cell |",
        "| `c9c_none` | 0 of 3 | – | – | – | – | – | – | not simulated: there are no runs without a prior |",
    ]
    assert FINE.fails == []
    assert "not kept: falsely supported in 6.0%, a trend where there is none in 20.0%, power 79%; a cell" in line(POOR)
    assert line(NONE) == "c9c_none: not simulated: there are no runs without a prior"


@pytest.mark.parametrize(("rows", "code"), [([FINE], 0), ([FINE, POOR], 1), ([NONE], 1)])
def test_the_command_ends_badly_where_a_row_is_not_kept_or_not_simulated(tmp_path, monkeypatch, rows, code):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "params.yaml").touch()
    asked = []
    monkeypatch.setattr(plans, "project", lambda: tmp_path)
    monkeypatch.setattr(plans, "load", lambda _: None)
    monkeypatch.setattr(plans, "Plan", lambda _: type("Plan", (), {"judge": {}}))
    monkeypatch.setattr(plans.calibrating, "calibrate", lambda *given: asked.append(given) or rows)
    done = CliRunner().invoke(app, ["calibrate", "--draws", "7", "--seed", "3", "--cores", "2", "--evidence", "e"])
    assert done.exit_code == code, done.output
    assert asked == [({}, 7, 3, 2, tmp_path / "e")]
    assert read_table() == rows
    assert all(row.claim in done.output for row in rows)
