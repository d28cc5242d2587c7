"""Rates of false words against closed forms, a broken judge, and every claim of the shelf."""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from nominima.judging import decide
from nominima.judging.calibration import SHARE, calibrate, no_effect, power_at
from nominima.judging.decide import Asked
from nominima.judging.draws import shape_of, spread_of, together
from nominima.judging.evidence import numbers
from nominima.judging.parts import Findings, Part, View
from nominima.judging.rules import Rule, outcome
from nominima.judging.samples import at_largest, of_seeds, share, slopes
from nominima.judging.spread import of_cell, read_spread, taken, write_spread
from nominima.planning import shelf

sys.path.insert(0, str(Path(__file__).parents[1] / "claims"))
SCHEMA = {"condition": pl.Int64, "size": pl.Float64, "seed": pl.Int64, "value": pl.Float64, "status": pl.String}
ABOVE = {"statistic": "a number", "side": "above", "tau": 0.1, "null": 0.0, "trend": "it", "flat": 0.1}


def lanes(values):
    """Lanes of values (condition, size, seed); NaN: diverged."""
    rows = [(*place[:1], float(4 ** place[1]), *place[2:], None if np.isnan(value) else float(value),
             "diverged" if np.isnan(value) else "ok") for place, value in np.ndenumerate(values)]  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def made(values, score=at_largest, **rule):
    view = View("number", lanes(values), score)
    return Findings(Part(Rule(**(ABOVE | rule)), (view,)), trend=view)


def normal(*shape, seed=0, sd=0.1):
    return np.random.default_rng(seed).normal(0, sd, shape)


def share_of(word):
    """A share that was simulated."""
    assert word is not None
    return word


def told(findings, explored=None, draws=400, **options):
    return calibrate("c", findings, taken(findings, numbers(explored or findings)), draws, **options)


def test_students_interval_is_wrong_as_often_as_its_level_says_and_has_the_power_of_the_noncentral_t():
    """At a level that is Student's; the deviation that is drawn from is the measured one."""
    values = normal(1, 3, 8, seed=1)
    found = told(made(values, confidence=0.99, tau=0.05), draws=2000)
    assert found.supported == pytest.approx(0.005, abs=0.005)
    assert found.contradicted == pytest.approx(0.005, abs=0.005)
    effect = 0.05 / values[0, -1].std(ddof=1) * np.sqrt(8)
    assert found.power == pytest.approx(stats.nct.sf(stats.t.ppf(0.995, 7), 7, effect), abs=0.03)
    assert found.at == 0.1


def test_a_share_has_the_power_of_the_binomial():
    ones = np.ones((1, 4, 9))
    found = told(made(ones, share(), unit="network", tau=0.9, null=None), draws=1500)
    assert found.power == pytest.approx(SHARE**36, abs=0.05), "36 networks bear no dissenter"
    assert found.supported == pytest.approx(0.9**36, abs=0.02)
    least = next(hits for hits in range(37) if stats.binomtest(hits, 36).proportion_ci(0.95).high >= 0.9)
    assert found.contradicted == pytest.approx(stats.binom.cdf(least - 1, 36, 0.9), abs=0.02)


def test_networks_of_one_seed_that_stand_and_fall_together_are_drawn_so():
    """Then 36 networks are nine seeds, and .98 is met by .98⁹ of them."""
    hits = np.ones((1, 4, 9))
    hits[..., 0] = 0
    one = made(hits, share(), unit="network", tau=0.9, null=None)
    assert together([spread_of(one.primary.asks[0].sample(lanes(hits)), 9)]) == pytest.approx(1.0)
    assert told(one, draws=1000).power == pytest.approx(SHARE**9, abs=0.05)


def test_a_judge_that_ignores_tau_is_caught(monkeypatch):
    findings = made(normal(4, 3, 8, sd=0.04))
    assert told(findings, draws=100).fails == []
    at_null = findings.primary.rule.model_copy(update={"tau": 0.0})
    monkeypatch.setattr(Asked, "outcome", lambda self, level: outcome(self.sample.estimate(level), at_null))
    monkeypatch.setattr(decide, "outcome", lambda estimate, _: outcome(estimate, at_null))
    found = told(findings, draws=100)
    assert share_of(found.supported) > 0.5
    assert any("falsely supported" in fail for fail in found.fails)


def test_a_judge_that_calls_noise_mixed_is_caught(monkeypatch):
    monkeypatch.setattr(decide, "_firm", lambda cell, *_: cell.outcome in ("supported", "contradicted"))
    found = told(made(normal(40, 3, 8), null=None), draws=30)
    assert any("falsely mixed" in fail for fail in found.fails)


def test_a_trend_is_not_seen_where_there_is_none_and_is_if_any_trend_counts(monkeypatch):
    assert share_of(told(made(normal(3, 5, 8)), draws=100).trend) <= 0.05
    monkeypatch.setattr("nominima.judging.trend.STEADY", 0.0)
    monkeypatch.setattr("nominima.judging.trend.LEVEL", 0.5)
    assert share_of(told(made(normal(3, 5, 8)), draws=100).trend) > 0.05


def test_lost_networks_are_lost_as_often_as_in_the_exploratory_run():
    whole = normal(1, 2, 8, sd=0.02)
    half = whole.copy()
    half[0, 1, ::2] = np.nan
    found = told(made(whole), made(half), draws=50)
    assert share_of(found.power) < 0.2, "more than a fifth lost decides nothing"
    assert share_of(told(made(whole), draws=50).power) > 0.9


def test_cells_and_seeds_are_those_of_the_trial_and_what_cannot_be_simulated_is_told():
    found = told(made(normal(2, 3, 16)), made(normal(1, 3, 8)), draws=20)
    assert (found.cells, found.of, found.seeds, found.spread) == (1, 2, "16", "0–7")
    assert found.note == "cells not in the exploratory run: 1"
    gone = np.full((1, 3, 8), np.nan)
    none = told(made(normal(1, 3, 8)), made(gone), draws=20)
    assert none.supported is None
    assert none.note == "cells with a number of fewer than 3 exploratory seeds: 1"
    other = told(made(normal(1, 3, 8)), made(normal(1, 2, 8)), draws=20)
    assert other.note == "cells with other sizes in the exploratory run: 1"
    equal = told(made(np.zeros((1, 2, 8))), draws=20)
    assert (equal.supported, equal.contradicted, equal.power) == (0, 0, 1)
    assert "cells whose seeds do not differ: 1" in equal.note


def test_a_statistic_of_all_seeds_at_once_is_moved_too():
    """A slope of deviations, whose interval is that of its own score."""
    narrowing = of_seeds(lambda sizes, values: slopes(np.log(sizes), np.log(values.std(axis=-2, ddof=1))))
    found = told(made(normal(1, 4, 16), narrowing, confidence=0.99, tau=0.1, null=0.0), draws=300)
    assert share_of(found.supported) <= 0.05
    assert share_of(found.power) > share_of(found.supported)


def test_the_shape_is_that_of_many_residuals_and_normal_of_few():
    skewed = np.random.default_rng(0).exponential(size=(16, 1, 8))
    view = made(skewed).primary.asks[0]
    spreads = [spread_of(view.sample(lanes(each[None])), 8) for each in skewed]
    assert shape_of(spreads[:2]) is None
    found = shape_of(spreads)
    assert found is not None
    assert stats.skew(found) > 0.7
    assert (found.mean(), found.var()) == pytest.approx((0, 1))


@pytest.mark.parametrize(
    ("rule", "ends", "power"),
    [
        (ABOVE, (0.1, 0.0), 0.2),
        (ABOVE | {"null": None}, (0.1, 0.1), 0.2),
        (ABOVE | {"side": "below", "null": None}, (0.1, 0.1), 0.0),
        (ABOVE | {"side": "below", "tau": -0.2}, (-0.2, 0.0), -0.4),
        (ABOVE | {"side": "within", "tau": (-0.55, -0.45), "null": None}, (-0.55, -0.45), -0.5),
        (ABOVE | {"tau": 0.9, "null": None, "unit": "network"}, (0.9, 0.9), 0.98),
        (ABOVE | {"side": "below", "null": None, "unit": "network"}, (0.1, 0.1), 0.02),
    ],
)
def test_the_truths_follow_from_the_rule(rule, ends, power):
    assert no_effect(Rule(**rule)) == ends
    assert power_at(Rule(**rule)) == pytest.approx(power)


def test_a_spread_is_kept_with_what_is_lost_and_read_again(tmp_path):
    values = normal(2, 3, 8)
    values[1, 2, 3] = np.nan
    findings = made(values)
    kept = taken(findings, numbers(findings))
    write_spread(tmp_path / "c.csv", kept)
    again = of_cell(read_spread(tmp_path / "c.csv"), "number", "condition 1")
    assert again["size"].unique().to_list() == [16.0], "what is not read is not kept"
    assert again.filter(seed=3)["status"].to_list() == ["diverged"]
    assert again["value"].drop_nulls().to_list() == pytest.approx(np.delete(values[1, 2], 3), rel=1e-4)


@pytest.mark.parametrize("claim", shelf.names("claims"))
def test_every_claim_of_the_shelf_is_simulated_on_planted_evidence(claim):
    found = import_module("made_tables").found(claim, **import_module(f"test_{claim}").world())
    its = told(found, draws=3, at=getattr(shelf.load("claims", claim), "POWER_AT", None))
    if any("value_right" in view.lanes.columns for view in found.primary.asks):
        assert (its.cells, its.note) == (0, f"cells judged by two numbers of each network: {its.of}")
        return
    assert its.supported is not None, its.note
    assert its.cells == its.of > 0
    assert its.power is not None
