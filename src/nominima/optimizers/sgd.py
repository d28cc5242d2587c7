"""Stochastic gradient descent (Robbins & Monro 1951): θ ← θ - rate·g."""

from nominima.training.optimizer import Optimizer, Rates
from nominima.training.stack import Stack


def build() -> Optimizer:
    """Plain descent, without momentum."""

    def step(parameters: Stack, gradient: Stack, _memory: list[Stack], rates: Rates, _t: int) -> None:
        gradient.scale(rates)
        parameters.flat.sub_(gradient.flat)

    return Optimizer(step)
