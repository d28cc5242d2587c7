"""Large networks hold winning tickets.

Claim: A large network is a lottery with many tickets: it holds a small part that happened to start well, and training
finds it. Such a part does better from the start that it had in the large network than from another.

Refuted by: The part that is left when small weights are pruned does no better from its own start than from a new one.

Tested by: A network is trained and 40 % of its weights are pruned, the smallest at the end of training, layer by layer;
what is left goes back to the start and is trained for as many steps. After four rounds 13 % are left. This ticket is
compared with the same mask over a new draw of initial weights, seed by seed: its clean test accuracy, stopped by
validation loss, must be higher by more than .01, on digits .02, at the two largest of three widths. A random mask of as
many weights in each layer, over the ticket's own start, goes through the same comparison and must not pass.

Limits: Perceptrons, Adam, clean labels, one learning rate: whether a ticket wins is known to depend on the rate. Biases
are not pruned, and the output layer at half the rate, so it keeps more than 13 %. A network with a new start sees the
examples in an order of its own, a ticket in that in which it was found. A gain is no proof that training found what was
there: final magnitudes are partly initial ones, so a ticket starts from larger weights than its mask on a new start.

For: Frankle & Carbin 2019, The lottery ticket hypothesis (small networks of image data sets)

For: Zhou et al. 2019, Deconstructing lottery tickets (signs of the start are what counts)

For: Greydanus & Kobak 2024, Scaling down deep learning with MNIST-1D (tickets beat new starts and random masks)

Against: Liu et al. 2019, Rethinking the value of network pruning (at usual rates a new start does as well)

Against: Frankle et al. 2020, Linear mode connectivity and the lottery ticket hypothesis (tickets of large networks must
go back to a later step than the first)

Caption: Clean test accuracy, stopped by validation loss, by share of the hidden weights kept, largest networks: dense
ones at the right end, then round after round of pruning. The claim puts tickets above their mask on a new start.
"""

import numpy as np
import polars as pl
import polars.selectors as cs

from nominima.drawing.panels import Panel
from nominima.drawing.theme import HEIGHT
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.intervals import Floats
from nominima.judging.parts import Findings, Part, View, must_fail
from nominima.judging.readings import at_mark, combined
from nominima.judging.rules import Rule
from nominima.judging.samples import Sample, each_seed, over_places
from nominima.judging.units import EACH

MEASURES = ("learning_curve", "kept_weights")
RULE = Rule(
    statistic="accuracy of a ticket less that of its mask with a new start, 13 % of the weights kept, stopped, mean of "
    "the two largest widths, in units of .01 (digits .02)",
    side="above", tau=1.0, null=0.0, seeds=16, trend="the same at each width", flat=1.0,
)  # fmt: skip

KEEP, ROUNDS = 0.6, 4  # share of the weights kept in a round, and the round that decides
CLOSE = 0.01  # to the accuracy of the dense network
MASK, DRAW = pl.col("prune.kind"), pl.col("draw")
TICKET, REDRAWN, RANDOM = "and start of the ticket", "of the ticket from a new start", "by lot from the ticket's start"
DENSE = "none"
ARMS = {
    TICKET: (MASK == "magnitude") & (DRAW == 0),
    REDRAWN: (MASK == "magnitude") & (DRAW > 0),
    RANDOM: (MASK == "random") & (DRAW == 0),
    DENSE: MASK.is_null() & (DRAW == 0),
}
TELLING = cs.starts_with("prune.") | cs.by_name("draw", "start.run", "start.kind")  # the arms apart, and rounds
LESS = pl.col("value") - pl.col("value_right")
IN_UNITS = LESS / EACH
DRAWN = ("mnist1d", "digits")
WORDS = {TICKET: "ticket on its start", REDRAWN: "ticket on a new start", RANDOM: "random mask on that start"}


def two_largest(rows: pl.DataFrame) -> Sample:
    """Score: of each seed the mean over its two largest sizes."""
    return each_seed(rows.filter(pl.col("size").rank("dense", descending=True) <= 2))


@over_places
def smallest(_: Floats, shares: Floats, added: Floats) -> Floats:
    """Score: the smallest share kept from which on up the mean accuracy is within CLOSE of dense, largest size."""
    close = added.mean(axis=-3)[..., -1, :] > -CLOSE
    onwards = np.flip(np.logical_and.accumulate(np.flip(close, -1), axis=-1), -1)
    return np.where(onwards, shares, 1.0).min(axis=-1)


def judge(evidence: Evidence) -> Findings:
    """A ticket against its mask with a new start; a random mask with the ticket's start as the control."""
    stopped, by_accuracy, end = (_accuracies(evidence, mark) for mark in ("best_loss", "best_accuracy", "end"))
    if stopped.filter(ARMS[TICKET]).is_empty():
        raise Missing("no networks were pruned")
    gained, added = _less(stopped, TICKET, REDRAWN), _less(stopped, TICKET, DENSE, LESS, last=False)
    shares = sorted(set(added["place"]), reverse=True)
    return Findings(
        primary=Part(
            RULE,
            asks=(View("ticket less new start", gained, two_largest),),
            guards=(must_fail("random mask less new start", _less(stopped, RANDOM, REDRAWN)),),
        ),
        trend=View("ticket less new start", gained),
        shown=(
            View("the same, stopped by accuracy", _less(by_accuracy, TICKET, REDRAWN), two_largest, variant=True),
            View("the same, at the end", _less(end, TICKET, REDRAWN), two_largest),
            View("the same, largest width", gained),
            View("ticket less random mask", _less(stopped, TICKET, RANDOM), two_largest),
            View("accuracy of dense networks", _less(stopped, TICKET, DENSE, pl.col("value_right")), two_largest),
            *(View(f"ticket less dense, {share:.2g} kept", added.filter(place=share).drop("place"), two_largest)
              for share in shares),
            View("smallest share kept within .01 of dense", added, smallest),
        ),
        drawn=tuple(View(f"accuracy, {name}", its) for name in DRAWN if len(its := _kept(stopped, name))),
    )  # fmt: skip


def _accuracies(evidence: Evidence, mark: str) -> pl.DataFrame:
    """Lanes: clean test accuracy at a mark, the share of the hidden weights kept, a power of KEEP, as their place."""
    share = (pl.col("hidden_kept").sum() / pl.col("hidden").sum()).clip(1e-9)
    rounds = evidence["kept_weights"].group_by("run").agg(round=share.log(KEEP).round().cast(pl.Int64))
    each = evidence["learning_curve"].join(rounds, on="run").partition_by("round", as_dict=True, include_key=False)
    return pl.concat(
        at_mark(table, mark, "test_accuracy").with_columns(place=pl.lit(KEEP**count))
        for (count,), table in sorted(each.items())
    )


def _less(lanes: pl.DataFrame, one: str, other: str, value: pl.Expr = IN_UNITS, *, last: bool = True) -> pl.DataFrame:
    """Lanes: an arm's accuracy less that of the same network in another arm, of as many weights, in the last round."""
    first, second = (lanes.filter(ARMS[arm]).drop(TELLING) for arm in (one, other))
    found = combined(first, second.drop("place") if other == DENSE else second, value, "start")
    return found.filter(place=KEEP**ROUNDS).drop("place") if last else found


def _kept(stopped: pl.DataFrame, name: str) -> pl.DataFrame:
    """Lanes: accuracy by share kept of each arm on a data set, the dense network where every weight is kept."""
    its, told = stopped.filter(dataset=name), ("size", "seed", "value", "status", "place")
    pruned = (TICKET, REDRAWN, RANDOM)
    return pl.concat(its.filter(ARMS[arm] | ARMS[DENSE]).select(*told, mask=pl.lit(arm)) for arm in pruned)


def _dense(table: pl.DataFrame) -> pl.DataFrame:
    """The height of the dense network across a panel."""
    dense = pl.col("y").filter(pl.col("x") == pl.col("x").max()).max()
    return table.select("x", y=dense, label=pl.lit("the dense network")).unique().sort("x")


PANELS = tuple(
    Panel(f"accuracy, {name}", f"Accuracy by share of the weights kept: {name}, largest networks", "accuracy",
          along="place", largest=True, x="share of hidden weights kept", guide=_dense, single=False, height=HEIGHT,
          words={f"mask {arm}": told for arm, told in WORDS.items()})
    for name in DRAWN
)  # fmt: skip
