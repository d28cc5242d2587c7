import pytest
from made_tables import drawn, judged, lanes, lose, noise, table

CLAIM = "c2c_never_critical"
NUMBERS = ("train_loss", "gradient_norm", "relative_gradient", "late_share")


def stationarity(left=lambda _: 0.4, end=lambda _: 0.01, fit=lambda _: 0.001, spread=0.01, late=0.3, **changes):
    """Share `left` of the initial gradient at both stopping points and `end` at the end."""
    shares = {"init": lambda _: 1.0, "best": left, "best_accuracy": left, "end": end}

    def rows():
        for lane in lanes(**changes):
            for point, share in shares.items():
                found = share(lane) * (1 + spread * noise(lane["seed"], lane["size"], point))
                yield lane | {
                    "point": point, "step": 500, "train_loss": fit(lane), "gradient_norm": 3 * found,
                    "relative_gradient": found, "late_share": None if point == "init" else late,
                }  # fmt: skip

    return table(rows())


def told(**world):
    return judged(CLAIM, stationarity=stationarity(**world))


def test_supported_where_every_size_still_moves():
    found = told()
    assert found.outcome == "supported", found.reason
    assert [cell.name for cell, _ in found.cells] == ["mnist1d, noise 0.0", "mnist1d, noise 0.2"]
    assert found.headline is not None
    assert found.headline.estimate.value == pytest.approx(0.4, abs=0.02)
    late = [row for row in found.sensitivity if "last 30 %" in row.name]
    assert all(row.estimate.value == pytest.approx(0.3) for row in late)


def test_contradicted_where_the_gradient_has_vanished():
    assert told(left=lambda lane: 0.02).outcome == "contradicted"


def test_the_size_nearest_to_rest_decides():
    assert told(left=lambda lane: 0.4 if lane["size"] > 4 else 0.01).outcome == "contradicted"
    assert told(left=lambda lane: 0.4 if lane["size"] < 32 else 0.01).outcome == "contradicted"


def test_mixed_and_inconclusive():
    assert told(left=lambda lane: 0.4 if lane["noise"] else 0.01).outcome == "mixed"
    assert told(left=lambda lane: 0.08, spread=0.4).outcome == "inconclusive"


def test_inconclusive_where_the_over_trained_networks_still_move():
    found = told(end=lambda lane: 0.3)
    assert (found.outcome, "the end of training" in found.reason) == ("inconclusive", True)


def test_only_the_widest_on_clean_labels_are_the_control():
    assert told(end=lambda lane: 0.01 if lane["size"] == 32 and not lane["noise"] else 0.5).outcome == "supported"


def test_networks_that_are_not_over_trained_are_no_control():
    moving = told(
        end=lambda lane: 0.3 if lane["size"] == 32 else 0.01, fit=lambda lane: 0.1 if lane["size"] == 32 else 0.0
    )
    assert moving.outcome == "supported", moving.reason
    assert told(fit=lambda _: 0.1).outcome == "untested"


def test_runs_with_decay_are_left_out():
    assert told(l2=0.01).reason == "Evidence is missing: there are no runs without decay."


@pytest.mark.parametrize(("share", "outcome"), [(0.125, "supported"), (0.25, "inconclusive")])
def test_lost_seeds_are_counted(share, outcome):
    found = judged(CLAIM, stationarity=lose(stationarity(), share, *NUMBERS))
    assert (found.outcome, found.lost) == (outcome, round(16 * share))


def test_untested_says_what_is_missing():
    assert "no interval for the control the end of training" in told(noises=(0.2,)).reason
    assert "it has 1 size" in told(sizes=(4,)).reason
    assert judged(CLAIM).outcome == "untested"


def test_is_drawn():
    assert drawn(CLAIM, stationarity=lose(stationarity(), 0.125, *NUMBERS))
    assert "no runs without decay" in drawn(CLAIM, stationarity=stationarity(l2=0.01))
