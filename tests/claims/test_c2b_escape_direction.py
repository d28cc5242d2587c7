import pytest
from made_tables import judged, lanes, lose, noise, outcomes, table
from test_c2a_minima_vanish import toy_rows

CLAIM = "c2b_escape_direction"
POINTS = ("init", "early", "middle", "late", "best", "end")
SIZES, SEEDS = (4, 8, 16, 32, 64), tuple(range(300, 318))


def rows(depth=lambda lane, point: 0.02, bend=lambda lane, point: 0.01, sure=lambda lane, point: True, **changes):
    """Curvature from −depth to 1, and a fall by curvature along the lowest, at six points of every training."""
    for lane in lanes(**{"sizes": SIZES, "seeds": SEEDS} | changes):
        for point in POINTS:
            deep = depth(lane, point) * (1 + 0.01 * noise(lane["seed"], lane["size"], point))
            yield lane | {
                "point": point, "step": 5, "method": "lanczos", "train_loss": 1.0, "won": 2.0, "lambda_min": -deep,
                "lambda_max": 1.0, "residual_min": 1e-4, "residual_max": 1e-9, "converged": sure(lane, point),
                "answered": sure(lane, point), "fall": bend(lane, point) + 0.01, "bend": bend(lane, point),
            }  # fmt: skip


def tables(*more, toy=None, **changes):
    toy = table("toy_minima", toy_rows()) if toy is None else toy
    return {"escape_directions": table("escape_directions", rows(**changes), *more), "toy_minima": toy}


def world():
    return tables()


def told(*more, **changes):
    return judged(CLAIM, **tables(*more, **changes))


def at(point, value, usual):
    return lambda lane, here: value if here == point else usual


def test_supported_where_there_is_a_way_down_everywhere():
    found = told()
    assert found.outcome == "supported", found.reason
    cell = found.primary.cells[0]
    assert (cell.name, cell.estimate.value, cell.estimate.n) == ("mnist1d, noise 0.0", 1, 72)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("depth", [5e-5, -0.01])
def test_one_point_without_negative_curvature_is_enough_to_fail(point, depth):
    assert told(depth=at(point, depth, 0.02), noises=(0.0,)).outcome == "contradicted"


@pytest.mark.parametrize(("bend", "word"), [(1.9e-5, "contradicted"), (2.1e-5, "supported")])
def test_a_fall_must_be_a_hundred_thousandth_of_what_training_wins(bend, word):
    assert told(bend=at("late", bend, 0.01), noises=(0.0,)).outcome == word


def test_the_slope_cannot_make_a_way_down():
    assert told(bend=at("end", 0.0, 0.01), noises=(0.0,)).outcome == "contradicted", "it falls by .01 with the slope"


def test_what_is_not_sure_is_lost_and_not_failed():
    unsure = {"depth": at("late", 5e-5, 0.02), "sure": at("late", False, True)}
    found = told(**unsure, noises=(0.0,))
    assert found.outcome == "untested", found.reason
    few = told(rows(**unsure, seeds=range(318, 321)), noises=(0.0,))
    assert few.primary.cells[0].outcome == "supported"
    assert sum(few.primary.cells[0].lost.values()) == 12


def test_nine_of_ten_must_be_shown():
    few = told(seeds=SEEDS[:8], noises=(0.0,))
    assert (few.outcome, few.primary.cells[0].why) == ("untested", "32 of the 36 networks that are needed")
    walled = told(depth=lambda lane, point: 0.0 if lane["seed"] == 300 else 0.02, noises=(0.0,))
    assert walled.outcome == "inconclusive", "4 of 72"


def test_minima_that_pass_leave_every_cell_inconclusive():
    low = [row | {"lambda_min": -0.01, "fall": 0.1} for row in toy_rows() if row["kind"] == "strict minimum"]
    found = told(toy=table("toy_minima", low))
    assert set(outcomes(found.primary).values()) == {"inconclusive"}
    assert "certified strict minima" in found.primary.cells[0].why


@pytest.mark.parametrize(("share", "word"), [(0.125, "supported"), (0.25, "inconclusive")])
def test_lost_networks_are_counted(share, word):
    made = tables(seeds=range(300, 324))
    found = judged(CLAIM, **made | {"escape_directions": lose("escape_directions", made["escape_directions"], share)})
    assert found.outcome == word, found.reason
    assert found.primary.cells[0].lost == {"diverged": round(share * 24) * 4}


def test_networks_with_a_prior_do_not_count_and_a_tuned_rate_is_a_variant():
    none = rows(depth=lambda lane, point: 0.0, l2=0.1)
    tuned = rows(depth=lambda lane, point: 0.0, tuned=True)
    found = told(none, tuned)
    assert found.outcome == "supported", found.reason
    assert len(outcomes(found.primary)) == 2


def test_depth_at_the_stop_is_the_trend():
    found = told(depth=lambda lane, point: 0.001 * lane["size"])
    assert found.truer.word == "grows"
