from typing import Any

import numpy as np
import polars as pl
import pytest
from made_tables import censor, judged, lanes, noise, outcomes, table

CLAIM = "c1c_no_bad_start"
GAINS = (0.01, 0.1, 1.0, 10.0)
SEEDS = tuple(range(300, 316))
SPLITS = ("train", "validation", "test", "noisy_test")


def reached(lane, accuracy, loss, fitted=0.99):
    """The one metric point of a network: its stop, by either rule, and its end."""
    marks = dict.fromkeys(("best_loss", "best_accuracy", "end"), True)
    losses = {f"{split}_loss": loss for split in SPLITS}
    accuracies = {f"{split}_accuracy": accuracy for split in SPLITS} | {"train_accuracy": fitted}
    return lane | {"step": 9} | marks | losses | accuracies


def rows(copy=0.8, own=0.9, rescaled=0.8, valley=0.01, fitted=0.99, spread=0.1, power=-1.0,
         wobble=0.002, swing=0.0, **changes):  # fmt: skip
    """A world by the accuracies of its starts, loss added per squared decade of gain, and the spread over seeds."""
    base: dict[str, Any] = {"seeds": SEEDS} | changes
    for lane in lanes(**base):
        size, seed = int(str(lane["size"])), lane["seed"]
        yield reached(lane, 0.9, 1 + noise(size, seed) * spread * size**power)
    for lane in lanes(**base | {"noises": (0.9,), "rate": 0.003}):
        yield reached(lane, 0.1, 2.3, fitted)
    few = base | {"noises": (0.0,), "examples": 1000}
    for lane in lanes(**few | {"noises": (0.9,), "rate": 0.003}):
        yield reached(lane, 0.1, 2.3, fitted)
    for lane in lanes(**few):
        size, seed = int(str(lane["size"])), lane["seed"]
        for kind, accuracy in {None: own, "copy": copy, "rescaled": rescaled, "shuffled": rescaled}.items():
            chance = wobble * noise(size, seed, str(kind)) + (swing * noise(seed) if kind == "copy" else 0)
            start = {} if kind is None else {"start.kind": kind, "start.run": "random", "start.at": "end"}
            yield reached(lane | start, accuracy + chance, 1 - accuracy + 0.01 * noise(seed, "loss") / size)
        for gain in GAINS:
            if gain != 1:
                loss = (1 - own) * (1 + valley * np.log10(gain) ** 2 * 20 / size)
                yield reached(lane | {"gain": gain}, own, loss + 0.01 * noise(seed, "loss") / size)


def world():
    return {"learning_curve": table("learning_curve", rows())}


def told(*more, **changes):
    return judged(CLAIM, learning_curve=table("learning_curve", rows(**changes), *more))


def part(verdict, name):
    return next(each for each in verdict.parts if each.name == name)


def test_supported_where_only_the_scale_matters():
    found = told()
    assert found.outcome == "supported", found.reason
    assert [each.outcome for each in found.parts] == ["supported", "supported"], [each.reason for each in found.parts]
    assert found.primary.cells[0].estimate.value == pytest.approx(0, abs=0.005)


def test_contradicted_where_the_adversarial_start_does_harm():
    found = told(copy=0.7)
    assert found.primary.outcome == "contradicted", found.reason
    assert found.outcome == "mixed", "the parts hold"
    shown = {row.name: row.estimate.value for row in found.beside}
    assert shown["lost by its scale alone"] == pytest.approx(0.1, abs=0.005)
    assert shown["lost by the same weights shuffled"] == pytest.approx(0, abs=0.005)


def test_the_worst_size_of_each_seed_is_shown():
    harmed = (pl.col("start.kind") == "copy") & (pl.col("size") == pl.col("size").min())
    lower = pl.when(harmed).then(pl.col("test_accuracy") - 0.1).otherwise("test_accuracy")
    found = judged(CLAIM, learning_curve=world()["learning_curve"].with_columns(test_accuracy=lower))
    assert found.outcome == "supported", found.reason
    shown = [row.estimate.value for row in found.beside if row.name == "accuracy lost, worst size of each seed"]
    assert shown == [pytest.approx(0.1, abs=0.005)]


def test_inconclusive_where_seeds_swing():
    assert told(swing=0.1).primary.outcome == "inconclusive"


def test_a_start_that_does_no_harm_at_all_shows_nothing():
    found = told(copy=0.9, rescaled=0.9)
    assert found.primary.outcome == "inconclusive"
    assert "ordinary starts" in found.primary.cells[0].why


def test_untested_where_random_labels_were_not_fitted():
    found = told(fitted=0.5)
    assert (found.outcome, "random labels fitted" in found.primary.cells[0].why) == ("untested", True)


def test_controls_are_asked_in_their_own_cell():
    found = told(rows(fitted=0.5, dataset="digits"))
    assert outcomes(found.primary) == {"digits, noise 0.0": "untested", "mnist1d, noise 0.0": "supported"}


def test_starts_of_another_optimizer_without_an_arm_change_nothing():
    """Ordinary ones and those fitted to random labels, but none rescaled: there is nothing to compare them with."""
    usual, few = told(copy=0.7), (row for row in rows(copy=0.9, optimizer="sgd") if row.get("start.kind") != "rescaled")
    found = told(few, copy=0.7)
    assert outcomes(usual.primary) == {"mnist1d, noise 0.0": "contradicted"}
    assert [cell.outcome for cell in found.primary.cells] == ["contradicted"]
    assert found.primary.cells[0].estimate == usual.primary.cells[0].estimate
    assert (found.primary.outcome, found.outcome) == ("contradicted", "mixed")


class TestRange:
    def test_a_narrow_valley_is_against_it(self):
        its = part(told(valley=1e4), "range of gains")
        assert its.cells[0].numbers[0].estimate.value == pytest.approx(0, abs=0.05)
        assert its.outcome == "contradicted"

    def test_a_wide_one_must_widen_too(self):
        found = part(told(valley=0.0), "range of gains")
        assert found.cells[0].numbers[0].estimate.value == pytest.approx(3)
        assert found.outcome == "inconclusive", "no growth at all"

    def test_a_gain_that_diverged_is_not_in_it(self):
        curve = world()["learning_curve"]
        gone = pl.col("gain") == 10
        numbers = [f"{split}_{of}" for split in SPLITS for of in ("loss", "accuracy")]
        lost = curve.with_columns(
            pl.when(gone).then(pl.lit("diverged")).otherwise("status").alias("status"),
            *(pl.when(~gone).then(name).alias(name) for name in numbers),
        )
        its = part(judged(CLAIM, learning_curve=lost), "range of gains").cells[0]
        assert its.numbers[0].estimate.value == pytest.approx(2, abs=0.01)
        assert its.lost == {}


class TestSpread:
    def test_it_falls_as_made(self):
        cells = {cell.name: cell for cell in part(told(), "spread over seeds").cells}
        found = next(cell for name, cell in cells.items() if "noise 0.2" in name)
        assert found.estimate.value == pytest.approx(-np.log(10) / 2, abs=0.5)

    def test_contradicted_where_it_rises(self):
        found = part(told(spread=0.001, power=1.0), "spread over seeds")
        assert {cell.outcome for cell in found.cells if "1000" not in cell.name} == {"contradicted"}


@pytest.mark.parametrize(("share", "word"), [(0.125, "supported"), (0.25, "inconclusive")])
def test_networks_without_a_stop_are_censored(share, word):
    found = judged(CLAIM, learning_curve=censor(world()["learning_curve"], share))
    assert found.primary.outcome == word, found.reason
    assert found.primary.cells[0].lost == {"censored": round(share * 16)}


def test_untested_without_made_starts():
    plain = (row for row in rows() if "start.kind" not in row)
    assert judged(CLAIM, learning_curve=table("learning_curve", plain)).outcome == "untested"
