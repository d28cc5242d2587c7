"""RMSprop (Tieleman & Hinton 2012)."""

from nominima.ground.records import Positive, Share
from nominima.training.optimizer import Optimizer
from nominima.training.stack import Stack


def build(*, smoothing: Share = 0.99, epsilon: Positive = 1e-8) -> Optimizer:
    """v ← smoothing·v + (1-smoothing)g²; θ ← θ - rate·g / (√v + ε)."""

    def step(parameters: Stack, gradient: Stack, memory: list[Stack], rate: float, _t: int) -> None:
        v = memory[0].flat.mul_(smoothing).addcmul_(gradient.flat, gradient.flat, value=1 - smoothing)
        parameters.flat.addcdiv_(gradient.flat, v.sqrt().add_(epsilon), value=-rate)

    return Optimizer(step, lambda layout: [layout])
