"""AdamW: Adam with decoupled weight decay (Loshchilov & Hutter 2019)."""

from nominima.ground.records import NonNegative, Positive, Share
from nominima.training.optimizer import Optimizer, Rates, adam
from nominima.training.stack import Stack


def build(
    *, beta1: Share = 0.9, beta2: Share = 0.999, epsilon: Positive = 1e-8, decay: NonNegative = 0.01
) -> Optimizer:
    """Adam's step, which never sees the decay, after θ ← (1 - rate·decay)θ."""

    def step(parameters: Stack, gradient: Stack, memory: list[Stack], rates: Rates, t: int) -> None:
        adam(parameters, gradient, (memory[0], memory[1]), rates, t, beta1, beta2, epsilon)

    return Optimizer(step, lambda layout: [layout, layout], decay)
