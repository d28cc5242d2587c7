"""There is no bad start.

Claim: Wherever training starts, a good solution is near, as long as the scale of the parameters is sensible: different
starts do equally well, the scale need not be hit exactly, and not even a start made to be bad does harm beyond what its
scale does.

Refuted by: Networks that were first fitted to random labels end with a lower accuracy than networks that start from
random numbers of the same scale; or the good scales of the start are a narrow band.

Tested by: Networks are fitted to random labels and then trained on the true ones, and compared with networks that start
from random numbers rescaled to the same norm in every layer. The accuracy lost, stopped by validation loss, must be
below 0.02 at the largest size; against ordinary starts, of their own scale, it must not, and the random labels must
have been fitted. All starts have twice the steps that an ordinary one takes. One part: the gains of an ordinary start
whose stopped loss is within 5 % of the best must span more than a tenfold, and more the larger the network. Another:
the deviation over seeds of the stopped loss must fall with size.

Limits: Small data sets, perceptrons, Adam, which forgives a wrong scale more than plain gradient descent. Random
numbers of the same norm in each layer are one way to be of the same scale. Ranges are read off a grid of half decades.

For: He et al. 2015, Delving deep into rectifiers (only the scale of the start is to be chosen)

Against: Liu, Papailiopoulos & Achlioptas 2020, Bad global minima exist and SGD can reach them (fitting random labels
first costs up to 0.40 of the accuracy without regularisation)

Caption: Accuracy lost by a start fitted to random labels, against random starts of its scale and against ordinary ones,
by number of parameters; the claim puts the first below the dashed line. Then the stopped loss by gain of an ordinary
start, largest networks, where the claim wants a wide valley, and the stopped loss of ordinary starts.
"""

import numpy as np
import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.arms import arms
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.intervals import Floats
from nominima.judging.parts import Findings, Part, Published, View, minus, must_fail, must_succeed
from nominima.judging.readings import at_mark, less, swept
from nominima.judging.rules import Rule
from nominima.judging.samples import Score, at_largest, most, of_seeds, over_places, slopes
from nominima.judging.valleys import valley_widths

MEASURES = ("learning_curve",)
RULE = Rule(statistic="accuracy of starts rescaled at random less that of starts fitted to random labels, largest size",
            side="below", tau=0.02, seeds=16, trend="minus the accuracy lost", flat=0.01)  # fmt: skip
FITTED = Rule(statistic="share of the random labels fitted, largest size", side="above", tau=0.95)
WIDE = Rule(statistic="range of gains with a mean stopped loss within 5 % of the best, decades, largest size",
            side="above", tau=1.0)  # fmt: skip
WIDENS = Rule(statistic="growth of that range per tenfold of parameters, decades", side="above", tau=0.1, null=0.0)
SPREAD = Rule(statistic="slope of ln(deviation over seeds of the stopped loss) per tenfold of parameters",
              side="below", tau=-0.1, null=0.0, seeds=16)  # fmt: skip

RANDOM = 0.8  # labels of ten classes carry next to nothing at noise 0.9
NEAR = 1.05  # of the best loss
BEYOND = 1e6  # the loss of a gain that diverged: no gain near it is in the valley


def widest(factor: float = NEAR, more: float = 0.0) -> Score:
    """Score: the range of gains, decades, with a mean over seeds of at most factor · best + more, largest size."""

    @over_places
    def score(_: Floats, gains: Floats, losses: Floats) -> Floats:
        means = losses.mean(axis=-3)[..., -1, :]
        return valley_widths(np.log10(gains), means, factor * means.min(axis=-1) + more)

    return score


@over_places
def widening(sizes: Floats, gains: Floats, losses: Floats) -> Floats:
    """The slope of that range over log10 of size."""
    means = losses.mean(axis=-3)
    return slopes(np.log10(sizes), valley_widths(np.log10(gains), means, NEAR * means.min(axis=-1)))


@of_seeds
def narrowing(sizes: Floats, losses: Floats) -> Floats:
    """The slope of ln of the deviation over seeds, over log10 of size."""
    return slopes(np.log10(sizes), np.log(losses.std(axis=-2, ddof=1)))


def judge(evidence: Evidence) -> Findings:
    """Harm of adversarial starts against random ones of their scale; the range of gains and the spread as parts."""
    every = evidence["learning_curve"]
    curve, random = every.filter(pl.col("noise") < RANDOM), every.filter(pl.col("noise") >= RANDOM)
    if "start.kind" not in curve.columns or curve["start.kind"].null_count() == curve.height:
        raise Missing("there are no runs from starts fitted to random labels")
    lost, harm = _lost(curve, "rescaled", "copy"), _lost(curve, None, "copy")
    gains, ordinary = _gains(curve), curve.filter(pl.col("start.kind").is_null(), gain=1.0)
    spread = swept(at_mark(ordinary, "best_loss", "validation_loss"))
    fitted = at_mark(random, "end", "train_accuracy")
    return Findings(
        primary=Part(
            RULE,
            asks=(View("accuracy lost against its scale", lost),),
            guards=(
                must_fail("accuracy lost against ordinary starts", harm),
                must_succeed("random labels fitted", fitted, at_largest, FITTED, across=("noise", "rate")),
            ),
        ),
        parts=(
            Part(WIDE, (View("loss by gain", gains, widest()), View("range widens", gains, widening, WIDENS)),
                 name="range of gains", lacks="no gains were compared"),
            Part(SPREAD, (View("stopped loss", spread, narrowing),), name="spread over seeds",
                 decides=~pl.col("tuned")),
        ),
        trend=View("minus the accuracy lost", minus(lost)),
        shown=(
            View("accuracy lost, worst size of each seed", lost, most),
            View("lost, stopped by accuracy", _lost(curve, "rescaled", "copy", "best_accuracy"), variant=True),
            View("lost, at the end", _lost(curve, "rescaled", "copy", "end")),
            View("range of gains within .02 nats", gains, widest(1, 0.02)),
            View("range within .01 of the best accuracy", _gains(curve, "test_accuracy", -1), widest(1, 0.01)),
            View("lost by the same weights shuffled", _lost(curve, "rescaled", "shuffled")),
            View("lost by its scale alone", _lost(curve, None, "rescaled")),
            View("loss added, nats", _lost(curve, "copy", "rescaled", of="validation_loss")),
        ),
        published=(Published("accuracy lost on CIFAR-10 without regularisation, at most", "Liu et al. 2020", 0.40,
                             view="lost, at the end", where=(("dataset", "mnist1d"),)),),
    )  # fmt: skip


def _lost(
    curve: pl.DataFrame, one: str | None, other: str, mark: str = "best_loss", of: str = "test_accuracy"
) -> pl.DataFrame:
    """Lanes: by how much starts of one kind do better than those of another; None: ordinary ones."""
    found = arms(at_mark(curve, mark, of), "start.kind")
    is_one, is_other = (pl.col("arm").eq_missing(pl.lit(kind, pl.String)) for kind in (one, other))
    return less(found.filter(is_one).drop("arm"), found.filter(is_other).drop("arm"))


def _gains(curve: pl.DataFrame, of: str = "validation_loss", sign: int = 1) -> pl.DataFrame:
    """Lanes: a number of ordinary starts of several gains, the gain their place; a gain that diverged is far off."""
    found = arms(at_mark(curve.filter(pl.col("start.kind").is_null()), "best_loss", of), "gain")
    gone = pl.col("status") == "diverged"
    return found.rename({"arm": "place"}).with_columns(
        value=pl.when(gone).then(BEYOND).otherwise(sign * pl.col("value")),
        status=pl.when(gone).then(pl.lit("ok")).otherwise("status"),
    )


PANELS = (
    Panel("accuracy lost against its scale", "Accuracy lost by a start fitted to random labels",
          "accuracy lost", limit=(0.02, "the claim puts the largest networks below")),
    Panel("accuracy lost against ordinary starts", "The same against ordinary starts", "accuracy lost"),
    Panel("loss by gain", "Stopped loss by gain of an ordinary start", "loss (nats)", "xy", along="place", largest=True,
          x="gain (factor of the usual start)", where=pl.col("value") < BEYOND),
    Panel("stopped loss", "Stopped loss of ordinary starts", "loss (nats)"),
)  # fmt: skip
