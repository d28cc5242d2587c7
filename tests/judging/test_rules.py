from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nominima.judging.intervals import NOTHING, Estimate, share
from nominima.judging.rules import Rule, fewest, margin, outcome, truth, wholly_off

WORST_TO_BEST = ["contradicted", "inconclusive", "supported"]


def rule(side: Any = "above", tau: Any = 0.1, null=None):
    return Rule(statistic="s", side=side, tau=tau, null=null)


def interval(low, high):
    return Estimate(value=(low + high) / 2, low=low, high=high, n=8)


ABOVE, BELOW, WITHIN = rule(null=0.0), rule("below", -0.1, 0.0), rule("within", (-0.55, -0.45))


@pytest.mark.parametrize(
    ("its", "low", "high", "expected"),
    [
        (ABOVE, 0.11, 0.2, "supported"), (ABOVE, 0.1, 0.2, "inconclusive"), (ABOVE, 0.01, 0.05, "inconclusive"),
        (ABOVE, -0.2, 0.0, "inconclusive"), (ABOVE, -0.2, -0.01, "contradicted"),
        (BELOW, -0.2, -0.11, "supported"), (BELOW, -0.2, 0.2, "inconclusive"), (BELOW, 0.01, 0.2, "contradicted"),
        (WITHIN, -0.54, -0.46, "supported"), (WITHIN, -0.56, -0.5, "inconclusive"),
        (WITHIN, -0.44, -0.4, "contradicted"), (WITHIN, -0.7, -0.56, "contradicted"),
        (rule(), 0.0, 0.09, "contradicted"), (rule("below", 0.1), 0.11, 0.2, "contradicted"),
    ],
)  # fmt: skip
def test_what_an_interval_says_of_a_rule(its, low, high, expected):
    assert outcome(interval(low, high), its) == expected
    assert outcome(NOTHING, its) == "untested"


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (0.3, 0.1, 0.5, "supported"), (0.1, 0.05, 0.5, "inconclusive"), (0.3, 0.0, 0.5, "inconclusive"),
        (-0.3, -0.5, -0.1, "contradicted"), (-0.3, -0.5, 0.0, "inconclusive"), (0.0, -0.5, -0.1, "inconclusive"),
    ],
)  # fmt: skip
def test_of_trends_the_number_lies_beyond_tau_and_the_interval_beyond_the_null(value, low, high, expected):
    its = Rule(statistic="s", side="above", tau=0.1, null=0.0, unit="trend")
    assert outcome(Estimate(value=value, low=low, high=high, n=8), its) == expected
    assert fewest(its) == 8
    for wrong in ({"side": "below", "null": 0.2}, {"null": None}):
        with pytest.raises(ValueError, match="trends"):
            Rule.model_validate(its.model_dump() | wrong)


@pytest.mark.parametrize(
    ("its", "low", "high", "off"),
    [
        (ABOVE, -0.1, 0.09, True), (ABOVE, 0.05, 0.11, False), (ABOVE, 0.2, 0.3, False),
        (BELOW, -0.09, 0.1, True), (BELOW, -0.11, 0.0, False),
        (WITHIN, -0.44, 0.0, True), (WITHIN, -1, -0.56, True), (WITHIN, -0.5, 0.0, False),
    ],
)  # fmt: skip
def test_a_negative_control_behaves_where_its_whole_interval_is_off_the_claims_side_of_tau(its, low, high, off):
    assert wholly_off(interval(low, high), its) == off
    assert not wholly_off(NOTHING, its)


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0, 0.3))
def test_a_truer_interval_never_has_a_worse_word(first, second, width):
    low, high = sorted((first, second))
    words = [outcome(interval(at - width, at + width), ABOVE) for at in (low, high)]
    assert WORST_TO_BEST.index(words[0]) <= WORST_TO_BEST.index(words[1])


def test_margin_and_truth_point_to_the_claims_side():
    assert margin(0.3, ABOVE) == pytest.approx(0.2)
    assert margin(-0.3, BELOW) == pytest.approx(0.2)
    assert margin(-0.5, WITHIN) == pytest.approx(0.05)
    values = np.array([-0.6, -0.5, 0.0])
    assert [int(truth(values, its).argmax()) for its in (ABOVE, BELOW, WITHIN)] == [2, 0, 1]


@pytest.mark.parametrize(
    ("side", "tau", "null"),
    [
        ("above", 0.1, 0.2), ("below", 0.1, 0.0), ("within", 0.1, None),
        ("above", (0.1, 0.2), None), ("within", (0.2, 0.1), None),
    ],
)  # fmt: skip
def test_limits_that_do_not_fit_the_side_are_refused(side, tau, null):
    with pytest.raises(ValueError, match="do not fit"):
        rule(side, tau, null)


@given(st.sampled_from(["above", "below"]), st.floats(0.02, 0.98), st.integers(0, 9), st.sampled_from([0.9, 0.95]))
def test_the_smallest_number_of_networks_supports_and_one_less_does_not(side, tau, dissenters, confidence):
    its = Rule(statistic="s", side=side, tau=tau, unit="network", confidence=confidence)
    count = fewest(its, dissenters)
    words = [
        outcome(share(networks - dissenters if side == "above" else dissenters, networks, confidence), its)
        for networks in (count, count - 1)
    ]
    assert words[0] == "supported"
    assert words[1] != "supported"


def test_nine_of_ten_needs_as_many_networks_as_the_contract_says():
    its = Rule(statistic="s", side="above", tau=0.9, unit="network")
    assert [fewest(its, dissenters) for dissenters in (0, 1, 2, 4)] == [36, 54, 70, 100]
    assert fewest(ABOVE) == 8
    assert fewest(ABOVE.model_copy(update={"seeds": 16})) == 16


@pytest.mark.parametrize(("side", "tau"), [("above", 1.0), ("below", 0.0), ("within", (0.1, 0.2))])
def test_a_share_of_networks_lies_beyond_a_share(side, tau):
    with pytest.raises(ValueError, match="a share of networks lies above or below a tau between 0 and 1"):
        Rule(statistic="s", side=side, tau=tau, unit="network")
