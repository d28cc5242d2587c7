"""One more parameter is free.

Claim: A model with as many parameters as examples is the worst of all, and one with more or fewer is better: but only
if trained to the end. Where training stops by validation there is no such peak: one more parameter is free.

Refuted by: With stopping, the risk at as many features as examples stands out above those at half and twice as many.

Tested by: Linear regression on nested features of one design, with 100 training and 100 validation examples, is learned
by exact gradient flow. The logarithm of the risk (expected squared error on new examples, noise included) at 100
features, less the mean of those at 50 and 200, is averaged over replicas; as a factor it must be below 1.1. It is
tested on a truth that lies in the first twenty features, and on one spread over all 400. Never stopped, the same flow
must show the peak: a factor above 5. A part tests the same on perceptrons with 15 % wrong labels: at the width that
first fits its examples the stopped loss on clean test examples must stand out from those at half and twice the width by
a factor below 1.1; only where the loss at the end stands out by more.

Limits: It is asked whether the peak goes, not whether many features do as well as the right ones: with a sparse truth
the stopped risk rises all the way, which is drawn. Normal, independent features; never stopped, the mean of the risk at
the peak does not exist, so that all is in logarithms. The width that first fits is one of a few, each twice the one
before. A flow that validates best when it has arrived is stopped there; how often is shown. One peak has no trend.

For: Nakkiran et al. 2020, Deep double descent (the peak in networks; stopped early, most have none)

For: Nakkiran, Venkat, Kakade & Ma 2021, Optimal regularization can mitigate double descent

For: Hastie, Montanari, Rosset & Tibshirani 2022, Surprises in high-dimensional ridgeless least squares interpolation

Against: Belkin et al. 2019, Reconciling modern machine-learning practice and the bias-variance trade-off (the peak,
without stopping)

Caption: Above: logarithm of the risk by number of features of a linear model with 100 examples, stopped by validation
and trained to the end, means over replicas; the claim wants no peak at 100 in the stopped curves. Below: loss of
perceptrons on clean test examples by number of parameters, stopped and at the end.
"""

import numpy as np
import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence
from nominima.judging.parts import Findings, Part, Published, View, must_fail, must_succeed
from nominima.judging.peaks import HALF_ONCE_TWICE, WEIGHTS, factor, fitting, near, peak
from nominima.judging.readings import at_mark, less
from nominima.judging.rules import Rule
from nominima.judging.samples import share

MEASURES = ("free_parameter", "learning_curve")
RULE = Rule(statistic="stopped risk at as many features as examples, over the geometric mean of those at half and at "
            "twice as many", side="below", tau=1.1)  # fmt: skip
WIDTH = Rule(statistic="stopped clean test loss at the width that first fits, over the geometric mean of those at half "
             "and twice the width", side="below", tau=1.1)  # fmt: skip
PEAK = Rule(statistic="the same factor of the risk, never stopped: it must not be below", side="below", tau=5.0)
BUMP = Rule(statistic="the same factor of the loss at the end of training", side="above", tau=1.1)
POWER_AT = 1.0  # where calibration asks for the word: no peak

NOISE = 0.15  # share of wrong labels
FITS = 0.99  # of the training labels
IMAGES = 1000  # test examples behind the published errors
EVERY = 4  # replicas, drawn
EXAMPLES = pl.col("examples")
LACKS = "no width, half and twice of which were trained, first fits its examples at 15 % noise, or its runs are lost"
PUBLISHED = (0.472, 0.540, 0.455)  # errors at the end of widths 16, 47 and 300


def judge(evidence: Evidence) -> Findings:
    """The factor in both truths, never stopped as the control; perceptrons around the width that fits as a part."""
    linear = evidence["free_parameter"]
    never = _around(linear, pl.col("never_stopped").cast(pl.Float64))
    primary = Part(
        RULE,
        asks=(View("risk, stopped", _around(linear, "stopped_risk"), peak),),
        guards=(must_fail("risk, never stopped", _around(linear, "end_risk"), rule=PEAK),),
    )
    shown = (
        View("|ln(risk with one feature more / risk)|", _step(linear, EXAMPLES + 1, pl.col("value").abs())),
        View("ln(risk with twice the features / risk)", _step(linear, 2 * EXAMPLES, pl.col("value"))),
        View("replicas best when arrived", never, share()),
    )
    some = linear.filter(pl.col("seed") % EVERY == 0)
    drawn = View("risk by features", _both(_linear(some, "stopped_risk"), _linear(some, "end_risk")))
    curve = evidence["learning_curve"].filter(noise=NOISE) if "learning_curve" in evidence else pl.DataFrame()
    if curve.is_empty():
        nothing = View("loss, stopped", primary.asks[0].lanes.clear())
        return Findings(
            primary, (Part(WIDTH, (nothing,), name="perceptrons", lacks=LACKS),), shown=shown, drawn=(drawn,)
        )
    part, beside, widths = _perceptrons(curve)
    return Findings(primary, (part,), shown=(*shown, *beside), drawn=(drawn, widths), published=(_published(),))


def _linear(linear: pl.DataFrame, value: str | pl.Expr) -> pl.DataFrame:
    """Lanes whose seed is a replica and whose size is the number of features."""
    number, size = pl.col(value) if isinstance(value, str) else value, pl.col("features").cast(pl.Float64)
    return linear.select("truth", "seed", "status", model=pl.lit("linear"), size=size, value=number)


def _around(linear: pl.DataFrame, value: str | pl.Expr) -> pl.DataFrame:
    """The lanes of half, once and twice as many features as examples."""
    return _linear(linear.filter((pl.col("features") / EXAMPLES).is_in(HALF_ONCE_TWICE)), value)


def _step(linear: pl.DataFrame, count: pl.Expr, value: pl.Expr) -> pl.DataFrame:
    """Lanes: `value` of ln(stopped risk with so many features) less that with as many as examples."""
    rows = (linear.filter(pl.col("features") == each).with_columns(features="examples") for each in (count, EXAMPLES))
    changed, risk = (_linear(its, pl.col("stopped_risk").log()) for its in rows)
    return less(changed, risk).with_columns(value)


def _both(stopped: pl.DataFrame, end: pl.DataFrame) -> pl.DataFrame:
    named = {"stopped": stopped, "to the end": end}
    return pl.concat([frame.with_columns(training=pl.lit(name)) for name, frame in named.items()])


def _perceptrons(curve: pl.DataFrame) -> tuple[Part, tuple[View, ...], View]:
    """The part on perceptrons, what is shown and what is drawn of them."""
    wrong = 1 - pl.col("test_accuracy")
    loss, end, error, error_end, fitted = (
        at_mark(curve, mark, value).drop("steps")
        for mark, value in (("best_loss", "test_loss"), ("end", "test_loss"), ("best_accuracy", wrong), ("end", wrong),
                            ("end", "train_accuracy"))
    )  # fmt: skip
    first = fitting(fitted, FITS)
    part = Part(
        WIDTH,
        asks=(View("loss, stopped", near(loss, first), peak),),
        guards=(must_succeed("loss at the end", near(end, first), rule=BUMP),),
        decides=~pl.col("tuned"),
        name="perceptrons",
        lacks=LACKS,
    )
    shown = (
        View("error, stopped by accuracy", near(error, first), peak, variant=True),
        View("error at the end", near(error_end, first), peak),
    )
    return part, shown, View("loss by width", _both(loss, end))


def _published() -> Published:
    """The same factor of published errors, with binomial errors taken as independent."""
    errors = np.array(PUBLISHED)
    half = 1.96 * np.sqrt(np.square(WEIGHTS) @ (1 / errors - 1) / IMAGES)
    value, low, high = np.exp(factor(errors) + np.array([0, -half, half])).tolist()
    return Published("factor of the error, h = 47 against 16 and 300", "MNIST-1D, double descent", value, low, high,
                     view="error at the end", where=(("dataset", "mnist1d"),))  # fmt: skip


PANELS = (
    Panel("risk by features", "Linear model, 100 examples: risk by number of features", "ln(risk)", x="features",
          single=False, value=pl.col("value").log()),
    Panel("loss by width", "Perceptrons, 15 % wrong labels: loss on clean test examples", "loss (nats)", single=False),
)  # fmt: skip
