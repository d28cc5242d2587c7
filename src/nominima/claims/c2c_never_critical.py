"""Training never reaches a critical point.

Claim: When a network is taken, training has not come to rest: the gradient is still far from zero and the parameters
are still on their way. No minimum, good or bad, has been reached.

Refuted by: In the largest networks the gradient at the stop is less than a twentieth of that at the start.

Tested by: The gradient of the whole training loss at the stop by validation loss, as a share of its length at the
start, must be above 0.05 at the largest size, with a constant rate and with one that falls to zero. The end of training
of networks of the same kind that are over-trained on clean labels, with less than 0.01 nats of training loss, must
come closer to rest than that, or the measure could not tell rest from motion. For cross-entropy that is near
arithmetic: it checks the code. Next to it stands the share of the whole displacement made in the last 30 % of the
logarithm of the steps; an even pace makes that 0.3.

Limits: A gradient is small or large against that at the start only, and the start of a network with larger weights is
steeper. Kinks of the rectifier let a gradient stay large at a minimum. That the gradient is not zero does not say that
the loss could still fall: that is another claim's question. Networks of which none is over-trained have no control and
no word: how far their training loss has come by the end is shown.

For: Zhang et al. 2022, Neural network weights do not converge to stationary points

For: Keskar et al. 2017, On large-batch training (runs are stopped before rest, at sharp and flat places)

Against: Soudry et al. 2018, The implicit bias of gradient descent on separable data (given time the gradient of
separable data vanishes, as the over-trained control shows)

Caption: Length of the training gradient at the stop by validation loss, as a share of that at the start, by number of
parameters; then the same at the end of training. The claim puts the largest networks of the first panel above the
dashed line. Below: share of the displacement made in the last 30 % of the logarithm of the steps; dashed: an even pace.
"""

import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.parts import Findings, Part, View, must_fail
from nominima.judging.readings import at_point
from nominima.judging.rules import Rule
from nominima.judging.samples import least

MEASURES = ("stationarity",)
RULE = Rule(
    statistic="gradient of the training loss at the stop, share of its length at the start, largest size",
    side="above", tau=0.05, trend="the same share at every size", flat=0.05,
)  # fmt: skip

GRADIENT, LATE = "relative_gradient", "late_share"
FITTED = 0.01  # nats of training loss at the end, mean over the seeds of a run


def judge(evidence: Evidence) -> Findings:
    """The relative gradient at the stop; the end of over-trained networks as the control."""
    table = evidence["stationarity"].filter(l2=0.0, decay=0.0, l1=0.0, dropout=0.0)
    if table.is_empty():
        raise Missing("there are no runs without a prior")
    fitted = (pl.col("train_loss").filter(point="end").mean() < FITTED).over("run")
    stop, late = at_point(table, "best", GRADIENT), at_point(table, "best", LATE)
    rested = at_point(table.filter(fitted, noise=0.0), "end", GRADIENT)
    return Findings(
        primary=Part(
            RULE,
            asks=(View("gradient at the stop", stop),),
            guards=(must_fail("end of training of over-trained networks", rested, across=("noise",)),),
            decides=~pl.col("tuned"),
        ),
        trend=View("gradient at the stop", stop),
        shown=(
            View("stopped by accuracy", at_point(table, "best_accuracy", GRADIENT), variant=True),
            View("smallest over sizes of each seed", stop, least),
            View("gradient at the end", at_point(table, "end", GRADIENT)),
            View("training loss at the end, nats", at_point(table, "end", "train_loss")),
            View("displacement in the last 30 % of ln t", late),
            View("smallest displacement in the last 30 % of ln t", late, least),
        ),
    )


CLAIMED = (0.05, "the claim puts the largest networks above, at the stop")
PANELS = (
    Panel("gradient at the stop", "The gradient left where training is stopped", "share of the start's", "xy", CLAIMED),
    Panel("gradient at the end", "The gradient left at the end of training", "share of the start's", "xy", CLAIMED),
    Panel("displacement in the last 30 % of ln t", "Distance covered in the last 30 % of the logarithm of the steps",
          "share of the displacement", limit=(0.3, "an even pace")),
)  # fmt: skip
