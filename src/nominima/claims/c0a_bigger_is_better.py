"""Bigger is better.

Claim: Larger networks, wider or deeper, do better than smaller ones even on the same amount of data.

Refuted by: The clean test loss of the network stopped by validation loss rises with size.

Tested by: The same training is done at every size. Each network is taken where its validation loss is lowest, and its
loss on clean test examples is divided by that of the smallest network of the same seed. The slope of a straight line
through these shares over the logarithm of the number of parameters is the gain per tenfold. The rule is applied to
every family, data set, share of wrong labels and number of training examples. Networks trained on labels nine tenths of
which are random, stopped in the same way, must not show the gain. A part tests the same for depth, at the middle width.

Limits: One learning rate for all sizes favours the size it suits: cells whose rate was tuned for each size, by
validation, stand next to these. A straight line can hide a loss that rises again at the largest sizes: the trend asks
each seed for a steady fall. With few examples the loss lies near ln K, that of a guess among K classes, and what the
validation stop then picks is how sure a network is, not how right: read those cells by their accuracy. Small images and
signals, three families of networks, at most some hundred thousand parameters.

For: Nakkiran et al. 2020, Deep double descent (with early stopping the loss falls with width)

For: Kaplan et al. 2020, Scaling laws for neural language models

For: Greydanus & Kobak 2024, Scaling down deep learning with MNIST-1D

Against: Belkin et al. 2019, Reconciling modern machine-learning practice and the bias-variance trade-off (without
stopping, a middle size is worst)

Caption: Clean test loss and accuracy of early-stopped networks by number of parameters: means over seeds with 95 %
intervals, dots are single networks. The claim has every loss curve fall.
"""

import numpy as np
import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.arms import arms
from nominima.judging.evidence import Evidence
from nominima.judging.intervals import Floats, share
from nominima.judging.parts import Findings, Part, Published, View, minus, must_fail
from nominima.judging.readings import at_mark, less, swept
from nominima.judging.rules import Rule
from nominima.judging.samples import over_sizes, per_tenfold, slopes

MEASURES = ("learning_curve",)
RULE = Rule(
    statistic="fall of the stopped clean test loss per tenfold of parameters, share of that at the smallest size",
    side="above", tau=0.01, null=0.0, trend="minus the stopped clean test loss, nats", flat=0.02,
)  # fmt: skip
DEPTH = Rule(
    statistic="stopped clean test loss of one hidden layer more less that without it, middle width, nats",
    side="below", tau=-0.01, null=0.0,
)  # fmt: skip

RANDOM = 0.9  # share of wrong labels from which they carry next to nothing
DEPTHS = ((1, 2), (2, 3))
EXAMPLES = 4000  # of the published training set
IMAGES = 1000  # test examples behind the published accuracies
PUBLISHED = {"mlp": {"README": 0.68, "notebook": 0.651}, "cnn": {"README": 0.94, "notebook": 0.923}}


@over_sizes
def fall(sizes: Floats, losses: Floats) -> Floats:
    """Of each seed, minus the slope of its loss, as a share of that of its smallest network, over log10 of size."""
    return -slopes(np.log10(sizes), losses / losses[..., :1])


@over_sizes
def later_fall(sizes: Floats, losses: Floats) -> Floats:
    """The same without the smallest size."""
    return -slopes(np.log10(sizes[1:]), losses[..., 1:] / losses[..., 1:2])


def judge(evidence: Evidence) -> Findings:
    """Gain per tenfold of parameters in every cell; labels without meaning as the control; depth as a part."""
    curve = evidence["learning_curve"]
    random = pl.col("noise") >= RANDOM
    every = at_mark(curve, "best_loss", "test_loss")
    stopped, trained = swept(every.filter(~random)), curve.filter(~random)
    noisy, end = at_mark(trained, "best_loss", "noisy_test_loss"), at_mark(trained, "end", "test_loss")
    accuracy = swept(at_mark(trained, "best_accuracy", "test_accuracy"))
    fits = ("noise", "examples", "steps", "optimizer", "rate", "tuned")
    return Findings(
        primary=Part(
            RULE,
            asks=(View("stopped loss", stopped, fall),),
            guards=(must_fail("random labels", swept(every.filter(random)), across=fits),),
            decides=~pl.col("tuned"),
        ),
        parts=(Part(DEPTH, tuple(_deeper(every.filter(~random), *pair) for pair in DEPTHS), name="depth",
                    lacks="no depths were compared"),),
        trend=View("minus the stopped loss", minus(stopped)),
        shown=(
            View("accuracy, per tenfold", accuracy, per_tenfold, variant=True),
            View("without the smallest size", swept(stopped, 3), later_fall),
            View("noisy-test loss", swept(noisy), fall),
            View("loss at the end", swept(end), fall),
            View("accuracy", accuracy),
        ),
        published=tuple(
            _published(model, source, value) for model, its in PUBLISHED.items() for source, value in its.items()
        ),
    )  # fmt: skip


def _deeper(stopped: pl.DataFrame, depth: int, deeper: int) -> View:
    """The loss of networks with one hidden layer more less that of those without it, of the same width and seed."""
    name = f"depth {deeper} less depth {depth}"
    if "model.depth" not in stopped.columns:
        return View(name, stopped.clear())
    found = arms(stopped, "model.depth")
    one, other = (found.filter(pl.col("arm") == each).drop("arm") for each in (deeper, depth))
    return View(name, less(one, other))


def _published(model: str, source: str, value: float) -> Published:
    its = share(round(value * IMAGES), IMAGES)
    where = {"dataset": "mnist1d", "noise": 0.0, "examples": EXAMPLES, "model": model, "optimizer": "adam",
             "tuned": False}  # fmt: skip
    return Published(f"accuracy of {model}, published set", f"{source} of MNIST-1D", value, its.low, its.high,
                     view="accuracy", where=tuple(where.items()))  # fmt: skip


PANELS = (
    Panel("stopped loss", "Loss on clean test examples, stopped by validation loss", "loss (nats)"),
    Panel(
        "accuracy, per tenfold",
        "Accuracy on the same, stopped by validation accuracy",
        "accuracy",
    ),
)
