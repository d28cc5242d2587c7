import polars as pl
import pytest
from made_tables import censor, found, judged, lanes, lose, noise, outcomes, table

CLAIM = "c3e_validation_sees_noise"
RATES = (0.0003, 0.001, 0.003, 0.01)
SEEDS = tuple(range(300, 316))
SIZES = (16, 32, 64)


def rows(factor=lambda _: 1.2, rates=RATES, spread=0.2, tie=1.0, peak=lambda lane: 0.3 / lane["rate"],
         status=lambda _: "ok", **changes):  # fmt: skip
    """Networks that are best at `peak`, the faster the higher the rate; their gradient is noise `factor` later, None:
    never. Both steps vary over seeds, the second with the first by a share `tie`."""
    for rate in rates:
        for lane in lanes(**{"sizes": SIZES, "seeds": SEEDS, "noises": (0.2,), "rate": rate} | changes):
            key = (lane["seed"], lane["size"], str(rate))
            best = peak(lane) * 2 ** (spread * noise(*key))
            later, other = factor(lane), (best if tie else 100) * 2 ** (spread * (1 - tie) * noise(*key, "other"))
            yield lane | {
                "status": status(lane), "seen": round(3 * best), "drift": 0.0, "peak": best,
                "noise_from": None if later is None else later * other, "apart_from": 1.5 * best,
                "unshared_from": 5 * best, "share_at_peak": 0.4,
            }  # fmt: skip


def world():
    return {"gradient_noise": table("gradient_noise", rows(), rows(dataset="digits"))}


def told(*more, **changes):
    return judged(CLAIM, gradient_noise=table("gradient_noise", rows(**changes), *more))


def shown(verdict, name):
    return {row.cell: row.estimate.value for row in verdict.beside if row.name == name}


def first(count, size=64):
    """Twice as late in the first seeds of one size."""
    return lambda lane: 2.5 if lane["seed"] < SEEDS[0] + count and lane["size"] == size else 1.2


def test_supported_where_noise_and_validation_turn_together():
    verdict = told()
    assert verdict.outcome == "supported", verdict.reason
    assert sorted(verdict.primary.cells, key=lambda cell: cell.condition["rate"])[0].estimate.n == 16
    assert {cell.condition["rate"] for cell in verdict.primary.cells} == set(RATES), "rates are never pooled"
    assert {cell.estimate.value for cell in verdict.primary.cells} == {1.0}
    (part,) = verdict.parts[0].cells
    assert (part.estimate.value, part.estimate.n) == (pytest.approx(1, abs=0.1), 16)


@pytest.mark.parametrize(("factor", "word"), [
    (1.95, "supported"), (0.52, "supported"), (2.05, "contradicted"), (0.48, "contradicted"), (None, "contradicted"),
])  # fmt: skip
def test_near_is_within_a_factor_of_two_either_way_and_never_is_not(factor, word):
    assert told(factor=lambda _: factor).primary.outcome == word


@pytest.mark.parametrize(
    ("far", "word"), [(3, "supported"), (4, "inconclusive"), (12, "inconclusive"), (13, "contradicted")]
)
def test_more_than_half_of_the_largest_networks_must_be_near(far, word):
    cells = told(factor=first(far)).primary.cells
    assert {cell.numbers[0].outcome for cell in cells} == {word}, "apart from the control"


def test_the_largest_size_decides_and_others_are_shown():
    verdict = told(factor=first(16, size=16))
    assert verdict.primary.outcome == "supported"
    assert set(shown(verdict, "near, worst size").values()) == {0.0}
    assert set(shown(verdict, "near, all sizes").values()) == {2 / 3}
    (pooled,) = [row.estimate for row in verdict.beside if row.name == "near, all sizes and rates"]
    assert (pooled.value, pooled.n) == (2 / 3, 16 * 3 * 4)


def test_mixed_where_rates_disagree():
    verdict = told(factor=lambda lane: 1.2 if lane["rate"] > 0.002 else 4.0)
    assert sorted(outcomes(verdict.primary).values()) == ["contradicted"] * 2 + ["supported"] * 2
    assert verdict.outcome == "mixed"


class TestControl:
    def test_networks_that_are_best_at_the_same_step_whatever_their_rate_cannot_fail(self):
        verdict = told(peak=lambda _: 100.0, spread=0.05)
        assert set(outcomes(verdict.primary).values()) == {"inconclusive"}
        assert "steps permuted" in verdict.primary.cells[0].why

    def test_it_is_asked_of_every_cell(self):
        same = rows(peak=lambda _: 100.0, spread=0.05, dataset="digits")
        words = outcomes(told(same).primary)
        assert {word for name, word in words.items() if "digits" in name} == {"inconclusive"}
        assert {word for name, word in words.items() if "mnist1d" in name} == {"supported"}

    def test_a_contradicted_cell_needs_none(self):
        assert told(peak=lambda _: 100.0, factor=lambda _: 5.0, spread=0.05).primary.outcome == "contradicted"

    def test_lost_networks_keep_their_place(self):
        """Only steps that are known are permuted, all of a size, each once."""
        made = lose("gradient_noise", world()["gradient_noise"], 0.125)
        views = {view.name: view.lanes for view in found(CLAIM, gradient_noise=made).views()}
        near, permuted = views["near"], views["near, steps permuted"]
        key = ["dataset", "rate", "size", "seed"]
        assert near.sort(key)["value"].is_null().equals(permuted.sort(key)["value"].is_null())
        assert permuted["value"].drop_nulls().mean() == pytest.approx(0.3, abs=0.2)


class TestRanks:
    def test_steps_that_do_not_go_together_contradict_the_part(self):
        verdict = told(tie=0.0, factor=lambda lane: 1.0, peak=lambda _: 100.0, spread=0.3)
        assert verdict.parts[0].outcome == "contradicted"

    def test_never_ranks_behind_all_others(self):
        """The slowest networks never turn to noise: ranks agree although nothing is near."""
        verdict = told(factor=lambda lane: None if lane["rate"] < 0.0005 else 3.0)
        assert (verdict.primary.outcome, verdict.parts[0].outcome, verdict.outcome) == (
            "contradicted", "supported", "mixed",
        )  # fmt: skip

    def test_pooling_sizes_would_invent_one(self):
        size = lambda lane: 10.0 * lane["size"]  # noqa: E731
        verdict = told(peak=size, factor=lambda lane: 2 ** (0.5 * noise(lane["seed"], str(lane["rate"]), "turn")))
        assert verdict.parts[0].cells[0].estimate.value == pytest.approx(0.37, abs=0.25)


def test_rates_must_be_four_over_a_decade():
    few = "no networks learned noisy labels at 4 rates over a decade"
    assert few in told(rates=RATES[1:]).reason
    assert few in told(rates=(0.001, 0.002, 0.004, 0.008)).reason
    assert few in told(noises=(0.0,)).reason
    assert told(rates=(0.001, 0.002, 0.005, 0.01)).primary.outcome != "untested"
    assert len(told(rows(rates=(0.02, 0.03), dataset="digits")).primary.cells) == 4


def test_truer_with_size():
    verdict = told(factor=lambda lane: 1 + 16 / lane["size"])
    assert verdict.truer.word == "grows", verdict.truer.reason
    late = told(factor=lambda lane: None if lane["size"] < 64 else 1.2)
    assert late.truer.word != "shrinks", "never is as far as was looked"


def test_what_test_examples_say_is_shown():
    verdict = told()
    assert set(shown(verdict, "near: cosine of training and test gradient below .5").values()) == {1.0}
    assert set(shown(verdict, "near: ratio of one step below .5").values()) == {0.0}


@pytest.mark.parametrize("why", ["diverged", "censored", "short", "astray"])
def test_lost_networks_are_counted(why):
    for count, word in ((3, "supported"), (4, "inconclusive")):
        gone = pl.col("seed") < SEEDS[0] + count
        made = world()["gradient_noise"]
        if why == "censored":
            made = censor(made, count / 16)
        else:
            made = made.with_columns(status=pl.when(gone).then(pl.lit(why)).otherwise("status"))
        verdict = judged(CLAIM, gradient_noise=made)
        assert (verdict.primary.outcome, verdict.primary.cells[0].lost) == (word, {why: count})


def test_untested_says_what_is_missing():
    assert "of the 6 networks that are needed" in told(seeds=SEEDS[:5]).reason
