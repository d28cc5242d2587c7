"""Spectra shaped like those of networks, and small networks of all families with their exact spectra."""

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import torch
from torch import Tensor

from nominima.datasets import digits
from nominima.landscape.loss import Landscape, of_model, of_stack
from nominima.models import cnn, mlp, transformer

Draw = np.random.Generator


def at_its_spectrum(dimension: int) -> Landscape:
    """A loss whose Hessian at θ is diag(θ); a random start makes this as general as any basis."""
    return of_stack(lambda theta: theta.pow(3).sum(-1) / 6, dimension)


def _network_like(draw: Draw, lowest: np.ndarray, bulk: int = 600) -> np.ndarray:
    """A bulk at zero, a tail up, a few outliers, and a thin tail down that ends in `lowest`."""
    top = np.append(draw.uniform(0.05, 0.5, 8), 1.0)
    tail = -draw.exponential(-lowest.max() / 8, 30).clip(0, -lowest.max() * 0.6)
    return np.concatenate([lowest, draw.normal(0, 1e-7, bulk), draw.exponential(1e-2, 60) ** 1.5, tail, top])


SHAPES: dict[str, Callable[[Draw, float], np.ndarray]] = {
    "zeros and one below": lambda *_: np.concatenate([np.zeros(5000), np.linspace(0, 1, 40), [-1e-3]]),
    "wide bulk": lambda draw, _: np.concatenate([draw.normal(0, 1e-4, 2000), np.linspace(0.1, 1, 10), [-3e-3]]),
    "small negative end": lambda draw, _: _network_like(draw, -(10 ** draw.uniform(-4, -2, 1))),
    "cluster below": lambda draw, apart: _network_like(draw, -1e-2 * (1 - 1.5 * apart * np.arange(4))),
    "two below": lambda _, apart: np.concatenate([[-0.1, -0.1 * (1 + 1.5 * apart)], np.zeros(300), _comb()]),
    "copies": lambda draw, _: np.concatenate([_network_like(draw, np.full(3, -1e-3)), [1.0, 1.0]]),
}
"""name → (generator, distance of neighbours in a cluster, relative to them) ↦ eigenvalues, the largest of them 1."""


def _comb() -> np.ndarray:
    return np.linspace(0, 1, 20)


def shaped(name: str, apart: float, seed: int) -> Tensor:
    """Eigenvalues (1, param) of a shape, ascending."""
    return torch.from_numpy(np.sort(SHAPES[name](np.random.default_rng(seed), apart)))[None]


@cache
def networks(examples: int = 40, last: int = 100) -> list[tuple[str, Landscape, Tensor, Tensor]]:
    """(family, landscape, places (3, param), spectra (3, param)) of small networks: start, way and end of training."""
    return [(*one, torch.linalg.eigvalsh(one[1].hessian(one[2]))) for one in _trained(examples, last)]


def _trained(examples: int, last: int) -> Iterator[tuple[str, Landscape, Tensor]]:
    data = digits.make(seed=1, train=797, validation=400, test=600).train
    x, y = torch.from_numpy(data.x[:examples]).double(), torch.from_numpy(data.y[:examples])
    for family, size in ((mlp, 4), (cnn, 2), (transformer, 4)):
        model = family.build(size, (8, 8), 10)
        landscape = of_model(model, x, y)
        theta = model.initial(torch.Generator().manual_seed(0)).double().requires_grad_()
        adam, places = torch.optim.Adam([theta], 1e-2), []
        for step in range(last + 1):
            if step in (0, last // 4, last):
                places.append(theta.detach().clone())
            theta.grad = landscape.gradient(theta.detach()[None])[1][0]
            adam.step()
        yield family.__name__.rpartition(".")[2], landscape, torch.stack(places)
