from functools import cache

import polars as pl
import pytest
from made_tables import censor, judged, lanes, lose, noise, outcomes, table
from made_tables import found as findings

from nominima.judging.samples import at_largest
from nominima.measuring.table import schema

CLAIM = "c3c_stopping_beats_priors"
GRIDS = {
    "l2": (0.001, 0.002, 0.005, 0.01, 0.02, 0.05), "decay": (0.1, 0.2, 0.5, 1.0, 2.0, 5.0),
    "l1": (0.01, 0.02, 0.05, 0.1, 0.2, 0.5), "dropout": (0.05, 0.1, 0.2, 0.3, 0.5, 0.7),
    "size": (2, 4, 8, 16, 32, 64),
}  # fmt: skip
NAMES = {"l2": "coupled L2", "decay": "decoupled decay", "l1": "proximal L1", "dropout": "dropout",
         "size": "fewer units"}  # fmt: skip
RATES = (0.0003, 0.0006, 0.002, 0.004, 0.008)
POINTS = {"start": 0, "early": 4, "tenth": 40, "stop": 400, "sixth": 800, "end": 5000}  # a sixth of the steps is 833
CLEAN = {"start": 0.1, "early": 0.1, "tenth": 0.3, "stop": 0.6, "sixth": 0.57, "end": 0.5}
MEASURED = schema("learning_curve").measured
LOSSES = {"start": 2.3, "early": 2.2, "tenth": 1.8, "stop": 1.2, "sixth": 1.3, "end": 3.0}


@cache
def networks(dataset, seeds, share):
    """The table of all networks of a data set with nothing measured: those with a prior, of other rates, without."""
    shared = {"dataset": dataset, "seeds": range(300, 300 + seeds), "noises": (share,)}
    changes = [{"sizes": (width,)} for width in GRIDS["size"]]
    changes += [{knob: strength} for knob, grid in GRIDS.items() if knob != "size" for strength in grid]
    changes += [{"rate": rate} for rate in RATES] + [{"l2": l2, "schedule": "linear"} for l2 in GRIDS["l2"]]
    numbers = dict.fromkeys(MEASURED, 0.5)
    rows = (
        lane | numbers | {"step": step, "best_loss": point == "stop", "best_accuracy": point == "sixth",
                          "end": point == "end"}
        for its in changes for lane in lanes(**{"sizes": (64,)} | shared | its) for point, step in POINTS.items()
    )  # fmt: skip
    return table("learning_curve", rows)


def prior(row):
    """What a network has, and its place in the grid."""
    if row["schedule"] == "linear":
        return "linear", GRIDS["l2"].index(row["l2"])
    if row["rate"] in RATES:
        return "rate", row["rate"]
    knob = next((knob for knob in ("l2", "decay", "l1", "dropout") if row[knob]), "size")
    return ("none" if row[knob] == 64 else knob), GRIDS[knob].index(row[knob])


def curve(
    dataset="mnist1d", seeds=8, share=0.2, *, gain=lambda prior: 0.0, preferred=lambda prior: 2, accurate=2,
    clean=CLEAN, spread=0.002,
):  # fmt: skip
    """Of each prior the strength at one place has the lowest validation loss at the end, and there the accuracy of
    stopping and a gain; other strengths are .3 better by accuracy, so that choosing one of them shows.
    """
    made = networks(dataset, seeds, share)
    points = {step: point for point, step in POINTS.items()}
    found = []
    for row in made.select("schedule", "rate", "l2", "decay", "l1", "dropout", "size", "step", "seed").rows(named=True):
        (name, at), point = prior(row), points[row["step"]]
        right, loss, valid = clean[point], LOSSES[point], 0.4
        if name not in ("none", "rate"):
            best = at == preferred(name)
            right = {"end": 0.6 + gain(name), "stop": 0.61, "sixth": 0.5}.get(point, 0.2) + (0 if best else 0.3)
            loss = {"end": 1.3, "stop": 1.1, "sixth": 1.2}.get(point, 2.0) + (0 if best else 0.5)
            valid = 0.7 if at == accurate else 0.5
        if name == "rate" and point == "stop":
            right, loss = (0.603, 1.1) if at == 0.002 else (0.9, 1.25)
        right += spread * noise(row["seed"], name, at, point, dataset)
        found.append((right, loss, valid, loss + 0.1))
    columns = zip(("test_accuracy", "validation_loss", "validation_accuracy", "test_loss"), zip(*found, strict=True),
                  strict=True)  # fmt: skip
    return made.with_columns(pl.Series(column, values) for column, values in columns)


def flow_and_ridge():
    for law in ("even", "steep"):
        for dimension in (20, 100):
            for seed in range(8):
                its = {"worst_on_path": 1.3 + 0.01 * noise(seed, law), "best": 1.05}
                yield {"law": law, "dimension": dimension, "seed": seed} | its


@cache
def theory():
    return table("flow_and_ridge", flow_and_ridge())


def tables(digits=True, **changes):
    """Both data sets, with as many seeds as they need, or mnist1d alone."""
    both = [curve(**changes), *([curve("digits", 16, 0.3, **changes)] if digits else [])]
    return {"learning_curve": pl.concat(both), "flow_and_ridge": theory()}


def world():
    return tables()


def told(**changes):
    return judged(CLAIM, **tables(**changes))


def made_findings(**changes):
    return findings(CLAIM, **tables(**changes))


def number(verdict, dataset, name):
    cell = next(cell for cell in verdict.primary.cells if cell.condition["dataset"] == dataset)
    return next(number for number in cell.numbers if number.name == name)


def shown(verdict, name, **condition):
    rows = [row for row in verdict.beside if row.name == name and condition.items() <= row.condition.items()]
    return [row.estimate.value for row in rows]


def test_supported_where_no_prior_adds_anything():
    found = told()
    assert found.outcome == "supported", found.reason
    assert outcomes(found.primary) == {"digits, noise 0.3": "supported", "mnist1d, noise 0.2": "supported"}
    assert [each.name for each in found.primary.cells[0].numbers] == list(NAMES.values())
    assert all(each.estimate.value == pytest.approx(0, abs=0.3) for each in found.primary.cells[0].numbers)


@pytest.mark.parametrize("prior", NAMES)
def test_one_prior_that_is_better_contradicts(prior):
    better = told(digits=False, gain=lambda name: 0.05 * (name == prior))
    assert better.outcome == "contradicted", better.reason
    assert number(better, "mnist1d", NAMES[prior]).estimate.value == pytest.approx(5, abs=0.3)


@pytest.mark.parametrize(("gain", "words"), [
    (0.007, ("supported", "supported")), (0.015, ("contradicted", "supported")), (0.023, ("contradicted",) * 2),
])  # fmt: skip
def test_what_counts_is_twice_as_much_on_digits(gain, words):
    found = told(gain=lambda prior: gain)
    assert outcomes(found.primary) == {"mnist1d, noise 0.2": words[0], "digits, noise 0.3": words[1]}
    assert found.outcome == (words[0] if len(set(words)) == 1 else "mixed")
    units = [number(found, data, "dropout").estimate.value or 0.0 for data in ("digits", "mnist1d")]
    assert units[0] == pytest.approx(0.5 * units[1], rel=0.2)


def test_what_a_single_test_would_find_is_not_enough_for_one_of_five():
    found = told(digits=False, gain=lambda prior: 0.0119 * (prior == "l1"))
    assert found.primary.cells[0].outcome == "inconclusive"
    asks = made_findings(digits=False, gain=lambda prior: 0.0119 * (prior == "l1")).primary.asks
    low = at_largest({view.name: view.lanes for view in asks}["proximal L1"]).estimate(0.9).low
    assert low is not None
    assert low > 1


class TestControls:
    def test_stopping_that_gains_nothing_leaves_a_cell_untested(self):
        found = told(digits=False, clean=CLEAN | {"end": 0.6})
        assert set(outcomes(found.primary).values()) == {"untested"}
        assert "stopping less never stopping" in found.primary.cells[0].why

    @pytest.mark.parametrize("prior", NAMES)
    def test_a_prior_that_does_not_beat_a_tenth_of_the_steps(self, prior):
        found = told(digits=False, gain=lambda name: -0.3 * (name == prior))
        assert set(outcomes(found.primary).values()) == {"inconclusive"}
        assert found.primary.cells[0].why == f"what must fail does not: {NAMES[prior]} less a tenth of the steps"

    def test_the_tenth_is_that_of_the_stop_by_loss(self):
        assert told(digits=False, clean=CLEAN | {"tenth": 0.6}).outcome == "inconclusive"
        assert told(digits=False, clean=CLEAN | {"start": 0.6, "early": 0.6, "sixth": 0.6}).outcome == "supported"


class TestStrength:
    @pytest.mark.parametrize(("prior", "edge"), [("l2", 0), ("dropout", 5), ("size", 0)])
    def test_at_an_edge_it_is_lost(self, prior, edge):
        found = told(digits=False, preferred=lambda name: edge if name == prior else 2)
        assert (found.outcome, found.primary.cells[0].why) == ("inconclusive", f"{NAMES[prior]}: all 8 runs are lost")
        assert found.primary.cells[0].lost == {"edge": 8}
        for name in ("added, equal runs", "added, equal compute", "added by a prior and stopping"):
            assert [each.estimate.value for each in found.beside if each.name == name].count(None) == 1, name

    def test_at_an_edge_it_hides_no_other_that_wins(self):
        gain = lambda prior: 0.05 if prior == "l2" else 0.0  # noqa: E731
        found = told(digits=False, gain=gain, preferred=lambda name: 5 if name == "dropout" else 2)
        assert found.outcome == "contradicted"

    def test_the_one_that_validation_prefers_is_shown(self):
        found = told(preferred=lambda prior: 3)
        for knob, name in NAMES.items():
            assert shown(found, "strength that validation prefers", prior=name) == [GRIDS[knob][3]] * 2

    def test_five_are_too_few(self):
        made = tables(digits=False)
        weak = pl.col("l1") == GRIDS["l1"][0]
        found = judged(CLAIM, **made | {"learning_curve": made["learning_curve"].filter(~weak)})
        assert (found.outcome, found.primary.cells[0].lost) == ("inconclusive", {"edge": 8})


def test_what_is_shown():
    """By accuracy another strength is chosen, and the stop is the point at a sixth of the steps."""
    found = told(gain=lambda prior: 0.004, accurate=3)
    assert shown(found, "added, by accuracy") == pytest.approx([0.6 + 0.004 + 0.3 - 0.57] * 10, abs=0.003)
    assert shown(found, "added by coupled L2, rate falling to 0") == pytest.approx([0.004] * 2, abs=0.003)
    assert shown(found, "added, equal runs") == pytest.approx([0.001] * 10, abs=0.003)
    assert shown(found, "added, equal compute") == pytest.approx([-0.1] * 10, abs=0.003)
    assert shown(found, "added by a prior and stopping") == pytest.approx([0.01] * 10, abs=0.003)
    assert shown(found, "loss added, nats") == pytest.approx([0.1] * 10)
    assert shown(found, "share of tuned runs still improving at the end") == [0] * 10
    assert shown(found, "flow over ridge, best") == pytest.approx([1.05] * 2)
    ours = found.published[0].ours
    assert ours is not None
    assert ours.value == pytest.approx(1.3, abs=0.02)


def test_what_steps_buy():
    """A sixth of the steps for each of six runs is one run's 5000: a prior is then where it is at step 800."""
    penalties, others = (view.lanes for view in made_findings(digits=False).drawn)
    assert set(penalties["prior"]) & set(others["prior"]) == {"none: stopped"}
    means = pl.concat([penalties, others]).group_by("prior", "place").agg(pl.col("value").mean())
    bought = {(name, place): value for name, place, value in means.rows()}
    assert bought["dropout", 5000] == pytest.approx(0.5, abs=0.003)
    assert bought["dropout", 30000] == pytest.approx(0.6, abs=0.003)
    assert bought["none: stopped", 500] == pytest.approx(0.6, abs=0.003)
    assert bought["none: stopped", 30000] == pytest.approx(0.6, abs=0.003)
    assert bought["none: stopped", 200] == pytest.approx(0.3, abs=0.003)
    assert bought["none: never stopped", 500] == pytest.approx(0.6, abs=0.003)
    assert bought["none: never stopped", 5000] == pytest.approx(0.5, abs=0.003)
    assert bought["none: stopped at the best of 6 rates", 5000] == pytest.approx(0.603, abs=0.003)


def test_clean_labels_and_other_rates_are_no_cells():
    clean = judged(CLAIM, learning_curve=curve(share=0.0), flow_and_ridge=theory())
    assert clean.reason == "Evidence is missing: there are no runs without a prior on noisy labels."


@pytest.mark.parametrize(("share", "word"), [(0.125, "supported"), (0.25, "inconclusive")])
@pytest.mark.parametrize("gone", [lose, lambda _, frame, share: censor(frame, share)])
def test_lost_and_censored_networks_are_counted(gone, share, word):
    made = tables(digits=False)
    found = judged(CLAIM, **made | {"learning_curve": gone("learning_curve", made["learning_curve"], share)})
    assert found.outcome == word
    assert sum(found.primary.cells[0].lost.values()) == round(8 * share)


def test_a_few_seeds_are_too_few():
    assert "3 of the 8 seeds" in told(digits=False, seeds=3).reason
