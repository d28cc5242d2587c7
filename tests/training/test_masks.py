"""Which weights a run holds at zero, and which start it has then."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from test_engine import CLASSES, blobs, quiet, run

from nominima.ground.files import Refusal
from nominima.ground.places import TRAJECTORY
from nominima.models import mlp
from nominima.planning import shelf
from nominima.planning.run import Run
from nominima.tracing.trace import Trace
from nominima.training.engine import fit
from nominima.training.model import Model
from nominima.training.reference import Reference, References
from nominima.training.start import initial, mask
from nominima.verbs.train import leave

SOURCE = "s/base"
MODEL = mlp.build(5, (6,), CLASSES)
FAMILIES = {"mlp": (6, (5,)), "cnn": (3, (12,)), "transformer": (4, (12,))}
TRACE = Trace(verb="train", spec={}, code="", inputs={}, environment={})
LINEAR = mlp.build(1, (6,), 2, depth=1)  # weight1 (1, 6), bias1, weight2 (2, 1), bias2


@dataclass(frozen=True)
class Prescribed(Reference):
    """A reference with parameters made by hand."""

    rows: torch.Tensor

    def parameters(self, at: Any, seeds: range) -> torch.Tensor:
        assert at == "end"
        return self.rows[: len(seeds)]


def kept(rows: torch.Tensor, model: Model, keep: float, **how: Any) -> torch.Tensor:
    """The mask that is made from these parameters (lane, param)."""
    pruned = run(seeds=len(rows), prune={"run": SOURCE, "at": "end", "keep": keep, **how})
    found = mask(pruned, model, {SOURCE: Prescribed(pruned, Path(), rows)})
    assert found is not None
    return found


def by_hand(*weights: list[float]) -> torch.Tensor:
    """One lane of LINEAR: its hidden and its output weights, biases 0."""
    return torch.tensor([[*weights[0], 0.0, *weights[1], 0.0, 0.0]])


def hidden(found: torch.Tensor) -> list[bool]:
    return found[0, :6].tolist()


def prune(keep: float, of: str = SOURCE, **how: Any) -> dict[str, Any]:
    return {"run": of, "at": "end", "keep": keep, **how}


def finished(of: Run, folder: Path, sources: References) -> Reference:
    leave([of], blobs(), [folder / name for name in TRAJECTORY], TRACE, sources)
    return Reference(of, folder)


def test_each_layer_keeps_its_largest_and_the_output_loses_half_as_many():
    found = kept(by_hand([1.0, -5, 3, -2, 4, 0.5], [9.0, 8]), LINEAR, 0.5)
    assert hidden(found) == [False, True, True, False, True, False], "3 of 6, whatever the output layer has"
    assert found[0, 6:].all(), "1.5 of 2 output weights, biases"
    few = kept(by_hand([1.0, -5, 3, -2, 4, 0.5], [9.0, 8]), LINEAR, 0.1)
    assert hidden(few) == [False, True, False, False, False, False]
    assert few[0, 7:9].tolist() == [True, False], ".55 of 2"


def test_of_equal_weights_the_first_are_kept():
    assert hidden(kept(by_hand([1.0, -1, 1, -1, 1, -1], [1.0, 1]), LINEAR, 0.5)) == [True] * 3 + [False] * 3


def test_a_layer_keeps_at_least_one_weight():
    found = kept(by_hand([1.0, -5, 3, -2, 4, 0.5], [9.0, 8]), LINEAR, 0.01)
    assert hidden(found) == [False, True, False, False, False, False]


def test_a_layer_without_weights_stays_without():
    assert hidden(kept(by_hand([0.0] * 6, [9.0, 8]), LINEAR, 0.5)) == [False] * 6


def test_what_is_zero_stays_out_and_does_not_count():
    once = by_hand([0.0, -5, 3, 0, 4, 2], [9.0, 8])
    assert hidden(kept(once, LINEAR, 1.0)) == [False, True, True, False, True, True]
    assert hidden(kept(once, LINEAR, 0.5)) == [False, True, False, False, True, False], "2 of the 4 that are left"


@pytest.mark.parametrize("family", FAMILIES)
def test_layers_of_every_family_are_pruned_one_by_one(family: str):
    size, inputs = FAMILIES[family]
    model = shelf.load("models", family).build(size, inputs, CLASSES)
    rows = torch.randn(3, model.size, generator=torch.Generator().manual_seed(0))
    chosen, drawn = (model.views(kept(rows, model, 0.3, kind=kind)) for kind in ("magnitude", "random"))
    assert {leaf.role for leaf in model.layout} == {"hidden", "output", "bias"}
    for leaf in model.layout:
        share = {"hidden": 0.3, "output": 0.65, "bias": 1.0}[leaf.role]
        flat, size_of = chosen[leaf.name].flatten(1), model.views(rows)[leaf.name].flatten(1).abs()
        assert flat.sum(1).tolist() == [round(share * leaf.numel)] * 3, leaf.name
        assert torch.equal(flat.sum(1), drawn[leaf.name].flatten(1).sum(1)), "by lot as many of each"
        if leaf.role != "bias":
            assert all(large[mine].min() > large[~mine].max() for large, mine in zip(size_of, flat, strict=True))
            assert leaf.numel < 9 or not torch.equal(flat, drawn[leaf.name].flatten(1))


def test_lots_are_drawn_by_the_seed_and_anywhere_in_the_layer():
    rows = by_hand([0.0, -5, 3, 0, 0, 0], [9.0, 8]).expand(40, -1)
    found = kept(rows, LINEAR, 0.5, kind="random")[:, :6]
    assert found.sum(1).tolist() == [1] * 40
    assert found.any(0).all()
    assert torch.equal(found, kept(rows, LINEAR, 0.5, kind="random")[:, :6])


def test_another_draw_has_other_lots_of_weights(sources: References):
    shuffled = {"run": SOURCE, "at": "end", "kind": "shuffled"}
    lots = [mask(run(draw=draw, prune=prune(0.5, kind="random")), MODEL, sources) for draw in (0, 1, 1)]
    starts = [initial(run(draw=draw, start=shuffled), MODEL, sources) for draw in (0, 1, 1)]
    for first, second, again in (lots, starts):
        assert first is not None
        assert second is not None
        assert again is not None
        assert torch.equal(second, again)
        assert not torch.equal(first, second)


def test_a_chain_of_two_rounds_is_what_is_pruned_by_hand(sources: References, source: Reference, tmp_path: Path):
    rewound = {"run": SOURCE, "at": "init"}
    first = finished(run(prune=prune(0.6), start=rewound), tmp_path, sources)
    again, known = run(prune=prune(0.6, "r/ticket"), start=rewound), {**sources, "r/ticket": first}
    found = mask(again, MODEL, known)
    assert found is not None
    ends = [MODEL.views(each.trajectory.theta[-1, :3]) for each in (source, first)]
    for leaf in MODEL.layout:
        share = {"hidden": 0.6, "output": 0.8, "bias": 1.0}[leaf.role]
        for lane in range(3):
            alive = torch.ones(leaf.numel, dtype=torch.bool)
            for end in ends if leaf.role != "bias" else ():
                size = end[leaf.name][lane].flatten().abs() * alive
                alive &= size >= size.sort(descending=True).values[round(share * int(alive.sum())) - 1]
            assert torch.equal(MODEL.views(found)[leaf.name][lane].flatten(), alive), leaf.name
    trajectory, _ = fit([again], blobs(), known, say=lambda _: None)[0]
    assert torch.equal(trajectory.theta[0], source.trajectory.theta[0, :3] * found), "rewound to the first step"


def test_a_pruned_weight_never_moves(sources: References, source: Reference):
    trajectory, _ = fit([run(prune=prune(0.4))], blobs(), sources, say=lambda _: None)[0]
    out = mask(run(prune=prune(0.4)), MODEL, sources)
    assert out is not None
    assert (trajectory.theta[:, ~out] == 0).all()
    assert torch.equal(trajectory.theta[0], source.trajectory.theta[0, :3] * out)


def test_a_mask_of_another_shape_is_refused(sources: References):
    with pytest.raises(Refusal, match=r"prune.run: s/base has 83 parameters, this run 105"):
        fit([run(size=6, prune=prune(0.5))], blobs(), sources, say=lambda _: None)


def test_runs_of_one_seed_and_draw_start_alike(sources: References):
    own, other, copied = (
        initial(each, MODEL, sources) for each in (run(), run(draw=1), run(start={"run": SOURCE, "at": "init"}))
    )
    assert torch.equal(own, copied)
    assert torch.equal(other, initial(run(draw=1), MODEL, {}))
    weights = torch.cat([torch.full((leaf.numel,), leaf.role != "bias") for leaf in MODEL.layout])
    assert (own != other)[:, weights].all()
    assert abs(torch.corrcoef(torch.stack([own[:, weights].flatten(), other[:, weights].flatten()]))[0, 1]) < 0.2
    twice = [initial(run(draw=draw), MODEL, {}) for draw in (1, 2)]
    assert not torch.equal(*twice)


def test_another_draw_sees_the_same_examples_and_labels():
    (one, seen), (_, others) = quiet(run()), quiet(run(draw=1))
    assert torch.equal(seen.labels, others.labels)
    assert one.run.seeds == run(draw=1).seeds
