"""What gradients say about noise, agreement of two data sets and the next step."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.landscape.loss import Landscape
from nominima.landscape.rounding import of_loss


@dataclass(frozen=True)
class Noise:
    """The full gradient and its scatter over batches, per lane; float64 (lane,) unless told otherwise.

    gradient: (lane, param), mean over all examples.
    norm: ‖g‖.
    scatter: unbiased trace of the covariance of one example's gradient, tr Σ.
    signal: unbiased ‖G‖² of the population's gradient, ‖g‖² − tr Σ/N; may be negative.
    noise_scale: tr Σ / ‖G‖², the batch at which noise and signal are equal (McCandlish 2018); inf where signal ≤ 0.
    ratio: tr Σ / (N ‖g‖²); above 1 the whole training set's gradient is more noise than signal.
    status: per lane "ok"; "zero gradient", "not finite" or "not deterministic" have NaN noise_scale and ratio.
    """

    gradient: Tensor
    norm: Tensor
    scatter: Tensor
    signal: Tensor
    noise_scale: Tensor
    ratio: Tensor
    status: list[str]


def noise(batches: Sequence[tuple[int, Landscape]], theta: Tensor) -> Noise:
    """Gradient noise from batches that split the data.

    With n_b examples a batch, Σ_b n_b ‖g_b − g‖² / (B − 1) has the expectation tr Σ whatever the sizes are.

    Args:
        batches: (number of examples, landscape of their mean loss), at least two.
        theta: (lane, param).
    """
    if len(batches) < 2:
        raise Refusal(f"{len(batches)} batch: the scatter of gradients needs at least two; split the examples")
    counts = torch.tensor([count for count, _ in batches], dtype=torch.float64).to(theta.device)
    gradients = each_gradient(batches, theta).double()
    full = torch.einsum("b,blp->lp", counts / counts.sum(), gradients)
    scatter = torch.einsum("b,bl->l", counts, (gradients - full).square().sum(-1)) / (len(counts) - 1)
    return _summary(full, scatter, float(counts.sum()), theta.dtype, batches[0][1].steady(theta))


def each_gradient(batches: Sequence[tuple[int, Landscape]], theta: Tensor) -> Tensor:
    """The gradient of every batch's mean loss: (batch, lane, param) at theta (lane, param)."""
    return torch.stack([landscape.gradient(theta)[1] for _, landscape in batches])


def _summary(full: Tensor, scatter: Tensor, examples: float, dtype: torch.dtype, steady: list[str]) -> Noise:
    square = full.square().sum(-1)
    signal = square - scatter / examples
    scale = torch.where(signal > 0, scatter / signal, torch.inf)
    ratio = scatter / (examples * square)
    finite = full.isfinite().all(-1)
    status = [
        "not finite" if not ok else s if s == "not deterministic" else "ok" if size > 0 else "zero gradient"
        for ok, s, size in zip(finite, steady, square, strict=True)
    ]
    lost = torch.tensor([one != "ok" for one in status]).to(full.device)
    scale, ratio = scale.masked_fill(lost, torch.nan), ratio.masked_fill(lost, torch.nan)
    return Noise(full.to(dtype), square.sqrt(), scatter, signal, scale, ratio, status)


@dataclass(frozen=True)
class Agreement:
    """How a training step serves another data set; float64 (lane,), NaN where a gradient is zero or a status not "ok".

    cosine: of the two gradients.
    slope: ⟨g_test, g_train⟩ / ‖g_train‖², the generalisation ratio of an infinitely small step (Liu 2020).
    ratio: Δ test loss / Δ train loss of one gradient step of the given rate; NaN where the step lowers the train loss
        by no more than the rounding of either loss.
    status: per lane "ok", "not finite" or "not deterministic", of both losses.
    """

    cosine: Tensor
    slope: Tensor
    ratio: Tensor
    status: list[str]


def agreement(train: Landscape, test: Landscape, theta: Tensor, *, rate: float) -> Agreement:
    """Cosine of train and test gradients, and the one-step generalisation ratio, small and at `rate`."""
    train_loss, train_gradient = train.gradient(theta)
    test_loss, test_gradient = test.gradient(theta)
    after = theta - rate * train_gradient
    g, h = train_gradient.double(), test_gradient.double()
    inner, square = (g * h).sum(-1), g.square().sum(-1)
    gain = (train_loss - train.value(after)).double()
    each = [[of_loss(loss, one) for loss in (train, test)] for one in theta]
    rounding = torch.tensor(each, dtype=torch.float64).to(gain).amax(-1)
    ratio = torch.where(gain > rounding, (test_loss - test.value(after)).double() / gain, torch.nan)
    both = zip(train.steady(theta), test.steady(theta), strict=True)
    status = [one if one != "ok" else other for one, other in both]
    lost = torch.tensor([one != "ok" for one in status]).to(theta.device)
    numbers = torch.stack([inner / (g.norm(dim=-1) * h.norm(dim=-1)), inner / square, ratio])
    cosine, slope, ratio = numbers.masked_fill(lost, torch.nan)
    return Agreement(cosine, slope, ratio, status)


def participation(values: Tensor) -> Tensor:
    """Participation ratio (Σλ)² / Σλ² over the last dimension: the number of values that matter; NaN if all are 0."""
    return values.sum(-1).square() / values.square().sum(-1)


def travel_dimension(path: Tensor) -> Tensor:
    """Effective dimension of a path: participation ratio of its points' covariance spectrum; NaN if not finite.

    Args:
        path: (lane, point, param).
    """
    centred = path.double() - path.double().mean(1, keepdim=True)
    scatter = centred @ centred.mT
    finite = scatter.isfinite().all(-1).all(-1)
    values = torch.linalg.eigvalsh(torch.where(finite[:, None, None], scatter, 0.0)).clamp(min=0)
    return participation(values)
