"""The better the queue, the better the result.

Claim: Optimizers differ in what they learn first, and that is what makes one better than another: the more of the good
it has learned before the bad, the better the network that validation picks.

Refuted by: Among optimizers and learning rates, those that learn cleaner are not the ones with the better networks.

Tested by: Seven optimizers, each at six rates at most a factor of three apart, train one network on labels of which
part is replaced at random. The order of a configuration, an optimizer at a rate, is one less the share of the corrupted
labels that it has fitted when it has fitted so many of the clean ones, mean over five such shares and over seeds. Over
the 42 configurations its rank must go with that of the best validation accuracy, the rank of the rate among those of
its optimizer held fixed: a partial Spearman correlation above .3. The interval resamples optimizers with all their
rates, and holds every value without one of the optimizers. With a random fifth of the clean labels marked in the place
of the corrupted ones, the same must not be found.

Limits: Configurations are few and those of one optimizer alike: with seven optimizers only a partial correlation from
about .65 up can decide. The control must stay below .3 with its whole interval, or with its value while order beats it
for certain. Neither is so with seven: its intervals reach .47 on digits and .57 on MNIST-1D, and those of the
difference lie on both sides of 0. To support the claim takes more optimizers. What goes together need not be cause: the
same property of an optimizer may bring both. Both numbers come from the same training, and the clean labels that are
fitted are not the validation examples. The rank of the rate is held fixed as a line; validation accuracy is highest
inside the grid and falls to both sides, which a line does not take out: held fixed as six levels it is shown. Shares of
the clean labels at which order is read: from .3 to .6, on digits from .5 to .9, which all configurations that learn at
all reach. An optimizer whose best rate lies at the edge of its grid is lost with all its rates, and so is a
configuration with fewer than five seeds. Training accuracy at such a share follows from order by arithmetic; shown is
that at the highest validation accuracy. Decoupled decay, which one of the optimizers brings with it, is left out in
another view.

For: Arpit et al. 2017, A closer look at memorization in deep networks

For: Liu et al. 2020, Early-learning regularization prevents memorization of noisy labels

Against: Wilson et al. 2017, The marginal value of adaptive gradient methods (optimizers differ in where they end)

Caption: Each mark is one optimizer at one learning rate. Further right, it had fitted fewer of the corrupted labels by
the time it had fitted the clean ones; higher up, its best validation accuracy is better. The claim has the marks rise
to the right. Validation labels carry the noise of training.
"""

import polars as pl

from nominima.drawing.panels import Panel
from nominima.drawing.theme import HEIGHT
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.lanes import lanes, paired
from nominima.judging.partial import configured, partial, within_ranks
from nominima.judging.parts import Findings, Part, View, must_fail
from nominima.judging.rules import Rule

MEASURES = ("learning_order", "memorised")
RULE = Rule(
    statistic="partial Spearman correlation of order and best validation accuracy over 42 configurations, the rank of "
    "the rate held fixed",
    side="above", tau=0.3, unit="configuration", seeds=42,
)  # fmt: skip

SHARES = {"digits": (0.5, 0.6, 0.7, 0.8, 0.9)}
USUAL = (0.3, 0.375, 0.45, 0.525, 0.6)
DECAYING = ("adamw",)
DRAWN = ("mnist1d", "digits")


def judge(evidence: Evidence) -> Findings:
    """Order against validation accuracy over configurations; order by random marks as the control."""
    table, grown = (evidence[name].filter(pl.col("noise") > 0, ~pl.col("tuned")) for name in MEASURES)
    if table.is_empty():
        raise Missing("no networks learned partly corrupted labels at rates of their own")
    highest = _at_stop(table, pl.col("highest").first())
    order, random = (paired(_order(grown, name), highest) for name in ("corrupted", "marked"))
    trained = paired(_at_stop(table, -pl.col("trained").first()), highest)
    every = configured(order)
    return Findings(
        primary=Part(
            RULE,
            asks=(View("order", every, partial),),
            guards=(must_fail("order, marked at random", configured(random)),),
        ),
        shown=(
            View("order, rates as levels", every, within_ranks),
            View("order, without decay", configured(order.filter(~pl.col("optimizer").is_in(DECAYING))), partial),
            View("minus the training accuracy there", configured(trained), partial),
            View("best validation accuracy", configured(highest)),
        ),
        drawn=tuple(
            View(f"accuracy by order, {of}", dots) for of in DRAWN if len(dots := _dots(order.filter(dataset=of)))
        ),
    )  # fmt: skip


def _at_stop(table: pl.DataFrame, value: pl.Expr) -> pl.DataFrame:
    return lanes(table, value, stopped=True, censored="censored_accuracy")


def _order(grown: pl.DataFrame, column: str) -> pl.DataFrame:
    """Lanes: one less the mean of a column over the shares of its data set; none where one of them is not reached."""
    of = pl.col("dataset")
    asked = [(of == name) & pl.col("clean").is_in(shares) for name, shares in SHARES.items()]
    rows = grown.filter(pl.any_horizontal(*asked, ~of.is_in(list(SHARES)) & pl.col("clean").is_in(USUAL)))
    return _at_stop(rows, pl.when(pl.col(column).count() == len(USUAL)).then(1 - pl.col(column).mean()))


def _dots(order: pl.DataFrame) -> pl.DataFrame:
    """Lanes of one data set, an optimizer a condition, its rates in the place of seeds: mean accuracy by mean order."""
    both = order.drop_nulls(["value", "value_right"])
    means = both.group_by("optimizer", "rate", "size", maintain_order=True).agg(
        value=pl.col("value_right").mean(), place=pl.col("value").mean(), status=pl.col("status").first()
    )
    return means.with_row_index("seed", 1).with_columns(pl.col("seed").cast(pl.Int64)).drop("rate")


PANELS = tuple(
    Panel(f"accuracy by order, {of}", f"Optimizers at their rates, each a mark: {of}", "best validation accuracy", "",
          along="place", x="order: 1 less the share of the corrupted labels fitted", single=False, height=HEIGHT,
          apart=True)
    for of in DRAWN
)  # fmt: skip
