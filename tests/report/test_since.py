"""What moved of a claim since a commit, by hand-made verdicts."""

import pytest
from made_verdicts import CELLS, PART, RULE, TREND, WITHIN, cell, estimate, untested, verdict

from nominima.drawing.since import NEW, PartSince, Since, compared
from nominima.judging.record import PartVerdict, Truer
from nominima.tracing.repository import Commit

COMMIT = Commit("c0ffee" * 7, "2026-11-01", "Record")
CLAIM = "c0a_bigger_is_better"
LATER = CELLS[0].numbers[0].model_copy(update={"estimate": estimate(-0.02, -0.04, -0.01)})


def part(cells, rule=RULE):
    return PartVerdict(name="", rule=rule, outcome="mixed", reason="", cells=cells)


def test_nothing_moved_where_nothing_did():
    since = Since(verdict(), verdict())
    assert (since.word, since.growing, since.trends, since.moves) == (None, None, {}, [])


def test_a_condition_is_the_same_whatever_it_is_called():
    renamed = CELLS[0].model_copy(update={"name": "mnist1d, clean, adam", "numbers": [LATER], "outcome": "mixed"})
    since = PartSince(part([renamed]), part(CELLS[:1]))
    assert since.moved == [renamed]
    assert since.word(renamed) == "supported"
    was = since.number(renamed, LATER)
    assert was is not None
    assert (was.estimate.value, was.outcome) == (-0.12, "supported")
    assert since.gone == []


def test_a_number_that_is_shown_alike_did_not_move():
    near = CELLS[0].numbers[0].model_copy(update={"estimate": estimate(-0.1200001, -0.15, -0.1)})
    since = PartSince(part([CELLS[0].model_copy(update={"numbers": [near]})]), part(CELLS[:1]))
    assert since.moved == []


@pytest.mark.parametrize("own", [False, True])
def test_a_number_of_another_statistic_is_not_set_beside(own):
    number = LATER.model_copy(update={"rule": WITHIN}) if own else LATER
    now = part([CELLS[0].model_copy(update={"numbers": [number]})], RULE if own else WITHIN)
    since = PartSince(now, part(CELLS[:1]))
    assert since.alike is own
    assert since.number(now.cells[0], number) is None
    assert since.moved == []


def test_of_several_numbers_each_is_set_beside_its_own():
    other = LATER.model_copy(update={"name": "share"})
    then = CELLS[0].model_copy(update={"numbers": [CELLS[0].numbers[0], other]})
    now = CELLS[0].model_copy(update={"numbers": [other, LATER]})
    since = PartSince(part([now]), part([then]))
    assert since.number(now, other) is None
    was = since.number(now, LATER)
    assert was is not None
    assert was.estimate == CELLS[0].estimate


def test_new_and_gone_conditions_are_known():
    since = PartSince(part([CELLS[0], cell("new", estimate(1, 1, 1), "mixed")]), part([CELLS[1], CELLS[0]]))
    assert since.gone == [CELLS[1]]
    assert list(since.cells) == ["mnist1d, clean"]


def test_words_of_claim_trend_and_parts_are_told_as_they_were():
    grown = TREND.model_copy(update={"word": "flat"})
    other = PART.model_copy(update={"outcome": "contradicted"})
    now = verdict(outcome="supported", truer=Truer(word="grows", reason="", cells=[grown]), parts=[other])
    since = Since(now, verdict())
    assert (since.word, since.growing, since.trends) == ("mixed", "unclear", {"mnist1d, clean": "grows"})
    assert since.parts["distances"].outcome == "supported"
    assert since.moves == ["word", "trend"]


def test_a_comparison_counts_what_moved_and_names_what_is_new_gone_or_unread():
    now = {"a": verdict("a", "supported", cells=[CELLS[0].model_copy(update={"numbers": [LATER]}), CELLS[1]]),
           "b": untested("b"), "c": verdict("c"), "d": verdict("d")}  # fmt: skip
    then = {"a": verdict("a"), "c": "no form", "d": verdict("d"), "e": untested("e"), "f": "no form"}
    found = compared(now, then, COMMIT)
    assert found.told == "1 of 2 words moved, 0 trends, and 1 of 7 conditions, none of them to another word"
    assert (found.those("word"), found.those("new"), found.those("conditions")) == (["a"], ["b"], ["a"])
    assert found.gone == {"e": "untested", "f": "no form"}
    assert found.unread == {"no form": ["c"]}
    assert found.claims["b"].lacks == NEW
    assert compared({"a": now["a"]}, {"a": "no form"}, COMMIT).told == "none of its verdicts can be set beside these"
