"""A network small enough to certify its critical points: one tanh layer, three classes, the last as reference.

Logits of the first classes are free and that of the last is 0, so that no direction is flat for want of a gauge.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from nominima.landscape.loss import Landscape
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
        """Mean cross-entropy with decay/2 · ‖θ‖², its Hessian in closed form."""
        return Landscape((Traced(self._loss, len(self.x)),), self.dimension, decay, self._hessian)

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
        pad = torch.nn.functional.pad
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
        logits = torch.nn.functional.pad(self._activations(theta)[1], (0, 1))
        picked = logits.gather(-1, self.y.expand(len(theta), -1).unsqueeze(-1)).squeeze(-1)
        return (logits.logsumexp(-1) - picked).mean(-1)

    def _hessian(self, theta: Tensor) -> Tensor:
        return torch.stack([self._dense(one) for one in theta.split(1)])

    def _dense(self, theta: Tensor) -> Tensor:
        """Jᵀ S J of the logits' Jacobian J and the softmax's curvature S, plus the logits' own curvature × error."""
        units, logits = (one[0] for one in self._activations(theta))
        odds = torch.nn.functional.pad(logits, (0, 1)).softmax(-1)
        w2 = self._split(theta)[2][0]
        root = (_root(odds).mT / len(self.x) ** 0.5 @ self._jacobian(units, w2)).flatten(0, 1)
        hessian = root.T @ root
        self._bend(hessian, units, w2, odds)
        order = self._order()
        return hessian[order][:, order]

    @property
    def _wide(self) -> Tensor:
        """Inputs and the bias's 1."""
        return torch.nn.functional.pad(self.x, (0, 1), value=1.0)

    def _jacobian(self, units: Tensor, w2: Tensor) -> Tensor:
        """Of the free logits, unit by unit: (example, free class, param)."""
        one = torch.eye(len(w2), dtype=w2.dtype, device=w2.device)
        inner = torch.einsum("nh,ch,ni->nchi", 1 - units.square(), w2, self._wide).flatten(2)
        outer = torch.einsum("cd,nh->ncdh", one, units).flatten(2)
        return torch.cat([inner, outer, one.expand(len(units), -1, -1)], dim=2)

    def _bend(self, hessian: Tensor, units: Tensor, w2: Tensor, odds: Tensor) -> None:
        """Add the logits' second derivatives, which couple a unit's weights in with themselves and with those out."""
        (free, h), slope, wide = w2.shape, 1 - units.square(), self._wide
        error = (odds - torch.nn.functional.one_hot(self.y, self.classes))[:, :-1] / len(self.x)
        bend = torch.einsum("nc,ch,nh,ni,nj->hij", error, w2, -2 * units * slope, wide, wide)
        cross = torch.einsum("nc,nh,ni->chi", error, slope, wide)
        width = wide.shape[1]
        for unit in range(h):
            rows = slice(unit * width, (unit + 1) * width)
            hessian[rows, rows] += bend[unit]
            columns = h * width + unit + h * torch.arange(free)
            hessian[rows, columns] += cross[:, unit].T
            hessian[columns, rows] += cross[:, unit]

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
