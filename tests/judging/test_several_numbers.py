"""A row that asks several numbers at once, and one with intervals of 90 %."""

import pytest
from made_lanes import ABOVE, BELOW, cells, constant, lanes, part, word

from nominima.judging.decide import decide_part
from nominima.judging.parts import View, must_succeed
from nominima.judging.samples import at_largest

NINETY = ABOVE.model_copy(update={"confidence": 0.9})


def gone(count, why="edge"):
    return lambda _, size, seed: why if seed < 300 + count else None


def views(*numbers, **rules):
    named = {f"n{at}": number for at, number in enumerate(numbers)}
    return tuple(View(name, lanes(constant(number)), rule=rules.get(name)) for name, number in named.items())


def two(number, count):
    """A number of that value, and one that some of the runs have lost."""
    return View("first", lanes(constant(number))), View("second", lanes(constant(0.3), lost=gone(count)))


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((0.3, 0.3), "supported"), ((0.3, 0.1), "inconclusive"),
        ((0.3, -0.3), "contradicted"), ((0.1, -0.3), "contradicted"),
    ],
)  # fmt: skip
def test_are_supported_if_each_is_and_contradicted_if_one_is(numbers, expected):
    assert word(None, asks=views(*numbers))[0] == expected


def test_may_have_rules_of_their_own():
    assert word(None, asks=views(0.3, 0.05, n1=BELOW))[0] == "supported"
    assert word(None, asks=views(0.3, 0.3, n1=BELOW))[0] == "contradicted"


@pytest.mark.parametrize("count", [2, 8])
def test_what_one_contradicts_is_so_whatever_the_other_has_lost(count):
    assert word(None, asks=two(-0.3, count)) == ("contradicted", "")
    assert word(None, asks=two(-0.3, count)[::-1]) == ("contradicted", "")


def test_without_one_of_them_nothing_is_supported_and_the_lost_one_is_named():
    assert word(None, asks=two(0.3, 2)) == ("inconclusive", "of 8 runs 2 edge")
    assert word(None, asks=two(0.3, 8)) == ("inconclusive", "second: all 8 runs are lost")
    both = tuple(View(name, lanes(constant(0.3), lost=gone(8))) for name in "ab")
    assert word(None, asks=both) == ("untested", "a: all 8 runs are lost")
    never = View("other", lanes(constant(0.3), seeds=(300,), sizes=(4.0,)))
    assert word(None, asks=(two(0.3, 0)[0], never)) == ("untested", "other: 1 of the 8 seeds that are needed")


def test_a_number_that_has_lost_too_much_contradicts_nothing_and_holds_no_cell():
    lossy = View("lossy", lanes(constant(-0.3), lost=gone(2)))
    (cell,) = decide_part(part(None, asks=(View("sound", lanes(constant(0.3))), lossy))).cells
    assert (cell.outcome, cell.firm) == ("inconclusive", False)
    weak = [lanes(constant(-0.04), spread=0.078, conditions=cells(4), sizes=(4.0,))]
    weak.append(lanes(constant(-0.3), lost=gone(2), conditions=cells(4), sizes=(4.0,)))
    found = decide_part(part(None, asks=tuple(View(f"n{at}", its) for at, its in enumerate(weak)))).cells
    assert {(cell.outcome, cell.firm) for cell in found} == {("contradicted", False)}


def test_a_contradiction_is_asked_what_must_succeed_first():
    guard = must_succeed("sum", lanes(constant(-0.3)), at_largest, ABOVE)
    assert word(None, asks=two(-0.3, 8), guards=(guard,))[0] == "untested"


def test_a_row_with_ninety_percent_intervals_decides_with_fewer():
    """Student's 90 % interval of these eight values clears τ, the 95 % one does not."""
    assert word(constant(0.2), spread=0.1)[0] == "inconclusive"
    assert word(constant(0.2), NINETY, spread=0.1)[0] == "supported"


def test_its_cells_are_firm_at_the_level_of_every_row():
    """A two-sided p of .014 is below .05/3 and above .05/4, whatever the level of the cells' own intervals."""
    for count, firm in ((3, True), (4, False)):
        found = decide_part(part(constant(0.2), NINETY, spread=0.078, conditions=cells(count), sizes=(4.0,)))
        assert {(cell.outcome, cell.firm) for cell in found.cells} == {("supported", firm)}
