"""Adam (Kingma & Ba 2015), with the bias corrections of the paper's algorithm 1."""

from nominima.ground.records import Positive, Share
from nominima.training.optimizer import Optimizer, Rates, adam
from nominima.training.stack import Stack


def build(*, beta1: Share = 0.9, beta2: Share = 0.999, epsilon: Positive = 1e-8) -> Optimizer:
    """m ← β₁m + (1-β₁)g; v ← β₂v + (1-β₂)g²; θ ← θ - rate·m̂ / (√v̂ + ε)."""

    def step(parameters: Stack, gradient: Stack, memory: list[Stack], rates: Rates, t: int) -> None:
        adam(parameters, gradient, (memory[0], memory[1]), rates, t, beta1, beta2, epsilon)

    return Optimizer(step, lambda layout: [layout, layout])
