from typing import Any

import numpy as np
import polars as pl
import pytest
from made_tables import censor, drawn, found, judged, lanes, noise, outcomes, table

from nominima.claims.c0b_winning_tickets import smallest
from nominima.judging.evidence import numbers, of_view

CLAIM = "c0b_winning_tickets"
SEEDS = tuple(range(500, 516))
SIZES = (16, 32, 64)
SPLITS = ("train", "validation", "test", "noisy_test")
ROUNDS = (0, 1, 2, 3, 4)
CELL = "mnist1d, noise 0.0"


def networks(rounds=ROUNDS, **changes):
    """Each network of a sweep with its arm and round, as (knobs, arm, round)."""
    for each in rounds:
        parent = "tickets/{size}" if each == 1 else f"tickets-{each - 1}/{{size}}/ticket"
        mask = {"prune.run": parent, "prune.at": "end", "prune.keep": 0.6, "prune.kind": "magnitude"}
        rewound = {"start.run": "tickets/{size}", "start.at": "init", "start.kind": "copy"}
        lot, anew = mask | rewound | {"prune.kind": "random"}, mask | {"draw": 1}
        arms: dict[str, dict[str, Any]] = {"ticket": mask | rewound, "redrawn": anew, "random": lot}
        for arm, knobs in arms.items() if each else [("dense", dict[str, Any]())]:
            for lane in lanes(**{"seeds": SEEDS, "noises": (0.0,), "sizes": SIZES} | changes):
                yield lane | knobs, arm, each


def rows(
    dense=0.65, ticket=0.0, redrawn=-0.05, random=-0.06, wobble=0.003, swing=0.0, by_size=None, later=None, **changes
):
    """A world by what the arms lose of the dense accuracy in the last round, in earlier ones in proportion.

    later: the accuracy of all of them at the stop by accuracy and at the end; None: that of the stop by loss.
    """
    lost = {"dense": 0.0, "ticket": ticket, "redrawn": redrawn, "random": random}
    for lane, arm, each in networks(**changes):
        size, seed = int(str(lane["size"])), lane["seed"]
        more = {} if by_size is None or arm != "ticket" else {"more": by_size[size]}
        accuracy = dense + (lost[arm] + more.get("more", 0.0)) * each / 4 + wobble * noise(size, seed, arm, each)
        accuracy += swing * noise(seed) if arm == "ticket" else 0.0
        for step, right in ((9, accuracy),) if later is None else ((9, accuracy), (99, later)):
            marks = {"best_loss": step == 9} | dict.fromkeys(("best_accuracy", "end"), step == 99 or later is None)
            reached = {f"{split}_loss": 1.0 for split in SPLITS} | {f"{split}_accuracy": right for split in SPLITS}
            yield lane | {"step": step} | marks | reached


def masks(**changes):
    """What their masks leave: of hidden weights .6 a round, to the nearest weight."""
    for lane, _, each in networks(**changes):
        hidden = 40 * int(str(lane["size"]))
        yield lane | {"hidden": hidden, "hidden_kept": round(hidden * 0.6**each),
                      "output": 100, "output_kept": round(100 * 0.8**each)}  # fmt: skip


def tables(*more, **changes):
    knobs = {name: value for name, value in changes.items() if name in ("rounds", "seeds", "sizes", "dataset")}
    return {
        "learning_curve": table("learning_curve", rows(**changes), *(rows(**each) for each in more)),
        "kept_weights": table("kept_weights", masks(**knobs),
                              *(masks(**{k: each[k] for k in each if k in ("dataset",)}) for each in more)),
    }  # fmt: skip


def world():
    return tables({"dataset": "digits", "redrawn": -0.1, "random": -0.12})


def told(*more, **changes):
    return judged(CLAIM, **tables(*more, **changes))


def beside(verdict):
    return {row.name: row.estimate.value for row in verdict.beside}


def test_the_stop_by_loss_decides():
    assert told(later=0.6).outcome == "supported"
    assert beside(told(later=0.6))["the same, at the end"] == pytest.approx(0.0, abs=1e-9)


def test_supported_where_tickets_beat_new_starts():
    verdict = told()
    assert verdict.outcome == "supported", verdict.reason
    assert verdict.primary.cells[0].estimate.value == pytest.approx(5, abs=0.2), "units of .01"
    assert outcomes(verdict.primary) == {CELL: "supported"}


def test_on_digits_twice_as_much_is_asked():
    verdict = told({"dataset": "digits", "redrawn": -0.015}, redrawn=-0.015)
    assert outcomes(verdict.primary) == {"digits, noise 0.0": "inconclusive", CELL: "supported"}


def test_contradicted_where_new_starts_are_better():
    assert told(ticket=-0.06, redrawn=-0.05, random=-0.08).outcome == "contradicted"


@pytest.mark.parametrize("changes", [{"redrawn": -0.005}, {"swing": 0.4}, {"redrawn": 0.0}])
def test_undecided_where_it_is_little_or_uncertain(changes):
    assert told(**changes).outcome == "inconclusive"


def test_a_random_mask_that_wins_too_shows_nothing():
    verdict = told(random=0.0)
    assert verdict.outcome == "inconclusive"
    assert "random mask less new start" in verdict.primary.cells[0].why
    assert told({"dataset": "digits", "redrawn": -0.1, "random": 0.0}).outcome == "inconclusive"


def test_the_two_largest_widths_decide():
    small, large = {16: 0.0, 32: -0.06, 64: -0.06}, {16: -0.2, 32: 0.0, 64: 0.0}
    assert told(by_size=small).outcome == "contradicted"
    assert told(by_size=large).outcome == "supported"
    verdict = told(by_size={16: 0.0, 32: 0.0, 64: 0.04})
    assert verdict.primary.cells[0].estimate.value == pytest.approx(7, abs=0.2)
    assert beside(verdict)["the same, largest width"] == pytest.approx(9, abs=0.3)


def test_it_is_told_whether_the_gain_grows():
    assert told(by_size={16: 0.0, 32: 0.03, 64: 0.06}).truer.word == "grows"
    assert told(by_size={16: 0.06, 32: 0.03, 64: 0.0}).truer.word == "shrinks"


def test_earlier_rounds_do_not_decide():
    verdict = told(rounds=(0, 1, 2, 3))
    assert verdict.outcome == "untested", verdict.reason
    late = told(rounds=(0, 1, 2, 3, 4, 5))
    assert late.outcome == "supported"
    assert late.primary.cells[0].runs == told().primary.cells[0].runs


def test_what_is_left_of_the_dense_accuracy_is_shown():
    shown = beside(told(ticket=-0.03, dense=0.6))
    assert shown["accuracy of dense networks"] == pytest.approx(0.6, abs=0.002)
    assert shown["ticket less dense, 0.13 kept"] == pytest.approx(-0.03, abs=0.002)
    assert shown["ticket less dense, 0.6 kept"] == pytest.approx(-0.0075, abs=0.002)
    assert shown["ticket less random mask"] == pytest.approx(3, abs=0.2)
    assert shown["smallest share kept within .01 of dense"] == pytest.approx(0.6)
    assert beside(told())["smallest share kept within .01 of dense"] == pytest.approx(0.6**4)
    assert beside(told(ticket=-0.5))["smallest share kept within .01 of dense"] == 1


def test_the_smallest_share_is_one_from_which_on_up_all_are_close():
    shares, added = np.array([0.1, 0.2, 0.4, 0.6]), np.array([0.0, -0.02, 0.0, -0.001])
    table = pl.DataFrame({"size": 4.0, "place": np.tile(shares, 8), "seed": np.repeat(range(8), 4),
                          "value": np.tile(added, 8), "status": "ok"})  # fmt: skip
    assert smallest(table).estimate().value == pytest.approx(0.4)


def test_without_a_draw_of_its_own_there_is_nothing_to_compare_with():
    made = tables()
    alone = {name: its.filter(pl.col("draw") == 0) for name, its in made.items()}
    assert judged(CLAIM, **alone).outcome == "untested"
    dense = {name: its.filter(pl.col("prune.kind").is_null()) for name, its in made.items()}
    verdict = judged(CLAIM, **dense)
    assert (verdict.outcome, "no networks were pruned" in verdict.reason) == ("untested", True)


@pytest.mark.parametrize(("share", "word"), [(0.125, "supported"), (0.25, "inconclusive")])
def test_networks_without_a_stop_are_censored(share, word):
    made = tables()
    verdict = judged(CLAIM, **made | {"learning_curve": censor(made["learning_curve"], share)})
    assert verdict.outcome == word, verdict.reason
    assert set(verdict.primary.cells[0].lost) == {"censored"}


def test_too_few_seeds_for_accuracies_of_few_examples():
    assert told(seeds=SEEDS[:8]).outcome == "untested"


def test_curves_meet_at_the_dense_network():
    table = numbers(found(CLAIM, **world()))
    its = of_view(table, "accuracy, digits").filter(size=64.0**2, seed=500)
    assert sorted(set(its["place"].round(3))) == [0.13, 0.216, 0.36, 0.6, 1]
    assert its.filter(place=1.0)["value"].n_unique() == 1
    assert its["mask"].n_unique() == 3
    assert "the dense network" in drawn(CLAIM, **world())
