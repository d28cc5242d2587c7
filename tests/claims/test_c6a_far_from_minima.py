import pytest
from made_tables import censor, judged, lanes, lose, noise, outcomes, table
from made_tables import found as findings

CLAIM = "c6a_far_from_minima"
SIZES = (64, 128, 256)
CELLS = [f"mnist1d, noise {share}, schedule {rate}" for share in (0.0, 0.2) for rate in ("constant", "linear")]


def rows(
    gain=lambda _: 0.3, moved=lambda _: 0.9, by_accuracy=0.2, spread=0.02, status=lambda *_: "ok", sizes=SIZES,
    **changes,
):  # fmt: skip
    """Networks that win `gain` and go `moved` after their stops, and have not learned by heart."""
    for lane in lanes(sizes=sizes, **changes):
        scale = 1 + spread * noise(lane["seed"], lane["size"], lane["noise"])
        for point, won in {"best": gain(lane), "best_accuracy": by_accuracy, "fitted": None}.items():
            word = "unfitted" if point == "fitted" else status(lane, point)
            told = {"status": word} if word != "ok" or lane["status"] != "ok" else {
                "status": "ok", "won": won * scale, "moved": moved(lane) * scale, "left": 0.4,
                "decrement": 0.05 if point == "best" and lane["seed"] < 302 else None,
            }  # fmt: skip
            yield lane | {"point": point, "step": 200} | told


def arrived(gain=lambda _: 0.002, moved=0.2, status="ok", examples=250, **changes):
    """Networks that learned few examples by heart; their stops are early, and they win much after those."""
    told = {"left": 0.004, "decrement": None, "moved": moved}
    for lane in lanes(sizes=SIZES, examples=examples, **changes):
        value = gain(lane) * (1 + 0.02 * noise(lane["seed"], lane["size"], "arrived"))
        own = told | {"won": value, "status": status} if status == "ok" else {"status": status}
        yield lane | {"point": "fitted", "step": 500} | own
        yield lane | {"point": "best", "step": 20, "won": 0.01, **told}


def convex():
    for update, last in (("Adam", 1.0), ("AMSGrad", -1.0)):
        for start in (-1.0, 0.0, 1.0):
            for step, x in ((0, start), (10, (start + last) / 2), (100, last)):
                yield {"update": update, "start": start, "step": step, "status": "ok", "x": x, "regret": None}


CONVEX = {"adam_counterexample": table("adam_counterexample", convex())}


def world():
    made = table("afterwards", rows(), rows(schedule="linear"), arrived(), arrived(schedule="linear"))
    return {"afterwards": made} | CONVEX


def told(*more, control=None, **changes):
    control = arrived() if control is None else control
    return judged(CLAIM, afterwards=table("afterwards", rows(**changes), control, *more), **CONVEX)


def shown(verdict, name):
    return [row.estimate.value for row in verdict.beside if row.name == name]


def test_supported_where_the_loss_falls_on_with_either_schedule():
    found = judged(CLAIM, **world())
    assert found.outcome == "supported", found.reason
    assert outcomes(found.primary) == dict.fromkeys(CELLS, "supported")
    assert found.primary.cells[0].estimate.value == pytest.approx(0.3, abs=0.01)
    assert [part.outcome for part in found.parts] == ["supported"]


@pytest.mark.parametrize(("gain", "word"), [(0.06, "supported"), (0.04, "contradicted"), (-0.2, "contradicted")])
def test_a_twentieth_is_the_limit(gain, word):
    assert told(gain=lambda _: gain).primary.outcome == word
    assert told(gain=lambda _: 0.05, spread=0.3).outcome == "inconclusive"


def test_the_largest_size_decides():
    assert told(gain=lambda lane: 0.3 if lane["size"] == 256 else 0.01).outcome == "supported"
    worst = shown(told(gain=lambda lane: 0.3 if lane["size"] == 256 else 0.01), "smallest gain over sizes of each seed")
    assert worst == pytest.approx([0.01, 0.01], rel=0.05)
    assert told(gain=lambda lane: 0.01 if lane["size"] == 256 else 0.3).primary.outcome == "contradicted"
    short = told(moved=lambda lane: 1.5 if lane["size"] == 256 else 0.2)
    assert shown(short, "shortest way over sizes of each seed") == pytest.approx([0.2, 0.2], rel=0.05)


def test_mixed_where_labels_decide():
    assert told(gain=lambda lane: 0.3 if lane["noise"] else 0.01).outcome == "mixed"


def test_a_gain_that_grows_with_size_grows_truer():
    assert told(gain=lambda lane: 0.001 * lane["size"]).truer.word == "grows"
    assert told(gain=lambda lane: 20 / lane["size"]).truer.word == "shrinks"


class TestWay:
    def test_half_of_the_way_before_is_the_limit(self):
        assert told(moved=lambda _: 0.55).parts[0].outcome == "supported"
        found = told(moved=lambda _: 0.45)
        assert (found.parts[0].outcome, found.primary.outcome, found.outcome) == ("contradicted", "supported", "mixed")

    def test_it_is_read_at_the_largest_size(self):
        assert told(moved=lambda lane: 0.9 if lane["size"] == 256 else 0.1).parts[0].outcome == "supported"

    def test_a_network_that_has_arrived_and_goes_as_far_leaves_it_undecided(self):
        found = told(control=arrived(moved=0.6))
        assert (found.parts[0].outcome, found.outcome) == ("inconclusive", "supported")
        assert told(control=arrived(moved=0.6), moved=lambda _: 0.4).parts[0].outcome == "contradicted"


class TestControl:
    def test_a_network_that_has_arrived_and_still_wins_voids_its_cells_only(self):
        control = arrived(gain=lambda lane: 0.002 if lane["noise"] else 0.5)
        found = told(control=control)
        assert outcomes(found.primary) == {"mnist1d, noise 0.0": "inconclusive", "mnist1d, noise 0.2": "supported"}
        assert found.primary.cells[0].why == "what must fail does not: gain of networks that have arrived"

    def test_it_is_of_the_schedule_of_its_cell(self):
        found = told(rows(schedule="linear"), arrived(gain=lambda _: 0.5, schedule="linear"))
        assert outcomes(found.primary) == {name: "inconclusive" if "linear" in name else "supported" for name in CELLS}

    def test_it_may_have_other_steps_and_smaller_batches(self):
        linear = arrived(schedule="linear", steps=900, batch=20)
        found = told(rows(schedule="linear"), linear, control=arrived(steps=900, batch=20))
        assert found.outcome == "supported"

    def test_of_several_that_fit_it_is_the_one_of_most_examples_and_then_of_the_largest_batch(self):
        more = arrived(gain=lambda _: 0.5, examples=100, batch=200), arrived(gain=lambda _: 0.5, batch=20)
        found = told(*more)
        assert found.outcome == "supported", found.reason
        assert told(arrived(gain=lambda _: 0.5, batch=200)).outcome == "inconclusive"

    def test_its_sizes_may_differ_in_steps_and_the_largest_is_read(self):
        """A smaller network that was trained for longer does not stand for it."""
        smaller = [lane for lane in arrived(steps=9000) if lane["size"] == SIZES[0]]
        largest = [lane for lane in arrived(gain=lambda _: 0.5) if lane["size"] == SIZES[-1]]
        assert told(control=[*smaller, *largest]).outcome == "inconclusive"

    def test_nor_does_a_smaller_one_that_alone_agrees_with_the_cell(self):
        smaller = [lane for lane in arrived(batch=10) if lane["size"] == SIZES[0]]
        largest = [lane for lane in arrived(batch=20, gain=lambda _: 0.5) if lane["size"] == SIZES[-1]]
        assert told(control=smaller, batch=10).outcome == "supported"
        assert told(control=[*smaller, *largest], batch=10).outcome == "inconclusive"

    @pytest.mark.parametrize("status", ["unfitted", "censored"])
    def test_networks_that_never_arrive_are_none(self, status):
        found = told(control=arrived(status=status))
        assert (found.outcome, "networks that have arrived" in found.reason) == ("untested", True)

    def test_networks_of_few_examples_are_no_cells(self):
        assert len(told().primary.cells) == 2
        assert len(told(control=arrived(examples=251)).primary.cells) == 4

    def test_without_others_there_is_nothing_to_ask(self):
        found = judged(CLAIM, afterwards=table("afterwards", arrived()), **CONVEX)
        assert found.reason == "Evidence is missing: there are no networks with more than 250 examples."


def test_a_run_shorter_than_ten_times_its_stop_is_counted_as_censored():
    for late, outcome in ((301, "supported"), (302, "inconclusive")):

        def status(lane, point, late=late):
            return "censored" if point == "best" and lane["seed"] < late and lane["size"] == 256 else "ok"

        found = told(status=status)
        assert (found.outcome, found.lost) == (outcome, 2 * (late - 300))
        assert found.primary.cells[0].lost == {"censored": late - 300}
        assert found.parts[0].outcome == outcome


def test_networks_that_learned_nothing_are_counted():
    found = told(status=lambda *_: "unlearned")
    assert (found.outcome, found.lost) == ("untested", found.runs)
    assert found.primary.cells[0].lost == {"unlearned": 8}


def test_a_tuned_rate_is_a_variant_and_steps_are_no_condition_at_a_constant_rate():
    found = told(rows(gain=lambda _: 0.0, tuned=True), rows(sizes=(512,), steps=900))
    assert found.outcome == "supported"
    assert sum(not cell.decides for cell in found.primary.cells) == 2
    assert sum(cell.decides for cell in found.primary.cells) == 2


def test_what_is_shown():
    found = told()
    assert shown(found, "gain after the stop by accuracy") == pytest.approx([0.2, 0.2], rel=0.05)
    assert shown(found, "most that could be gained") == [0.4, 0.4]
    promised = [row.estimate for row in found.beside if row.name == "gain that Newton's decrement promises"]
    assert [(its.value, its.n) for its in promised] == [(0.05, 2), (0.05, 2)]
    assert set(shown(found, "x in the convex problem, last")) == {-1.0, 1.0}


def test_the_convex_problem_is_drawn_from_the_middle_start_and_decides_nothing():
    (curve,) = findings(CLAIM, **world()).drawn
    drawn = curve.lanes.filter(update="Adam").sort("place")
    assert drawn.select("place", "value").rows() == [(10.0, 0.5), (100.0, 1.0)]
    without = judged(CLAIM, afterwards=world()["afterwards"])
    assert without.outcome == "supported"
    assert not shown(without, "x in the convex problem, last")


@pytest.mark.parametrize("gone", [lose, lambda _, frame, share: censor(frame, share)])
def test_lost_and_censored_networks_are_counted(gone):
    for share, outcome in ((0.125, "supported"), (0.25, "inconclusive")):
        found = judged(CLAIM, afterwards=gone("afterwards", world()["afterwards"], share), **CONVEX)
        assert (found.outcome, found.lost) == (outcome, round(32 * share))


def test_a_few_seeds_are_too_few():
    few = (300, 301, 302)
    assert "3 of the 8 seeds that are needed" in told(control=arrived(seeds=few), seeds=few).reason
