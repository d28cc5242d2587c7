"""A network small enough to certify its critical points: one tanh layer, three classes, the last as reference.

Logits of the first classes are free and that of the last is 0, so that no direction is flat for want of a gauge.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot, pad

from nominima.landscape.loss import Landscape, Numbers
from nominima.landscape.parts import Traced


@dataclass(frozen=True)
class Toy:
    """Data and width of the network; θ is W₁ (hidden, input), b₁, W₂ (free class, hidden), b₂.

    x: float64 (example, input); y: int64 (example,) in 0 … classes − 1.
    """

    x: Tensor
    y: Tensor
    hidden: int
    classes: int = 3

    @property
    def dimension(self) -> int:
        """Parameters: 9·hidden + 2 for 6 inputs and 3 classes."""
        return self.hidden * (self.x.shape[1] + self.classes) + self.classes - 1

    def landscape(self, decay: float = 0.0) -> Landscape:
        """Mean cross-entropy with decay/2 · ‖θ‖², its gradient and Hessian in closed form."""
        return Landscape((Traced(self._loss, len(self.x)),), self.dimension, decay, self._hessian, self._slope)

    def initial(self, generator: torch.Generator) -> Tensor:
        """Parameters (param,): weights N(0, 1/fan_in), biases zero."""
        inputs, free, h = self.x.shape[1], self.classes - 1, self.hidden
        first = torch.randn(h * inputs, generator=generator, dtype=torch.float64) / inputs**0.5
        second = torch.randn(free * h, generator=generator, dtype=torch.float64) / h**0.5
        return torch.cat([first, torch.zeros(h).double(), second, torch.zeros(free).double()])

    def embed(self, theta: Tensor) -> tuple["Toy", Tensor]:
        """The network with one more hidden unit whose weights in and out are zero: same function, gradient still 0.

        Args:
            theta: (…, param) of this width.
        """
        wider = Toy(self.x, self.y, self.hidden + 1, self.classes)
        w1, b1, w2, b2 = self._split(theta)
        parts = pad(w1, (0, 0, 0, 1)).flatten(-2), pad(b1, (0, 1)), pad(w2, (0, 1)).flatten(-2), b2
        return wider, torch.cat(parts, dim=-1)

    def _split(self, theta: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        inputs, free, h = self.x.shape[1], self.classes - 1, self.hidden
        w1, b1, w2, b2 = theta.split([h * inputs, h, free * h, free], dim=-1)
        return w1.unflatten(-1, (h, inputs)), b1, w2.unflatten(-1, (free, h)), b2

    def _activations(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden units (lane, example, hidden) and free logits (lane, example, free class)."""
        w1, b1, w2, b2 = self._split(theta)
        units = torch.tanh(self.x @ w1.mT + b1.unsqueeze(1))
        return units, units @ w2.mT + b2.unsqueeze(1)

    def _loss(self, theta: Tensor) -> Tensor:
        logits = pad(self._activations(theta)[1], (0, 1))
        picked = logits.gather(-1, self.y.expand(len(theta), -1).unsqueeze(-1)).squeeze(-1)
        return (logits.logsumexp(-1) - picked).mean(-1)

    def _slope(self, theta: Numbers) -> tuple[float, Numbers]:
        """Loss and gradient (param,): from the errors p − y at the logits back through units of slope 1 − tanh²."""
        w1, b1, w2, b2 = (part.numpy() for part in self._split(torch.from_numpy(theta)))
        wide, wanted = self._wide.cpu().numpy(), self._wanted.cpu().numpy()[:, :-1]
        units = np.tanh(wide[:, :-1] @ w1.T + b1)
        logits = units @ w2.T + b2
        top = np.maximum(logits.max(1), 0)
        odds, rest = np.exp(logits - top[:, None]), np.exp(-top)
        total = odds.sum(1) + rest
        loss = np.mean(np.log(total) + top - (logits * wanted).sum(1))
        error = (odds / total[:, None] - wanted) / len(wide)
        inner = (error @ w2 * (1 - units * units)).T @ wide
        parts = inner[:, :-1].ravel(), inner[:, -1], (error.T @ units).ravel(), error.sum(0)
        return float(loss), np.concatenate(parts)

    def _hessian(self, theta: Tensor) -> Tensor:
        return torch.stack([self._dense(one) for one in theta.split(1)])

    def _dense(self, theta: Tensor) -> Tensor:
        """Jᵀ S J of the logits' Jacobian J and the softmax's curvature S, plus the logits' own curvature × error."""
        units, logits = (one[0] for one in self._activations(theta))
        odds = pad(logits, (0, 1)).softmax(-1)
        w2, slope = self._split(theta)[2][0], 1 - units.square()
        root = _root(odds).permute(2, 0, 1) / len(self.x) ** 0.5  # (row of Sᵗ, example, class), then of J
        inner = (root @ w2 * slope).unsqueeze(-1) * self._wide.unsqueeze(1)
        outer = root.unsqueeze(-1) * units.unsqueeze(1)
        rows = torch.cat([inner.flatten(2), outer.flatten(2), root], dim=2).flatten(0, 1)
        hessian = rows.T @ rows
        self._bend(hessian, units, w2, odds)
        return hessian[self._order.unsqueeze(1), self._order]

    @cached_property
    def _wide(self) -> Tensor:
        """Inputs and the bias's 1."""
        return pad(self.x, (0, 1), value=1.0)

    @cached_property
    def _wanted(self) -> Tensor:
        """(example, class): 1 at the label, else 0."""
        return one_hot(self.y, self.classes).to(self.x)

    def _bend(self, hessian: Tensor, units: Tensor, w2: Tensor, odds: Tensor) -> None:
        """Add the logits' second derivatives, which couple a unit's weights in with themselves and with those out."""
        (free, h), slope, wide, width = w2.shape, 1 - units.square(), self._wide, self._wide.shape[1]
        error = (odds - self._wanted)[:, :-1] / len(self.x)
        bend = ((error @ w2) * (-2 * units * slope)).T @ (wide.unsqueeze(2) * wide.unsqueeze(1)).flatten(1)
        cross = slope.T @ (wide.unsqueeze(2) * error.unsqueeze(1)).flatten(1)
        into, out = slice(h * width), slice(h * width, h * (width + free))
        rows = hessian[into].unflatten(0, (h, width))
        rows[..., into].unflatten(2, (h, width)).diagonal(dim1=0, dim2=2).add_(bend.T.view(width, width, h))
        rows[..., out].unflatten(2, (free, h)).diagonal(dim1=0, dim2=3).add_(cross.T.view(width, free, h))
        hessian[out, into] = hessian[into, out].T

    @cached_property
    def _order(self) -> Tensor:
        """From unit by unit, weights then bias, to the order of θ: all weights, then all biases."""
        inputs, h = self.x.shape[1], self.hidden
        units = torch.arange(h * (inputs + 1)).view(h, inputs + 1)
        rest = torch.arange(h * (inputs + 1), self.dimension)
        return torch.cat([units[:, :-1].flatten(), units[:, -1], rest])


def _root(odds: Tensor) -> Tensor:
    """Lower Cholesky factor of diag(p) − ppᵀ of the classes but the last, in closed form (Tanabe & Sagae 1992).

    Sums of what is left take the place of differences, so that it stands where a class has all the odds.

    Args:
        odds: (example, class), rows of sum 1.
    """
    left = odds.flip(-1).cumsum(-1).flip(-1)
    before, p, after = left[:, :-1], odds[:, :-1], left[:, 1:]
    pivot = (p * after / before).nan_to_num().sqrt()
    share = (p[:, :, None] / after[:, None, :]).nan_to_num(posinf=0.0)
    return (
        torch.eye(p.shape[1], dtype=p.dtype, device=p.device) * pivot[:, None, :] - share.tril(-1) * pivot[:, None, :]
    )
