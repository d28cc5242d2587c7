"""Unregularised networks never settle.

Claim: Without a penalty on the size of the parameters there is no finite optimum to arrive at: the parameters of any
real network keep growing for as long as it is trained.

Refuted by: The norm of the parameters of the largest networks stops growing although nothing holds it; or decay makes
networks better, not worse; or it does not raise the curvature of the place where training ends.

Tested by: The norm of all parameters, as a share of that at the start, is followed over training. Its slope per e-fold
of steps over the last two e-folds must be above 0.05 in networks with no prior of any kind; those of the strongest L2
decay must not grow so. First part: the clean test loss at the stop, with the strength of decay that the validation loss
prefers of six or more, must be above that without decay; more than 0.02 nats below contradicts. Second part: the
smallest eigenvalue of the loss of all training examples at the end, penalty included, must be larger with the preferred
decay than without by more than half of the decay. That the penalty itself moves every eigenvalue by exactly the decay
is algebra, and is checked on the instrument.

Limits: A finite training shows growth, not divergence. Steps grow the norm of parameters that wander as well as that
of parameters that go somewhere. One kind of decay. A preferred strength at the edge of the grid counts as lost, for a
better one may lie beyond; what it does is shown. An eigenvalue of a larger network may be off by its error, shown too.

For: Soudry et al. 2018, The implicit bias of gradient descent on separable data (norms grow like ln t)

For: Lyu & Li 2020, Gradient descent maximizes the margin of homogeneous neural networks

Against: Krogh & Hertz 1992, A simple weight decay can improve generalization

Against: data that cannot be fitted have finite minima, for instance noisy labels and small networks

Caption: Above: growth of the norm per e-fold of steps over the last two e-folds without any prior, by number of
parameters; the claim puts the largest networks above the dashed line. Then the norm of the largest networks over
training, means over seeds. Below, by strength of decay, what it adds to the clean test loss at the stop, and to the
smallest eigenvalue at the end, as a share of the decay; the claim puts both above the dashed lines.
"""

import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.arms import arms, inner_lowest, inside, less, strongest
from nominima.judging.efolds import growth, misfit
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.lanes import lanes, largest
from nominima.judging.parts import Findings, Part, View, must_fail, must_succeed
from nominima.judging.readings import at_mark
from nominima.judging.rules import Rule
from nominima.judging.samples import at_largest, least

MEASURES = ("norms", "learning_curve", "decay_shift")
RULE = Rule(
    statistic="growth of the norm per e-fold of steps without a prior, share of the initial norm, largest size",
    side="above", tau=0.05, null=0.0, trend="the same growth at every size", flat=0.02,
)  # fmt: skip
COST = Rule(statistic="clean test loss at the stop with the preferred decay less that without, nats, largest size",
            side="above", tau=0.0, null=-0.02)  # fmt: skip
CURVATURE = Rule(statistic="rise of the smallest eigenvalue at the end by the preferred decay, in units of it",
                 side="above", tau=0.5, null=0.0)  # fmt: skip
SHIFT = Rule(statistic="change of each eigenvalue when the penalty is added, in units of the decay, the furthest off",
             side="within", tau=(0.999, 1.001))  # fmt: skip

PRIORS = ("l2", "decay", "l1", "dropout", "smoothing")
STRENGTHS = 6  # of decay, at least
EVERY = 6  # checkpoints that are drawn
LACKS = f"there are no networks with {STRENGTHS} strengths of decay and without"
NORM = pl.col("relative_norm")
LEAST, MOST = (pl.col(f"shift_{name}").first() for name in ("least", "most"))
GROWTH = growth(NORM, 2.0)
SOUND = ((pl.col("status") == "ok") & pl.col("converged")).all()
FURTHEST = pl.when((LEAST - 1).abs() > (MOST - 1).abs()).then(LEAST).otherwise(MOST)


def judge(evidence: Evidence) -> Findings:
    """Growth without a prior, the strongest decay as the control; what the preferred decay does as two parts."""
    norms, curve, shift = (evidence[name] for name in MEASURES)
    free = norms.filter(pl.col(name) == 0 for name in PRIORS)
    if free.is_empty():
        raise Missing("there are no runs without a prior")
    grown, held = lanes(free, GROWTH).drop("l2"), strongest(_strengths(lanes(norms, GROWTH)))
    best, added = _preferred(curve), less(_strengths(at_mark(curve, "best_loss", "test_loss")), 0.0)
    risen = less(_strengths(lanes(shift, pl.col("lambda_min_held").first(), fine=SOUND)), 0.0)
    risen = risen.with_columns(pl.col("value") / pl.col("arm"))
    whole = shift.filter(pl.col("shift_least").is_not_null() | (pl.col("l2") == 0) | (pl.col("status") != "ok"))
    moved = inside(_strengths(lanes(whole, FURTHEST)), best)
    off = inside(_strengths(lanes(shift, pl.col("error_min").first() / pl.col("l2").first())), best)
    anywhere = best.with_columns(edge=pl.lit(value=False))
    costs = {"cost, share wrong, stopped by accuracy": at_mark(curve, "best_accuracy", 1 - pl.col("test_accuracy")),
             "cost, at the end of training": at_mark(curve, "end", "test_loss")}  # fmt: skip
    return Findings(
        primary=Part(
            RULE,
            asks=(View("growth of the norm", grown),),
            guards=(must_fail("growth under the strongest decay", held),),
            decides=~pl.col("tuned"),
        ),
        parts=(
            Part(COST, (View("cost of decay", inside(added, best)),), name="cost of decay", decides=~pl.col("tuned"),
                 lacks=LACKS),
            Part(CURVATURE, (View("rise of the smallest eigenvalue", inside(risen, best)),), name="curvature",
                 guards=(must_succeed("eigenvalues moved by the penalty", moved, at_largest, SHIFT),),
                 decides=~pl.col("tuned"), lacks=LACKS),
        ),
        trend=View("growth of the norm", grown),
        shown=(
            View("growth, slowest size of each seed", grown, least),
            View("norm at the end, share of the initial one", lanes(free, NORM.sort_by("step").last()).drop("l2")),
            View("ln(misfit of a power of t / misfit of a + b ln t)", lanes(free, misfit(NORM, 4.0)).drop("l2")),
            View("decay that validation prefers", inside(added.with_columns(value="arm"), anywhere)),
            View("error of the smallest eigenvalue, share of the decay", off),
            View("rise of the smallest eigenvalue, strongest decay", strongest(risen)),
            View("cost of decay, at an edge too", inside(added, anywhere)),
            View("rise of the smallest eigenvalue, at an edge too", inside(risen, anywhere)),
            *(View(name, inside(less(_strengths(found), 0.0), best)) for name, found in costs.items()),
        ),
        drawn=(
            View("norm over training", _along(free)),
            View("cost by strength", added.rename({"arm": "place"})),
            View("rise of the smallest eigenvalue by strength", risen.rename({"arm": "place"})),
        ),
    )  # fmt: skip


def _strengths(frame: pl.DataFrame) -> pl.DataFrame:
    """Lanes of networks that were trained without decay and with some: the strength is their arm."""
    return arms(frame, "l2", among=0.0)


def _preferred(curve: pl.DataFrame) -> pl.DataFrame:
    """The strengths of decay with the lowest validation loss at the stop, for each condition and size."""
    found = _strengths(at_mark(curve, "best_loss", "validation_loss"))
    return inner_lowest(found.filter(pl.col("arm") > 0), STRENGTHS).drop("steps")


def _along(free: pl.DataFrame) -> pl.DataFrame:
    """Lanes: the relative norm of the largest networks at some of the checkpoints."""
    some = free.filter(pl.col("step") > 0, pl.col("step").rank("dense", descending=True).over("run") % EVERY == 1)
    frames = [lanes(rows, NORM.first()).with_columns(place=pl.lit(float(step)))
              for (step,), rows in some.group_by("step", maintain_order=True)]  # fmt: skip
    return largest(pl.concat(frames)).drop("l2")


PANELS = (
    Panel("growth of the norm", "Growth of the norm over the last two e-folds, no prior",
          "share of the initial norm per e-fold", limit=(0.05, "the claim puts the largest networks above")),
    Panel("norm over training", "The norm while the largest networks train", "norm / initial norm", along="place",
          largest=True, x="step", single=False),
    Panel("cost by strength", "What decay adds to the clean test loss", "loss (nats)", along="place", largest=True,
          x="strength of the decay, l2", limit=(0.0, "the claim puts all above")),
    Panel("rise of the smallest eigenvalue by strength", "What decay adds to the smallest eigenvalue",
          "share of the decay", along="place", largest=True, x="strength of the decay, l2",
          limit=(0.5, "the claim puts all above")),
)  # fmt: skip
