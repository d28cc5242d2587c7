import polars as pl
import pytest
from made_tables import censor, judged, lanes, lose, noise, outcomes, table
from made_tables import found as findings

CLAIM = "c5_validation_picks"
COUNTS = (20, 200, 2000)


def rows(
    regret=lambda lane: 0.005, never=lambda lane: 0.5, accuracy=0.01, rule=0.03, halved=0.002, spread=0.05,
    counts=COUNTS, **changes,
):  # fmt: skip
    """Regret with 200 examples, ten times that with 20 and a tenth with all."""
    for lane in lanes(**changes):

        def its(value, lane=lane):
            return value * (1 + spread * noise(lane["seed"], lane["size"], lane["noise"], value))

        for count in counts:
            told = {"by": "loss", "validated": count, "spent": 3.0, "halved": None}
            yield (
                lane
                | told
                | {"rule": "lowest", "regret": its(regret(lane) * 200 / count), "halved": halved, "noisy": 0.001}
            )
            for name in ("GL", "PQ", "UP"):
                yield lane | told | {"rule": name, "regret": rule, "spent": 1.5}
            yield lane | told | {"by": "accuracy", "rule": "lowest", "regret": accuracy, "spent": None}
        for by in ("loss", "accuracy"):
            last = {"by": by, "rule": "never", "validated": max(counts), "spent": None, "halved": None}
            yield lane | last | {"regret": its(never(lane))}


def world():
    return {"picking": table("picking", rows())}


def told(*more, **changes):
    return judged(CLAIM, picking=table("picking", rows(**changes), *more))


def shown(verdict, name):
    return [row.estimate.value for row in verdict.beside if row.name == name]


def test_supported_where_200_examples_pick_well():
    found = told()
    assert found.outcome == "supported", found.reason
    assert outcomes(found.primary) == {"mnist1d, noise 0.0": "supported", "mnist1d, noise 0.2": "supported"}
    assert found.primary.cells[0].estimate.value == pytest.approx(0.005, abs=0.0005)


@pytest.mark.parametrize(("regret", "word"), [(0.018, "supported"), (0.03, "contradicted")])
def test_two_percent_is_the_limit(regret, word):
    assert told(regret=lambda lane: regret, spread=0.02).outcome == word
    assert told(regret=lambda lane: 0.02, spread=0.3).outcome == "inconclusive"


def test_200_examples_decide_and_no_other_number():
    others = told(counts=(20, 2000))
    assert (others.outcome, others.primary.cells) == ("untested", [])


def test_the_largest_size_decides_and_the_worst_is_shown():
    found = told(regret=lambda lane: 0.005 if lane["size"] == 32 else 0.1 if lane["size"] == 8 else 0.05)
    assert found.outcome == "supported"
    assert shown(found, "regret, worst size of each seed") == pytest.approx([0.1, 0.1], rel=0.05)
    assert told(regret=lambda lane: 0.1 if lane["size"] == 32 else 0.005).outcome == "contradicted"


@pytest.mark.parametrize(("power", "word"), [(-1, "grows"), (1, "shrinks")])
def test_a_regret_that_falls_with_size_grows_truer(power, word):
    assert told(regret=lambda lane: 0.002 * (lane["size"] / 16) ** power).truer.word == word


def test_mixed():
    assert told(regret=lambda lane: 0.005 if lane["noise"] else 0.05).outcome == "mixed"


class TestControl:
    def test_where_never_stopping_does_no_harm_nothing_can_be_seen(self):
        found = told(never=lambda lane: 0.5 if lane["noise"] else 0.004)
        assert outcomes(found.primary) == {"mnist1d, noise 0.0": "inconclusive", "mnist1d, noise 0.2": "supported"}
        assert found.primary.cells[0].why == "what must fail does not: regret of never stopping"

    def test_it_is_asked_at_the_largest_size(self):
        assert told(never=lambda lane: 0.5 if lane["size"] == 32 else 0.001).outcome == "supported"


def test_what_is_shown():
    found = told()
    assert shown(found, "regret in accuracy, picked by accuracy") == [0.01, 0.01]
    assert shown(found, "regret of one half of the test, best of the other") == [0.002, 0.002]
    for rule in ("GL 5 %", "PQ .75", "UP 3"):
        assert shown(found, f"regret by {rule}") == [0.03, 0.03]
        assert shown(found, f"steps until {rule}, share of those kept") == [1.5, 1.5]
    assert shown(found, "regret in test loss under the noise of training") == [0.001, 0.001]
    assert shown(found, "steps to the end, share of those kept") == [3, 3]


def test_the_curve_is_that_of_the_largest_networks():
    (curve,) = findings(CLAIM, **world()).drawn
    assert curve.lanes["size"].unique().to_list() == [32**2]
    means = dict(curve.lanes.filter(picks="lowest loss").group_by("place").agg(pl.col("value").mean()).rows())
    assert means == {
        20: pytest.approx(0.05, rel=0.1),
        200: pytest.approx(0.005, rel=0.1),
        2000: pytest.approx(0.0005, rel=0.1),
    }


def test_a_tuned_rate_is_a_variant():
    found = told(rows(regret=lambda lane: 0.1, tuned=True))
    assert found.outcome == "supported"
    assert sum(not cell.decides for cell in found.primary.cells) == 2


@pytest.mark.parametrize("gone", [lose, lambda _, frame, share: censor(frame, share)])
def test_lost_and_censored_networks_are_counted(gone):
    for share, outcome in ((0.125, "supported"), (0.25, "inconclusive")):
        found = judged(CLAIM, picking=gone("picking", world()["picking"], share))
        assert (found.outcome, found.lost) == (outcome, round(16 * share))


def test_a_few_seeds_are_too_few():
    assert "3 of the 8 seeds that are needed" in told(seeds=(1, 2, 3)).reason
