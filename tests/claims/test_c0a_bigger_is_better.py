import numpy as np
import pytest
from made_tables import SIZES, censor, judged, lanes, lose, noise, outcomes, table

CLAIM = "c0a_bigger_is_better"
SPLITS = ("train", "validation", "test", "noisy_test")


def falling(size, by=0.1):
    """A loss that falls by a share of that of the smallest for every tenfold of parameters (size²)."""
    return 1 - by * np.log10(size**2 / SIZES[0] ** 2)


def rows(stopped=falling, end=falling, spread=0.01, **changes):
    for lane in lanes(**changes):
        size, seed = lane["size"], lane["seed"]
        for step, loss in enumerate((2.3, stopped(size), stopped(size), end(size))):
            loss = loss + spread * noise(size, seed, step)
            marks = {"best_loss": step == 1, "best_accuracy": step == 2, "end": step == 3}
            numbers = {f"{split}_loss": loss for split in SPLITS} | {
                f"{split}_accuracy": 1 - loss / 3 for split in SPLITS
            }
            yield lane | {"step": step} | numbers | marks


def random(stopped=lambda _: 2.3, **changes):
    return rows(stopped, noises=(0.9,), steps=600, **changes)


def depths(loss=None, sizes=(16,), **changes):
    """Networks of middle width and one to three hidden layers."""
    told = loss or {1: 1.0, 2: 0.9, 3: 0.8}
    for depth, found in told.items():
        yield from rows(lambda _, its=found: its, sizes=sizes, **{"model.depth": depth} | changes)


def world(**changes):
    return {"learning_curve": table("learning_curve", rows(**changes), random(), depths(noises=(0.0,)))}


def told(*more, control=None, **changes):
    sweeps = (rows(**changes), random() if control is None else control)
    return judged(CLAIM, learning_curve=table("learning_curve", *sweeps, *more))


def test_supported_where_the_loss_falls_by_the_slope_it_has():
    found = told()
    assert found.outcome == "supported", found.reason
    assert outcomes(found.primary) == {"mnist1d, noise 0.0": "supported", "mnist1d, noise 0.2": "supported"}
    assert found.primary.cells[0].estimate.value == pytest.approx(0.1, abs=0.02)
    assert (found.runs, found.lost, found.truer.word) == (64, 0, "grows")


def test_contradicted_where_the_loss_rises():
    assert told(stopped=lambda size: 1 + 0.1 * np.log10(size)).outcome == "contradicted"


def test_inconclusive_where_the_fall_is_too_small_to_matter():
    assert told(stopped=lambda size: falling(size, 0.005), spread=0.001).outcome == "inconclusive"
    assert told(stopped=lambda size: 1.0, spread=0.05).outcome == "inconclusive"


def test_mixed_where_data_sets_disagree():
    digits = rows(stopped=lambda size: falling(size, -0.1), dataset="digits")
    assert told(digits, random(dataset="digits")).outcome == "mixed"


def test_the_number_of_examples_is_a_cell_with_the_control_of_its_data():
    found = told(rows(examples=250, noises=(0.0,)))
    assert len(outcomes(found.primary)) == 3
    assert found.outcome == "supported"


class TestControl:
    def test_a_gain_on_random_labels_leaves_the_cells_inconclusive(self):
        found = told(control=random(stopped=falling))
        assert (found.outcome, set(outcomes(found.primary).values())) == ("inconclusive", {"inconclusive"})

    def test_without_networks_on_random_labels_it_is_untested(self):
        found = told(control=())
        assert found.outcome == "untested"
        assert "random labels" in found.reason

    def test_a_contradicted_cell_needs_none(self):
        assert told(control=(), stopped=lambda size: falling(size, -0.1)).outcome == "contradicted"


class TestDepth:
    def word(self, **losses):
        (part,) = told(depths({int(name[1:]): loss for name, loss in losses.items()}, noises=(0.0,))).parts
        return part.outcome

    def test_each_step_must_lower_the_loss(self):
        assert self.word(d1=1.0, d2=0.9, d3=0.8) == "supported"
        assert self.word(d1=1.0, d2=0.9, d3=0.895) == "inconclusive"
        assert self.word(d1=1.0, d2=0.9, d3=0.95) == "contradicted"

    def test_a_rise_makes_the_claim_mixed(self):
        found = told(depths({1: 1.0, 2: 1.1, 3: 1.2}, noises=(0.0,)))
        assert (found.outcome, "But its part, depth: contradicted in " in found.reason) == ("mixed", True)

    def test_those_of_another_family_are_a_cell_of_their_own(self):
        """The largest of both would be read as one network otherwise, whatever its family."""
        others = depths({1: 0.8, 2: 0.9, 3: 1.0}, noises=(0.0,), model="transformer", sizes=(32,))
        (part,) = told(depths(noises=(0.0,)), others).parts
        assert outcomes(part) == {
            "mnist1d, noise 0.0, mlp": "supported", "mnist1d, noise 0.0, transformer": "contradicted"
        }  # fmt: skip

    def test_depths_are_no_cells_of_the_primary(self):
        assert len(told(depths(noises=(0.0,))).primary.cells) == 2


@pytest.mark.parametrize("gone", [lose, lambda _, frame, share: censor(frame, share)])
@pytest.mark.parametrize(("share", "outcome"), [(0.125, "supported"), (0.375, "inconclusive")])
def test_lost_and_censored_networks_are_counted(gone, share, outcome):
    whole = table("learning_curve", rows(), random())
    keep = whole["noise"] == 0.9
    found = judged(CLAIM, learning_curve=gone("learning_curve", whole.filter(~keep), share).vstack(whole.filter(keep)))
    assert (found.outcome, found.lost) == (outcome, round(64 * share))


def test_untested_says_what_is_missing():
    assert "no condition was measured" in told(sizes=(4,)).reason
    assert "3 of the 8 seeds that are needed" in told(seeds=(1, 2, 3)).reason


def test_published_accuracies_stand_next_to_ours_with_both_intervals():
    found = told()
    readme = {row.name: row for row in found.published if row.source.startswith("README")}
    mlp = readme["accuracy of mlp, published set"]
    assert (mlp.value, round(mlp.low or 0, 2), round(mlp.high or 0, 2)) == (0.68, 0.65, 0.71)
    assert mlp.ours is not None
    assert mlp.ours.low is not None
    assert readme["accuracy of cnn, published set"].ours is None


def test_they_stand_next_to_networks_trained_on_as_many_examples_by_the_same_optimizer():
    plain = judged(CLAIM, learning_curve=table("learning_curve", rows(), random()))
    other = (rows(stopped=lambda _: 2.5, noises=(0.0,), **changes)
             for changes in ({"examples": 250}, {"optimizer": "momentum", "optimizer.momentum": 0.9}))  # fmt: skip
    ours = [row.ours for row in told(*other).published]
    assert ours == [row.ours for row in plain.published]
    assert ours[0] is not None
    fewer = judged(CLAIM, learning_curve=table("learning_curve", rows(examples=1000), random()))
    assert [row.ours for row in fewer.published] == [None] * len(ours)


def test_accuracy_is_a_variant():
    assert {row.name for row in told().beside if row.variant} == {"accuracy, per tenfold"}
