"""AdamW: Adam with decoupled weight decay (Loshchilov & Hutter 2019)."""

from nominima.ground.records import NonNegative, Positive, Share
from nominima.training.optimizer import Optimizer, adam
from nominima.training.stack import Stack


def build(
    *, beta1: Share = 0.9, beta2: Share = 0.999, epsilon: Positive = 1e-8, decay: NonNegative = 0.01
) -> Optimizer:
    """Adam's step, which never sees the decay, after θ ← (1 - rate·decay)θ."""

    def step(parameters: Stack, gradient: Stack, memory: list[Stack], rate: float, t: int) -> None:
        m, v = memory
        adam([parameters.flat], [gradient.flat], ([m.flat], [v.flat]), rate, t, beta1, beta2, epsilon)

    return Optimizer(step, lambda layout: [layout, layout], decay)
