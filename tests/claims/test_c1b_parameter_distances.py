import numpy as np
import pytest
import torch
from made_tables import censor, judged, lanes, noise, outcomes, table

from nominima.measures.distances import pseudo_log_cv

CLAIM = "c1b_parameter_distances"
SEEDS = tuple(range(300, 308))


def spreads(size, power, seeds, kind):
    """Pseudo-values of ln CV of distances 1 + noise/size^power."""
    apart = np.zeros((len(seeds), len(seeds)))
    for one in range(len(seeds)):
        for other in range(one):
            apart[one, other] = apart[other, one] = 1 + 0.1 * noise(one, other, kind) / size**power
    found = pseudo_log_cv(torch.from_numpy(apart), torch.ones(len(seeds), dtype=torch.bool))
    return dict(zip(seeds, (None if value != value else value for value in found.tolist()), strict=True))


def rows(own=1.0, early=0.01, surrogate=1.0, spread=0.01, wide=None, lost=0, power=1.0, solutions=None, **changes):
    """A world whose own/cross ratio is `own` (`wide` at the largest size); CVs fall like parameters^(−power/2)."""
    seeds = tuple(changes.get("seeds", SEEDS))
    changes = {"seeds": seeds} | changes
    for lane in lanes(**changes):
        seed, size = lane["seed"], lane["size"]
        ratio = (wide if wide is not None and size == 32 else own) * (1 + spread * noise(size, seed))
        of = {"init": power, "best": solutions if solutions is not None else power}
        found = {name: spreads(size, its, seeds, name)[seed] for name, its in of.items()}
        for other in seeds:
            itself, gone = seed == other, min(seed, other) < seeds[0] + lost
            start = 0.0 if itself else surrogate if other - seed in (1, 1 - len(seeds)) else 1.0
            yield lane | {"other": other, "status": "diverged" if gone else "ok"} | dict.fromkeys(
                ["best_best", "end_end", "best_matched"], 0.0 if itself else 1.0
            ) | {
                "init_init": start, "init_early": early if itself else 1.0,
                "init_best": ratio if itself else 1.0, "init_end": ratio if itself else 1.0,
                "init_spread": found["init"] if itself else None, "best_spread": found["best"] if itself else None,
                "matched_spread": found["best"] if itself else None,
            }  # fmt: skip


def made(*more, **changes):
    return table("distances", *([empty(row) for row in each] for each in (rows(**changes), *more)))


def empty(row):
    numbers = [name for name, value in row.items() if "_" in name and isinstance(value, float) and "." not in name]
    gone = [name for name in numbers if name.split("_")[0] in ("init", "best", "end", "matched")]
    return row | dict.fromkeys(gone) if row["status"] == "diverged" else row


def world():
    return {"distances": made()}


def told(*more, **changes):
    return judged(CLAIM, distances=made(*more, **changes))


def test_supported_where_the_own_solution_is_as_far_as_any_and_distances_concentrate():
    found = told()
    assert found.outcome == "supported", found.reason
    assert found.primary.cells[0].estimate.value == pytest.approx(1, abs=0.01)
    concentration = found.parts[0]
    assert concentration.outcome == "supported", concentration.reason
    assert concentration.cells[0].numbers[0].estimate.value == pytest.approx(-0.5, abs=0.02)


def test_contradicted_where_training_is_lazy():
    assert told(own=0.3).primary.outcome == "contradicted"


def test_inconclusive_where_it_straddles():
    assert told(own=0.9, spread=0.05).outcome == "inconclusive"


def test_the_largest_size_decides_and_the_trend_is_kept():
    found = told(wide=0.5)
    assert found.primary.outcome == "contradicted"
    found = told(own=0.5, wide=1.0)
    assert found.primary.outcome == "supported"
    worst = [row.estimate.value for row in found.beside if row.name == "own over others, worst size of each seed"]
    assert worst == pytest.approx([0.5, 0.5], abs=0.02)


@pytest.mark.parametrize(("power", "word"), [(0.0, "inconclusive"), (0.4, "inconclusive"), (-0.3, "contradicted")])
def test_concentration_asks_starts_and_solutions_alike(power, word):
    found = told(solutions=power)
    assert found.parts[0].outcome == word, found.parts[0].reason


class TestControls:
    def test_a_first_checkpoint_as_far_as_the_solution_leaves_its_cells_inconclusive(self):
        found = told(rows(early=1.0, dataset="digits"))
        assert outcomes(found.primary) == {
            "digits, noise 0.0": "inconclusive", "digits, noise 0.2": "inconclusive",
            "mnist1d, noise 0.0": "supported", "mnist1d, noise 0.2": "supported",
        }  # fmt: skip

    def test_starts_that_are_not_alike_leave_their_cells_untested(self):
        found = told(rows(surrogate=0.5, dataset="digits"))
        words = outcomes(found.primary)
        assert words["digits, noise 0.0"] == "untested"
        assert words["mnist1d, noise 0.0"] == "supported"


@pytest.mark.parametrize(("lost", "word"), [(3, "supported"), (4, "inconclusive")])
def test_lost_seeds_are_counted_and_leave_the_others_whole(lost, word):
    found = told(lost=lost, seeds=range(300, 316))
    assert found.primary.outcome == word, found.reason
    assert found.primary.cells[0].lost == {"diverged": lost}


def test_runs_without_a_stop_are_censored():
    found = judged(CLAIM, distances=censor(made(seeds=range(300, 316)), 0.25))
    assert found.primary.outcome == "inconclusive"
    assert found.primary.cells[0].lost == {"censored": 4}


def test_one_seed_has_nothing_to_compare_with():
    assert told(seeds=(300,)).outcome == "untested"


def test_a_tuned_rate_is_a_variant():
    assert told(rows(own=0.3, tuned=True)).outcome == "supported"


def test_the_own_way_stands_next_to_lazy_training():
    found = told(own=0.5, spread=0.0)
    shown = {row.name: row.estimate.value for row in found.beside}
    assert shown["own way over the distance between starts"] == pytest.approx(0.5, abs=0.01)
    assert shown["slope of ln of the own way over ln parameters"] == pytest.approx(0, abs=0.01)
    assert found.published[0].value == -0.25
    assert found.published[0].ours is not None
