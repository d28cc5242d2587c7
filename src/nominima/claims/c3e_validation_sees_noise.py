"""Validation sees the noise.

Claim: The validation loss turns up when the examples of training have nothing more to say: their gradient is then made
of the accident of which examples they are, and the noise in that gradient shows the same moment.

Refuted by: In half of the networks or more the gradient turns into noise at another time than validation turns, or
never.

Tested by: Networks learn noisy labels, each at four or more rates over a decade or more. The gradient of all training
examples counts as noise once the part of its squared length that the scatter of single examples explains is larger than
the rest, at three looked-at points in a row. In more than half of the largest networks of each data set and rate this
must happen between half of and twice the step of the lowest validation loss; never counts as a failure. With the steps
of lowest loss permuted among the networks of a size, all rates together, it must not. A part asks that the two steps
rank networks of all rates alike within a size: Spearman's correlation above 0.3.

Limits: Perceptrons, one optimizer. Training descends the very gradient whose length it is compared with: after the
start that is no estimate of what fresh examples would say. Where 16 batches of 64 are more than all examples, batches
are smaller. The permutation breaks what the rates order; inside one rate the two steps may have nothing to do with each
other. Gradients on test examples, shown, are of the first 2000. The ratio of one step shares its ingredients with the
lowest validation loss: it falls to zero where a step no longer helps, so that its agreement is no evidence.

For: McCandlish et al. 2018, An empirical model of large-batch training (noise against signal of a gradient)

For: Mahsereci et al. 2017, Early stopping without a validation set (a stop where the gradient is no more than noise)

For: Liu et al. 2020, Understanding why neural networks generalize well through GSNR of parameters

Against: Zhang et al. 2017, Understanding deep learning requires rethinking generalization (noise can be learned too)

Caption: For the largest networks, a mark each, the step from which the gradient of all training examples is noise, by
that of the lowest validation loss; the claim puts most into the shaded band. Networks whose gradient never turned into
noise stand in a strip of their own. In the detail the noise in the squared gradient where validation is best, by the
scatter of examples; above 1 it is shorter than noise alone.
"""

import math

import polars as pl

from nominima.drawing.against import Against
from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.lanes import conditions, lanes, paired
from nominima.judging.parts import Findings, Part, View, must_fail
from nominima.judging.ranks import spearman
from nominima.judging.rules import Rule
from nominima.judging.samples import share

MEASURES = ("gradient_noise",)
RULE = Rule(
    statistic="share of networks whose gradient turns into noise within a factor of two of the step of the lowest "
    "validation loss, largest size",
    side="above", tau=0.5, unit="network",
    trend="minus |ln(step of noise / step of the lowest validation loss)|", flat=0.1,
)  # fmt: skip
RANKS = Rule(statistic="Spearman's correlation of the two steps over all rates within a size, mean over sizes",
             side="above", tau=0.3, seeds=16)  # fmt: skip

RATES, RANGE = 4, 10 * (1 - 1e-9)  # of a network, at least
NEVER = 1e9  # steps: after all others
SEED = 20201022  # of the permutation
PEAK = pl.col("peak").first()
OFF = (pl.coalesce("noise_from", "seen").first() / PEAK).log().abs()
NEAR = ((pl.col("value_right") / pl.col("value")).log().abs() < math.log(2)).cast(pl.Float64)


def judge(evidence: Evidence) -> Findings:
    """Share of networks with both steps near each other at each rate; steps permuted over rates as the control."""
    table = evidence["gradient_noise"].filter(pl.col("noise") > 0)
    steps = _steps(table, "noise_from")
    if steps.is_empty():
        raise Missing(f"no networks learned noisy labels at {RATES} rates over a decade")
    near, off = _near(steps), _at_rates(lanes(table, OFF, stopped=True))
    factor = off.with_columns(pl.col("value").exp())
    at_peak = _at_rates(lanes(table, pl.col("share_at_peak").first(), stopped=True))
    lowest, turned = steps.drop("value_right"), _at_rates(lanes(table, pl.col("noise_from").first(), stopped=True))
    others = {"cosine of training and test gradient below .5": "apart_from",
              "ratio of one step below .5": "unshared_from"}  # fmt: skip
    return Findings(
        primary=Part(
            RULE,
            asks=(View("near", near, share(1)),),
            guards=(must_fail("near, steps permuted", _near(_permuted(steps))),),
        ),
        parts=(Part(RANKS, (View("ranks", _placed(steps), spearman),), name="ranks"),),
        trend=View("minus |ln| of the factor", off.with_columns(-pl.col("value"))),
        shown=(
            View("near, worst size", _worst(near), share(1)),
            View("near, all sizes", near, share()),
            View("near, all sizes and rates", _placed(near), share()),
            *(View(f"near: {name}", _near(_steps(table, its)), share(1)) for name, its in others.items()),
            View("factor between the steps", factor),
            View("share of noise at the lowest validation loss", at_peak),
            View("step of the lowest validation loss", lowest),
            View("step of noise", turned),
        ),
        drawn=(
            View("factor by rate", _placed(factor)),
            View("lowest validation loss by rate", _placed(lowest)),
            View("noise by rate", _placed(turned)),
            View("share of noise by rate", _placed(at_peak)),
        ),
    )  # fmt: skip


def _at_rates(frame: pl.DataFrame) -> pl.DataFrame:
    """The lanes of networks that were trained at enough rates."""
    rate, others = pl.col("rate"), [name for name in conditions(frame) if name != "rate"]
    return frame.filter(((rate.n_unique() >= RATES) & (rate.max() >= RANGE * rate.min())).over(*others, "dial"))


def _steps(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """Lanes: the step of the lowest validation loss, and as value_right that of a column, NEVER where it has none."""
    peak, other = (lanes(table, value, stopped=True) for value in (PEAK, pl.col(name).first().fill_null(NEVER)))
    return _at_rates(paired(peak, other))


def _near(steps: pl.DataFrame) -> pl.DataFrame:
    """Lanes: 1 where both steps lie within a factor of two, else 0."""
    return steps.with_columns(value=NEAR).drop("value_right")


def _permuted(steps: pl.DataFrame) -> pl.DataFrame:
    """The same lanes with the steps of lowest loss permuted within each size, all rates together."""
    lost, known = steps.filter(pl.col("value").is_null()), steps.drop_nulls("value")
    others = [name for name in conditions(steps) if name != "rate"]
    return pl.concat([known.with_columns(pl.col("value").shuffle(seed=SEED).over(*others, "size")), lost])


def _placed(frame: pl.DataFrame) -> pl.DataFrame:
    """The lanes of all rates together, the rate as the place."""
    return frame.rename({"rate": "place"})


def _worst(near: pl.DataFrame) -> pl.DataFrame:
    """The lanes of each cell's size with the smallest share."""
    names = conditions(near)
    shares = near.with_columns(there=pl.col("value").mean().over(*names, "size"))
    return shares.filter(pl.col("there") == pl.col("there").min().over(names)).drop("there")


PANELS = (
    Against("lowest validation loss by rate", "noise by rate", "When the gradient turns to noise, and validation up",
            "step of the lowest validation loss", "step from which the gradient is noise", "rate", "never noise",
            (2, "within a factor of two, where the claim puts most")),
    Panel("share of noise by rate", "Noise in the gradient where validation is best", "share of its square", "xy",
          (0.5, "above them the gradient is noise"), along="place", largest=True, x="learning rate"),
)  # fmt: skip
