"""A claim replicated: every way to keep or lose a word, of the claim, its parts, its trend and its cells."""

import io
from dataclasses import dataclass
from typing import Any

import pytest
from rich.console import Console

from nominima.auditing import tell_replication
from nominima.auditing.replica import MISSING, Replica, compare
from nominima.auditing.replication import Replication
from nominima.judging.intervals import NOTHING, Estimate
from nominima.judging.record import Cell, Number, PartVerdict, Truer, Verdict
from nominima.judging.rules import Outcome, Rule

RULE = Rule(statistic="slope", side="below", tau=-0.05, null=0.0)
BOUNDS: dict[Outcome, tuple[float, float]] = {
    "supported": (-0.3, -0.1), "contradicted": (0.1, 0.3), "inconclusive": (-0.2, 0.2),
}  # fmt: skip


def number(low: float | None, high: float | None, outcome: Outcome, name: str = "slope") -> Number:
    middle = None if low is None or high is None else (low + high) / 2
    return Number(name=name, estimate=Estimate(value=middle, low=low, high=high, n=8), outcome=outcome)


def cell(name: str, outcome: Outcome, *numbers: Number, decides: bool = True) -> Cell:
    told = numbers or (number(*BOUNDS.get(outcome, (None, None)), outcome),)
    return Cell(name=name, condition={"dataset": name}, decides=decides, numbers=list(told), outcome=outcome, runs=8,
                lost={})  # fmt: skip


def part(name: str, outcome: Outcome, *cells: Cell) -> PartVerdict:
    return PartVerdict(name=name, rule=RULE, outcome=outcome, reason="", cells=list(cells))


CELLS = (cell("mnist1d", "supported"), cell("digits", "supported"))
PART = part("distances", "supported", cell("digits", "supported"))


def verdict(outcome: Outcome = "supported", *cells: Cell, **changes: Any) -> Verdict:
    told: dict[str, Any] = {"parts": [PART], "truer": Truer(word="grows", reason="")} | changes
    return Verdict(claim="c", outcome=outcome, reason="", primary=part("", outcome, *(cells or CELLS)), beside=[],
                   published=[], **told)  # fmt: skip


def lost(replica: Replica) -> list[tuple[str, str, str]]:
    return [(word.of, word.recorded, word.again) for word in [*replica.changed, *(each.word for each in replica.moved)]]


def strictly(replica: Replica) -> bool:
    return Replication(None, None, [replica], {}, [], []).fails(strict=True)  # pyright: ignore[reportArgumentType]


def test_the_same_verdict_keeps_all_its_words() -> None:
    found = compare("c", verdict(), verdict())
    assert (found.grade, found.fails, strictly(found)) == ("same words", False, False)
    assert (found.recorded, found.again) == ("supported", "supported")
    assert (len(found.cells), len(found.same), len(found.compared), len(found.overlapping)) == (3, 3, 3, 3)


UNTESTED = part("distances", "untested", cell("digits", "untested"))


@pytest.mark.parametrize(
    ("again", "words", "grade", "fails"),
    [
        # the claim
        (verdict("mixed"), [("claim", "supported", "mixed")], "different words", False),
        (verdict("inconclusive"), [("claim", "supported", "inconclusive")], "different words", False),
        (verdict("untested"), [("claim", "supported", "untested")], "different words", False),
        (verdict("contradicted"), [("claim", "supported", "contradicted")], "different words", True),
        # a part, even where it says the opposite: then the claim's own word tells
        (verdict(parts=[part("distances", "contradicted", *PART.cells)]),
         [("part distances", "supported", "contradicted")], "different words", False),
        (verdict(parts=[UNTESTED]),
         [("part distances", "supported", "untested"), ("distances, digits", "supported", "untested")],
         "different words", False),
        (verdict(parts=[]), [("part distances", "supported", MISSING), ("distances, digits", "supported", MISSING)],
         "different words", False),
        (verdict(parts=[PART, part("norms", "mixed")]), [("part norms", MISSING, "mixed")], "different words", False),
        # the trend
        (verdict(truer=Truer(word="flat", reason="")), [("trend with size", "grows", "flat")],
         "different words", False),
        # a cell: only the opposite is grave, and none of them changes a word of the claim
        (verdict("supported", CELLS[0], cell("digits", "inconclusive")), [("digits", "supported", "inconclusive")],
         "same words", False),
        (verdict("supported", CELLS[0], cell("digits", "untested")), [("digits", "supported", "untested")],
         "same words", False),
        (verdict("supported", CELLS[0], cell("digits", "contradicted")), [("digits", "supported", "contradicted")],
         "same words", True),
        # a cell on one side only, or no longer one that decides
        (verdict("supported", CELLS[0]), [("digits", "supported", MISSING)], "same words", False),
        (verdict("supported", *CELLS, cell("idx", "supported")), [("idx", MISSING, "supported")], "same words", False),
        (verdict("supported", CELLS[0], cell("digits", "supported", decides=False)),
         [("digits", "supported", MISSING)], "same words", False),
    ],
)  # fmt: skip
def test_every_way_to_lose_a_word(again: Verdict, words: list[Any], grade: str, fails: bool) -> None:
    for one, two, told in (
        (verdict(), again, words),
        (again, verdict(), [(of, new, old) for of, old, new in words]),
    ):
        found = compare("c", one, two)
        assert lost(found) == told
        assert (found.grade, found.fails) == (grade, fails)
        assert strictly(found)


def test_variants_are_not_looked_at() -> None:
    one, two = (verdict("supported", *CELLS, cell("variant", word, decides=False))
                for word in ("supported", "contradicted"))  # fmt: skip
    assert not lost(compare("c", one, two))
    assert len(compare("c", one, two).cells) == 3


def test_an_untested_claim_stays_so_or_gets_a_word() -> None:
    none = verdict("untested", cell("mnist1d", "untested"), cell("digits", "untested"), parts=[])
    again = compare("c", none, none)
    assert (again.grade, again.fails, len(again.same), len(again.compared)) == ("same words", False, 2, 0)
    empty = none.model_copy(update={"primary": part("", "untested")})
    assert (compare("c", empty, empty).grade, compare("c", empty, empty).cells) == ("same words", [])
    told = compare("c", empty, verdict(parts=[]))
    assert (told.grade, told.fails) == ("different words", False)
    assert [each.word.recorded for each in told.moved] == [MISSING, MISSING]


def test_what_could_not_be_made_is_not_replicated() -> None:
    found = Replica("c", "supported", [], [], "train a could not be made again")
    assert (found.grade, found.fails, found.again) == ("not replicated", True, MISSING)


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ([(0.0, 1.0)], [(0.5, 2.0)], True),
        ([(0.0, 1.0)], [(1.0, 2.0)], True),
        ([(0.0, 1.0)], [(1.1, 2.0)], False),
        ([(1.1, 2.0)], [(0.0, 1.0)], False),
        ([(0.0, 9.0)], [(1.0, 2.0)], True),
        ([(1.0, 1.0)], [(1.0, 1.0)], True),  # all values are equal
        ([(None, None)], [(0.0, 1.0)], None),
        ([(0.0, 1.0)], [(None, None)], None),
        ([(0.0, 1.0), (0.0, 1.0)], [(0.5, 2.0), (3.0, 4.0)], False),
        ([(0.0, 1.0), (None, None)], [(0.5, 2.0), (3.0, 4.0)], True),
        ([(0.0, 1.0), (3.0, 4.0)], [(0.5, 2.0)], True),  # a number on one side only is not compared
    ],
)
def test_intervals_overlap_where_those_of_every_number_do(
    one: list[Any], two: list[Any], expected: bool | None
) -> None:
    old, new = (
        cell("digits", "supported", *(number(low, high, "supported", f"number {at}")
                                      for at, (low, high) in enumerate(each)))
        for each in (one, two)
    )  # fmt: skip
    found = compare("c", verdict("supported", old, parts=[]), verdict("supported", new, parts=[]))
    assert [each.overlap for each in found.cells] == [expected]
    assert (len(found.compared), len(found.overlapping)) == (expected is not None, expected is True)


def test_a_cell_without_a_number_has_no_interval() -> None:
    empty = cell("digits", "untested", Number(name="slope", estimate=NOTHING, outcome="untested"))
    found = compare("c", verdict("supported", empty, parts=[]), verdict("supported", empty, parts=[]))
    assert [each.overlap for each in found.cells] == [None]


@dataclass
class Commit:
    """What is told of a subject."""

    commit: str = "c" * 40
    seeds: int = 1000


def told(*replicas: Replica, strict: bool = False) -> tuple[list[str], bool]:
    found = Replication(Commit(), None, list(replicas), {}, ["judging.decide"], [])  # pyright: ignore[reportArgumentType]
    screen = Console(file=io.StringIO(), width=80)
    tell_replication.show(found, screen)
    assert isinstance(screen.file, io.StringIO)
    return [line.rstrip() for line in screen.file.getvalue().splitlines()], found.fails(strict)


def test_a_table_and_what_differs_are_told_in_eighty_columns() -> None:
    flipped = verdict("contradicted", cell("mnist1d", "inconclusive"), cell("digits", "contradicted"))
    lines, fails = told(
        compare("c0a_bigger_is_better", verdict(), verdict()),
        compare("c3c_stopping_beats_priors", flipped, verdict("inconclusive", *CELLS)),
        Replica("c1b", "mixed", [], [], "train a could not be made again"),
    )
    assert fails
    assert lines == [
        "commit cccccccccccc",
        "note: other source than made it: judging.decide",
        "   claim                      recorded      replicated    same  overlap  flipped",
        "✔  c0a_bigger_is_better       supported     supported     3/3   3/3      0",
        "✘  c3c_stopping_beats_priors  contradicted  inconclusive  1/3   2/3      1",
        "✘  c1b                        mixed         –",
        "",
        "✘ c3c_stopping_beats_priors: different words",
        "  claim: contradicted, now inconclusive",
        "  digits: contradicted 0.2 [0.1, 0.3], now supported −0.2 [−0.3, −0.1]; the intervals lie apart",
        "  mnist1d: inconclusive 0 [−0.2, 0.2], now supported −0.2 [−0.3, −0.1]",
        "",
        "✘ c1b: not replicated (train a could not be made again)",
        "3 claims: 1 with different words, 1 not replicated, 1 with same words",
    ]


def test_a_receipt_has_the_row_and_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tell_replication, "files", lambda _, claim: {f"reports/verdicts/{claim}.json": "ab"})
    apart = verdict("supported", CELLS[0], cell("digits", "supported", number(-0.9, -0.8, "supported")))
    found = Replication(None, None, [compare("c", verdict(), apart)], {}, [], [])  # pyright: ignore[reportArgumentType]
    its = tell_replication.claims(found)["c"]
    assert (its.grade, its.cells, its.same, its.compared, its.overlapping) == ("same words", 3, 3, 3, 2)
    assert its.differs == ["digits: supported −0.2 [−0.3, −0.1], now supported −0.85 [−0.9, −0.8]; "
                           "the intervals lie apart"]  # fmt: skip
    assert its.files == ["reports/verdicts/c.json"]
