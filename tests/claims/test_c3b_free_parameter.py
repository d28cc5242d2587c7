from itertools import product

import numpy as np
import polars as pl
import pytest
from made_tables import censor, judged, lanes, lose, noise, outcomes, table

CLAIM = "c3b_free_parameter"
FEATURES = (25, 50, 100, 101, 200, 400)
WIDTHS = (4, 8, 16, 32)
ENDS = {4: (3.0, 0.6), 8: (4.0, 0.8), 16: (9.0, 1.0), 32: (5.0, 1.0)}  # width → loss and training accuracy at the end


def risks(stopped=1.02, peak=100.0, truths=("sparse", "dense"), rise=0.2, spread=0.02, replicas=20):
    """Both factors of the risk at 100 features; a smooth rise with ln p of the stopped one."""
    for truth, features, seed in product(truths, FEATURES, range(10000, 10000 + replicas)):
        at = features in (100, 101)
        its = stopped[truth] if isinstance(stopped, dict) else stopped
        level = np.exp(rise * np.log(features / 100) + spread * noise(truth, features, seed))
        factor = peak[truth] if isinstance(peak, dict) else peak
        yield {
            "truth": truth, "features": features, "seed": seed, "status": "ok", "never_stopped": seed % 10 == 0,
            "examples": 100, "stopped_risk": 2 * level * (its if at else 1),
            "end_risk": 3 * level * (factor if at else 1), "validation": 2.0, "validation_end": 3.0,
        }  # fmt: skip


def curves(stopped=1.0, ends=ENDS, share=0.15, **changes):
    """Perceptrons whose stopped loss at width 16 stands out by a factor; parameters are the square of the width."""
    for row in lanes(sizes=WIDTHS, noises=(share,), **changes):
        loss, fitted = ends[row["size"]]
        its = 1.5 * (stopped if row["size"] == 16 else 1) * np.exp(0.02 * noise(row["size"], row["seed"]))
        usual = {"train_loss": 0.1, "validation_loss": 1.0, "validation_accuracy": 0.6, "noisy_test_loss": its,
                 "noisy_test_accuracy": 0.5}  # fmt: skip
        stop = usual | {"train_accuracy": 0.5, "test_loss": its, "test_accuracy": 0.6}
        end = usual | {"train_accuracy": fitted, "test_loss": loss * np.exp(0.02 * noise(row["seed"])),
                       "test_accuracy": 0.46 if row["size"] == 16 else 0.54}  # fmt: skip
        yield row | stop | {"step": 300, "best_loss": True, "best_accuracy": True, "end": False}
        yield row | end | {"step": 5000, "best_loss": False, "best_accuracy": False, "end": True}


def tables(*sweeps, **changes):
    made = {"free_parameter": table("free_parameter", risks(**changes))}
    return made | ({"learning_curve": table("learning_curve", *sweeps)} if sweeps else {})


def world():
    return tables(curves())


def told(*sweeps, **changes):
    return judged(CLAIM, **tables(*sweeps, **changes))


def test_supported_without_a_peak_in_both_truths():
    found = judged(CLAIM, **world())
    assert found.outcome == "supported", found.reason
    assert outcomes(found.primary) == {"truth dense": "supported", "truth sparse": "supported"}
    assert [cell.estimate.value for cell in found.primary.cells] == pytest.approx([1.02, 1.02], abs=0.03)
    assert [guard.estimate.value for cell in found.primary.cells for guard in cell.guards] == pytest.approx(
        [100, 100], rel=0.03
    )
    assert (found.truer.word, "One size only" in found.truer.reason) == ("unclear", True)


@pytest.mark.parametrize(
    ("stopped", "outcome"),
    [(0.8, "supported"), (1.05, "supported"), (1.1, "inconclusive"), (1.2, "contradicted"), (5.0, "contradicted")],
)
def test_the_limit_of_the_factor(stopped, outcome):
    assert told(stopped=stopped).outcome == outcome


def test_one_truth_can_be_otherwise():
    assert told(stopped={"sparse": 1.5, "dense": 1.0}).outcome == "mixed"


def test_a_smooth_rise_or_fall_is_no_peak():
    for rise in (-2.0, 2.0):
        assert [cell.estimate.value for cell in told(rise=rise).primary.cells] == pytest.approx([1.02, 1.02], abs=0.03)


@pytest.mark.parametrize("peak", [4.5, 1.0])
def test_where_the_unstopped_peak_is_too_low_that_cell_is_undecided(peak):
    found = told(peak={"sparse": 100.0, "dense": peak})
    words = outcomes(found.primary)
    assert words == {"truth dense": "inconclusive", "truth sparse": "supported"}
    assert "risk, never stopped" in found.primary.cells[0].why
    assert told(peak={"sparse": 100.0, "dense": 5.5}).outcome == "supported"


def test_untested_with_few_replicas_and_without_half_or_twice():
    assert "5 of the 8 seeds that are needed" in told(replicas=5).reason
    linear = tables()["free_parameter"]
    for gone in (50, 100, 200):
        rest = linear.filter(pl.col("features") != gone)
        assert "2 of three sizes" in judged(CLAIM, free_parameter=rest).reason


def test_perceptrons_have_no_word_without_runs_of_that_noise():
    for found in (told(), told(curves(share=0.2))):
        assert (found.outcome, found.parts[0].outcome) == ("supported", "untested")
        assert "first fits its examples" in found.parts[0].reason


@pytest.mark.parametrize(("stopped", "outcome"), [(1.0, "supported"), (1.1, "inconclusive"), (1.3, "contradicted")])
def test_perceptrons(stopped, outcome):
    found = told(curves(stopped=stopped))
    assert found.parts[0].outcome == outcome
    assert found.outcome == {"contradicted": "mixed"}.get(outcome, "supported")


def test_perceptrons_are_read_around_the_width_that_first_fits():
    """If 8 fits, 16 is at twice that width and its peak of the stopped loss lowers the factor."""
    ends = ENDS | {8: (9.0, 1.0), 16: (4.0, 1.0)}
    found = told(curves(stopped=1.3, ends=ends)).parts[0]
    assert (found.outcome, len(found.cells)) == ("supported", 1)
    assert found.cells[0].estimate.value == pytest.approx(1.3**-0.5, abs=0.02)


@pytest.mark.parametrize("first", [None, 4, 32])
def test_perceptrons_untested_where_half_or_twice_the_width_is_missing(first):
    ends = {width: (loss, 1.0 if first and width >= first else 0.98) for width, (loss, _) in ENDS.items()}
    assert told(curves(ends=ends)).parts[0].outcome == "untested"


def test_perceptrons_untested_without_a_bump_at_the_end():
    found = told(curves(ends=ENDS | {16: (4.7, 1.0)})).parts[0]
    assert (found.outcome, "loss at the end" in found.cells[0].why) == ("untested", True)
    assert told(curves(ends=ENDS | {16: (5.1, 1.0)})).parts[0].outcome == "supported"


def test_perceptrons_lost_and_censored_are_counted():
    curve = table("learning_curve", curves())
    for gone in (lose("learning_curve", curve, 0.3), censor(curve, 0.3)):
        found = judged(CLAIM, free_parameter=tables()["free_parameter"], learning_curve=gone).parts[0]
        assert (found.cells[0].outcome, sum(found.cells[0].lost.values())) == ("inconclusive", 6)


def test_tuned_rates_are_variants_and_other_sweeps_change_nothing():
    both = told(curves(), curves(stopped=2.0, tuned=True)).parts[0]
    assert (both.outcome, sorted(cell.decides for cell in both.cells)) == ("supported", [False, True])
    assert told(curves(), curves(stopped=2.0, share=0.2)).parts[0].outcome == "supported"


def test_what_is_shown_and_published():
    found = judged(CLAIM, **world())
    shown = {
        row.name: row.estimate.value or 0.0
        for row in found.beside
        if row.cell.startswith("truth sparse") or "error" in row.name
    }
    assert 0.0 < shown["|ln(risk with one feature more / risk)|"] < 0.12
    assert shown["ln(risk with twice the features / risk)"] == pytest.approx(0.2 * np.log(2) - np.log(1.02), abs=0.03)
    assert shown["replicas best when arrived"] == pytest.approx(0.1)
    assert shown["error, stopped by accuracy"] == pytest.approx(1.0)
    assert shown["error at the end"] == pytest.approx(0.54 / 0.46)
    (their,) = found.published
    assert (their.value, their.low, their.high) == pytest.approx((1.1653, 1.082, 1.255), abs=1e-3)
    assert their.ours is not None
