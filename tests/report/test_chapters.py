from pathlib import Path

import pytest
from made_project import trace
from made_verdicts import RULE, WITHIN, untested, verdict

from nominima.drawing import chapters
from nominima.judging.decide import standing
from nominima.judging.record import Truer, write_judged
from nominima.judging.rules import Outcome

WORDS = ("supported", "contradicted", "mixed", "inconclusive", "untested")


def standings(*words: Outcome):
    """One claim for each word; a claim has two tested cells, one on its side."""
    return [standing(verdict(f"c1{letter}_x", word)) for letter, word in zip("abcdefgh", words, strict=False)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["supported"], "Its one claim holds"),
        (["inconclusive"], "Its one claim is undecided"),
        (["contradicted"] * 2, "Both claims are contradicted"),
        (["mixed", "supported", "mixed"], "1 of 3 claims holds, 2 are mixed"),
        (["supported", "supported", "untested"], "2 of 3 claims hold, 1 is untested"),
        (WORDS, "1 of 5 claims holds, 1 is contradicted, 1 is mixed, 1 is undecided, 1 is untested"),
    ],
)
def test_a_chapters_sentence_follows_from_the_words_of_its_claims(words, told):
    assert chapters.answer(standings(*words)) == told


def test_conditions_are_counted_over_the_claims_of_a_chapter():
    assert chapters.cells(standings("mixed", "mixed")) == "2 of 4 tested conditions on the claim’s side"
    assert chapters.cells([standing(untested("c1a"))]) == ""


def test_claims_stand_by_chapter_in_the_order_of_the_essay():
    claims = ["c6a_x", "c0b_y", "c9z_new", "c0a_x"]
    found = chapters.chapters([standing(verdict(claim)) for claim in claims])
    assert [(its.number, its.title, its.claims) for its in found] == [
        ("0", "Bigger is better", ["c0a_x", "c0b_y"]),
        ("6", "Forget minima, think of a queue", ["c6a_x"]),
        ("9", "Chapter 9", ["c9z_new"]),
    ]
    assert chapters.chapters([]) == []


@pytest.mark.parametrize(
    ("word", "cells", "told"),
    [
        ("grows", ["grows", "unclear", "grows"], "grows in 2 of 3"),
        ("differs", ["grows", "shrinks", "shrinks"], "1 grows, 2 shrink"),
        ("flat", ["unclear", "unclear"], "flat"),
        ("unclear", [], "unclear"),
    ],
)
def test_a_trend_is_told_with_the_cells_of_which_it_is_so(word, cells, told):
    trend = verdict().truer.cells[0]
    truer = Truer(word=word, reason="", cells=[trend.model_copy(update={"word": each}) for each in cells])
    assert chapters.growing(truer, RULE) == told
    assert chapters.growing(truer, WITHIN) == "not asked"


def test_trends_of_all_claims_are_counted_where_they_are_asked():
    def board(*words):
        return [standing(verdict(truer=Truer(word=word, reason=""))) for word in words]

    unasked = [standing(verdict(primary=verdict().primary.model_copy(update={"rule": WITHIN})))]
    assert chapters.with_size(unasked) == ""
    assert chapters.with_size([*board("grows", "grows", "shrinks", "flat"), *unasked]) == (
        "Of 4 claims tested at several sizes, 2 get truer with size and 1 less true."
    )
    assert chapters.with_size(board("flat")) == "Of 1 claim tested at several sizes, none gets truer with size."


def test_cards_stand_below_their_chapter_told_by_claim_title_and_verdict(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "c1b_parameter_distances"
    write_judged(Path(f"reports/verdicts/{name}.json"), verdict(name, "mixed"), trace("judge", {"claim": name}))
    assert chapters.named(name) == "1 Any sensible start is already near"
    assert chapters.labels(name) == {
        "claim": "c1b", "title": "All sets of parameters are equally far apart", "verdict": "mixed"
    }  # fmt: skip
    assert chapters.named("scoreboard") == "All claims"
    assert chapters.labels("scoreboard") == {"claim": "All claims"}
