"""Why a number that is clear decides nothing, and trends that a card cannot show: both are told beside the marks."""

import polars as pl
import pytest
from made_verdicts import GUARDS, cell, estimate, verdict

from nominima.drawing.cells import rows
from nominima.drawing.tally import Tally, placed
from nominima.judging.reasons import of_guard
from nominima.judging.record import Number
from nominima.judging.rules import Outcome

CLEAR = estimate(-0.12, -0.15, -0.1)
SHUFFLED, CAUCHY = (guard.model_copy(update={"behaves": False}) for guard in GUARDS)
ORDERED = CAUCHY.model_copy(update={"kind": "positive"})
LACKING = CAUCHY.model_copy(update={"lacks": "no interval for it"})


@pytest.mark.parametrize(
    ("number", "word", "why", "note"),
    [
        ("supported", "inconclusive", of_guard(SHUFFLED), "1 lost, control misbehaves"),
        ("supported", "untested", of_guard(ORDERED), "1 lost, control misbehaves"),
        ("supported", "untested", of_guard(LACKING), "1 lost, no control"),
        ("supported", "inconclusive", "of 8 runs 2 censored", "1 lost"),
        ("contradicted", "contradicted", "", "1 lost"),
        ("inconclusive", "inconclusive", of_guard(SHUFFLED), "1 lost"),
    ],
)
def test_a_clear_number_that_a_control_undoes_says_so(number: Outcome, word: Outcome, why: str, note: str) -> None:
    asked = [Number(name="slope", estimate=CLEAR, outcome=number)]
    (row,) = rows(
        verdict(
            cells=[
                cell("a", CLEAR, word, numbers=asked, guards=[SHUFFLED, ORDERED, LACKING], why=why, lost={"lost": 1})
            ]
        )
    )
    assert row.note == note


def test_a_cell_stands_on_the_scoreboard_with_the_number_that_gives_its_word() -> None:
    words: tuple[Outcome, ...] = ("supported", "inconclusive", "contradicted")
    asked = [Number(name=word, estimate=estimate(at, 0, 9), outcome=word) for at, word in enumerate(words)]
    assert cell("a", CLEAR, "contradicted", numbers=asked).estimate.value == 2
    assert cell("a", CLEAR, "inconclusive", numbers=asked).estimate.value == 1
    assert cell("a", CLEAR, "untested", numbers=asked).estimate.value == 1


def test_a_row_of_trends_says_of_how_many_and_which_have_none() -> None:
    told = {"up": [1.0, 1.0, 0.0], "down": [-1.0, 0.0, None], "flat": [0.0, 0.0], "gone": [None, None]}
    trends = pl.DataFrame([{"claim": name, "value": value} for name, its in told.items() for value in its])
    marks, _ = placed(Tally("trends", "Truer?", "claim"), trends, room=120)
    texts = {mark["text"] for mark in marks if "text" in mark}
    assert texts >= {"bars: share of cells; no trend in 3", "2 of 3", "1 of 2", "neither in 2", "no trend in 2"}
