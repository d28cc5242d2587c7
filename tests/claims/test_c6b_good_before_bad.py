import math

import polars as pl
import pytest
from made_tables import censor, found, judged, lanes, lose, noise, outcomes, table

from nominima.judging.decide import decide_part
from nominima.judging.samples import at_largest

CLAIM = "c6b_good_before_bad"
RATES = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032)
BEST = 0.004
SEEDS = tuple(range(300, 316))
SHARES = [number / 10 for number in range(1, 10)]


def networks(optimizers=("adam", "sgd"), rates=RATES, **changes):
    for optimizer in optimizers:
        for rate in rates:
            usual = {"sizes": (64,), "seeds": SEEDS, "noises": (0.2,), "optimizer": optimizer, "rate": rate}
            yield from lanes(**usual | changes)


def rows(
    clean_first=lambda lane: 0.8, marked=lambda lane: 0.5, factor=lambda lane: 1.2, corrupted=lambda lane: 0.9,
    peak=lambda lane: 0.4 / lane["rate"], best=lambda lane: BEST, spread=0.02, tie=1.0, counted=3.0, **changes,
):  # fmt: skip
    """Networks best at the rate `best`; more of the bad is learned `factor` after the peak, None: never. Both steps
    vary over seeds, the second with the first by a share `tie`."""
    for lane in networks(**changes):
        key = (lane["seed"], lane["optimizer"], str(lane["rate"]), lane["dataset"])
        peaked, later = peak(lane) * 2 ** (0.3 * noise(*key)), factor(lane)
        crossed = (peaked if tie else 100) * 2 ** (0.3 * (1 - tie) * noise(*key, "other"))
        yield lane | {
            "clean_first": clean_first(lane) + spread * noise(*key, "first"),
            "marked_first": marked(lane) + 0.003 * noise(*key, "marked"),
            "clean": 1.0, "corrupted": corrupted(lane), "peak": peaked, "peak_accuracy": 1.5 * peaked,
            "crossing": None if later is None else crossed * later, "outnumbered": counted * peaked,
            "highest": 0.6 - 0.02 * abs(math.log2(lane["rate"] / best(lane))), "trained": 0.7,
        }  # fmt: skip


def grown(**changes):
    for lane in networks(**changes):
        yield from (lane | {"clean": share, "corrupted": share / 3, "marked": share} for share in SHARES)


def tables(*sweeps, **changes):
    knobs = {name: changes[name] for name in ("optimizers", "rates", "seeds", "noises", "tuned") if name in changes}
    return {
        "learning_order": table("learning_order", rows(**changes), *sweeps),
        "memorised": table("memorised", grown(**knobs)),
    }


def world():
    return {
        "learning_order": table("learning_order", rows(), rows(dataset="digits")),
        "memorised": table("memorised", grown(), grown(dataset="digits")),
    }


def told(*sweeps, **changes):
    return judged(CLAIM, **tables(*sweeps, **changes))


def primary(*sweeps, **changes):
    """The verdict of the primary alone: ranks over all rates, which the part asks for, take seconds to resample."""
    return decide_part(found(CLAIM, **tables(*sweeps, **changes)).primary)


def crossing(**changes):
    """The numbers of the part where one optimizer was trained: the factor and the ranks, and its word."""
    (part,) = found(CLAIM, **tables(optimizers=("adam",), **changes)).parts
    verdict = decide_part(part)
    (cell,) = verdict.cells
    return [number.outcome for number in cell.numbers], verdict.outcome, cell.lost


def shown(verdict, name):
    return {row.cell: row.estimate.value or 0.0 for row in verdict.beside if row.name == name}


def test_supported_where_clean_labels_come_first():
    verdict = judged(CLAIM, **world())
    assert verdict.outcome == "supported", verdict.reason
    assert len(verdict.primary.cells) == 4, "optimizer × data set"
    assert {cell.estimate.n for cell in verdict.primary.cells} == {16}
    assert verdict.primary.cells[0].estimate.value == pytest.approx(0.8, abs=0.02)
    assert verdict.parts[0].outcome == "supported"
    assert verdict.truer.word == "unclear"


@pytest.mark.parametrize(
    ("first", "spread", "word"), [(0.62, 0.01, "supported"), (0.6, 0.1, "inconclusive"), (0.58, 0.01, "contradicted")]
)
def test_sixty_percent_of_pairs_is_the_limit(first, spread, word):
    assert primary(clean_first=lambda lane: first, spread=spread).outcome == word


def test_mixed_where_optimizers_disagree():
    verdict = primary(clean_first=lambda lane: 0.8 if lane["optimizer"] == "adam" else 0.5)
    assert sorted(outcomes(verdict).values()) == ["contradicted", "supported"]
    assert verdict.outcome == "mixed"


class TestPreferredRate:
    def test_only_the_rate_with_the_best_validation_accuracy_decides(self):
        at_best = lambda lane: 0.8 if lane["rate"] == BEST else 0.4  # noqa: E731
        assert primary(clean_first=at_best).outcome == "supported"
        assert primary(clean_first=lambda lane: 1.2 - at_best(lane)).outcome == "contradicted"

    def test_each_optimizer_has_its_own(self):
        verdict = primary(
            best=lambda lane: 0.002 if lane["optimizer"] == "adam" else 0.008,
            clean_first=lambda lane: 0.8 if lane["rate"] == (0.002 if lane["optimizer"] == "adam" else 0.008) else 0.4,
        )
        assert set(outcomes(verdict).values()) == {"supported"}

    @pytest.mark.parametrize("edge", [RATES[0], RATES[-1]])
    def test_one_at_the_edge_is_lost(self, edge):
        verdict = primary(best=lambda lane: edge if lane["optimizer"] == "adam" else BEST)
        words = outcomes(verdict)
        assert (words["mnist1d, noise 0.2, adam"], words["mnist1d, noise 0.2, sgd"]) == ("untested", "supported")
        assert {cell.lost.get("edge", 0) for cell in verdict.cells} == {0, 16}

    def test_a_rate_chosen_while_training_is_left_out(self):
        with_tuned = primary(rows(rates=(BEST,), tuned=True, clean_first=lambda lane: 0.3))
        assert with_tuned.outcome == "supported"
        assert len(with_tuned.cells) == 2

    def test_five_rates_are_too_few(self):
        assert primary(rates=RATES[:5]).outcome == "untested"


class TestControls:
    @pytest.mark.parametrize(("at", "word"), [(0.52, "supported"), (0.54, "untested"), (0.46, "untested")])
    def test_random_marks_must_lie_near_a_half(self, at, word):
        assert primary(marked=lambda lane: at).outcome == word

    def test_where_random_marks_come_last_too_nothing_is_seen(self):
        words = outcomes(primary(marked=lambda lane: 0.8 if lane["optimizer"] == "adam" else 0.5))
        assert words == {"mnist1d, noise 0.2, adam": "untested", "mnist1d, noise 0.2, sgd": "supported"}

    def test_the_negative_one_is_asked_by_the_limit_that_decides(self):
        cell = primary().cells[0]
        negative = next(guard for guard in cell.guards if guard.kind == "negative")
        assert (negative.rule, negative.behaves) == (None, True)
        assert negative.estimate.value == pytest.approx(0.5, abs=0.005)


class TestCrossing:
    @pytest.mark.parametrize(("factor", "word"), [
        (1.9, "supported"), (0.53, "supported"), (2.1, "contradicted"), (0.47, "contradicted"),
    ])  # fmt: skip
    def test_it_lies_within_a_factor_of_two_either_way(self, factor, word):
        assert crossing(factor=lambda lane: factor) == ([word, "supported"], word, {})

    def test_only_the_preferred_rate_is_asked_for_the_factor(self):
        assert crossing(factor=lambda lane: 1.2 if lane["rate"] == BEST else 5.0)[1] == "supported"
        assert crossing(factor=lambda lane: 5.0 if lane["rate"] == BEST else 1.2)[1] == "contradicted"

    def test_steps_that_do_not_go_together_contradict_it(self):
        found = crossing(tie=0.0, peak=lambda lane: 100.0, factor=lambda lane: 1.0)
        assert found[:2] == (["supported", "contradicted"], "contradicted")
        verdict = told(optimizers=("adam",), tie=0.0, peak=lambda lane: 100.0, factor=lambda lane: 1.0)
        assert verdict.outcome == "mixed", "a part that says the opposite"

    def test_what_rates_order_is_no_order_at_one_rate(self):
        verdict = told(optimizers=("adam",), tie=0.0, factor=lambda lane: 0.004 / lane["rate"])
        assert (verdict.parts[0].cells[0].numbers[1].estimate.value or 0.0) > 0.9
        (alone,) = shown(verdict, "ranks at the preferred rate").values()
        assert abs(alone) < 0.6

    @pytest.mark.parametrize(("seeds", "word"), [(3, "supported"), (4, "inconclusive")])
    def test_training_that_ends_before_memorisation_is_censored(self, seeds, word):
        its = {"factor": lambda lane: None if lane["seed"] < SEEDS[0] + seeds else 1.2}
        assert crossing(**its)[1:] == (word, {"censored": seeds})
        assert primary(**its).outcome == "supported"

    def test_a_rate_that_never_memorises_loses_the_ranks(self):
        (factor, _), word, _ = crossing(factor=lambda lane: None if lane["rate"] == RATES[0] else 1.2)
        assert (factor, word) == ("supported", "inconclusive")


def test_what_is_shown():
    verdict = told(optimizers=("adam",), corrupted=lambda lane: 0.7)
    expected = {"factor, by numbers": 3.0, "factor, by shares": 1.2, "factor, by accuracy": 0.8,
                "corrupted labels learned by the end": 0.7}  # fmt: skip
    for name, value in expected.items():
        assert list(shown(verdict, name).values()) == [pytest.approx(value, rel=1e-3)], name


def test_curves_are_those_of_the_preferred_rate():
    drawn = {view.name: view.lanes for view in found(CLAIM, **world()).drawn}
    curves = drawn["fitted, digits, three"]
    assert sorted(curves["place"].unique()) == SHARES[::2]
    assert curves.group_by("place").agg(pl.col("value").mean()).sort("place")["value"].to_list() == pytest.approx(
        [share / 3 for share in SHARES[::2]], rel=1e-5
    )
    assert curves.height == 16 * 5
    assert curves["optimizer"].unique().to_list() == ["adam"]
    assert sorted(drawn["apart, mnist1d, others"]["place"].unique()) == list(RATES)
    assert len(drawn) == 8


@pytest.mark.parametrize(("share", "word"), [(0.125, "supported"), (0.25, "inconclusive")])
def test_lost_and_censored_networks_are_counted(share, word):
    its = tables()
    gone = found(CLAIM, **its | {"learning_order": lose("learning_order", its["learning_order"], share)})
    verdict = decide_part(gone.primary)
    assert (verdict.outcome, verdict.cells[0].lost) == (word, {"diverged": round(16 * share)})
    late = found(CLAIM, **its | {"learning_order": censor(its["learning_order"], share)})
    assert decide_part(late.primary).outcome == "supported", "it is not read at a stop"
    assert late.parts[0].asks[0].sample(
        late.parts[0].asks[0].lanes.filter(optimizer="adam"), at_largest
    ).lost == {"censored": round(16 * share)}  # fmt: skip


def test_untested_says_what_is_missing():
    assert "no networks learned partly corrupted labels" in told(noises=(0.0,)).reason
    assert "5 of the 16 seeds that are needed" in told(seeds=SEEDS[:5]).reason
