"""The scoreboard is told in full, in the terminal and as Markdown."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nominima.cli import app
from nominima.drawing.verdicts import markdown
from nominima.judging.intervals import Estimate
from nominima.judging.record import Scoreboard, Standing, write_judged
from nominima.judging.rules import Rule
from nominima.tracing.trace import Trace

RULE = Rule(statistic="share", side="above", tau=0.9, null=0.5, trend="share", flat=0.1)


CLAIM = "c1b_parameter_distances"
TITLES = {CLAIM: "All starts are near | [as] <b> far", "c2d_x": "B"}


ROOT = Path(__file__).parents[2]


def standing(**changes: Any) -> Standing:
    return Standing.model_validate(
        {
            "claim": CLAIM,
            "outcome": "supported",
            "reason": "every interval lies beyond 0.9",
            "growth": "grows",
            "growth_reason": "Kendall's τ .9",
            "weakest": "all",
            "estimate": estimate(0.9512, 0.93, 0.97),
            "supported": 3,
            "tested": 4,
            "cells": 5,
            "runs": 16,
            "lost": 0,
            "rule": RULE,
        }
        | changes
    )


def estimate(value: float | None, low: float | None, high: float | None, n: int = 8) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=n)


def test_the_table_of_the_readme_has_a_line_per_claim_with_its_numbers() -> None:
    numbers = {"estimate": estimate(None, None, None), "supported": 0, "tested": 0, "runs": 9, "lost": 2}
    board = Scoreboard(standings=[standing(), standing(claim="c2d_x", outcome="untested", growth="unclear", **numbers)])
    assert markdown(board, TITLES) == (
        "| claim | verdict | with size | effect (95 % interval) | cells that support it | runs |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        "| [c1b](reports/figures/c1b_parameter_distances.svg) All starts are near \\| \\[as\\] \\<b\\> far "
        "| **supported** | grows | 0.951 [0.93, 0.97] | 3 of 4 | 16 |\n"
        "| [c2d](reports/figures/c2d_x.svg) B | **untested** | unclear | – | 0 of 0 | 9, 2 lost |\n"
    )


def test_what_is_no_run_is_called_by_its_name() -> None:
    of_trends = RULE.model_copy(update={"unit": "trend"})
    board = Scoreboard(standings=[standing(rule=of_trends, runs=72, lost=1)])
    assert markdown(board, TITLES).endswith("| 72 trends, 1 lost |\n")
    assert RULE.model_copy(update={"unit": "configuration"}).read == "configurations"
    assert {RULE.read, RULE.model_copy(update={"unit": "network"}).read} == {"runs"}


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (estimate(None, None, None), "–"),
        (estimate(0.5, None, None), "0.5"),
        (estimate(-1e-5, -2e-5, 0.0), "-1e-05 [-2e-05, 0]"),
    ],
)
def test_an_effect_without_an_interval_is_told_as_far_as_it_is_known(number: Estimate, told: str) -> None:
    board = Scoreboard(standings=[standing(estimate=number)])
    assert f"| {told} |" in markdown(board, TITLES)


def test_no_claims_give_an_empty_table() -> None:
    assert markdown(Scoreboard(standings=[]), {}).count("\n") == 2


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one verdict; commands run in a folder inside of it."""
    board = Scoreboard(standings=[standing(claim="[red]all", reason="[bold]because")])
    trace = Trace(verb="judge", spec={}, code="c", inputs={}, environment={})
    write_judged(tmp_path / "reports/verdicts/scoreboard.json", board, trace)
    (tmp_path / "reports/ledger").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "params.yaml").write_bytes((ROOT / "tests/params.smoke.yaml").read_bytes())
    monkeypatch.chdir(tmp_path / "docs")
    return tmp_path


def test_the_terminal_shows_every_verdict_and_its_reason(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = CliRunner().invoke(app, ["verdicts"])
    assert result.exit_code == 0
    for word in ("[red]all", "supported", "grows", "0.951", "16", "[bold]because"):
        assert word in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_markdown_is_printed_as_it_is_made(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    result = CliRunner().invoke(app, ["verdicts", "--markdown"])
    assert result.stdout == markdown(Scoreboard(standings=[standing(claim="[red]all")]), {})


def test_a_missing_or_damaged_scoreboard_is_refused_in_one_line(project: Path) -> None:
    path = project / "reports/verdicts/scoreboard.json"
    for damage in (lambda: path.write_text("{}"), path.unlink):
        damage()
        result = CliRunner().invoke(app, ["verdicts"])
        assert result.exit_code == 1
        assert str(path) in result.stderr
        assert "snakemake --cores all" in result.stderr


@pytest.mark.parametrize("word", ["trace", "verify", "verdicts"])
def test_help_tells_every_command_and_fits_80_columns(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for arguments in (["--help"], [word, "-h"]):
        result = CliRunner().invoke(app, arguments, prog_name="nominima")
        assert result.exit_code == 0
        assert "Usage: nominima" in result.stdout
        assert word in result.stdout
        assert max(map(len, result.stdout.splitlines())) <= 80


def test_no_color_is_respected(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    green = "\x1b[32m"
    assert green in CliRunner().invoke(app, ["verdicts"]).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert green not in CliRunner().invoke(app, ["verdicts"]).stdout
