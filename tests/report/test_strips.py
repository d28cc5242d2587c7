import pytest
from made_verdicts import CELLS, RULE, WITHIN, cell, estimate

from nominima.drawing import strips
from nominima.drawing.since import PartSince
from nominima.judging.intervals import NOTHING
from nominima.judging.record import PartVerdict


def part(cells, rule=RULE):
    return PartVerdict(name="", rule=rule, outcome="mixed", reason="", cells=cells)


def test_a_mark_lies_on_the_shade_exactly_where_its_number_is_on_the_claims_side():
    for rule, inside, outside in ((RULE, -0.06, -0.04), (WITHIN, -0.5, -0.4),
                                  (RULE.model_copy(update={"side": "above", "tau": 0.1}), 0.2, 0.05)):  # fmt: skip
        cells = [
            cell(name, estimate(value, value, value), "supported") for name, value in (("a", inside), ("b", outside))
        ]
        found = strips.strip(part(cells, rule), {})
        start, width = found.ground.shade
        on = {mark.told[0]: start <= mark.x <= start + width for mark in found.marks}
        assert on == {"a": True, "b": False}, rule.side


def test_limits_and_no_effect_are_drawn_at_their_places():
    ground = strips.ground([], WITHIN)
    assert ground.limits == [ground.at(-0.55), ground.at(-0.45)]
    assert ground.null is None
    assert strips.ground([], RULE).null == strips.ground([], RULE).at(0.0)


def test_a_scale_holds_every_number_and_interval():
    ground = strips.ground([estimate(5, -3, 9)], RULE)
    assert 6 < ground.at(-3) < ground.at(5) < ground.at(9) < 154
    assert ground.at(-100) == 6
    assert ground.at(100) == 154


def test_marks_that_would_cover_each_other_stand_in_lanes():
    cells = [cell(str(index), estimate(-0.1, -0.1, -0.1), "supported") for index in range(3)]
    assert len({mark.y for mark in strips.strip(part(cells), {}).marks}) == 3


def test_cells_without_a_number_stand_apart_at_the_edge():
    found = strips.strip(part(CELLS), {})
    (lone,) = [mark for mark in found.marks if mark.outcome == "untested"]
    assert found.unplaced is not None
    assert lone.x > found.unplaced > max(mark.x for mark in found.marks if mark is not lone)
    assert "no number; untested; of 4 runs 4 diverged" in lone.told
    assert strips.strip(part(CELLS[:2]), {}).unplaced is None


def test_variants_and_lost_runs_are_told_and_look_different():
    variant = cell("v", estimate(0, 0, 0), "inconclusive", decides=False, lost={"censored": 2, "diverged": 0})
    plain = cell("p", estimate(-0.2, -0.2, -0.2), "supported", lost={"diverged": 0})
    first, second = strips.strip(part([variant, plain]), {}).marks
    assert (first.aside, first.lost, second.aside, second.lost) == (False, False, True, True)
    assert second.told == "v (variant); 0 [0, 0]; n = 8; inconclusive; of 40 runs 2 censored"


def test_a_number_that_another_rule_judges_has_no_place():
    other = CELLS[0].numbers[0].model_copy(update={"rule": WITHIN})
    (mark,) = strips.strip(part([CELLS[0].model_copy(update={"numbers": [other]})]), {}).marks
    assert "no number" in mark.told


def test_of_several_numbers_the_one_that_gives_the_cell_its_word_is_marked():
    weak = CELLS[0].numbers[0].model_copy(update={"outcome": "inconclusive", "estimate": estimate(0.3, 0.3, 0.3)})
    both = CELLS[0].model_copy(update={"numbers": [CELLS[0].numbers[0], weak], "outcome": "inconclusive"})
    assert "0.300 [0.300, 0.300]" in strips.strip(part([both]), {}).marks[0].told


def test_a_strip_says_in_words_what_it_shows():
    assert strips.strip(part(CELLS), {}).told == (
        "conditions: 1 supported, 1 inconclusive, 1 untested; the claim puts its number below −0.05"
    )


def test_cells_are_chosen_by_their_own_knobs_or_those_that_all_runs_share():
    bare = cell("a", NOTHING, "untested", condition={})
    own = bare.model_copy(update={"condition": {"dataset": "digits", "noise": 0.3, "model": None}})
    told = strips.of_condition(own.condition, {"noise": "0.0", "optimizer": "adam", "rate": "0.1"})
    assert told == "dataset=digits;noise=0.3;optimizer=adam"
    found = strips.strip(part([own, bare]), {"noise": "0.0"})
    assert strips.choices([found]) == {
        "dataset": {"digits": "digits"},
        "model": {},
        "noise": {"0.0": "all right", "0.3": "30 % wrong"},
        "optimizer": {},
    }


@pytest.mark.parametrize("rule", [RULE, WITHIN])
def test_one_number_alone_has_a_scale(rule):
    ground = strips.ground([], rule)
    assert ground.low < ground.high


def moved(cell, value, outcome):
    number = cell.numbers[0].model_copy(update={"estimate": estimate(value, value, value)})
    return cell.model_copy(update={"numbers": [number], "outcome": outcome})


def test_a_ghost_lies_where_its_cell_was_and_leads_to_where_it_is():
    now, then = part([moved(CELLS[0], -0.2, "mixed"), CELLS[1]]), part([CELLS[0], CELLS[1]])
    found = strips.strip(now, {}, PartSince(now, then))
    (ghost,) = found.ghosts
    mark = next(mark for mark in found.marks if mark.outcome == "mixed")
    assert (ghost.x, ghost.y, ghost.to) == (found.ground.at(-0.12), mark.y, mark.x)
    assert (ghost.outcome, ghost.facets) == ("supported", "dataset=mnist1d, clean")
    assert "mixed; was −0.120 [−0.150, −0.100], supported" in mark.told


def test_the_scale_holds_what_was_and_is_no_other_where_nothing_is_compared():
    now, then = part(CELLS[1:2]), part([moved(CELLS[1], 7.0, "mixed")])
    assert strips.strip(now, {}, PartSince(now, then)).ground.high > 7
    assert strips.of_part(now, PartSince(now, then)).high > 7
    assert strips.strip(now, {}, PartSince(now, now)) == strips.strip(now, {})


def test_gone_and_new_cells_are_told():
    now, then = part(CELLS[:1]), part(CELLS[1:2])
    found = strips.strip(now, {}, PartSince(now, then))
    (ghost,) = found.ghosts
    assert ghost.to is None
    assert ghost.told == "digits, noise .3; was −0.0300 [−0.0800, 0.0200], inconclusive; gone"
    assert "supported; not asked then" in found.marks[0].told


def test_numbers_of_another_statistic_leave_no_ghost():
    now, then = part([moved(CELLS[0], -0.5, "mixed")], WITHIN), part(CELLS[:2])
    found = strips.strip(now, {}, PartSince(now, then))
    assert found.ghosts == []
    assert (
        found.marks[0].told
        == "mnist1d, clean; −0.500 [−0.500, −0.500]; n = 8; mixed; was supported; of 40 runs 1 diverged, 1 censored"
    )
