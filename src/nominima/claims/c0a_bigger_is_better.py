"""The essay's thesis: bigger networks do better, even on the same data.

Refuted if the loss of the early-stopped network rises with size.
"""

import numpy as np
import polars as pl
from altair.typing import ChartType

from nominima.drawing.charts import curves, stack
from nominima.judging.claim import Claim, Control, Estimate, Findings, Row, Rule, Verdict
from nominima.judging.evidence import Evidence
from nominima.judging.lanes import lanes
from nominima.judging.scores import at_largest, by_size, cells, dots, over_sizes, pooled, sensitivity
from nominima.judging.stats import Floats, slopes

MEASURES = ("learning_curve",)

CLAIM = Claim(
    title="Bigger is better",
    statement="Larger networks do better than smaller ones, although the amount of data stays the same.",
    refuted_by="The clean test loss of the network stopped by validation loss rises with size.",
    tested_by=(
        "The same training is done at every size. Each network is taken where its validation loss is lowest, and its "
        "loss on clean test examples is divided by that of the smallest network of the same seed. The slope of a "
        "straight line through these shares over the logarithm of the number of parameters is the gain per tenfold. "
        "Untrained networks of the same sizes must not show the gain; the training loss at the end must."
    ),
    limits=(
        "One learning rate for all sizes favours the size it suits: for perceptrons on noisy labels cells "
        "whose rate was tuned for each size, by validation, stand beside. A rise after a fall cannot be found where "
        "fewer than five sizes were trained, as of convolutions. Small images and signals, three families of networks, "
        "at most some hundred thousand parameters. A straight line can hide a loss that rises again at the largest "
        "sizes: the gain of the last step up in size stands beside it, and the trend verdict asks for a steady fall."
    ),
    literature=(
        "For: Nakkiran et al. 2020, Deep double descent (with early stopping the loss falls with width)",
        "For: Kaplan et al. 2020, Scaling laws for neural language models",
        "For: Greydanus & Kobak 2024, Scaling down deep learning with MNIST-1D",
        "Against: Belkin et al. 2019, Reconciling modern machine-learning practice and the bias-variance trade-off "
        "(without stopping, a middle size is worst)",
    ),
    caption=(
        "Clean test loss and accuracy of early-stopped networks by number of parameters: means over seeds with 95 % "
        "intervals, dots are single networks. The claim puts every curve of the loss on a way down."
    ),
    rule=Rule(
        statistic="fall of the stopped clean test loss per tenfold of parameters, share of that at the smallest size",
        side="above",
        tau=0.01,
        null=0.0,
        trend="minus the clean test loss where the validation loss is lowest, in nats",
        flat=0.02,
    ),
)

PUBLISHED = (("linear", 0.32, 0.315), ("MLP", 0.68, 0.651), ("CNN", 0.94, 0.923), ("GRU", 0.91, 0.891))


def judge(evidence: Evidence) -> Findings:
    """Gain per tenfold of parameters in every cell; an untrained and a training-loss control."""
    curve = evidence["learning_curve"]
    stopped = _where(curve, "best_loss", "test_loss")
    accuracy = _where(curve, "best_accuracy", "test_accuracy")
    fall = over_sizes(_fall)
    return Findings(
        cells=cells(stopped, fall),
        controls=[
            Control(
                name="clean test loss of untrained networks",
                kind="negative",
                estimate=pooled(_lanes(curve, pl.col("test_loss").filter(pl.col("step") == 0)), fall),
            ),
            Control(
                name="training loss at the end",
                kind="positive",
                estimate=pooled(_where(curve, "end", "train_loss"), fall),
            ),
        ],
        sizes=stopped.with_columns(-pl.col("value")),
        sensitivity=[
            *sensitivity("stopped by accuracy", _where(curve, "best_accuracy", "test_loss"), fall, variant=True),
            *sensitivity(
                "loss on test labels with the training noise", _where(curve, "best_loss", "noisy_test_loss"), fall
            ),
            *sensitivity("loss at the end of training, not stopped", _where(curve, "end", "test_loss"), fall),
            *sensitivity("fall by the last step up in size", stopped, over_sizes(_last_fall)),
            *sensitivity("rise of the accuracy per tenfold, stopped by accuracy", accuracy, over_sizes(_rise)),
            *sensitivity("accuracy at the largest size, stopped by accuracy", accuracy, at_largest),
        ],
        published=[
            Row(name=f"accuracy, {family}", cell="mnist1d, published set", source=source, estimate=_single(value))
            for family, *values in PUBLISHED
            for source, value in zip(("README of MNIST-1D", "notebook of MNIST-1D"), values, strict=True)
        ],
    )


def draw(evidence: Evidence, verdict: Verdict) -> ChartType:  # noqa: ARG001 - what every claim is drawn from
    """Stopped test loss and accuracy by size."""
    curve = evidence["learning_curve"]
    loss, accuracy = _where(curve, "best_loss", "test_loss"), _where(curve, "best_accuracy", "test_accuracy")
    panels = [
        (loss, None, "Loss on clean test examples, stopped by validation loss", "loss (nats)"),
        (accuracy, by_size(loss), "Accuracy on the same, stopped by validation accuracy", "share right"),
    ]
    return stack(
        *(
            curves(by_size(found), title=title, x="parameters", y=y, log="x", dots=dots(found), like=like)
            for found, like, title, y in panels
        )
    )


def _where(curve: pl.DataFrame, mark: str, column: str) -> pl.DataFrame:
    """Lanes of a column at the point of a mark."""
    return _lanes(curve, pl.col(column).filter(pl.col(mark)))


def _lanes(curve: pl.DataFrame, point: pl.Expr) -> pl.DataFrame:
    return lanes(curve, point.first())


def _fall(sizes: Floats, losses: Floats) -> Floats:
    return -slopes(np.log10(sizes), losses / losses[:, :1])


def _last_fall(_: Floats, losses: Floats) -> Floats:
    return 1 - losses[:, -1] / losses[:, -2]


def _rise(sizes: Floats, shares: Floats) -> Floats:
    return slopes(np.log10(sizes), shares)


def _single(value: float) -> Estimate:
    return Estimate(value=value, low=None, high=None, n=1)
