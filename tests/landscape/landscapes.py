"""Landscapes whose curvature is known or can be had from a second library."""

import torch
from torch import Tensor, nn

from nominima.landscape.known import quadratic
from nominima.landscape.loss import Landscape
from nominima.landscape.module import of_module


def planted(values: list[float], dtype: torch.dtype = torch.float64, seed: int = 0) -> Landscape:
    """A quadratic whose Hessian has exactly these eigenvalues."""
    return quadratic(torch.tensor(values, dtype=dtype), seed=seed)


def examples(
    count: int = 50, inputs: int = 5, classes: int = 3, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(count, inputs, generator=generator, dtype=torch.float64).to(dtype)
    return x, torch.randint(classes, (count,), generator=generator)


def perceptron(
    activation: type[nn.Module] = nn.Tanh, dtype: torch.dtype = torch.float64, width: int = 4
) -> nn.Sequential:
    torch.manual_seed(2)
    layers = [nn.Linear(5, width), activation(), nn.Linear(width, width), activation(), nn.Linear(width, 3)]
    return nn.Sequential(*layers).to(dtype)


def network(
    activation: type[nn.Module] = nn.Tanh, dtype: torch.dtype = torch.float64, *, decay=0.0, reference=False
) -> tuple[Landscape, Tensor]:
    """Landscape of a small perceptron and where it stands."""
    x, y = examples(dtype=dtype)
    return of_module(perceptron(activation, dtype), nn.CrossEntropyLoss(), x, y, decay=decay, reference=reference)
