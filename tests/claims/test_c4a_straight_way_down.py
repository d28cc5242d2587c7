import polars as pl
import pytest
from made_tables import censor, judged, lanes, lose, noise, outcomes, table

CLAIM = "c4a_straight_way_down"
ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)
SIZES, SEEDS = (4, 8, 16, 32, 64), tuple(range(300, 318))


def no(_):
    return False


def line(bumpy=no, bump=0.1, fall=2.0, other=1.0, astray=1.0, **changes):
    """Loss 1 + fall × (1 − α), with a rise at α = .75 on the lines that have one."""
    for lane in lanes(**{"sizes": SIZES, "seeds": SEEDS, "noises": (0.0, 0.2, 0.9)} | changes):
        rises = {"own": bump * bumpy(lane), "other": other} | ({"true labels": astray} if lane["noise"] > 0.5 else {})
        for target, rise in rises.items():
            for alpha in ALPHAS:
                up = (rise + fall / 4) * (rise > 0 and alpha == 0.75)
                yield lane | {"target": target, "alpha": alpha, "train_loss": 1 + fall * (1 - alpha) + up}


def descent(uphill=0.002, **changes):
    for lane in lanes(**{"sizes": SIZES, "seeds": SEEDS, "noises": (0.0, 0.2)} | changes):
        rises = abs(uphill * (1 + 0.1 * noise(lane["seed"], lane["size"])))
        yield lane | {"uphill_share": rises, "rises": 2, "points": 41, "drop": 2.0}


def tables(path=None, **changes):
    return {"line": table("line", line(**changes)), "descent": table("descent", descent(**(path or {})))}


def world():
    return tables()


def told(path=None, **changes):
    return judged(CLAIM, **tables(path, **changes))


def first(count):
    return lambda lane: lane["seed"] < SEEDS[0] + count and lane["noise"] < 0.5


def test_supported_where_every_line_and_path_goes_down():
    found = told()
    assert found.outcome == "supported", found.reason
    cell = found.primary.cells[0]
    assert [each.name for each in found.primary.cells] == ["mnist1d, noise 0.0", "mnist1d, noise 0.2"]
    assert (cell.estimate.value, cell.estimate.n, cell.runs) == (1, 72, 72), "the four largest sizes of 18 seeds"
    assert found.parts[0].outcome == "supported"


def test_contradicted_where_lines_rise():
    found = told(bumpy=first(18), path={"uphill": 0.1})
    assert found.outcome == "contradicted"
    assert told(bumpy=first(18)).outcome == "mixed", "the path goes down"


def test_the_smallest_of_five_sizes_is_not_counted():
    assert told(bumpy=lambda lane: lane["size"] == 4).primary.cells[0].estimate.value == 1


def test_mixed_where_the_path_climbs_and_the_line_does_not():
    found = told(path={"uphill": 0.1})
    assert (found.primary.outcome, found.parts[0].outcome, found.outcome) == ("supported", "contradicted", "mixed")


def test_inconclusive_where_nine_of_ten_is_not_shown():
    few = told(seeds=SEEDS[:8], path={"seeds": SEEDS[:8]})
    assert (few.outcome, few.primary.cells[0].why) == ("untested", "32 of the 36 networks that are needed")
    assert told(bumpy=first(1)).outcome == "inconclusive", "4 of 72"


@pytest.mark.parametrize(("bump", "downhill"), [(0.0019, 1.0), (0.0021, 16 / 18)])
def test_tolerance_is_a_thousandth_of_the_fall(bump, downhill):
    found = told(bumpy=first(2), bump=bump)
    assert found.primary.cells[0].estimate.value == pytest.approx(downhill, abs=1e-6)


def test_a_slow_climb_is_no_way_down():
    """Every step rises by less than the tolerance, all of them by more."""
    slow = pl.when(pl.col("alpha") == 0).then(3.0).otherwise(1 + 0.006 * pl.col("alpha"))
    own = tables()["line"].with_columns(train_loss=pl.when(target="own").then(slow).otherwise("train_loss"))
    assert judged(CLAIM, **tables() | {"line": own}).primary.cells[0].estimate.value == 0


def test_a_line_that_does_not_fall_is_no_way_down():
    assert told(fall=0.0).primary.cells[0].estimate.value == 0


class TestControl:
    def test_a_way_down_to_random_labels_leaves_the_cells_of_its_kind_inconclusive(self):
        easy = line(astray=0.0, dataset="digits")
        path = descent(dataset="digits")
        found = judged(CLAIM, line=table("line", line(), easy), descent=table("descent", descent(), path))
        assert outcomes(found.primary) == {
            "digits, noise 0.0": "inconclusive", "digits, noise 0.2": "inconclusive",
            "mnist1d, noise 0.0": "supported", "mnist1d, noise 0.2": "supported",
        }  # fmt: skip
        assert "end on random labels" in found.primary.cells[0].why

    def test_without_random_labels_nothing_is_tested(self):
        assert told(noises=(0.0, 0.2)).outcome == "untested"

    def test_another_seeds_solution_is_shown_and_decides_nothing(self):
        found = told(other=0.0)
        assert found.outcome == "supported"
        assert {row.estimate.value for row in found.beside if "another seed" in row.name} == {1.0}


@pytest.mark.parametrize(("share", "word"), [(0.125, "supported"), (0.25, "inconclusive")])
@pytest.mark.parametrize("late", [True, False])
def test_lost_and_censored_networks_are_counted(share, word, late):
    seeds = tuple(range(300, 324))
    made = tables({"seeds": seeds}, seeds=seeds)
    gone = {name: censor(each, share) if late else lose(name, each, share) for name, each in made.items()}
    found = judged(CLAIM, **gone)
    assert found.primary.outcome == word, found.reason
    assert found.primary.cells[0].lost == {"censored" if late else "diverged": round(share * 24) * 4}


def test_a_tuned_rate_is_a_variant():
    found = judged(
        CLAIM, **tables() | {"line": table("line", line(), line(bumpy=first(18), tuned=True, noises=(0.0, 0.2)))}
    )
    assert found.outcome == "supported"
    assert sum(not cell.decides for cell in found.primary.cells) == 2


def bursts(rising=0.2, **changes):
    """In burst b of six so many steps rise and b tenths of a fifth more."""
    for lane in lanes(**{"sizes": SIZES, "seeds": SEEDS[:4], "noises": (0.0, 0.2)} | changes):
        for burst in range(6):
            yield lane | {"burst": burst, "first": 50 * burst, "rising": rising + burst / 50, "uphill": burst / 100,
                          "drift": 0.0}  # fmt: skip


def test_single_steps_that_rise_are_shown_where_training_was_made_again_and_decide_nothing():
    usual, some = told(), table("bursts", bursts(), bursts(noises=(0.9,), rising=0.8))
    found = judged(CLAIM, **tables(), bursts=some)
    assert (found.primary, found.parts, found.truer) == (usual.primary, usual.parts, usual.truer)
    known = {each.name for each in usual.beside}
    shown = {(each.name, each.cell): each.estimate for each in found.beside if each.name not in known}
    values = {name: shown[name, "mnist1d, noise 0.0"].value for name, _ in shown}
    assert values == {
        "single steps that rise, in six bursts": pytest.approx(0.25),
        "single steps that rise, just before the stop": pytest.approx(0.3),
        "rises of the 50 steps before the stop, share of the fall": pytest.approx(0.05),
    }
    assert {cell for _, cell in shown} == {"mnist1d, noise 0.0", "mnist1d, noise 0.2"}, "no labels that are random"
    assert {each.n for each in shown.values()} == {4}
