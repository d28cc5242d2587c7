import polars as pl
import pytest
from made_tables import SEEDS, censor, judged, lanes, lose, noise, outcomes, table

CLAIM = "c1e_connected"
MATCHED = ("straight_matched", "curve_matched", "shuffled", "planted")
FITTED = ("curve", "curve_matched", "walled", "planted")
WON, START = 2.0, 3.0


def barriers(curve=0.01, wall=0.25, planted=0.0, restored=1.0, train=0.4, end=0.5, spread=0.001, pairs=8,
             straight=lambda size: 0.3, **changes):  # fmt: skip
    """A world by the heights of its barriers, shares of 2 nats won; those of the last steps are `end`."""
    changes = {"seeds": SEEDS} | changes
    heights = {"straight": 0.6, "curve": 0.0, "curve_matched": curve, "walled": wall, "shuffled": 0.6,
               "planted": planted}  # fmt: skip
    for lane in lanes(**changes):
        size, seed, seeds = lane["size"], lane["seed"], changes["seeds"]
        place = seeds.index(seed)
        if place >= pairs:
            continue
        told = lane | {"other": seeds[(place + 1) % len(seeds)], "won": WON, "train_won": WON}
        for path, height in (heights | {"straight_matched": straight(size)}).items():
            share = height + (spread if path in ("curve_matched", "walled") else 0) * noise(size, seed, path)
            curved = {"fitted": 100 if path in FITTED else 0, "stopped": 50.0 if path in FITTED else None}
            its = told | curved | {"path": path, "restored": restored if path == "planted" else None}
            if lane["model"] == "transformer" and path in MATCHED:
                yield its | {"ends": "best", "status": "unmatched", "won": None, "train_won": None, "stopped": None}
                continue
            for ends, up in {"best": share, "end": end}.items():
                yield its | {
                    "ends": ends, "barrier": WON * up, "share": up, "train_barrier": WON * train, "train_share": train
                }  # fmt: skip


def ways(travelled=lambda size: 1 / size, **changes):
    """Distances of a start to its own solution, and starts of the length 3; others' solutions are far."""
    changes = {"seeds": SEEDS} | changes
    for lane in lanes(**changes):
        for other in changes["seeds"]:
            own = START * travelled(lane["size"]) * (1 + 0.01 * noise(lane["seed"]))
            far = dict.fromkeys(("init_init", "best_best", "end_end", "init_early", "init_end"), 9.0)
            far |= dict.fromkeys(("best_matched", "init_spread", "best_spread", "matched_spread"))
            yield lane | far | {"other": other, "init_best": own if other == lane["seed"] else 9.0}


def norms(**changes):
    for lane in lanes(**changes):
        for step, norm in ((0, START), (10, 5.0)):
            yield lane | {"step": step, "norm": norm, "relative_norm": norm / START, "travelled": 1.0}


def tables(*more, travelled=lambda size: 1 / size, **world):
    """The tables of one sweep, and of others by their changes."""
    kept = ("sizes", "seeds", "noises", "model", "dataset", "tuned", "steps", "rate")
    each = [world, *more]
    identity = [{name: its[name] for name in kept if name in its} for its in each]
    return {
        "barriers": table("barriers", *(barriers(**its) for its in each)),
        "distances": table("distances", *(ways(travelled, **its) for its in identity)),
        "norms": table("norms", *(norms(**its) for its in identity)),
    }


def world():
    return tables()


def told(*more, **changes):
    return judged(CLAIM, **tables(*more, **changes))


def shown(verdict, name):
    return [row.estimate.value for row in verdict.beside if row.name == name]


def test_supported_where_solutions_are_joined_and_near():
    found = told()
    assert found.outcome == "supported", found.reason
    assert outcomes(found.primary) == {"mnist1d, noise 0.0": "supported", "mnist1d, noise 0.2": "supported"}
    assert found.primary.cells[0].estimate.value == pytest.approx(0.01, abs=0.005)
    slope = found.parts[0].cells[0].estimate.value
    assert slope == pytest.approx(-0.5, abs=0.001), "the way falls as 1/width, parameters are width²"


def test_contradicted_where_there_is_a_barrier_and_the_way_lengthens():
    assert told(curve=0.3, travelled=lambda size: size).outcome == "contradicted"


@pytest.mark.parametrize("world", [{"travelled": lambda size: size}, {"curve": 0.3}])
def test_mixed_where_only_one_of_both_holds(world):
    assert told(**world).outcome == "mixed"


@pytest.mark.parametrize(("curve", "word"), [(-0.2, "supported"), (0.095, "supported"), (0.105, "contradicted")])
def test_a_tenth_of_what_was_won_is_the_limit_and_less_than_nothing_is_well(curve, word):
    found = told(curve=curve)
    assert found.primary.outcome == word, found.reason
    assert found.primary.cells[0].estimate.value == pytest.approx(curve, abs=0.002), "not clamped"


def test_the_largest_size_decides_and_the_worst_is_shown():
    large = {"sizes": (32,), "curve": 0.01}
    found = told(large, sizes=(4, 8, 16), curve=0.3)
    assert found.primary.outcome == "supported"
    assert shown(found, "matched curve, worst size of each seed") == pytest.approx([0.3, 0.3], abs=0.01)


def test_inconclusive_where_the_barrier_straddles():
    assert told(curve=0.1, spread=0.05).primary.outcome == "inconclusive"


@pytest.mark.parametrize(("power", "word"), [(-0.12, "supported"), (-0.08, "inconclusive"), (0.1, "contradicted")])
def test_the_way_must_shorten_by_more_than_a_twentieth(power, word):
    assert told(travelled=lambda size: size**power).parts[0].outcome == word, "power of width, twice that of size"


class TestControls:
    """Each in the cells of one data set; those of the other stay."""

    @pytest.mark.parametrize(
        ("fault", "word", "why"),
        [
            ({"wall": 0.05}, "inconclusive", "over a wall"),
            ({"restored": 0.99}, "untested", "units put back"),
            ({"planted": 0.03}, "untested", "a shuffled copy"),
        ],
    )
    def test_in_their_own_cell(self, fault, word, why):
        found = told({"dataset": "digits"} | fault)
        assert outcomes(found.primary) == {
            "digits, noise 0.0": word, "digits, noise 0.2": word,
            "mnist1d, noise 0.0": "supported", "mnist1d, noise 0.2": "supported",
        }  # fmt: skip
        assert why in found.primary.cells[0].why

    def test_a_barrier_needs_no_wall(self):
        assert told(curve=0.3, wall=0.05).primary.outcome == "contradicted"


class TestFamilies:
    def test_one_without_units_to_match_has_the_other_ways_and_the_part_only(self):
        found = told({"model": "transformer"})
        assert found.outcome == "supported", found.reason
        assert len(found.primary.cells) == 2
        assert sum("transformer" in cell.name for cell in found.parts[0].cells) == 2
        ways = {row.name for row in found.beside if "transformer" in row.cell}
        assert {"on the curve, units as they are", "straight, units as they are"} <= ways
        assert "straight, after matching" not in ways

    def test_its_pairs_that_diverged_make_no_cell(self):
        made = tables({"model": "transformer"})
        gone = (pl.col("model") == "transformer") & (pl.col("seed") == SEEDS[0])
        lost = lose("barriers", made["barriers"].filter(gone), 1)
        found = judged(CLAIM, **made | {"barriers": pl.concat([made["barriers"].filter(~gone), lost])})
        assert len(found.primary.cells) == 2


class TestLost:
    @pytest.mark.parametrize(("share", "word"), [(0.125, "supported"), (0.25, "inconclusive")])
    def test_pairs_that_diverged_are_counted(self, share, word):
        found = judged(CLAIM, **{name: lose(name, each, share) for name, each in tables().items()})
        assert {found.primary.outcome, found.parts[0].outcome} == {word}
        assert found.primary.cells[0].lost == {"diverged": round(share * 8)}

    def test_a_pair_has_no_stop_if_either_seed_has_none(self):
        found = judged(CLAIM, **{name: censor(each, 0.125) for name, each in tables().items()})
        assert found.primary.cells[0].lost == {"censored": 2}
        assert found.parts[0].cells[0].lost == {"censored": 4}, "one seed at four sizes"

    def test_steps_are_no_condition_of_a_stop(self):
        found = told({"sizes": (64,), "steps": 600})
        assert len(found.primary.cells) == 2
        assert [len(trend.sizes) for trend in found.truer.cells] == [5, 5]


class TestShown:
    def test_the_barrier_after_matching_is_compared_with_the_published_slope(self):
        found = told(straight=lambda size: size**-0.5)
        assert shown(found, found.published[0].name) == pytest.approx([-0.5, -0.5], abs=1e-5)
        assert [each.ours and each.ours.value for each in found.published] == pytest.approx([-0.5, 32**-0.5], abs=1e-5)

    def test_training_loss_nats_and_ends_decide_nothing(self):
        found = told(train=0.7, end=0.9)
        assert found.outcome == "supported"
        assert shown(found, "matched curve, training loss") == [0.7, 0.7]
        assert shown(found, "matched curve, ends of training") == [0.9, 0.9]
        assert shown(found, "matched curve, nats") == pytest.approx([0.02, 0.02], abs=0.002)
        assert shown(found, "step of the matched curve's stop, share of those allowed") == [0.5, 0.5]

    def test_fewer_pairs_than_seeds(self):
        assert told(seeds=tuple(range(300, 316)), pairs=8).primary.cells[0].estimate.n == 8


def test_a_tuned_rate_is_a_variant():
    found = told({"tuned": True, "curve": 0.5})
    assert found.outcome == "supported"
    assert sum(not cell.decides for cell in found.primary.cells) == 2
