"""The population loss of Safran & Shamir (2018), in closed form: a student of ReLUs and an orthonormal teacher.

F(W) = ½ E(Σᵢ [wᵢ·x]₊ − Σⱼ [eⱼ·x]₊)² over x ~ N(0, I), for n student units in k dimensions with k teacher units.
It has spurious local minima for 6 ≤ k ≤ 20 at n = k; with a unit or two more far fewer are met, or none.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from nominima.landscape.loss import Landscape
from nominima.landscape.newton import Stationary, minimise
from nominima.landscape.parts import Product, one_by_one


@dataclass(frozen=True)
class Population:
    """The loss as one part of a landscape; θ is W (unit, dimension) row by row."""

    units: int
    teachers: int

    together: int = 256

    def value(self, theta: Tensor) -> Tensor:
        """Losses (lane,)."""
        return self._value(self._pairs(theta))

    def combined(self, points: Tensor, shares: Tensor) -> Tensor:
        """Losses (cell,) at shares @ points."""
        return one_by_one(self, points, shares)

    def gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """Losses (lane,) and gradients (lane, param)."""
        pairs = self._pairs(theta)
        pull = (pairs.signs * pairs.others * pairs.sine).sum(-1, keepdim=True) * pairs.unit
        push = (pairs.signs * (math.pi - pairs.angle)) @ pairs.vectors
        return self._value(pairs), ((pull + push) / math.tau).flatten(1)

    def _value(self, pairs: "_Pairs") -> Tensor:
        """½ Σ ± f over all pairs of units, f(w, v) = ‖w‖‖v‖ (sin φ + (π − φ) cos φ) / 2π."""
        n, k = self.units, self.teachers
        shares = pairs.lengths * pairs.others * (pairs.sine + (math.pi - pairs.angle) * pairs.cosine) / math.tau
        teachers = k / 2 + k * (k - 1) / math.tau
        return shares[..., :n].sum((-1, -2)) / 2 - shares[..., n:].sum((-1, -2)) + teachers / 2

    def product(self, theta: Tensor) -> Product:
        """Hessian · probes."""
        hessian = self.hessian(theta)
        return lambda probes: probes @ hessian

    def held(self, theta: Tensor) -> int:
        """Bytes of the Hessians."""
        return len(theta) * theta.shape[1] ** 2 * theta.itemsize

    def hessian(self, theta: Tensor) -> Tensor:
        """(lane, param, param), section 4.1.1 of the paper; defined where no student unit is zero."""
        n, k = self.units, self.teachers
        pairs, unit = self._pairs(theta), torch.eye(k, dtype=theta.dtype, device=theta.device)
        toward, back = _normal(pairs.sine, pairs.cosine, pairs.unit, pairs.everyone)
        plane = unit - pairs.unit[..., :, None] * pairs.unit[..., None, :]
        weights = pairs.signs * pairs.others * pairs.sine / pairs.lengths / math.tau
        own = unit / 2 + weights.sum(-1)[..., None, None] * plane
        own = own + torch.einsum("lab,labi,labj->laij", weights, toward, toward)
        mixed = (math.pi - pairs.angle[..., :n, None, None]) * unit
        mixed = mixed + pairs.unit[:, :, None, :, None] * toward[:, :, :n, None, :]
        mixed = (mixed + pairs.unit[:, None, :, :, None] * back[:, :, :n, None, :]) / math.tau
        same = torch.arange(n)
        mixed[:, same, same] = own
        return mixed.transpose(2, 3).flatten(3, 4).flatten(1, 2)

    def _pairs(self, theta: Tensor) -> "_Pairs":
        """Student units against all units."""
        students = theta.unflatten(-1, (self.units, self.teachers))
        teachers = torch.eye(self.teachers, dtype=theta.dtype, device=theta.device).expand(len(theta), -1, -1)
        vectors = torch.cat([students, teachers], dim=1)
        signs = torch.cat([theta.new_ones(self.units), -theta.new_ones(self.teachers)])
        lengths = vectors.norm(dim=-1)
        everyone = vectors / lengths.unsqueeze(-1)
        unit = everyone[:, : self.units]
        cosine = unit @ everyone.mT
        sine = (everyone.unsqueeze(1) - cosine.unsqueeze(-1) * unit.unsqueeze(2)).norm(dim=-1)
        sine = torch.where(sine < 1e-14, 0.0, sine)
        angle = torch.atan2(sine, cosine)
        own = lengths[:, : self.units, None]
        return _Pairs(vectors, everyone, unit, own, lengths.unsqueeze(1), cosine, sine, angle, signs)


@dataclass(frozen=True)
class _Pairs:
    vectors: Tensor  # (lane, all, dimension)
    everyone: Tensor  # the same at length 1
    unit: Tensor  # (lane, first, dimension), length 1
    lengths: Tensor  # (lane, first, 1)
    others: Tensor  # (lane, 1, all)
    cosine: Tensor  # (lane, first, all)
    sine: Tensor
    angle: Tensor
    signs: Tensor  # (all,), + student, − teacher


def _normal(sine: Tensor, cosine: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Unit vectors of second less its part along first, and of first less its part along second; 0 if parallel."""
    a, b = first.unsqueeze(2), second.unsqueeze(1)
    scale = torch.where(sine == 0, 0.0, 1 / sine).unsqueeze(-1)
    cosine = cosine.unsqueeze(-1)
    return (b - cosine * a) * scale, (a - cosine * b) * scale


def population(units: int, teachers: int) -> Landscape:
    """The landscape of `units` student units against `teachers` orthonormal ones."""
    part = Population(units, teachers)
    return Landscape((part,), units * teachers, closed=part.hessian)


def students(lanes: int, units: int, teachers: int, seed: int) -> Tensor:
    """Starts (lane, param), float64: N(0, 1/teachers) weights, as the authors draw them."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(lanes, units * teachers, generator=generator, dtype=torch.float64) / teachers**0.5


@dataclass(frozen=True)
class Spurious:
    """Ends of many descents: each certified; `spurious` are strict minima above the global one, whose loss
    is 0.
    """

    ends: list[Stationary]

    @property
    def spurious(self) -> list[Stationary]:
        """Strict local minima of a loss above 1e-6."""
        return [end for end in self.ends if end.status == "strict minimum" and end.loss > 1e-6]

    @property
    def share(self) -> float:
        """Of all descents."""
        return len(self.spurious) / len(self.ends)


def descend(units: int, teachers: int, *, runs: int = 100, seed: int = 0, steps: int = 2000) -> Spurious:
    """Gradient descent from random starts at the authors' rate 0.1, finished by `minimise`.

    After 2000 steps all of 300 runs at n = k = 8 ended where descent alone leads; after 1000, Newton led 8 elsewhere.
    """
    landscape, theta = population(units, teachers), students(runs, units, teachers, seed)
    for _ in range(steps):
        theta = theta - 0.1 * landscape.gradient(theta)[1]
    return Spurious(minimise(landscape, theta))
