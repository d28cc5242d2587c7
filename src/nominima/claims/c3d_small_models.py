"""Small models only add bias.

Claim: Stopping early spares a wide network the variance that its smallness spares a small model. A wide network that
validation stops loses next to nothing even against the very model that made the data; no size is worse than a smaller
one; and what is wrong with narrow networks is bias.

Refuted by: The excess risk of stopped wide networks is more than a twentieth above that of the right small model; or a
stopped network is worse than a narrower one; or bias falls, and ever more parameters move, in wide networks as well.

Tested by: Teachers draw one of three classes from the softmax of a linear function of 20 normal inputs, or of 2. In 200
replicas of 100 or 400 examples Adam trains a network of width 256 and the right small model, softmax regression on the
inputs that count, each at its own rate and length, stopped by validation. The ratio of their excess risks must have a
mean logarithm below that of 1.05, and not with networks never stopped. First part: the stopped clean test loss must
rise by less than 0.02 nats from any width to any larger one, and fall in trend. Second part: the squared bias of the
probabilities of networks trained on eight disjoint sets must fall, more than half of it below width 32. Third part:
parameters that share the travel to the stop must grow slower than the root of all. At the end the last two must fail.

Limits: One family; one rate for all widths, narrow ones trained longer. Power is small: with both models as good, 30 %
of simulated trials support the claim. A validation loss at rest counts as stopped; never stopped is 2–5 times as long.
Bias and variance are those of no and 20 % wrong labels, on digits too. The second part cannot be supported here: at the
end, where it must fail, .99 and .94 of the fall lie below width 32 on digits, .76 and .67 on MNIST-1D. Bias includes
what labels leave to chance. Adam moves all parameters about equally far, against the third part; momentum is shown.

For: Neal et al. 2018, A modern take on the bias-variance tradeoff in neural networks (variance falls with width)

Against: Geman, Bienenstock & Doursat 1992, Neural networks and the bias/variance dilemma

Against: Ng 2004, Feature selection, L1 vs. L2 regularization, and rotational invariance (as many examples as inputs)

Caption: Excess risk as a multiple of that of the right small model, by number of parameters; the claim puts the largest
below the dashed line. In the detail networks never stopped, the stopped loss, bias and variance, and the travel.
"""

import math

import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence
from nominima.judging.intervals import Floats
from nominima.judging.lanes import largest
from nominima.judging.pairs import rank, worst_rise
from nominima.judging.parts import Findings, Part, View, minus, must_fail
from nominima.judging.readings import at_mark, swept
from nominima.judging.rules import Rule
from nominima.judging.samples import in_logarithms, most, of_means

MEASURES = ("small_models", "learning_curve", "bias_variance")
RULE = Rule(statistic="ln(excess over the Bayes risk of the stopped wide network / of the right small model), mean of "
            "replicas", side="below", tau=math.log(1.05), seeds=200, trend="minus the same logarithm of a replica",
            flat=math.log(1.05))  # fmt: skip
RISE = Rule(statistic="rise of the stopped clean test loss from a width to a larger one, nats, the worst pair",
            side="below", tau=0.02, confidence=0.9)  # fmt: skip
FALLS = Rule(statistic="rank correlation of the stopped clean test loss with width", side="below", tau=-0.3, null=0.3,
             confidence=0.99)  # fmt: skip
BIAS = Rule(statistic="fall of the squared bias below width 32, share of its whole fall", side="above", tau=0.5)
FALLEN = Rule(statistic="fall of the squared bias from the narrowest to the widest", side="above", tau=0.0)
TRAVEL = Rule(statistic="slope of ln participation ratio of the travel to the stop over ln parameters",
              side="below", tau=0.5)  # fmt: skip

SMALL = 32  # width
RIGHT = pl.col("width") == 0  # the small model


def fall(numbers: Floats, to: int) -> Floats:
    """The fall from the smallest size to another."""
    return numbers[..., 0] - numbers[..., to]


def judge(evidence: Evidence) -> Findings:
    """Wide networks against the right small model; stopped losses by width; bias, variance and travel by width."""
    models, curve, parted = (evidence[name] for name in MEASURES)
    loss = swept(at_mark(curve.filter(model="mlp"), "best_loss", "test_loss"))
    ratio, unstopped = _against(models, "excess"), _against(models, "excess_end")
    small = parted.filter(pl.col("width") <= SMALL)["width"].n_unique() - 1
    share_below = of_means(lambda _, means: fall(means, small) / fall(means, -1))
    fall_below, whole = (of_means(lambda _, means, to=to: fall(means, to)) for to in (small, -1))
    adam, momentum = (parted.filter(optimizer=name) for name in ("adam", "momentum"))
    (bias, bias_end), (variance, variance_end), (shared, shared_end) = (
        [_of_sets(adam, point, name) for point in ("best", "end")] for name in ("bias", "variance", "participation")
    )
    return Findings(
        primary=Part(
            RULE,
            asks=(View("ln(excess / that of the right small model)", ratio),),
            guards=(must_fail("ln(excess / that), never stopped", unstopped),),
        ),
        parts=(
            Part(RISE, (View("stopped loss", loss, worst_rise), View("rank of the stopped loss", loss, rank, FALLS)),
                 name="every width", decides=~pl.col("tuned"), lacks="no widths were compared"),
            Part(BIAS, (View("squared bias", bias, share_below), View("its whole fall", bias, whole, FALLEN)),
                 (must_fail("squared bias at the end", bias_end),), name="bias"),
            Part(TRAVEL, (View("sharing", shared, in_logarithms),), (must_fail("sharing at the end", shared_end),),
                 name="travel"),
        ),
        trend=View("minus the ln", minus(ratio)),
        shown=(
            View("ln(excess / that), worst width of each replica", ratio, most),
            View("excess of the network, nats", largest(_excess(models.filter(~RIGHT), "excess"))),
            View("excess of the right small model, nats", _excess(models.filter(RIGHT), "excess")),
            View("excess of the small model never stopped, nats", _excess(models.filter(RIGHT), "excess_end")),
            View("Bayes risk, nats", _excess(models.filter(RIGHT), "bayes")),
            View("squared bias, momentum", _of_sets(momentum, "best", "bias"), share_below, variant=True),
            View("sharing, momentum", _of_sets(momentum, "best", "participation"), in_logarithms, variant=True),
            View("variance", variance),
            View("variance, fall to width 32", variance, fall_below),
            View("variance at the end, fall to width 32", variance_end, fall_below),
        ),
    )  # fmt: skip


def _against(models: pl.DataFrame, name: str) -> pl.DataFrame:
    """Lanes: ln(excess of a network / excess of the stopped right small model) of the same replica."""
    key = ["teacher", "examples", "seed"]
    small = _excess(models.filter(RIGHT), "excess").select(*key, right="value", why="status")
    both = _excess(models.filter(~RIGHT), name).join(small, on=key, maintain_order="left")
    status = pl.when(pl.col("status") != "ok").then("status").otherwise("why")
    ratio = (pl.col("value") / pl.col("right")).log().round(3)
    return both.with_columns(value=ratio, status=status).drop("right", "why")


def _excess(models: pl.DataFrame, name: str) -> pl.DataFrame:
    """Lanes of replicas; four figures of a number are enough, and there are many."""
    value = pl.col(name).round_sig_figs(4)
    return _lanes(models.with_columns(value), name, ("teacher", "examples"), stopped=name == "excess")


def _of_sets(parted: pl.DataFrame, point: str, name: str) -> pl.DataFrame:
    return _lanes(parted.filter(point=point), name, ("dataset", "noise"), stopped=point == "best")


def _lanes(table: pl.DataFrame, name: str, told: tuple[str, ...], *, stopped: bool) -> pl.DataFrame:
    """Lanes of a number; null where validation was still improving, if it is read at the stop."""
    late = pl.col("censored") & stopped
    status = pl.when(late).then(pl.lit("censored")).otherwise("status")
    value = pl.when(~late & (pl.col("status") == "ok")).then(name)
    return table.select(*told, "seed", size=pl.col("parameters").cast(pl.Float64), value=value, status=status)


MULTIPLE = {"y": "multiple of the small model's", "log": "xy", "value": pl.col("value").exp(), "single": False}
PANELS = (
    Panel("ln(excess / that of the right small model)", "Excess risk against the right small model, stopped",
          limit=(1.05, "the claim puts the largest below"), **MULTIPLE,
          ratio="excess risk of the stopped wide network, as a multiple of that of the right small model"),
    Panel("ln(excess / that), never stopped", "The same, never stopped", limit=(1.05, "must lie above"), **MULTIPLE),
    Panel("stopped loss", "Loss on clean test examples, stopped by validation", "loss (nats)", single=False),
    Panel("squared bias", "Squared bias of the probabilities, stopped", "Brier score", single=False),
    Panel("variance", "Variance of the probabilities, stopped", "Brier score", single=False),
    Panel("sharing", "Parameters that share the travel to the stop", "parameters", "xy", single=False),
)  # fmt: skip
