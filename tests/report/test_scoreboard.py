import re
from typing import Any

import altair as alt
import pytest
from laid_out import fits, rows, told
from made_verdicts import estimate, scoreboard, untested, verdict

from nominima.drawing import scoreboard as board
from nominima.drawing.theme import LOOKS
from nominima.judging.record import Growth, Scoreboard
from nominima.verbs.report import rendered

CODE = "1a2b3c4d5e6f"
LONG = "A title that takes more than one line in the column of the claims"


def drawn(*claims: Any, **titles: str) -> dict[str, Any]:
    return board.draw(scoreboard(*claims), titles, CODE)


def growing(word: Growth) -> dict[str, Any]:
    first = scoreboard(verdict()).standings[0].model_copy(update={"growth": word})
    second = first.model_copy(update={"claim": "c0b", "outcome": "contradicted"})
    return board.draw(Scoreboard(standings=[first, second]), {first.claim: LONG}, CODE)


def test_each_claim_is_told_in_words_below_its_chapter():
    chart = drawn(verdict(), untested("c1a"), c0a_bigger_is_better="No walls at all")
    alt.Chart.from_dict(chart)
    words = told(chart).split(" | ")
    for expected in ("2 claims on trial: 1 mixed, 1 untested", "Bigger is better", "Its one claim is mixed", "c0a",
                     "No walls at all", "mixed", "1 of 2", "unclear", "c1a", "untested", "no number yet", "–",
                     f"trace {CODE}"):  # fmt: skip
        assert expected in words
    assert words.index("Bigger is better") < words.index("No walls at all") < words.index("c1a")


def test_nothing_on_trial_is_said():
    assert told(drawn()) == f"No claims on trial | trace {CODE}"


def test_intervals_of_another_level_are_told_of_their_claim():
    first, second = scoreboard(verdict(), verdict("c1a")).standings
    other = second.model_copy(update={"rule": second.rule.model_copy(update={"confidence": 0.9})})
    chart = board.draw(Scoreboard(standings=[first, other]), {}, CODE)
    assert "bars: 95 % intervals (c1a: 90 %), each on its own scale" in told(chart)


@pytest.mark.parametrize("word", board.GROWTH)
def test_every_word_has_room_beside_long_titles(word: Growth):
    chart = growing(word)
    fits(chart)
    words = told(chart).split(" | ")
    assert board.SHORT[word] in words
    assert words.index("c0a") < words.index("c0b"), "in the order of the essay"


def test_a_number_stands_beside_where_the_claim_puts_it():
    low = verdict(cells=[verdict().primary.cells[0].model_copy(update={"estimate": estimate(-0.5, -0.6, -0.4)})])
    chart = drawn(low)
    shades = [row for row in rows(chart, "rect") if "x2" in row]
    (point,) = [row for row in rows(chart, "point") if row["shape"] == "circle"]
    (whisker,) = [row for row in rows(chart, "rule") if "x2" in row]
    around, claimed = shades
    assert around["x"] == claimed["x"] < claimed["x2"] < around["x2"], "the claim is below"
    assert claimed["x"] < whisker["x"] < point["x"] < whisker["x2"] < claimed["x2"]
    (null,) = [row for row in rows(chart, "rule") if "x2" not in row]
    assert claimed["x2"] < null["x"], "no effect is 0, the limit below it"


def test_signs_are_those_of_the_words():
    signs = [row["shape"] for row in rows(growing("flat"), "point")]
    assert {LOOKS["mixed"][0], LOOKS["contradicted"][0]} < set(signs)


def test_it_is_as_wide_as_a_card():
    assert re.search(r'<svg[^>]* width="900" height="\d+"', rendered(drawn(verdict()))["svg"].decode())
