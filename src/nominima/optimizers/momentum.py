"""Gradient descent with heavy-ball momentum (Polyak 1964)."""

from nominima.ground.records import Share
from nominima.training.optimizer import Optimizer, Rates
from nominima.training.stack import Stack


def build(*, momentum: Share = 0.9) -> Optimizer:
    """b ← momentum·b + g; θ ← θ - rate·b."""

    def step(parameters: Stack, gradient: Stack, memory: list[Stack], rates: Rates, _t: int) -> None:
        buffer = memory[0].flat.mul_(momentum).add_(gradient.flat)
        gradient.flat.copy_(buffer)
        gradient.scale(rates)
        parameters.flat.sub_(gradient.flat)

    return Optimizer(step, lambda layout: [layout])
