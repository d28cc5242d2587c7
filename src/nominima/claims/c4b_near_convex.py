"""The way down is nearly convex.

Claim: Nothing on the way can trap training: seen from the points that it passes, the loss is as good as a bowl.

Refuted by: In the largest networks the training loss lies far below its own tangent planes: later points of the way are
better than a plane through an earlier one predicts, by more than a hundredth of the whole fall on average.

Tested by: A loss is convex if it lies above each of its tangent planes. At up to 24 checkpoints from the start to the
stop by validation loss, the loss of all training examples and its gradient are taken in float64. For every ordered pair
of them the plane at the earlier one is compared with the loss at the later one; how far the loss lies below the plane,
nothing where it lies above, is averaged over all pairs, as a share of the fall from start to stop. At the largest size
that must be below 0.01. The same for planes of one seed and points on the way of another must exceed 0.1, or the
measure could not tell a bowl from hills.

Limits: A plane is asked only where training went and only for what came later: elsewhere the loss may have any shape,
and walls beside the way stay unseen. The mean can be small although many pairs break the inequality a little; the share
that does not is shown. Checkpoints lie evenly in the logarithm of time, which makes most pairs early ones; means that
weigh points by ln t, that take them at even heights of the loss, or that end where all sizes have the same loss, are
shown. Path and landscape may disagree: along the straight line from start to stop the loss bends down in many places
(shown), and for five networks of each run it is shown how much of all curvature at the stop is negative, as one random
direction each sees it, and how negative curvature is at least.

For: Guille-Escuret et al. 2024, No wrong turns: the simple geometry of neural networks optimization paths

Against: Tran, Zhang & Cutkosky 2024, Empirical tests of optimization assumptions in deep learning

Caption: How far the training loss lies below its tangent planes on the way to the stop, mean over pairs of checkpoints,
share of the fall, by number of parameters: means over seeds with 95 % intervals. The claim puts the largest networks
below the dashed line. Below: the same for points on the way of another seed, where it must not hold; the same down to
the same loss for all sizes; and of the landscape the share of the straight line from start to stop on which the loss
bends down, and the share of the curvature at the stop that is negative.
"""

import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence
from nominima.judging.lanes import lanes
from nominima.judging.parts import Findings, Part, View, minus, must_fail
from nominima.judging.rules import Rule
from nominima.judging.samples import most

MEASURES = ("tangent_gaps", "line", "downward_curvature")
RULE = Rule(
    statistic="how far the training loss lies below its tangent planes on the way to the stop, share of the fall, "
    "mean over pairs of checkpoints, largest size",
    side="below", tau=0.01, trend="minus that mean at every size", flat=0.001,
)  # fmt: skip
ELSEWHERE = Rule(statistic="the same for points of another seed", side="below", tau=0.1)

BENT = 0.001  # of the fall over points²: the least bend that counts
LOSS = pl.col("train_loss").sort_by("alpha")
LEVELS = {"0.75": "three quarters", "0.5": "half"}


def judge(evidence: Evidence) -> Findings:
    """The mean gap at the largest size; planes of one seed under the way of another as the control."""
    table, line = evidence["tangent_gaps"], evidence["line"].filter(target="own")
    whole = table.filter(until="stop")
    gap, other = _mean(whole, "gap"), _mean(whole, "other")
    edge = BENT * (LOSS.first() - LOSS.min()) / pl.len() ** 2
    bends = (LOSS.diff().diff().drop_nulls() < -edge).mean()
    return Findings(
        primary=Part(
            RULE,
            asks=(View("gap", gap),),
            guards=(must_fail("gap to another seed", other, rule=ELSEWHERE),),
            decides=~pl.col("tuned"),
        ),
        trend=View("minus the gap", minus(gap)),
        shown=(
            View("gap, worst size of each seed", gap, most),
            View("gap, pairs weighted by ln t", _mean(whole, "gap_in_time"), variant=True),
            View("gap, at even heights of the loss", _mean(whole, "gap_in_loss"), variant=True),
            *(
                View(
                    f"gap down to {name} of the loss of guessing", _mean(table.filter(until=until), "gap"), variant=True
                )
                for until, name in LEVELS.items()
            ),
            View("largest gap of a pair", _mean(whole, "largest")),
            View("share of pairs without a gap", _mean(whole, "satisfied")),
            View("share of the line that bends down", lanes(line, bends, stopped=True)),
            *_negative(evidence),
        ),
    )


def _mean(table: pl.DataFrame, column: str) -> pl.DataFrame:
    """Lanes: a number of each network."""
    return lanes(table, pl.col(column).first(), stopped=True)


def _negative(evidence: Evidence) -> tuple[View, ...]:
    """How much of the curvature at the stop is negative, and how low it is at least, where that was measured."""
    if MEASURES[2] not in evidence:
        return ()
    table, seen = evidence[MEASURES[2]], (-pl.col("lambda_min") / pl.col("lambda_max")).first()
    return (
        View("share of the curvature at the stop that is negative", _mean(table, "mass")),
        View("|λ_min|/λ_max at the stop, at least", lanes(table, seen, stopped=True)),
    )


PANELS = (
    Panel("gap", "How far the loss lies below its tangent planes on the way", "share of the fall",
          limit=(0.01, "the claim puts the largest networks below")),
    Panel("gap to another seed", "The same for the way of another seed: there it must fail", "share of the fall", "xy",
          limit=(0.1, "the control must lie above")),
    Panel("gap down to three quarters of the loss of guessing", "The same down to one loss for all sizes",
          "share of the fall", limit=(0.01, "as above")),
    Panel("share of the line that bends down", "Where the straight line from start to stop bends down",
          "share of the line"),
    Panel("share of the curvature at the stop that is negative", "Negative curvature at the stop",
          "share of the curvature"),
)  # fmt: skip
