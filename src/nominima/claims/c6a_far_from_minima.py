"""Training stops far from any minimum.

Claim: Nobody trains to where training would lead. Where validation stops it, the training loss would go on falling and
the parameters would go on moving for a long time: the network is far from any minimum.

Refuted by: Ten times the steps lower the training loss of the largest network by less than a twentieth of its fall up
to the stop.

Tested by: All networks are trained for one fixed length, with a constant rate and with one that falls to zero along a
line. The fall of the whole training loss between the stop by validation loss and ten times its steps, as a share of the
fall from the start to the stop, must be above 0.05 at the largest size. Where training is shorter than ten times the
stop, the network is censored. Networks that have learned 250 examples by heart, to less than 0.01 nats, and are trained
on for ten times as long must show less, or the measure could not tell a network that has arrived from one that has not;
since no loss is below 0 that is near arithmetic, and checks the code. A part asks the same of the way: the distance
between the parameters at the two points must be more than half of that from the start to the stop. An even pace in the
logarithm of the steps would make it about a third.

Limits: The loss at the stop, as a share of the fall so far, is the most that can be gained, and stands next to the
gain: where almost nothing is left the claim cannot hold, and with wrong labels, which a wide network goes on to learn
by heart, it hardly can fail. What falls after the stop is what validation calls harm: that the loss still falls says
that no minimum was reached, not that one should be. Ten times the steps are not all steps. Cross-entropy of separable
labels has no minimum at any distance, so that the parameters of a network that has arrived move on: where they do so as
far as the part asks, its cell is undecided. A network that had learned next to nothing at its stop would meet the limit
easily. That the gradient is not zero at the stop is the subject of another claim, that training never is critical, and
not counted again here. Newton's decrement takes downward curvature for upward and is of few seeds. That Adam need not
converge even on a convex problem of one number is arithmetic, shown, and decides nothing.

For: Zhang et al. 2022, Neural network weights do not converge to stationary points

For: Reddi, Kale & Kumar 2018, On the convergence of Adam and beyond (the convex problem that is shown)

Against: Soudry et al. 2018, The implicit bias of gradient descent on separable data (the loss goes to its infimum, if
slowly)

Against: Zhang et al. 2017, Understanding deep learning requires rethinking generalization (trained for long, networks
reach a loss of zero even on random labels)

Caption: How much further the training loss falls from the stop by validation to ten times its steps, as a share of the
fall up to the stop, by number of parameters; the claim puts the largest networks above the dashed line. Then the most
that it could fall, how far the parameters move meanwhile as a share of the distance so far, and a convex problem with
its minimum at −1, on which Adam goes to +1.
"""

import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.parts import Findings, Part, View, must_fail
from nominima.judging.readings import at_point, foremost
from nominima.judging.rules import Rule
from nominima.judging.samples import least

MEASURES = ("afterwards", "adam_counterexample")
RULE = Rule(
    statistic="fall of the training loss from the stop to ten times its steps, share of that up to the stop, largest "
    "size", side="above", tau=0.05, trend="the same share at every size", flat=0.05,
)  # fmt: skip
WAY = Rule(
    statistic="distance of the parameters from the stop to ten times its steps, share of that up to the stop, largest "
    "size", side="above", tau=0.5,
)  # fmt: skip

FEW = 250  # examples at most of networks that learn them by heart: the control
ACROSS = ("examples", "batch", "steps")  # of several controls that differ in these the largest


def judge(evidence: Evidence) -> Findings:
    """Gain and way of ten times the steps after the stop; networks that have arrived as the control."""
    table = evidence["afterwards"]
    by_heart = pl.col("examples") <= FEW
    stopped, arrived = table.filter(~by_heart), table.filter(by_heart)
    if stopped.is_empty():
        raise Missing(f"there are no networks with more than {FEW} examples")
    gain, way = at_point(stopped, "best", "won"), at_point(stopped, "best", "moved")
    fitted, went = (foremost(at_point(arrived, "fitted", value), ACROSS) for value in ("won", "moved"))
    promised = stopped.filter(pl.col("decrement").is_not_null())
    convex = _convex(evidence)
    return Findings(
        primary=Part(
            RULE,
            asks=(View("gain after the stop", gain),),
            guards=(must_fail("gain of networks that have arrived", fitted, across=ACROSS),),
            decides=~pl.col("tuned"),
        ),
        parts=(
            Part(WAY, (View("way after the stop", way),), name="way", decides=~pl.col("tuned"),
                 guards=(must_fail("way of networks that have arrived", went, across=ACROSS),)),
        ),
        trend=View("gain after the stop", gain),
        shown=(
            View("gain after the stop by accuracy", at_point(stopped, "best_accuracy", "won"), variant=True),
            View("smallest gain over sizes of each seed", gain, least),
            View("shortest way over sizes of each seed", way, least),
            View("most that could be gained", at_point(stopped, "best", "left")),
            View("gain that Newton's decrement promises", at_point(promised, "best", "decrement")),
            *convex[:1],
        ),
        drawn=convex[1:],
    )  # fmt: skip


def _convex(evidence: Evidence) -> tuple[View, ...]:
    """Where the convex problem ends, of all starts, and the way there from the middle one; a seed is a start."""
    if "adam_counterexample" not in evidence:
        return ()
    start, place = pl.col("start").rank("dense").cast(pl.Int64), pl.col("step").cast(pl.Float64)
    table = evidence["adam_counterexample"].filter(pl.col("step") > 0)
    lanes = table.select("update", size=pl.lit(1.0), place=place, seed=start, value="x", status=pl.lit("ok"))
    last, middle = pl.col("place") == pl.col("place").max(), pl.col("seed") == pl.col("seed").median()
    return (
        View("x in the convex problem, last", lanes.filter(last).drop("place")),
        View("x in the convex problem", lanes.filter(middle)),
    )


PANELS = (
    Panel("gain after the stop", "Further fall of the training loss up to ten times the steps",
          "share of the fall so far", limit=(0.05, "the claim puts the largest networks above")),
    Panel("most that could be gained", "The most that it could fall: all that is left of the loss",
          "share of the fall so far"),
    Panel("way after the stop", "How far the parameters move meanwhile", "share of the distance so far",
          limit=(0.5, "the claim puts the largest networks above")),
    Panel("x in the convex problem", "A convex problem with its minimum at −1: where each method gets to, from 0", "x",
          along="place", x="step", single=False),
)  # fmt: skip
