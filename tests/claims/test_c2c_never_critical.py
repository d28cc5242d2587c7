import pytest
from made_tables import censor, judged, lanes, lose, noise, outcomes, table

CLAIM = "c2c_never_critical"


def rows(left=lambda _: 0.4, end=lambda _: 0.01, fit=lambda _: 0.001, spread=0.01, late=0.3, **changes):
    """Share `left` of the initial gradient at both stopping points and `end` at the end."""
    shares = {"init": lambda _: 1.0, "best": left, "best_accuracy": left, "end": end}
    for lane in lanes(**changes):
        for point, share in shares.items():
            found = share(lane) * (1 + spread * noise(lane["seed"], lane["size"], point))
            yield lane | {
                "point": point, "step": 500, "train_loss": fit(lane), "gradient_norm": 3 * found,
                "relative_gradient": found, "late_share": None if point == "init" else late,
            }  # fmt: skip


def world():
    return {"stationarity": table("stationarity", rows())}


def told(*more, **changes):
    return judged(CLAIM, stationarity=table("stationarity", rows(**changes), *more))


def test_supported_where_the_largest_networks_still_move():
    found = told()
    assert found.outcome == "supported", found.reason
    assert [cell.name for cell in found.primary.cells] == ["mnist1d, noise 0.0", "mnist1d, noise 0.2"]
    assert found.primary.cells[0].estimate.value == pytest.approx(0.4, abs=0.02)
    late = [row for row in found.beside if "last 30 %" in row.name]
    assert len(late) == 4
    assert all(row.estimate.value == pytest.approx(0.3) for row in late)
    assert [row.estimate.value for row in found.beside if row.name.startswith("training loss")] == [0.001, 0.001]
    assert found.truer.word == "unclear"


def test_contradicted_where_the_gradient_has_vanished():
    assert told(left=lambda lane: 0.02).outcome == "contradicted"


def test_the_largest_size_decides_and_the_smallest_share_is_shown():
    found = told(left=lambda lane: 0.4 if lane["size"] > 4 else 0.01)
    assert found.outcome == "supported"
    assert told(left=lambda lane: 0.4 if lane["size"] < 32 else 0.01).outcome == "contradicted"
    least = [row.estimate.value for row in found.beside if row.name == "smallest over sizes of each seed"]
    assert least == pytest.approx([0.01, 0.01], abs=0.001)


def test_mixed_and_inconclusive():
    assert told(left=lambda lane: 0.4 if lane["noise"] else 0.01).outcome == "mixed"
    assert told(left=lambda lane: 0.08, spread=0.4).outcome == "inconclusive"


def test_a_decayed_rate_is_a_cell_and_a_tuned_one_a_variant():
    linear = rows(left=lambda _: 0.01, schedule="linear")
    tuned = rows(left=lambda _: 0.01, tuned=True)
    found = told(linear, tuned)
    assert found.outcome == "mixed"
    assert sorted(outcomes(found.primary).values()) == ["contradicted"] * 2 + ["supported"] * 2
    assert sum(not cell.decides for cell in found.primary.cells) == 2


def test_steps_are_no_condition_of_what_is_read_at_a_stop():
    more = rows(sizes=(64,), steps=9000)
    assert len(told(more).primary.cells) == 2


class TestControl:
    def test_over_trained_networks_that_still_move_leave_the_cells_of_their_kind_inconclusive(self):
        digits = rows(end=lambda _: 0.3, dataset="digits")
        found = told(digits)
        words = outcomes(found.primary)
        assert {name: word for name, word in words.items() if "digits" in name} == {
            "digits, noise 0.0": "inconclusive", "digits, noise 0.2": "inconclusive",
        }  # fmt: skip
        assert words["mnist1d, noise 0.2"] == "supported"

    def test_only_networks_on_clean_labels_are_the_control(self):
        assert told(end=lambda lane: 0.5 if lane["noise"] else 0.01).outcome == "supported"

    def test_networks_that_are_not_over_trained_are_none(self):
        small = {
            "end": lambda lane: 0.3 if lane["size"] == 32 else 0.01,
            "fit": lambda lane: 0.1 * (lane["size"] == 32),
        }
        assert told(**small).outcome == "supported"
        nothing = told(fit=lambda _: 0.1)
        assert (nothing.outcome, "end of training of over-trained" in nothing.reason) == ("untested", True)


@pytest.mark.parametrize("prior", ["l2", "decay", "l1", "dropout"])
def test_runs_with_a_prior_are_left_out(prior):
    assert told(**{prior: 0.01}).reason == "Evidence is missing: there are no runs without a prior."


@pytest.mark.parametrize("gone", [lose, lambda _, frame, share: censor(frame, share)])
def test_lost_and_censored_networks_are_counted(gone):
    for share, outcome in ((0.125, "supported"), (0.25, "inconclusive")):
        found = judged(CLAIM, stationarity=gone("stationarity", world()["stationarity"], share))
        assert (found.outcome, found.lost) == (outcome, round(16 * share))


def test_untested_says_what_is_missing():
    assert "3 of the 8 seeds that are needed" in told(seeds=(1, 2, 3)).reason
