"""There is always a way down.

Claim: With so many dimensions there is always some direction left in which the loss curves downwards: no network on its
way through training is walled in.

Refuted by: Many networks have a point of their training at which the loss curves upwards, or not at all, in every
direction.

Tested by: At six points of training, evenly in the logarithm of the steps, start, stop and end among them, the most
negative curvature of the loss on all training examples must be below -0.0001 of the largest, and along its direction
the even part of the loss (the mean of both ways, which a slope cannot lower) must fall by more than a hundred
thousandth of the fall up to the stop, at each of the six, in nine of ten networks of the four largest sizes. Certified
strict minima of a small network, where there is no such direction, must not pass.

Limits: Six points of each training; as params.yaml comes, of perceptrons only. A way down that is there need not be
taken, nor lead far: late in training the fall is minute. Rectifiers have kinks; the Hessian is that of the smooth
piece. Networks of several sizes are counted as independent. What Lanczos' method cannot decide counts as lost.

For: Dauphin et al. 2014, Identifying and attacking the saddle point problem

For: Sagun et al. 2017, Empirical analysis of the Hessian of over-parametrized neural networks (negative eigenvalues
remain at the end of training, small ones)

For: Alain, Le Roux & Manzagol 2019, Negative eigenvalues of the Hessian in deep neural networks

Against: Ghorbani, Krishnan & Xiao 2019, An investigation into neural net optimization via Hessian eigenvalue density
(negative curvature fades quickly in training)

Caption: Share of networks that have a way down at all six points of training, by number of parameters; the claim puts
the four largest sizes above the dashed line. The trend with size is that of the most negative curvature at the stop, as
a share of the largest. It stands in the detail, as does that at the end of training, with how far the loss falls along
that direction by curvature, without the slope.
"""

import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.lanes import lanes
from nominima.judging.parts import Findings, Part, View, must_fail
from nominima.judging.readings import at_point
from nominima.judging.rules import Rule
from nominima.judging.samples import least, share

MEASURES = ("escape_directions", "toy_minima")
RULE = Rule(
    statistic="share of networks with a way down by curvature at six points of training, four largest sizes",
    side="above", tau=0.9, unit="network", trend="|λ_min|/λ_max at the stop", flat=0.01,
)  # fmt: skip

LEAST = 1e-4  # of the largest curvature
DEEP = 1e-5  # of what training wins
CURVED = pl.col("lambda_min") < -LEAST * pl.col("lambda_max")
DEPTH = -pl.col("lambda_min") / pl.col("lambda_max")
POINTS = {"init": "start", "end": "end"}


def judge(evidence: Evidence) -> Findings:
    """Share of networks with a way down at every point; certified minima as the control."""
    table = evidence["escape_directions"].filter(l2=0.0, decay=0.0, l1=0.0, dropout=0.0)
    if table.is_empty():
        raise Missing("there are no runs without a prior")
    opened, stop = _open(table), at_point(table, "best", DEPTH)
    return Findings(
        primary=Part(
            RULE,
            asks=(View("a way down", opened, share()),),
            guards=(must_fail("certified strict minima", _minima(evidence["toy_minima"]), share(), once=True),),
            decides=~pl.col("tuned"),
        ),
        trend=View("depth at the stop", stop),
        shown=(
            View("a way down, largest size", opened, share(1)),
            View("smallest depth at the stop over sizes", stop, least),
            *(View(f"depth at the {name}", at_point(table, point, DEPTH)) for point, name in POINTS.items()),
            View("fall by curvature at the stop, nats", at_point(table, "best", "bend")),
            View("fall by curvature at the end, nats", at_point(table, "end", "bend")),
            View("fall with the slope at the stop, nats", at_point(table, "best", "fall")),
        ),
    )


def _open(table: pl.DataFrame) -> pl.DataFrame:
    """Lanes: 1 if there is a way down at all points, 0 if there is surely none at one; null where that is not sure."""
    deep = pl.col("bend") > DEEP * pl.col("won")
    closed = (pl.col("answered") & ~CURVED) | (pl.col("converged") & ~deep)
    return lanes(table, pl.when((CURVED & deep).all()).then(1.0).when(closed.any()).then(0.0))


def _minima(toy: pl.DataFrame) -> pl.DataFrame:
    """Lanes of the certified strict minima of one data set, whose size is the width."""
    strict = toy.filter(pl.col("l2") > 0, pl.col("dataset") == pl.col("dataset").min(), kind="strict minimum")
    passes = (CURVED & (pl.col("fall") > 0)).cast(pl.Float64)
    return strict.select("seed", size=pl.col("hidden").cast(pl.Float64), value=passes, status=pl.lit("ok"))


CLAIMED = (LEAST, "a way down needs more than this, and a loss that falls along it")
PANELS = (
    Panel("a way down", "Networks with a way down at all six points of training", "share of networks",
          limit=(0.9, "the claim puts the four largest sizes above; the trend is that of the curvature"), single=False),
    Panel("depth at the stop", "Most negative curvature where training is stopped", "share of the largest", "xy",
          CLAIMED),
    Panel("depth at the end", "Most negative curvature at the end of training", "share of the largest", "xy", CLAIMED),
    Panel("fall by curvature at the stop, nats", "How far the loss falls along it, at the stop", "nats", "xy"),
)  # fmt: skip
