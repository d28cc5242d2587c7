"""The scoreboard in the terminal, and as the Markdown table of the README."""

from collections.abc import Mapping

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from nominima.judging.record import Scoreboard, Standing

COLOURS = {"supported": "green", "contradicted": "red", "mixed": "yellow"}
HEADS = ("claim", "verdict", "with size", "effect (95 % interval)", "cells that support it", "runs")


def show(board: Scoreboard, titles: Mapping[str, str], console: Console) -> None:
    """Print each claim with its verdict, its number and the reason."""
    for standing in board.standings:
        outcome = Text(standing.outcome, COLOURS.get(standing.outcome, "bold"))
        number = standing.claim.partition("_")[0]
        numbers = f"effect {_effect(standing)}; {_runs(standing)}; with size: {standing.growth}"
        console.print(Text.assemble((number, "bold"), f" {titles.get(standing.claim, standing.claim)}: ", outcome))
        console.print(Padding(Text(numbers), (0, 0, 0, 4)))
        console.print(Padding(Text(standing.reason, "dim"), (0, 0, 1, 4)))


def markdown(board: Scoreboard, titles: Mapping[str, str]) -> str:
    """The verdicts as a Markdown table, a line per claim, each claim linked to its figure."""
    lines = [
        HEADS,
        ("---",) * len(HEADS),
        *(_cells(each, titles.get(each.claim, each.claim)) for each in board.standings),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cells(standing: Standing, title: str) -> tuple[str, ...]:
    number = standing.claim.partition("_")[0]
    link = f"[{number}](reports/figures/{standing.claim}.svg) {_escaped(title)}"
    agree = f"{standing.supported} of {standing.tested}"
    trend = standing.growth if standing.rule.trend else "–"
    return link, f"**{standing.outcome}**", trend, _effect(standing), agree, _runs(standing).replace(" runs", "")


def _effect(standing: Standing) -> str:
    estimate = standing.estimate
    if estimate.value is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3g}"
    return f"{estimate.value:.3g} [{estimate.low:.3g}, {estimate.high:.3g}]"


def _runs(standing: Standing) -> str:
    return f"{standing.runs} {standing.rule.read}" + f", {standing.lost} lost" * bool(standing.lost)


def _escaped(text: str) -> str:
    marks = {ord(mark): f"\\{mark}" for mark in "\\`*_[]<>|#"}
    return " ".join(text.translate(marks).split())
