"""Solutions look like starting points.

Claim: The parameters of a trained network follow about the same distribution as those it was started with.

Refuted by: Hidden layers of the largest networks have weights of another distribution than at their start.

Tested by: For each hidden layer the distribution of its weights at the early stop is compared with that of another
seed's start by the Kolmogorov-Smirnov distance: the largest difference of the two cumulative shares. What two starts
differ by is taken off, so that a layer whose weights never moved has 0. The worst layer counts, at the largest size. A
start stretched by half must not look alike. The distance is used, not its p-value, which falls with the number of
weights however alike they are.

Limits: Only the distribution of single weights is compared: that they depend on each other after training is not seen.
Of several layers the worst is taken, which lies above 0 by chance where they are small and moved a little. Output
layers and biases do not count; the output layer and the end of training are shown.

For: Chizat, Oyallon & Bach 2019, On lazy training (wide networks hardly move)

Against: Martin & Mahoney 2021, Implicit self-regularization in deep neural networks (heavy tails)

Against in part: Thamm, Staats & Rosenow 2022, Random matrix analysis of deep neural network weight matrices (mostly
random, with information in the outliers)

Caption: Distance of the stopped weights from another seed's start beyond that of two starts, worst hidden layer, by
number of parameters; below the same at the end of training and for the output layer, then the distance from the own
start. The claim puts the largest networks of the first panel below the dashed line.
"""

import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence
from nominima.judging.lanes import lanes
from nominima.judging.parts import Findings, Part, View, minus, must_fail
from nominima.judging.readings import STOPS
from nominima.judging.rules import Rule
from nominima.judging.samples import most

MEASURES = ("init_likeness",)
RULE = Rule(
    statistic="KS distance of stopped weights from another start, less that of two starts, worst hidden layer, "
    "largest size",
    side="below", tau=0.05, trend="minus the same at every size", flat=0.01,
)  # fmt: skip


def judge(evidence: Evidence) -> Findings:
    """The worst hidden layer at the largest size; a start stretched by half as the control."""
    table = evidence["init_likeness"]
    stopped, output = _worst(table, "best"), _worst(table, "best", "output")
    return Findings(
        primary=Part(
            RULE,
            asks=(View("excess at the stop", stopped),),
            guards=(must_fail("a start stretched by half", _worst(table, "stretched")),),
            decides=~pl.col("tuned"),
        ),
        trend=View("minus the excess at the stop", minus(stopped)),
        shown=(
            View("excess at the stop, worst size of each seed", stopped, most),
            View("stopped by accuracy", _worst(table, "best_accuracy"), variant=True),
            View("excess at the end", _worst(table, "end")),
            View("output layer", output),
            View("output layer, end", _worst(table, "end", "output")),
            View("distance from the own start", _worst(table, "best", of="ks")),
            View("largest ratio of standard deviations", _worst(table, "best", of="sd_ratio")),
            View("largest excess kurtosis", _worst(table, "best", of="kurtosis")),
        ),
    )


def _worst(table: pl.DataFrame, point: str, role: str = "hidden", of: str = "excess") -> pl.DataFrame:
    """Lanes: the largest number over the layers of a role at a point."""
    censored = STOPS.get(point, "")
    return lanes(table.filter(point=point, role=role), pl.col(of).max(), stopped=point != "end", censored=censored)


CLAIMED = (0.05, "the claim puts the largest networks below")
PANELS = (
    Panel("excess at the stop", "Worst hidden layer, stopped by validation loss", "excess KS distance", limit=CLAIMED),
    Panel("excess at the end", "Worst hidden layer, end of training", "excess KS distance", limit=CLAIMED),
    Panel("output layer", "Output layer, stopped by validation loss", "excess KS distance"),
    Panel("distance from the own start", "Worst hidden layer, distance from its own start", "KS distance", "xy"),
)  # fmt: skip
