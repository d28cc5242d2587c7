"""A control that behaves, one that does not, and one that is not there."""

import pytest
from made_lanes import BELOW, SEEDS, SHARE, constant, lanes, part, word

from nominima.judging.decide import decide_part
from nominima.judging.parts import View, must_fail, must_succeed
from nominima.judging.rules import Rule
from nominima.judging.samples import per_tenfold, share


class TestNegativeControl:
    def word(self, control, value=0.3, spread=0.01, **changes):
        case = lanes(constant(control), **({"spread": spread} | changes))
        return word(constant(value), guards=(must_fail("case", case),))

    def test_behaves_where_its_interval_is_off_the_claims_side(self):
        assert self.word(0.0)[0] == "supported"

    def test_that_meets_the_rule_leaves_the_cell_inconclusive(self):
        assert self.word(0.3) == ("inconclusive", "what must fail does not: case")

    def test_that_straddles_tau_behaves_only_where_the_cell_beats_it(self):
        assert self.word(0.1, spread=0.1, value=1.0)[0] == "supported"
        assert self.word(0.09, spread=0.5, value=0.3)[0] == "inconclusive"

    def test_whose_value_meets_the_rule_does_not_behave_although_the_cell_beats_it(self):
        assert self.word(0.2, spread=0.2, value=1.0)[0] == "inconclusive"

    def test_that_straddles_is_compared_seed_by_seed(self):
        """Without common seeds there is no paired difference."""
        assert self.word(0.1, spread=0.1, value=1.0, seeds=range(400, 408))[0] == "inconclusive"

    def test_is_compared_with_the_number_that_it_guards(self):
        """A first number far on the claim's side says nothing of a control for the second."""
        asks = tuple(View(name, lanes(constant(value), spread=0.01)) for name, value in (("far", 9.0), ("near", 0.3)))
        for of, expected in (("", "supported"), ("far", "supported"), ("near", "inconclusive")):
            guard = must_fail("case", lanes(constant(0.09), spread=0.5), of=of)
            assert word(constant(0.0), asks=asks, guards=(guard,))[0] == expected

    def test_is_not_asked_of_a_contradicted_cell(self):
        assert self.word(0.3, value=-0.3)[0] == "contradicted"

    def test_that_was_not_measured_leaves_a_supported_cell_untested(self):
        assert self.word(0.0, seeds=SEEDS[:3]) == ("untested", "no interval for case")

    def test_of_an_equivalence_must_be_outside_or_further_from_the_middle(self):
        within = Rule(statistic="s", side="within", tau=(-0.05, 0.05))
        for control, expected in ((0.2, "supported"), (0.0, "inconclusive")):
            found = word(constant(0.0), within, guards=(must_fail("case", lanes(constant(control))),))
            assert found[0] == expected


class TestEachCellHasItsOwn:
    CELLS = ({"dataset": "a", "noise": 0.0}, {"dataset": "a", "noise": 0.2})

    def outcomes(self, guard, **changes):
        found = decide_part(part(constant(0.3), guards=(guard,), conditions=self.CELLS, **changes))
        return [cell.outcome for cell in found.cells]

    def test_a_control_that_fails_in_one_cell_costs_that_cell(self):
        """Pooled over both cells it would behave."""
        case = lanes(lambda condition, _: 0.3 if condition["noise"] else -5.0, conditions=self.CELLS)
        assert self.outcomes(must_fail("case", case)) == ["supported", "inconclusive"]

    def test_a_control_may_be_of_another_condition_where_the_row_says_so(self):
        case = lanes(constant(0.0), conditions=({"dataset": "a", "noise": 0.9},))
        assert self.outcomes(must_fail("case", case)) == ["untested", "untested"]
        assert self.outcomes(must_fail("case", case, across=("noise",))) == ["supported", "supported"]

    def test_of_several_it_is_the_one_that_agrees_with_the_cell(self):
        """A control that somebody adds for another cell, as of its optimizer, neither voids this one nor saves it."""
        here, there = ({"dataset": "a", "noise": 0.9, "optimizer": name} for name in ("adam", "sgd"))
        cells = tuple({"dataset": "a", "noise": 0.0, "optimizer": name} for name in ("adam", "sgd", "muon"))
        case = lanes(lambda condition, _: 0.3 if condition["optimizer"] == "sgd" else 0.0, conditions=(here, there))
        guard = must_fail("case", case, across=("noise", "optimizer"))
        found = decide_part(part(constant(0.3), guards=(guard,), conditions=cells))
        words = {cell.condition["optimizer"]: cell.outcome for cell in found.cells}
        assert words == {"adam": "supported", "sgd": "inconclusive", "muon": "untested"}

    def test_a_planted_one_is_asked_once(self):
        case = lanes(constant(0.0), conditions=({"law": "cauchy"},))
        assert self.outcomes(must_fail("case", case, once=True)) == ["supported", "supported"]

    @pytest.mark.parametrize("control", [must_fail, must_succeed])
    def test_a_control_of_which_more_than_a_fifth_is_lost_is_none(self, control):
        known = constant(-0.3 if control is must_fail else 0.3)
        for count, expected in ((1, "supported"), (2, "untested")):
            gone = lanes(known, lost=lambda _, size, seed, n=count: "diverged" if seed < 300 + n else None)
            found = word(constant(0.3), guards=(control("control", gone),))
            assert found[0] == expected
        assert found[1] == "control: of 8 runs 2 diverged"

    def test_two_conditions_that_both_fit_are_no_control(self):
        case = lanes(constant(0.0), conditions=({"dataset": "a", "noise": 0.5}, {"dataset": "a", "noise": 0.9}))
        found = decide_part(part(constant(0.3), guards=(must_fail("case", case, across=("noise",)),)))
        assert "several conditions fit case" in found.cells[0].why

    def test_it_is_scored_like_the_number_that_decides(self):
        """A level that never changes has no slope, whatever the level."""
        views = (View("slope", lanes(lambda _, size: size, conditions=self.CELLS), per_tenfold),)
        case = lanes(constant(100.0), conditions=self.CELLS)
        assert self.outcomes(must_fail("case", case), asks=views) == ["supported", "supported"]

    def test_a_positive_one_that_misses_leaves_its_cell_untested(self):
        case = lanes(lambda condition, _: 0.3 if condition["noise"] else 0.0, conditions=self.CELLS)
        assert self.outcomes(must_succeed("case", case)) == ["untested", "supported"]

    def test_a_positive_one_may_have_a_rule_of_its_own(self):
        case = lanes(constant(0.05), conditions=self.CELLS)
        assert self.outcomes(must_succeed("case", case, rule=BELOW)) == ["supported", "supported"]
        assert self.outcomes(must_succeed("case", case)) == ["untested", "untested"]

    def test_of_counted_networks_it_is_counted(self):
        views = (View("share", lanes(constant(1.0), spread=0, sizes=range(1, 6), conditions=self.CELLS), share()),)
        rule = SHARE.model_copy(update={"tau": 0.85})
        for hit, expected in ((0.0, "supported"), (1.0, "inconclusive")):
            case = lanes(constant(hit), spread=0, sizes=range(1, 6), conditions=self.CELLS)
            assert self.outcomes(must_fail("case", case), asks=views, rule=rule) == [expected] * 2
