"""RMSprop (Tieleman & Hinton 2012)."""

from nominima.ground.records import Positive, Share
from nominima.training.optimizer import Optimizer, Rates, root
from nominima.training.stack import Stack


def build(*, smoothing: Share = 0.99, epsilon: Positive = 1e-8) -> Optimizer:
    """v ← smoothing·v + (1-smoothing)g²; θ ← θ - rate·g / (√v + ε)."""

    def step(parameters: Stack, gradient: Stack, memory: list[Stack], rates: Rates, _t: int) -> None:
        v = memory[0].flat.mul_(smoothing).addcmul_(gradient.flat, gradient.flat, value=1 - smoothing)
        gradient.scale(rates)
        parameters.flat.sub_(gradient.flat.div_(root(v).add_(epsilon)))

    return Optimizer(step, lambda layout: [layout])
