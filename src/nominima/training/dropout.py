"""Dropout: hidden units silenced at random, each lane with its own share and its own numbers (Srivastava 2014)."""

from collections.abc import Callable

import torch
from torch import Tensor

Drop = Callable[[Tensor], Tensor]
"""Activations (lane, …) ↦ the same, each number zero with the lane's share and scaled up otherwise, so that
its mean stays."""


def all_kept(h: Tensor) -> Tensor:
    """No dropout."""
    return h


class Dropout:
    """The lots of the lanes that are still trained."""

    def __init__(self, shares: list[float], generators: list[torch.Generator]) -> None:
        """shares: of the units that are silent, in [0, 1), one a lane."""
        self._shares, self._generators = shares, generators

    def __call__(self, h: Tensor) -> Tensor:
        """h: float32 (lane, …)."""
        mask = torch.empty(h.shape)
        for lane, keep, source in zip(mask, (1 - share for share in self._shares), self._generators, strict=True):
            lane.bernoulli_(keep, generator=source).div_(keep)
        return h * mask.to(h.device)

    def keep(self, lanes: list[int]) -> "Dropout":
        """Some of the lanes."""
        return Dropout([self._shares[lane] for lane in lanes], [self._generators[lane] for lane in lanes])
