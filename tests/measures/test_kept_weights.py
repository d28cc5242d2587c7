from dataclasses import replace

import torch

from nominima.measures.kept_weights import measure


def masked(subject, moved, kept):
    """The subject with all but these parameters, bool (lane, param), held at zero."""
    return moved(subject, subject.trajectory.theta * kept)


def test_a_network_without_a_mask_has_all_its_weights(family):
    table = measure(family)
    layout = family.model.layout
    for role in ("hidden", "output"):
        asked = sum(leaf.numel for leaf in layout if leaf.role == role)
        assert table[role].to_list() == table[f"{role}_kept"].to_list() == [asked] * 3
    assert table["seed"].to_list() == [100, 101, 102]


def test_what_is_held_at_zero_is_counted_by_layer_and_lane(subject, moved):
    kept = torch.ones(3, subject.model.size, dtype=torch.bool)
    hidden, output = (next(leaf for leaf in subject.model.layout if leaf.role == role) for role in ("hidden", "output"))
    starts = dict(zip((leaf.name for leaf in subject.model.layout), offsets(subject.model.layout), strict=True))
    kept[1, starts[hidden.name] : starts[hidden.name] + 3] = False
    kept[2, starts[output.name]] = False
    kept[2, starts["bias1"] : starts["bias1"] + 2] = False
    table = measure(masked(subject, moved, kept))
    assert (table["hidden"] - table["hidden_kept"]).to_list() == [0, 3, 0]
    assert (table["output"] - table["output_kept"]).to_list() == [0, 0, 1], "biases are not counted"


def test_a_weight_that_is_zero_at_one_end_of_training_only_is_kept(subject, moved):
    theta = subject.trajectory.theta.clone()
    theta[0, 0, 0], theta[-1, 1, 0] = 0, 0
    assert measure(moved(subject, theta)).equals(measure(subject))


def test_the_mask_of_a_network_that_diverged_is_known(diverged):
    table = measure(diverged)
    assert table["status"].to_list() == ["ok", "diverged", "ok"]
    assert table["hidden_kept"].null_count() == 0
    gone = replace(diverged.trajectory, theta=torch.zeros_like(diverged.trajectory.theta))
    assert measure(replace(diverged, trajectory=gone))["hidden_kept"].to_list() == [0, 0, 0]


def offsets(layout):
    first = 0
    for leaf in layout:
        yield first
        first += leaf.numel
