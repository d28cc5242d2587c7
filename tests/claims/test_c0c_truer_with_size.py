from typing import Any

import polars as pl
import pytest
from made_tables import drawn as figure
from made_tables import found, judged, noise

from nominima.judging.evidence import numbers, of_view
from nominima.planning import shelf

NAME = "c0c_truer_with_size"
CLAIM = shelf.load("claims", NAME)
SIZES = (10, 20, 40, 80, 160)
SEEDS = range(300, 308)
CELLS = tuple("abcdefghij")


def trends(slope: Any, claims=("c0a_x", "c4a_y"), cells=CELLS, sizes=SIZES, seeds=SEEDS, decides=True, **conditions):
    """Trends of claims in cells: quantities that move by `slope` with every size, or by `slope(claim, cell)`."""
    move: Any = slope if callable(slope) else lambda *_: slope
    rows = [
        {"claim": claim, "cell": f"{cell}, {conditions}", "decides": decides, "dataset": cell, "size": float(size),
         "seed": seed, "value": move(claim, cell) * at + noise(claim, cell, size, seed), "status": "ok"}
        | conditions
        for claim in claims for cell in cells for at, size in enumerate(sizes) for seed in seeds
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"value": pl.Float64})


def world(slope=3.0):
    """Everything grows; one more claim lost too much, and tuned rates tell the same."""
    lost = trends(0, ("c1c_z",), cells=("a",)).with_columns(value=None, status=pl.lit("censored"))
    tuned = trends(slope, decides=False, tuned="true")
    return {"trends": pl.concat([trends(slope), lost.cast({"value": pl.Float64}), tuned], how="diagonal")}


def told(*tables):
    verdict = judged(NAME, trends=pl.concat(tables, how="diagonal"))
    (cell,) = verdict.primary.cells
    return cell


def share(grow, cells=40):
    """Trends of which a share grows and the rest shrinks, each in a cell of its own."""
    names = [f"cell{at}" for at in range(cells)]
    return trends(lambda _, cell: 3 if names.index(cell) < grow * cells else -3, ("c0a_x",), names)


@pytest.mark.parametrize(("slope", "word"), [(3, "supported"), (-3, "contradicted"), (0, "inconclusive")])
def test_words(slope, word):
    verdict = judged(NAME, **world(slope))
    assert verdict.outcome == word
    assert (verdict.runs, verdict.lost, verdict.truer.word, verdict.truer.cells) == (20, 0, "unclear", [])


@pytest.mark.parametrize(
    ("grow", "word"), [(0.65, "supported"), (0.625, "inconclusive"), (0.5, "inconclusive"), (0.3, "contradicted")]
)
def test_a_quarter_more_must_grow_than_shrink(grow, word):
    """At .625 the share is .25 more, beyond all that draws give, and not more than a quarter."""
    cell = told(share(grow))
    assert cell.outcome == word
    assert cell.estimate.value == pytest.approx(2 * grow - 1)
    if grow == 0.625:
        assert (cell.estimate.low or 0) > 0
        assert cell.why == "the interval straddles a limit"


def test_many_claims_in_few_cells_are_few_witnesses():
    """Twelve claims that all grow in the same cell: a draw turns all of them at once."""
    claims = [f"c{at}a_x" for at in range(12)]
    (one, many) = told(trends(3, claims, ("a",))), told(trends(3, claims[:1], [f"cell{at}" for at in range(12)]))
    assert (one.estimate.value, one.outcome) == (many.estimate.value, "inconclusive") == (1.0, "inconclusive")
    assert one.estimate.low == 0
    assert many.outcome == "supported"


def test_only_the_share_beyond_the_draws_counts():
    """Less than a quarter fewer that grow, but no fewer than the draws have: not contradicted."""
    cell = told(share(0.45, 20))
    assert cell.estimate.value == pytest.approx(-0.1)
    assert cell.outcome == "inconclusive"
    assert (cell.estimate.high or 0) > 0


def aside(monkeypatch, sign):
    """The draw set aside is of one sign throughout."""
    usual = CLAIM.permuted

    def permuted(*given):
        draws = usual(*given)
        draws[:, 0] = sign
        return draws

    monkeypatch.setattr(CLAIM, "permuted", permuted)
    (cell,) = judged(NAME, **world()).primary.cells
    return cell.outcome, cell.why


def test_a_draw_that_passes_voids_it(monkeypatch):
    assert aside(monkeypatch, 1) == ("inconclusive", "what must fail does not: a draw set aside")


def test_a_draw_that_is_beaten_does_not(monkeypatch):
    assert aside(monkeypatch, -1) == ("supported", "")


def test_999_draws_and_one_set_aside_are_asked_for(monkeypatch):
    asked = []
    usual = CLAIM.permuted
    monkeypatch.setattr(CLAIM, "permuted", lambda found, draws: asked.append(draws) or usual(found, draws))
    findings = found(NAME, **world())
    (view,) = findings.primary.asks
    told, drawn = of_view(numbers(findings), "permuted sizes"), view.sample(view.lanes).draws
    assert drawn is not None
    assert asked == [1000]
    assert told["seed"].to_list() == list(range(1, 1000))
    assert told["value"].to_list() == pytest.approx(drawn.tolist())


def test_cells_of_three_sizes_with_losses_or_variants_are_no_trends():
    lost = trends(-3, ("c2a_z",)).with_columns(
        value=pl.when(~pl.col("seed").is_in([300, 301]) | (pl.col("size") < 160)).then("value")
    )
    fewer, variant = trends(-3, ("c2c_z",), sizes=SIZES[:3]), trends(-3, ("c1d_z",), decides=False)
    cell = told(trends(3), lost, fewer, variant)
    assert (cell.runs, cell.estimate.value, cell.outcome) == (20, 1.0, "supported")
    table = numbers(found(NAME, trends=pl.concat([trends(3), lost, fewer, variant], how="diagonal")))
    card = of_view(table, "trends").group_by("claim").agg(pl.col("value").null_count().alias("lost"), pl.len())
    assert sorted(card.rows()) == [("c0a_x", 0, 10), ("c2a_z", 10, 10), ("c4a_y", 0, 10)]


def test_one_seed_in_five_may_be_lost():
    table = trends(3, seeds=range(300, 310))
    gone = table.with_columns(value=pl.when(~pl.col("seed").is_in([300, 301])).then("value"))
    assert told(gone).runs == 20


def test_fewer_than_eight_trends_are_too_few():
    cell = told(trends(3, ("c0a_x",), CELLS[:7]))
    assert (cell.outcome, cell.why) == ("untested", "7 of the 8 trends that are needed")


def test_claims_chapters_and_tuned_rates_are_shown():
    tables = [
        trends(lambda claim, _: 3 if claim == "c0a_x" else -3),
        trends(-3, ("c0a_x",), decides=False, tuned="true"),
        trends(3, ("c0a_x",), decides=False, l2="0.1"),
    ]
    verdict = judged(NAME, trends=pl.concat(tables, how="diagonal"))
    beside = {(each.name, each.cell): each.estimate.value for each in verdict.beside}
    assert beside == {
        ("by claim", "claim c0a_x"): 1, ("by claim", "claim c4a_y"): -1, ("tuned rates", "all"): -1,
        ("by chapter", "chapter bigger is better"): 1, ("by chapter", "chapter nothing on the way"): -1,
    }  # fmt: skip


def test_the_card_has_a_row_for_each_claim_the_truest_first():
    tables = trends(3, ("c0a_x",)), trends(-3, ("c1b_y",)), trends(0, ("c4a_z",), sizes=SIZES[:4])
    texts = figure(NAME, trends=pl.concat(tables)).split('"')
    assert [text for text in texts if text in ("c0a x", "c1b y", "c4a z")] == ["c0a x", "c4a z", "c1b y"]


def test_without_trends_that_decide_it_says_so():
    verdict = judged(NAME, trends=trends(3, decides=False))
    assert verdict.reason == "Evidence is missing: no claim has a trend over four sizes in a cell that decides."
