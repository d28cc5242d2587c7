"""Linear regression by gradient flow, exactly and at all times, from one singular value decomposition."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
REACHED = 1e-9  # share of a loss below which a difference is rounding


@dataclass(frozen=True)
class Flow:
    """Gradient flow β' = Xᵀ(y − Xβ)/n from β = 0, of one problem or a stack of them.

    With X = U·diag(s)·Vᵀ it is β(t) = Σᵢ vᵢ·(1 − exp(−sᵢ²t/n))/sᵢ·uᵢᵀy (Ali, Kolter & Tibshirani 2019); β(∞) is the
    least-squares solution of smallest norm.

    rates: sᵢ²/n (…, mode); ends: uᵢᵀy/sᵢ (…, mode); directions: the vᵢ (…, mode, coefficient).
    """

    rates: Floats
    ends: Floats
    directions: Floats

    @staticmethod
    def of(x: Floats, y: Floats) -> "Flow":
        """x: (…, example, coefficient); y: (…, example). Directions without any variance do not move."""
        left, values, right = np.linalg.svd(x, full_matrices=False)
        there = values > values[..., :1] * max(x.shape[-2:]) * np.finfo(np.float64).eps
        reached = (left.swapaxes(-1, -2) @ y[..., None])[..., 0]
        ends = np.divide(reached, values, out=np.zeros_like(reached), where=there)
        return Flow(np.where(there, values**2 / x.shape[-2], 1.0), ends, right)

    def at(self, times: Floats) -> Floats:
        """Coefficients (…, time, coefficient); a time may be ∞."""
        shares = -np.expm1(-self.rates[..., None, :] * times[:, None])
        return (shares * self.ends[..., None, :]) @ self.directions

    def gradients(self, times: Floats) -> Floats:
        """β' at these times (…, time, coefficient): minus the gradient of ‖y − Xβ‖²/2n."""
        left = np.exp(-self.rates[..., None, :] * times[:, None])
        return (left * (self.rates * self.ends)[..., None, :]) @ self.directions


def times(per_decade: int, first: float = 1e-2, last: float = 1e7) -> Floats:
    """0, then so many times a decade, and ∞, where the flow has arrived: all that is looked at."""
    decades = np.log10(last / first)
    return np.concatenate([[0.0], np.geomspace(first, last, round(per_decade * decades) + 1), [np.inf]])


def losses(x: Floats, y: Floats, coefficients: Floats) -> Floats:
    """Mean squared error (…, time) of coefficients (…, time, coefficient) on other examples."""
    return ((coefficients @ x.swapaxes(-1, -2) - y[..., None, :]) ** 2).mean(axis=-1)


def stops(curves: Floats) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where curves (…, time) are lowest, and whether that is no stop: not below the end, where the flow has arrived.

    Nothing is cut off there: no later time could move the optimum.
    """
    end = curves[..., -1]
    return curves.argmin(axis=-1), end - curves.min(axis=-1) <= REACHED * end
