"""Where lanes start: initial parameters of their own or from another run, and weights held at zero."""

import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.planning.run import Pruning, Run, Start
from nominima.training.feed import drawn
from nominima.training.model import Model
from nominima.training.reference import Reference, References


def initial(run: Run, model: Model, references: References) -> Tensor:
    """float32 (lane, param): the family's own, times the gain, unless the run has another start."""
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

    Magnitude: the `keep` largest of the weights that are not zero at the point of the reference, over all
    layers together, so that a chain of runs prunes round by round (Frankle & Carbin 2019). Biases are kept.
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
    weight = torch.cat([torch.full((leaf.numel,), leaf.role != "bias") for leaf in model.layout])
    size = torch.where(weight, row.abs(), torch.inf)
    there = int(((size > 0) & weight).sum())
    fixed = int((~weight).sum())
    kept = torch.zeros_like(weight)
    kept[size.argsort(descending=True, stable=True)[: fixed + round(prune.keep * there)]] = True
    if prune.kind == "magnitude":
        return kept
    leaves = kept.split([leaf.numel for leaf in model.layout])
    return torch.cat([part[torch.randperm(len(part), generator=source)] for part in leaves])


def _fitting(model: Model, rows: Tensor, at: str) -> Tensor:
    if rows.shape[1] != model.size:
        raise Refusal(f"{at} has {rows.shape[1]} parameters, this run {model.size}; they must be of one shape")
    return rows
