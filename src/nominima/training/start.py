"""Where lanes start: initial parameters of their own or from another run, and weights held at zero."""

import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.planning.run import Pruning, Run, Start
from nominima.training.feed import drawn
from nominima.training.model import Leaf, Model
from nominima.training.reference import Reference, References


def initial(run: Run, model: Model, references: References) -> Tensor:
    """float32 (lane, param): the family's own, times the gain, unless the run has another start.

    Its own are those of every run of the same seed and draw.
    """
    draw = run.training.draw
    own = torch.stack([model.initial(drawn(seed, "initial", draw)) for seed in run.seeds])
    start = run.training.start
    there = own if start is None else _started(run, model, start, own, references[start.run])
    return run.training.gain * there


def _started(run: Run, model: Model, start: Start, own: Tensor, reference: Reference) -> Tensor:
    found = _fitting(model, reference.parameters(start.at, run.seeds), f"start.run: {start.run}")
    leaves = [leaf.numel for leaf in model.layout]
    if start.kind == "copy":
        return found
    if start.kind == "rescaled":
        parts = zip(own.split(leaves, 1), found.split(leaves, 1), strict=True)
        return torch.cat([_as_long(mine, his) for mine, his in parts], dim=1)
    lanes = []
    for seed, row in zip(run.seeds, found, strict=True):
        source = drawn(seed, "shuffle", run.training.draw)
        lanes.append(torch.cat([part[torch.randperm(len(part), generator=source)] for part in row.split(leaves)]))
    return torch.stack(lanes)


def _as_long(mine: Tensor, his: Tensor) -> Tensor:
    """`mine` with the norm of `his`, (lane, number); zeros, biases, have no direction and stay."""
    norm = mine.norm(dim=1, keepdim=True)
    return torch.where(norm > 0, mine * his.norm(dim=1, keepdim=True) / norm, mine)


def mask(run: Run, model: Model, references: References) -> Tensor | None:
    """bool (lane, param), true where a parameter may move; None where all may.

    Magnitude, as in Frankle & Carbin 2019: of each leaf of weights the largest share `keep` of those that are not zero
    at the point of the reference, so that a chain of runs prunes round by round; the output layer loses half the share
    that the others lose, (1 + keep)/2 are kept. A leaf keeps at least one weight, for without any it would cut the
    network. Of equal weights the first are kept. Biases are never pruned. Random: as many of each leaf, anywhere in it.
    """
    prune = run.training.prune
    if prune is None:
        return None
    reference = references[prune.run]
    found = _fitting(model, reference.parameters(prune.at, run.seeds), f"prune.run: {prune.run}")
    rows = zip(run.seeds, found, strict=True)
    draw = run.training.draw
    return torch.stack([_kept(row, model, prune, drawn(seed, "prune", draw)) for seed, row in rows])


def _kept(row: Tensor, model: Model, prune: Pruning, source: torch.Generator) -> Tensor:
    """bool (param,) for one lane."""
    parts = row.split([leaf.numel for leaf in model.layout])
    return torch.cat([_of_leaf(part, leaf, prune, source) for leaf, part in zip(model.layout, parts, strict=True)])


def _of_leaf(part: Tensor, leaf: Leaf, prune: Pruning, source: torch.Generator) -> Tensor:
    kept = torch.full_like(part, leaf.role == "bias", dtype=torch.bool)
    if leaf.role == "bias":
        return kept
    there = int(part.count_nonzero())
    share = (1 + prune.keep) / 2 if leaf.role == "output" else prune.keep
    kept[part.abs().argsort(descending=True, stable=True)[: min(there, max(1, round(share * there)))]] = True
    return kept if prune.kind == "magnitude" else kept[torch.randperm(len(kept), generator=source)]


def _fitting(model: Model, rows: Tensor, at: str) -> Tensor:
    if rows.shape[1] != model.size:
        raise Refusal(f"{at} has {rows.shape[1]} parameters, this run {model.size}; they must be of one shape")
    return rows
