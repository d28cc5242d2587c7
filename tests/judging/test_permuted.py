"""Trends of many claims against permuted sizes."""

from itertools import permutations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from nominima.judging.permuted import against, concordance, permuted, signs, units
from nominima.judging.trend import Block, word_of

SIGN = {"grows": 1, "shrinks": -1}


def made(values, sizes=(), **condition):
    values = np.array(values, dtype=float)
    known = np.array(sizes or 2.0 ** np.arange(values.shape[1]))
    return Block(condition, known, list(range(len(values))), values, len(values))


def rising(count, seeds=8):
    return np.arange(count) + 0.01 * np.arange(seeds)[:, None]


def kendall(one, other):
    return float(np.nan_to_num(np.asarray(stats.kendalltau(one, other))[0]))


def test_concordance_is_kendalls_tau_b():
    rng = np.random.default_rng(0)
    values = np.vstack([rng.integers(0, 3, (20, 6)), np.ones((1, 6))]).astype(float)
    orders = np.vstack([np.arange(6.0), rng.random((5, 6))])
    expected = [[kendall(order, row) for row in values] for order in orders]
    assert concordance(values, orders) == pytest.approx(np.array(expected))


@pytest.mark.parametrize("seeds", [5, 6, 8, 20])
def test_signs_are_the_words_of_trends(seeds):
    rng = np.random.default_rng(seeds)
    slopes = rng.normal(size=60)
    found = [made(slope * np.arange(5) + rng.normal(size=(seeds, 5))) for slope in slopes]
    found += [made(each * np.ones((seeds, 1))) for each in ([[1, 2, 3, 4]], [[4, 3, 2, 1]], [[1, 1, 1, 1]])]
    told = [SIGN.get(word_of(each.taus), 0) for each in found]
    assert signs(found).tolist() == told
    assert {-1, 0, 1} == set(told[:60])


def test_a_draw_permutes_the_sizes_of_a_cell_once_for_all_its_claims_and_seeds():
    same = [made(rising(5), cell="a"), made(2 * rising(5, 12), cell="a"), made(-rising(5), cell="a")]
    one, two, turned = permuted(same, 400)
    assert one.tolist() == two.tolist() == (-turned).tolist()
    other = permuted([*same, made(rising(5), cell="b")], 400)[3]
    assert 0 < np.mean(one == other) < 0.9
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.2


def test_claims_that_look_at_some_sizes_of_a_cell_share_their_order():
    """Of sizes 1 to 16 one claim looks at four: where all five are turned round so are these."""
    whole, some = permuted([made(rising(5), cell="a"), made(rising(4), (1.0, 2.0, 4.0, 16.0), cell="a")], 4000)
    assert np.corrcoef(whole, some)[0, 1] > 0.6
    assert not np.any(whole * some < 0)


def test_all_orders_are_as_likely():
    told = permuted([made(rising(4), cell="a")], 20000)[0]
    taus = [kendall(range(4), order) for order in permutations(range(4))]
    for sign in (-1, 1):
        share = np.mean([sign * tau > 0.3 for tau in taus])
        assert np.mean(told == sign) == pytest.approx(share, abs=4 * np.sqrt(share / 20000))


def test_the_same_draws_twice_and_others_by_another_seed():
    found = [made(rising(5), cell="a")]
    assert permuted(found, 50).tolist() == permuted(found, 50).tolist()
    assert permuted(found, 50).tolist() != permuted(found, 50, seed=1).tolist()


def test_a_unit_is_a_claim_in_a_cell_of_four_sizes_and_steps_are_no_condition():
    cells = ("x", "a", None, 4), ("y", "a", "900", 5), ("x", "b", None, 3), ("y", "variant", None, 4)
    lost = {("variant", each, 4) for each in range(3)}
    rows = [
        {"claim": claim, "cell": cell, "decides": cell != "variant", "noise": "0.2", "steps": steps,
         "size": float(size), "seed": seed, "value": None if (cell, seed, size) in lost else 1.0, "status": "ok"}
        for claim, cell, steps, count in cells for size in range(1, count + 1) for seed in range(10)
    ]  # fmt: skip
    found = units(pl.DataFrame(rows, infer_schema_length=None))
    assert [(each.claim, each.cell, each.decides) for each in found] == [
        ("x", "a", True), ("y", "a", True), ("y", "variant", False)
    ]  # fmt: skip
    assert [each.found.condition for each in found] == 3 * [{"noise": "0.2"}]
    assert [each.lacks for each in found] == ["", "", "3 of 10 seeds lost a run"]


def test_a_number_is_set_against_the_25th_draws_from_either_end():
    draws = np.random.default_rng(0).permutation(np.arange(-499, 500))[:, None] / 500
    score = against(np.repeat(draws.T, 4, axis=0))  # pyright: ignore[reportArgumentType] - any numbers will do
    rows = pl.DataFrame({"size": 1.0, "seed": range(4), "value": [1.0, 1.0, 0.0, -1.0]})
    found = score(rows).estimate()
    assert (found.value, found.n) == (0.25, 4)
    assert (found.low, found.high) == (0.25 - 475 / 500, 0.25 + 475 / 500)


def test_a_sample_of_some_units_is_set_against_their_own_draws():
    score = against(np.array([39 * [1], 39 * [-1]], dtype=np.int8))
    rows = pl.DataFrame({"size": 1.0, "seed": [1, 0], "value": [0.0, 1.0]})
    assert score(rows).estimate().low == 0.5
    assert score(rows.filter(seed=1)).estimate().low == 1.0
