"""A world for every word of a cell, a part and a claim, and every way to lose it."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_lanes import ABOVE, SEEDS, SHARE, cells, constant, lanes, part, word

from nominima.judging.decide import decide, decide_part, of_cells, of_parts
from nominima.judging.parts import Findings, Part, View
from nominima.judging.samples import per_tenfold, share


class TestCell:
    @pytest.mark.parametrize(("value", "expected"), [(0.3, "supported"), (-0.3, "contradicted")])
    def test_is_decided_where_the_whole_interval_is(self, value, expected):
        assert word(constant(value)) == (expected, "")

    @pytest.mark.parametrize(
        ("value", "spread", "why"),
        [
            (0.1, 0.1, "the interval straddles a limit"),
            (0.05, 0.01, "an effect on the claim's side, but smaller than what counts"),
        ],
    )
    def test_is_inconclusive_and_says_why(self, value, spread, why):
        assert word(constant(value), spread=spread) == ("inconclusive", why)

    @pytest.mark.parametrize("why", ["diverged", "censored"])
    def test_more_than_a_fifth_lost_is_inconclusive_whatever_the_interval_says(self, why):
        for count, expected in ((1, "supported"), (2, "inconclusive")):
            found = word(constant(0.3), lost=lambda _, size, seed, n=count: why if seed < 300 + n else None)
            assert found[0] == expected
        assert found[1] == f"of 8 runs 2 {why}"

    def test_a_fifth_is_not_more_than_a_fifth(self):
        seeds = range(300, 310)
        gone = dict.fromkeys((300, 301), "diverged")
        assert word(constant(0.3), seeds=seeds, lost=lambda _, size, seed: gone.get(seed)) == ("supported", "")

    def test_a_single_run_is_measured_and_too_few(self):
        assert word(constant(0.3), seeds=(300,), sizes=(4.0,)) == ("untested", "1 of the 8 seeds that are needed")

    def test_so_is_a_cell_of_which_hardly_anything_is_left(self):
        assert word(constant(0.3), lost=_at(64.0, 7)) == ("inconclusive", "of 8 runs 7 diverged")

    def test_losses_at_one_size_that_the_statistic_reads_are_enough(self):
        views = (View("slope", lanes(lambda _, size: size, lost=_at(4.0, 2)), per_tenfold),)
        assert word(None, asks=views)[0] == "inconclusive"
        assert word(constant(0.3), lost=_at(4.0, 8)) == ("supported", "")

    @pytest.mark.parametrize(
        ("world", "why"),
        [
            ({"seeds": SEEDS[:7]}, "7 of the 8 seeds that are needed"),
            ({"lost": lambda *_: "diverged"}, "all 8 runs are lost"),
        ],
    )
    def test_is_untested_and_says_what_is_missing(self, world, why):
        assert word(constant(0.3), **world) == ("untested", why)

    def test_of_one_size_a_slope_is_untested(self):
        views = (View("slope", lanes(constant(1), sizes=(4.0,)), per_tenfold),)
        assert word(None, asks=views) == ("untested", "it has 1 size; at least two are compared")

    @pytest.mark.parametrize(("count", "expected"), [(6, "supported"), (5, "untested")])
    def test_six_equal_values_decide_by_their_value_and_five_do_not(self, count, expected):
        assert word(constant(0.3), seeds=range(count), spread=0)[0] == expected
        assert word(constant(-0.3), seeds=range(6), spread=0)[0] == "contradicted"

    def test_equal_values_are_firm_at_every_level_and_said_so(self):
        found = decide_part(part(constant(0.3), spread=0, conditions=cells(40)))
        assert all(cell.firm for cell in found.cells)
        assert "(all seeds equal)" in found.reason


def _at(size, count):
    return lambda _, its, seed: "diverged" if its == size and seed < 300 + count else None


class TestShareOfNetworks:
    @staticmethod
    def cell(networks, dissenters, rule=SHARE):
        """The one cell of so many networks, two sizes of each seed."""
        seeds = range(300, 300 + networks // 2)

        def dissents(seed, size):
            return 2 * (seed - 300) + (size > 4) < dissenters

        hits = lanes(constant(0.0), spread=0, sizes=(4.0, 16.0), seeds=seeds)
        hit = [
            float(dissents(seed, size) == (rule.side == "below")) for size, seed in hits.select("size", "seed").rows()
        ]
        views = (View("share", hits.with_columns(value=pl.Series(hit)), share()),)
        return decide_part(Part(rule, views)).cells[0]

    @pytest.mark.parametrize(
        ("networks", "dissenters", "word", "why"),
        [
            (36, 0, "supported", ""),
            (34, 0, "untested", "34 of the 36 networks that are needed"),
            (34, 34, "untested", "34 of the 36 networks that are needed"),
            (36, 1, "inconclusive", "1 of 36 networks dissent, with which 54 are needed"),
            (72, 3, "inconclusive", "3 of 72 networks dissent, with which 85 are needed"),
            (72, 2, "supported", ""),
            (72, 9, "inconclusive", "the interval straddles a limit"),
            (72, 60, "contradicted", ""),
        ],
    )
    @pytest.mark.parametrize("rule", [SHARE, SHARE.model_copy(update={"side": "below", "tau": 0.1})])
    def test_says_how_many_networks_it_takes(self, rule, networks, dissenters, word, why):
        found = self.cell(networks, dissenters, rule)
        assert (found.outcome, found.why) == (word, why)

    def test_its_rule_must_be_one_of_networks(self):
        with pytest.raises(AssertionError, match="share: its rule is one of a seed"):
            self.cell(36, 0, ABOVE)


def test_a_rule_that_asks_for_more_seeds_gets_them():
    rule = ABOVE.model_copy(update={"seeds": 16})
    for count, outcome, why in ((15, "untested", "15 of the 16 seeds that are needed"), (16, "supported", "")):
        views = (View("number", lanes(constant(0.5), seeds=range(300, 300 + count))),)
        cell = decide_part(Part(rule, views)).cells[0]
        assert (cell.outcome, cell.why) == (outcome, why)


YES: Any = "supported"
NO: Any = "contradicted"
MAYBE: Any = "inconclusive"
NOT: Any = "untested"


class TestPart:
    @pytest.mark.parametrize(
        ("outcomes", "expected"),
        [
            ([YES], YES), ([NO], NO), ([MAYBE], MAYBE), ([NOT], NOT), ([], NOT),
            ([YES] * 3 + [MAYBE], YES), ([YES] * 2 + [MAYBE], MAYBE), ([YES] * 11 + [MAYBE], YES),
            ([NO] * 3 + [MAYBE], NO), ([YES, NO], "mixed"), ([YES, NO] + [MAYBE] * 9, "mixed"),
            ([YES] * 9 + [NO], "mixed"), ([NO] * 9 + [YES], "mixed"),
            ([YES, NOT], YES), ([YES, NOT, NOT], NOT), ([YES] * 3 + [NOT] * 3, YES), ([YES] * 3 + [NOT] * 4, NOT),
        ],
    )  # fmt: skip
    def test_its_word_where_all_cells_are_firm(self, outcomes, expected):
        assert of_cells(outcomes, [word in (YES, NO) for word in outcomes]) == expected

    def test_a_cell_that_is_not_firm_opposes_nothing(self):
        outcomes = [YES] * 9 + [NO]
        assert of_cells(outcomes, [True] * 9 + [False]) == YES
        assert of_cells([YES, NO, MAYBE], [True, False, False]) == MAYBE

    @given(st.lists(st.tuples(st.sampled_from([YES, NO, MAYBE, NOT]), st.booleans()), max_size=30))
    def test_turning_all_cells_round_turns_the_word(self, found):
        turned = {YES: NO, NO: YES}
        words = [word for word, _ in found]
        firm = [holds and word in turned for word, holds in found]
        word = of_cells(words, firm)
        other = [turned.get(each, each) for each in words]
        assert of_cells(other, firm) == turned.get(word, word)

    def test_firm_is_at_the_level_of_all_tested_cells(self):
        """A t of 3.9 at 7 degrees of freedom is p = .006: decided in one cell, firm in it, not firm in twelve."""
        for count, firm in ((1, True), (12, False)):
            found = decide_part(part(constant(0.1 + 0.1), spread=0.078, conditions=cells(count), sizes=(4.0,)))
            assert {(cell.outcome, cell.firm) for cell in found.cells} == {(YES, firm)}

    def test_variants_are_judged_and_do_not_count(self):
        both = ({"dataset": "a", "tuned": False}, {"dataset": "a", "tuned": True})
        value = lambda condition, _: -0.3 if condition["tuned"] else 0.3  # noqa: E731
        found = decide_part(part(value, conditions=both, decides=~pl.col("tuned")))
        assert (found.outcome, [(cell.name, cell.outcome) for cell in found.cells]) == (
            YES, [("a, fixed rate", YES), ("a, tuned rate", NO)],
        )  # fmt: skip

    def test_twenty_four_cells_of_noise_are_not_decided(self):
        found = decide_part(part(constant(0.05), spread=0.3, conditions=cells(24)))
        assert found.outcome == MAYBE


class TestClaim:
    @pytest.mark.parametrize(
        ("primary", "parts", "expected"),
        [
            (YES, [], YES), (YES, [YES, MAYBE], YES), (YES, [NO], "mixed"), (NO, [YES], "mixed"), (NO, [NO], NO),
            (MAYBE, [NO], MAYBE), (YES, ["mixed"], YES), (NOT, [YES], NOT), (YES, [NOT], YES),
        ],
    )  # fmt: skip
    def test_a_part_that_says_the_opposite_makes_it_mixed(self, primary, parts, expected):
        assert of_parts(primary, parts) == expected

    def test_parts_are_no_cells(self):
        found = decide("c", Findings(part(constant(0.3)), (part(constant(0.1), name="other"),)))
        assert (found.outcome, [each.outcome for each in found.parts]) == (YES, [MAYBE])
        assert (found.runs, found.lost) == (8, 0)

    def test_the_reason_names_cells(self):
        value = {"d00": 0.3, "d01": 0.2, "d02": 0.25, "d03": 0.1}
        primary = part(lambda condition, _: value[condition["dataset"]], spread=0.05, conditions=cells(4))
        reason = decide("c", Findings(primary)).reason
        assert reason == (
            "Supported in 3 of 4 tested cells, weakest in d01. Undecided in 1: d03 (the interval straddles a limit)."
        )

    @pytest.mark.parametrize(
        ("numbers", "told"),
        [
            ([0.3], "Supported in the one tested cell, d00."),
            ([0.3, 0.2], "Supported in both tested cells, weakest in d01."),
            ([-0.3, -0.2, -0.2], "Contradicted in all 3 tested cells, weakest in d01."),
            ([0.3, -0.3], "Supported in 1 of 2 tested cells: d00. Contradicted in 1: d01."),
            ([0.1, 0.1], "Undecided in both tested cells: d00 (the interval straddles a limit); d01 (the interval "
                         "straddles a limit)."),
        ],
    )  # fmt: skip
    def test_the_reason_counts_cells_in_words(self, numbers, told):
        value = {f"d{at:02}": number for at, number in enumerate(numbers)}
        conditions = cells(len(numbers))
        primary = part(lambda condition, _: value[condition["dataset"]], spread=0.05, conditions=conditions)
        assert decide("c", Findings(primary)).reason == told

    def test_the_reason_names_what_opposes(self):
        other = part(constant(-0.3), name="curvature")
        reason = decide("c", Findings(part(constant(0.3)), (other,))).reason
        assert reason == (
            "The claim itself: supported in the one tested cell, a. But its part, curvature: contradicted in the one "
            "tested cell, a."
        )

    def test_a_part_of_variants_only_says_so(self):
        variants = decide_part(part(constant(0.3), conditions=cells(2), decides=pl.col("dataset") == "z"))
        assert (variants.outcome, [cell.outcome for cell in variants.cells]) == (NOT, [YES, YES])
        assert variants.reason == "Nothing that decides was measured, only variants: d00; d01."

    def test_without_cells_it_says_what_lacks(self):
        nothing = Part(ABOVE, (View("number", lanes(constant(1), conditions=())),), lacks="there are no runs")
        assert decide("c", Findings(nothing)).reason == "Evidence is missing: there are no runs."


def test_an_unrelated_sweep_changes_no_cell():
    one = decide_part(part(constant(0.3), conditions=cells(2)))
    more = decide_part(part(constant(0.3), conditions=(*cells(2), {"dataset": "z"})))
    assert [cell.model_dump(exclude={"firm"}) for cell in more.cells[:2]] == [
        cell.model_dump(exclude={"firm"}) for cell in one.cells
    ]
