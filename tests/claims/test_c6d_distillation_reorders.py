from functools import cache

import polars as pl
import pytest
from made_tables import censor, drawn, found, judged, lanes, lose, noise, outcomes, table

from nominima.measuring.table import schema

CLAIM = "c6d_distillation_reorders"
SEEDS = tuple(range(500, 516))
TWO = {"pacing.run": "scorers/first", "pacing.other": "scorers/second"}
PACE = {"pacing.at": "best_accuracy", "pacing.at_once": 0.6, "pacing.complete": 0.5}
KNOBS = {
    "random": {"pacing.order": "random"},
    "taught": {"pacing.order": "taught", **TWO},
    "seen": {"pacing.order": "taught", "pacing.run": "scorers/all"},
    "opposite": {"pacing.order": "reversed", **TWO},
    "clean": {"pacing.order": "clean"},
    "labels": {},
    **{kind: {"teacher.kind": kind, "teacher.run": "scorers/all", "teacher.at": "best_accuracy",
              "teacher.temperature": 1.0, "teacher.weight": 1.0} for kind in ("soft", "hard", "top")},
    "smoothed": {"smoothing": 0.1},
    "teacher": {"draw": 1}, "first": {"draw": 1, "half": "first"}, "second": {"draw": 1, "half": "second"},
}  # fmt: skip
RIGHT = {"random": 0.50, "taught": 0.56, "seen": 0.58, "opposite": 0.47, "clean": 0.60, "labels": 0.52, "soft": 0.55,
         "hard": 0.54, "top": 0.56, "smoothed": 0.52, "teacher": 0.52, "first": 0.45, "second": 0.45}  # fmt: skip
POINTS = ("best_loss", "best_accuracy", "end")
UNIT = {"mnist1d": 0.01, "digits": 0.02}


@cache
def networks(dataset, share):
    """The table of every arm with nothing measured."""
    usual = {"dataset": dataset, "sizes": (64,), "noises": (share,), "seeds": SEEDS}
    numbers = dict.fromkeys(schema("learning_curve").measured, 0.5)
    rows = [
        lane | numbers | {"step": step} | {name: name == point for name in POINTS}
        for knobs in KNOBS.values()
        for lane in lanes(**usual, **knobs, **(PACE if "pacing.order" in knobs else {}))
        for step, point in enumerate(POINTS)
    ]
    return table("learning_curve", rows)


def arm(row):
    """Which arm a row is of, by its knobs."""
    given = {name: row[name] for name in ("pacing.order", "pacing.run", "pacing.other", "teacher.kind")}
    given |= {"smoothing": row["smoothing"] or None, "draw": row["draw"] or None}
    given["half"] = None if row["half"] == "both" else row["half"]
    told = {name: value for name, value in given.items() if value is not None}
    return next(name for name, knobs in KNOBS.items() if told == {key: knobs[key] for key in knobs if key in given})


def curve(dataset="mnist1d", share=0.2, spread=0.002, by_loss=0.3, **right):
    """Each arm with its accuracy where validation accuracy is highest; elsewhere all are alike."""
    made, values = networks(dataset, share), []
    for row in made.iter_rows(named=True):
        name = arm(row)
        value = (RIGHT | right)[name] if row["best_accuracy"] else by_loss
        values.append(value + spread * noise(row["seed"], name, dataset, row["step"]))
    return made.with_columns(test_accuracy=pl.Series(values))


def tables(digits=True, **changes):
    return {"learning_curve": pl.concat([curve(**changes), *([curve("digits", 0.3, **changes)] if digits else [])])}


def world():
    return tables()


def told(**changes):
    return judged(CLAIM, **tables(**changes))


def shown(verdict, name, **condition):
    rows = [row for row in verdict.beside if row.name == name and condition.items() <= row.condition.items()]
    return [row.estimate.value for row in rows]


def test_supported_where_the_order_alone_does_it():
    verdict = told()
    assert verdict.outcome == "supported", verdict.reason
    assert set(outcomes(verdict.primary).values()) == {"supported"}
    for cell in verdict.primary.cells:
        assert cell.estimate.value == pytest.approx(0.06 / UNIT[cell.condition["dataset"]], abs=0.4)
        assert cell.estimate.n == 16


def test_contradicted_where_a_random_order_is_better():
    verdict = told(taught=0.48)
    assert (verdict.outcome, set(outcomes(verdict.primary).values())) == ("contradicted", {"contradicted"})


@pytest.mark.parametrize("taught", [0.505, 0.5])
def test_inconclusive_where_it_gains_too_little(taught):
    assert told(taught=taught).outcome == "inconclusive"


def test_what_counts_is_twice_as_much_on_digits():
    found = outcomes(told(taught=0.517).primary)
    assert {name.partition(",")[0]: word for name, word in found.items()} == {
        "mnist1d": "supported", "digits": "inconclusive",
    }  # fmt: skip


def test_in_sample_decides_nothing():
    verdict = told(seen=0.40)
    assert verdict.primary == told().primary
    assert shown(verdict, "order of one that saw all", dataset="mnist1d") == [pytest.approx(-10, abs=0.4)]


class TestControls:
    def test_an_opposite_order_that_is_as_good_shows_nothing(self):
        verdict = told(opposite=0.56)
        assert set(outcomes(verdict.primary).values()) == {"inconclusive"}
        assert "opposite order" in verdict.primary.cells[0].why

    def test_untested_where_knowing_the_wrong_labels_does_not_help(self):
        verdict = told(clean=0.505)
        assert (verdict.outcome, "clean labels first" in verdict.primary.cells[0].why) == ("untested", True)

    def test_they_are_asked_in_their_own_cell(self):
        both = pl.concat([curve(), curve("digits", 0.3, clean=0.51)])
        found = outcomes(judged(CLAIM, learning_curve=both).primary)
        assert {name.partition(",")[0]: word for name, word in found.items()} == {
            "mnist1d": "supported", "digits": "untested",
        }  # fmt: skip

    def test_the_contradicted_needs_no_opposite_order(self):
        assert told(taught=0.48, opposite=0.56).outcome == "contradicted"


class TestStop:
    def test_it_is_that_of_accuracy(self):
        made = world()["learning_curve"]
        assert judged(CLAIM, learning_curve=made.with_columns(censored=True)).primary == told().primary
        lost = judged(CLAIM, learning_curve=made.with_columns(censored_accuracy=True))
        assert (lost.outcome, lost.primary.cells[0].lost) == ("untested", {"censored": 16})

    def test_that_of_loss_is_a_variant(self):
        (row,) = [row for row in told(digits=False).beside if row.name == "teachers' order, by loss"]
        assert row.variant
        assert row.estimate.value == pytest.approx(0, abs=0.4)

    @pytest.mark.parametrize(("share", "word"), [(0.125, "supported"), (0.25, "inconclusive")])
    def test_networks_without_one_are_counted(self, share, word):
        verdict = judged(CLAIM, learning_curve=censor(world()["learning_curve"], share))
        assert (verdict.outcome, verdict.primary.cells[0].lost) == (word, {"censored": round(16 * share)})

    def test_a_censored_partner_loses_the_pair(self):
        made = tables(digits=False)["learning_curve"]
        late = (pl.col("pacing.order") == "random") & (pl.col("seed") < 504)
        made = made.with_columns(censored_accuracy=late.fill_null(value=False))
        assert judged(CLAIM, learning_curve=made).primary.cells[0].lost == {"lost": 4}


class TestDistillation:
    def test_its_gain_is_over_labels_all_at_once(self):
        verdict = told(digits=False)
        gains = {"soft targets": 0.03, "hard targets": 0.02, "weighted hard targets": 0.04}
        for name, gain in gains.items():
            assert shown(verdict, "accuracy gained over labels", by=name) == [pytest.approx(gain, abs=0.004)]
        assert shown(verdict, "smoothing over labels") == [pytest.approx(0, abs=0.004)]
        over = shown(verdict, "accuracy gained by the teachers' order over all at once")
        assert over == [pytest.approx(0.04, abs=0.004)]

    def test_the_share_that_order_reproduces_is_of_the_means(self):
        verdict = told(digits=False)
        name = "share of distillation's gain that order reproduces"
        assert shown(verdict, name, by="soft targets") == [pytest.approx(0.06 / 0.03, rel=0.15)]
        assert shown(verdict, name, by="hard targets") == [pytest.approx(0.06 / 0.02, rel=0.2)]

    @pytest.mark.parametrize(("soft", "there"), [(0.52, False), (0.49, True), (0.55, True)])
    def test_it_is_shown_only_where_there_is_a_gain_or_a_loss(self, soft, there):
        verdict = told(digits=False, soft=soft)
        name = "share of distillation's gain that order reproduces"
        assert [value is not None for value in shown(verdict, name, by="soft targets")] == [there]
        assert [value is not None for value in shown(verdict, name, by="hard targets")] == [True]


def test_teachers_are_no_arm():
    verdict = told(digits=False, teacher=0.9, first=0.9, second=0.9)
    assert verdict.primary == told(digits=False).primary
    assert len(shown(verdict, "accuracy of the teachers")) == 3


def test_two_paces_are_not_pooled():
    made = tables(digits=False)["learning_curve"]
    paced = made.filter(pl.col("pacing.order").is_not_null())
    slower = paced.with_columns(pl.lit(0.9).alias("pacing.complete"), run=pl.col("run") + "-slower")
    verdict = judged(CLAIM, learning_curve=pl.concat([made, slower]))
    assert verdict.outcome == "untested"


def test_every_arm_is_a_row_of_its_data_set():
    (view,) = found(CLAIM, **tables(digits=False)).drawn
    means = dict(view.lanes.group_by("by").agg(pl.col("value").mean()).rows())
    assert means["clean labels first"] == pytest.approx(0.1, abs=0.004)
    assert means["all labels at once"] == pytest.approx(0.02, abs=0.004)
    assert len(means) == 9
    picture = drawn(CLAIM, **tables(digits=False))
    assert all(name in picture for name in means)


@pytest.mark.parametrize(("share", "word"), [(0.1, "supported"), (0.3, "inconclusive")])
def test_networks_that_diverged_are_counted(share, word):
    made = lose("learning_curve", world()["learning_curve"], share)
    assert judged(CLAIM, learning_curve=made).outcome == word


def test_untested_without_a_teachers_order():
    made = world()["learning_curve"].filter(pl.col("pacing.order").ne_missing("taught"))
    assert "no networks learned noisy labels in the order" in judged(CLAIM, learning_curve=made).reason
    clean = world()["learning_curve"].with_columns(noise=pl.lit(0.0))
    assert judged(CLAIM, learning_curve=clean).outcome == "untested"
