import numpy as np
import polars as pl
import pytest
from made_tables import SEEDS, drawn, judged, lanes, lose, noise, table

CLAIM = "c1c_no_bad_start"
NUMBERS = ["train_accuracy", "validation_loss", "test_accuracy"]
GAINS = (0.01, 0.1, 1.0, 10.0)


def reached(accuracy, loss, lane, *key, fitted=0.99):
    """The one metric point of a lane: its stop, by either rule, and its end."""
    name = f"{lane['sweep']}/{'.'.join(map(str, (lane['noise'], lane['size'], *key)))}"
    numbers = {"train_accuracy": fitted, "validation_loss": loss, "test_accuracy": accuracy}
    return lane | {"run": name, "step": 9, "best_loss": True, "best_accuracy": True, "end": True} | numbers


def learning_curve(copy=0.8, own=0.9, rescaled=0.8, valley=0.01, fitted=0.99, spread=0.1, wobble=0.002, swing=0.0):
    """A world by the accuracies of its starts, loss added per squared decade of gain, spread at 1 parameter."""
    accuracies = {"own": own, "copy": copy, "rescaled": rescaled, "shuffled": rescaled}

    def rows():
        for lane in lanes():
            size, seed = lane["size"], lane["seed"]
            yield reached(0.9, 1 + noise(size, seed) * spread / size, lane)
        for lane in lanes(noises=(0.9,), sweep="random-labels"):
            yield reached(0.1, 2.3, lane, fitted=fitted)
        for lane in lanes(noises=(0.0,), sweep="starts"):
            size, seed = lane["size"], lane["seed"]
            for start, accuracy in accuracies.items():
                chance = wobble * noise(size, seed, start) + (swing * noise(seed) if start == "copy" else 0)
                kind = None if start == "own" else start
                yield reached(accuracy + chance, 1 - accuracy, lane | {"start.kind": kind}, start)
            for gain in GAINS:
                if gain != 1:
                    loss = (1 - own) * (1 + valley * np.log10(gain) ** 2 * 20 / size)
                    yield reached(own, loss, lane | {"gain": gain}, gain)

    return table(rows())


def told(**world):
    return judged(CLAIM, learning_curve=learning_curve(**world))


def test_supported_where_only_the_scale_matters():
    found = told()
    assert found.outcome == "supported", found.reason
    assert [cell.name for cell, _ in found.cells] == [
        "mnist1d, noise 0.0",
        "mnist1d, noise 0.0, range of gains",
        "mnist1d, noise 0.0, growth of the range",
        "mnist1d, noise 0.0, spread over seeds",
        "mnist1d, noise 0.2, spread over seeds",
    ]
    assert all(good for _, good in found.controls)
    assert found.headline is not None
    assert found.headline.estimate.value == pytest.approx(0, abs=0.005)


def test_mixed_where_the_adversarial_start_does_harm():
    found = told(copy=0.7)
    assert found.outcome == "mixed", found.reason
    assert found.cells[0][1] == "contradicted"
    assert found.headline is not None
    assert found.headline.estimate.value == pytest.approx(0.1, abs=0.005)
    rows = {row.name: row.estimate.value for row in found.sensitivity}
    assert rows["lost by random starts of its scale, against ordinary ones"] == pytest.approx(0.1, abs=0.005)
    assert rows["the same weights shuffled within layers: lost"] == pytest.approx(0, abs=0.005)


def test_contradicted_in_all_parts():
    found = told(copy=0.7, valley=100, spread=0)
    assert [outcome for _, outcome in found.cells][:2] == ["contradicted", "contradicted"]


def test_inconclusive_where_seeds_swing():
    found = told(swing=0.1)
    assert found.cells[0][1] == "inconclusive"
    assert found.outcome == "inconclusive"


def test_inconclusive_where_no_start_does_harm():
    found = told(copy=0.9, rescaled=0.9)
    assert (found.outcome, "ordinary random starts" in found.reason) == ("inconclusive", True)


def test_void_where_random_labels_were_not_fitted():
    found = told(fitted=0.5)
    assert (found.outcome, "random labels are fitted" in found.reason) == ("untested", True)


def test_a_narrow_valley_that_does_not_widen():
    cells = {cell.name: (cell, outcome) for cell, outcome in told(valley=1e6).cells}
    cell, outcome = cells["mnist1d, noise 0.0, range of gains"]
    assert cell.estimate.value == pytest.approx(0, abs=0.01)
    assert outcome == "contradicted"
    assert cells["mnist1d, noise 0.0, growth of the range"][1] != "supported"


def test_spread_falls_as_made():
    cells = {cell.name: cell for cell, _ in told().cells}
    assert cells["mnist1d, noise 0.2, spread over seeds"].estimate.value == pytest.approx(-np.log(10) / 2, abs=0.5)


def test_a_gain_that_diverged_is_not_in_the_valley():
    curve = learning_curve(valley=0.0)
    gone = pl.col("gain") == 10
    lost = curve.with_columns(
        pl.when(gone).then(pl.lit("diverged")).otherwise("status").alias("status"),
        *(pl.when(~gone).then(column).alias(column) for column in NUMBERS),
    )
    cells = {cell.name: cell for cell, _ in judged(CLAIM, learning_curve=lost).cells}
    assert cells["mnist1d, noise 0.0, range of gains"].estimate.value == pytest.approx(2)


def test_untested_without_made_starts():
    assert judged(CLAIM, learning_curve=learning_curve().filter(sweep="sizes")).outcome == "untested"


def test_is_drawn():
    assert drawn(CLAIM, learning_curve=lose(learning_curve(), 1 / len(SEEDS), *NUMBERS))
