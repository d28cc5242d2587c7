"""How much of what networks get wrong is common to all training sets, and how much varies from one to the next."""

from functools import partial
from itertools import product
from typing import Any

import polars as pl
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from nominima.ground.files import Refusal
from nominima.ground.records import Count, Natural, Repeats, Share
from nominima.measuring.replicas import Trained, knobs, train
from nominima.measuring.table import frame
from nominima.planning import shelf
from nominima.training.dataset import Dataset
from nominima.training.evaluation import means, passes
from nominima.training.feed import generator
from nominima.training.model import Model, Parameters
from nominima.training.objective import corrupt, noisy_loss

OF = "dataset"
APART = True
KEY = ("optimizer", "noise", "width", "point", "seed")
SCHEMA = {
    "optimizer": "String",
    "noise": "Float64",
    "width": "Int64",
    "point": "String",
    "seed": "Int64",
    "status": "String",
    "parameters": "Int64",
    "step": "Int64",
    "censored": "Boolean",
    "bias": "Float64",
    "variance": "Float64",
    "participation": "Float64?",
}

OPTIMIZERS = {"adam": 0.001, "momentum": 0.03}
"""Each with its rate: Adam moves parameters about equally far whatever their gradients are, the other does not."""
NARROWEST = 4
FEWEST = 3
"""Sets: what is known of two has no spread."""


def measure(
    subject: Dataset,
    *,
    sets: Repeats = 8,
    examples: Count = 500,
    noise: Share = 0.2,
    widest: Count = 256,
    batch: Count = 100,
    steps: Count = 300,
    longest: Count = 8000,
    first_seed: Natural = 300,
) -> pl.DataFrame:
    """Squared bias and variance of the probabilities of perceptrons of width 4, 8, … `widest` over training sets.

    The sets are disjoint blocks of `examples` training examples, or as many as there are for each; each has a seed of
    its own for the start, the order and the labels that are moved: none, and a share `noise`. They are trained by each
    of OPTIMIZERS in batches of `batch`, `steps` steps at the widest and as many times more as a network is narrower, at
    most `longest`. Validation, common to all, with the noise in closed form, stops them (measuring/replicas.py).
    point: `best`, that stop, or `end`, the last step.

    p_i being the probabilities after set i of n and y the clean label as 0 and 1, on all test examples,

        squared bias = ⟨p_i − y, p_j − y⟩ over pairs i ≠ j,   variance = ½‖p_i − p_j‖² over pairs i ≠ j,

    both summed over classes and meant over examples and pairs: unbiased for ‖E p − y‖² and E‖p − E p‖² whatever n is.
    Their sum is the mean Brier score (Geman et al. 1992 for squared error; Neal et al. 2018 for networks). bias,
    variance: the pseudo-value of a set, n times the number with all sets less n − 1 times that without it. The mean of
    the pseudo-values is the number, and their spread its error by the jackknife (Tukey 1958).

    participation: (Σd²)²/Σd⁴ of the travel d from the start to the point: how many parameters share it; null if none
    has moved.

    Raises:
        Refusal: there are fewer than three sets, or no validation examples to stop by.
    """
    torch.set_num_threads(1)
    count = min(examples, len(subject.train.x) // sets)
    if sets < FEWEST or not count:
        raise Refusal(f"sets is {sets}; the data set can be cut into {FEWEST} to {len(subject.train.x)}: change it")
    if not len(subject.validation.x):
        raise Refusal("the data set has no validation examples, by which training is stopped; give it some")
    widths = [1 << power for power in range(NARROWEST.bit_length() - 1, widest.bit_length())]
    seeds, rows = range(first_seed, first_seed + sets), list[dict[str, Any]]()
    for (optimizer, rate), share, width in product(OPTIMIZERS.items(), sorted({0.0, noise}), widths):
        its = shelf.load("models", "mlp").build(width, subject.inputs, subject.classes)
        lasting = min(steps * widest // width, longest)
        training = knobs(optimizer=optimizer, rate=rate, batch=batch, steps=lasting)
        loss = partial(validation_loss, its, subject, share)
        found = train(its, training, seeds, blocks(subject, seeds, count, share), loss)
        told = {"optimizer": optimizer, "noise": share, "width": width}
        rows += [told | row for row in _rows(its, subject, seeds, found)]
    return frame(rows, SCHEMA, KEY)


def blocks(subject: Dataset, seeds: range, count: int, noise: float) -> tuple[Tensor, Tensor]:
    """Disjoint training sets of so many examples: inputs, and labels with the noise of each set's seed."""
    whole = len(seeds) * count
    x = torch.from_numpy(subject.train.x[:whole]).unflatten(0, (len(seeds), count))
    clean = torch.from_numpy(subject.train.y[:whole]).unflatten(0, (len(seeds), count))
    labels = [
        corrupt(y, subject.classes, noise, generator(seed, "noise"))[0] for y, seed in zip(clean, seeds, strict=True)
    ]
    return x, torch.stack(labels)


def decomposition(p: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Pseudo-values (set,) of squared bias and variance, of p float64 (set, example, class) and y int64 (example,)."""
    errors = (p - one_hot(y, p.shape[-1])).flatten(1)
    inner = errors @ errors.T / len(y)
    norms = inner.diagonal()
    apart = (norms[:, None] + norms) / 2 - inner
    return pseudo_values(inner), pseudo_values(apart)


def pseudo_values(pairs: Tensor) -> Tensor:
    """Those (unit,) of the mean over pairs of different units, by a symmetric (unit, unit).

    With R_i the sum over the pairs of a unit and S = ΣR_i: n·S/(n(n−1)) − (n−1)·(S − 2R_i)/((n−1)(n−2)).
    """
    count, each = len(pairs), pairs.sum(1) - pairs.diagonal()
    total = each.sum()
    return total / (count - 1) - (total - 2 * each) / (count - 2)


def participation(travel: Tensor) -> Tensor:
    """(Σd²)²/Σd⁴ of each row of (…, param), in [1, param]; NaN for no travel at all."""
    squared = travel.double().square()
    return squared.sum(-1).square() / squared.square().sum(-1)


def validation_loss(its: Model, subject: Dataset, noise: float, parameters: Parameters, which: slice) -> Tensor:
    """Mean loss (lane,) on the validation examples, which all sets share, with the noise in closed form."""
    del which
    seen = means(its, parameters, *map(torch.from_numpy, (subject.validation.x, subject.validation.y)))
    return noisy_loss(seen.own, seen.total, noise, subject.classes)


def _rows(its: Model, subject: Dataset, seeds: range, found: Trained) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for point, theta in (("best", found.stop), ("end", found.end)):
        told = {name: torch.full((len(seeds),), torch.nan, dtype=torch.float64) for name in ("bias", "variance")}
        sound = theta.isfinite().all(1)
        if sound.sum() >= FEWEST:
            p = _probabilities(its, theta[sound], torch.from_numpy(subject.test.x))
            told["bias"][sound], told["variance"][sound] = decomposition(p, torch.from_numpy(subject.test.y))
        told["participation"] = participation(theta - found.initial)
        rows += [
            {"point": point, "seed": seed, "status": "ok" if sound[lane] else "diverged", "parameters": its.size,
             "step": int(found.step[lane]), "censored": bool(found.censored[lane])}
            | {name: values[lane].item() for name, values in told.items()}
            for lane, seed in enumerate(seeds)
        ]  # fmt: skip
    return rows


def _probabilities(its: Model, theta: Tensor, x: Tensor) -> Tensor:
    """float64 (lane, example, class)."""
    classes = its.layout[-1].numel
    p = torch.empty(len(theta), len(x), classes, dtype=torch.float64)
    for at, logits in passes(its, its.views(theta), x):
        p[at] = logits.double().softmax(-1)
    return p
