import pytest
from made_tables import found, judged, lanes, lose, noise, outcomes, table

from nominima.judging.decide import decide_part

CLAIM = "c6c_better_queue"
OPTIMIZERS = ("adam", "adamw", "momentum", "muon", "rmsprop", "sgd", "soap")
RATES = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032)
SEEDS = tuple(range(300, 306))
ASKED = {"mnist1d": (0.3, 0.375, 0.45, 0.525, 0.6), "digits": (0.5, 0.6, 0.7, 0.8, 0.9)}


def quality(lane):
    """Of a configuration: highest inside the grid, and a part of it that is its own."""
    rank, name = RATES.index(lane["rate"]), lane["optimizer"]
    return -0.2 * (rank - 2.3) ** 2 + noise(name, "own") + 0.5 * noise(name, str(lane["rate"]))


def other(lane):
    """What has nothing to do with that."""
    return noise(lane["optimizer"], "another") + noise(lane["optimizer"], str(lane["rate"]), "another")


def chance(lane):
    """Of a configuration, and of nothing else."""
    return noise(lane["optimizer"], str(lane["rate"]), "chance")


def networks(optimizers=OPTIMIZERS, rates=RATES, **changes):
    for optimizer in optimizers:
        for rate in rates:
            usual = {"sizes": (64,), "seeds": SEEDS, "noises": (0.2,), "optimizer": optimizer, "rate": rate}
            yield from lanes(**usual | changes)


def tables(
    order=quality, best=quality, random=chance, trained=other, reached=lambda lane: True,
    late=lambda lane: False, shares=None, **changes,
):  # fmt: skip
    """Tables of one data set: order and accuracy of a configuration vary a little over seeds."""
    networks_of = [lane | {"censored_accuracy": late(lane)} for lane in networks(**changes)]
    learned = [
        lane | {"clean_first": 0.8, "marked_first": 0.5, "clean": 1.0, "corrupted": 1.0,
                "crossing": 100.0, "outnumbered": 100.0, "peak": 100.0, "peak_accuracy": 100.0,
                "highest": 0.6 + 0.02 * best(lane) + 0.001 * noise(lane["seed"], "best"),
                "trained": 0.7 - 0.01 * trained(lane)}
        for lane in networks_of
    ]  # fmt: skip
    grown = [
        lane | {"clean": share,
                "corrupted": share / 3 - 0.01 * order(lane) + 0.001 * noise(lane["seed"], str(share))
                if reached(lane) else None,
                "marked": share - 0.01 * random(lane)}
        for lane in networks_of for share in (shares or ASKED[lane["dataset"]])
    ]  # fmt: skip
    return learned, grown


def made(*each):
    learned, grown = ([row for its in each for row in its[at]] for at in (0, 1))
    return {"learning_order": table("learning_order", learned), "memorised": table("memorised", grown)}


def world():
    return made(tables(), tables(dataset="digits"))


def primary(**changes):
    return decide_part(found(CLAIM, **made(tables(**changes))).primary)


def shown(verdict, name):
    return [row.estimate.value or 0.0 for row in verdict.beside if row.name == name]


def test_supported_where_the_better_order_has_the_better_network():
    verdict = judged(CLAIM, **world())
    assert verdict.outcome == "supported", verdict.reason
    assert list(outcomes(verdict.primary)) == ["digits, noise 0.2", "mnist1d, noise 0.2"]
    cell = verdict.primary.cells[0]
    assert (cell.runs, cell.estimate.n, cell.lost) == (42, 7, {})
    assert (cell.estimate.value or 0.0) > 0.95
    assert abs(cell.guards[0].estimate.value or 1.0) < 0.3


def test_contradicted_where_it_has_the_worse_one():
    assert primary(order=lambda lane: -quality(lane)).outcome == "contradicted"


def test_inconclusive_where_they_have_nothing_to_do_with_each_other():
    verdict = primary(order=other)
    assert verdict.cells[0].numbers[0].outcome == "inconclusive"
    assert verdict.outcome == "inconclusive"


def test_one_data_set_alone_is_not_enough():
    verdict = judged(CLAIM, **made(tables(), tables(dataset="digits", order=other)))
    assert outcomes(verdict.primary) == {"digits, noise 0.2": "inconclusive", "mnist1d, noise 0.2": "supported"}
    assert verdict.outcome == "inconclusive"


def test_one_optimizer_that_carries_it_all_is_not_enough():
    """Within six optimizers there is nothing; the seventh has by far the best order and the best networks."""
    far = lambda lane: 20.0 * (lane["optimizer"] == "soap")  # noqa: E731
    verdict = primary(order=lambda lane: other(lane) + far(lane), best=lambda lane: quality(lane) + far(lane))
    assert verdict.outcome == "inconclusive"


class TestControl:
    def test_an_order_that_random_marks_have_too_voids_the_cell(self):
        verdict = primary(random=quality)
        assert verdict.outcome == "inconclusive"
        assert "order, marked at random" in verdict.cells[0].why

    def test_it_is_asked_of_every_data_set(self):
        verdict = judged(CLAIM, **made(tables(), tables(dataset="digits", random=quality)))
        assert outcomes(verdict.primary) == {"digits, noise 0.2": "inconclusive", "mnist1d, noise 0.2": "supported"}


class TestShares:
    def test_each_data_set_has_its_own(self):
        wrong = tables(dataset="digits", shares=ASKED["mnist1d"])
        verdict = judged(CLAIM, **made(tables(), wrong))
        assert outcomes(verdict.primary) == {"digits, noise 0.2": "untested", "mnist1d, noise 0.2": "supported"}

    def test_a_configuration_that_does_not_reach_them_is_lost(self):
        slow = lambda lane: lane["rate"] != RATES[0] or lane["optimizer"] == "sgd"  # noqa: E731
        verdict = primary(reached=slow)
        assert (verdict.outcome, verdict.cells[0].lost) == ("supported", {"lost": 6})
        more = primary(reached=lambda lane: slow(lane) and lane["rate"] != RATES[-1])
        assert (more.outcome, more.cells[0].lost) == ("inconclusive", {"lost": 13})

    def test_one_share_that_is_not_reached_is_enough(self):
        learned, grown = tables()
        part = [row | {"corrupted": None if row["clean"] == 0.6 and row["rate"] == RATES[0] else row["corrupted"]}
                for row in grown]  # fmt: skip
        assert decide_part(found(CLAIM, **made((learned, part))).primary).cells[0].lost == {"lost": 7}


def test_an_optimizer_that_is_best_at_an_edge_is_lost():
    edge = lambda lane: 9.0 if (lane["optimizer"], lane["rate"]) == ("muon", RATES[-1]) else quality(lane)  # noqa: E731
    verdict = primary(best=edge)
    assert (verdict.outcome, verdict.cells[0].lost) == ("supported", {"edge": 6})


def test_networks_that_still_improve_are_censored():
    (cell,) = primary(late=lambda lane: lane["rate"] == RATES[0] and lane["optimizer"] != "sgd").cells
    assert (cell.numbers[0].outcome, cell.lost) == ("supported", {"censored": 6})


def test_steps_are_no_condition():
    """A stop is read: optimizers may be trained for different numbers of steps."""
    learned, grown = tables(optimizers=OPTIMIZERS[:3], steps=2000)
    rest = tables(optimizers=OPTIMIZERS[3:], steps=4000)
    assert len(found(CLAIM, **made((learned, grown), rest)).primary.asks[0].lanes.select("dataset").unique()) == 1
    assert decide_part(found(CLAIM, **made((learned, grown), rest)).primary).outcome == "supported"


def test_too_little_is_untested():
    assert primary(optimizers=OPTIMIZERS[:6]).outcome == "untested"
    assert primary(seeds=SEEDS[:4]).cells[0].lost == {"few": 42}
    assert "no networks learned partly corrupted labels" in judged(CLAIM, **made(tables(noises=(0.0,)))).reason
    tuned = made(tables(tuned=True))
    assert "at rates of their own" in judged(CLAIM, **tuned).reason


def test_diverged_seeds_are_left_out_of_their_configuration():
    its = made(tables())
    its["learning_order"] = lose("learning_order", its["learning_order"], 1 / 6)
    verdict = decide_part(found(CLAIM, **its).primary)
    assert (verdict.outcome, verdict.cells[0].lost) == ("supported", {})


def test_what_is_shown():
    verdict = judged(CLAIM, **made(tables(trained=quality)))
    assert shown(verdict, "order, rates as levels")[0] > 0.9
    assert shown(verdict, "order, without decay")[0] > 0.9
    assert shown(verdict, "minus the training accuracy there")[0] > 0.9
    without = next(row for row in verdict.beside if row.name == "order, without decay")
    assert without.estimate.n == 6


def test_a_dot_is_a_configuration():
    drawn = {view.name: view.lanes for view in found(CLAIM, **world()).drawn}
    assert [lanes.height for lanes in drawn.values()] == [42, 42]
    one = drawn["accuracy by order, mnist1d"].filter(seed=1 + 6 * OPTIMIZERS.index("sgd") + 2)
    lane = {"optimizer": "sgd", "rate": RATES[2]}
    assert one["optimizer"].item() == "sgd"
    assert one["place"].item() == pytest.approx(1 - 0.15 + 0.01 * quality(lane), abs=0.002)
    assert one["value"].item() == pytest.approx(0.6 + 0.02 * quality(lane), abs=0.002)
