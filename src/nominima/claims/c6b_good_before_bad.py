"""Training learns the good before the bad.

Claim: An optimizer is a queue of things to be learned, and the good ones stand in front: what generalizes is learned
before what is noise. Validation is best when the network begins to learn more of the bad than of the good.

Refuted by: In less than 60 % of pairs the label that is right is learned before the one that is wrong.

Tested by: Part of the labels is replaced at random, and seven optimizers train one network on them. A label is learned
at the first of two looked-at points in a row at which it is predicted; never comes last. Of a clean and a corrupted
label the clean one must be learned first in more than 60 % of pairs, ties counted half, at the rate of each optimizer
with the highest validation accuracy, of six at most a factor of three apart. If a random fifth of the clean labels is
marked in the place of corrupted ones, the same number must lie within .03 of a half. A part asks for the moment from
which a greater share of the corrupted than of the clean is learned in a log-step, three looked-at points in a row and
after a tenth more of the clean was learned: it must lie between half of and twice the step of the lowest validation
loss, and both steps must rank networks alike: Spearman's correlation above .5 over the six rates of an optimizer.

Limits: Bad is a random label here, which nothing but memory can learn; what else may be bad in data is not seen. One
family and size, one share of wrong labels. How often clean labels come first depends on the length of training only by
corrupted ones that are never learned, which come last together. A preferred rate at the edge of its grid counts as
lost. Where never more of the corrupted is learned, training ended before memorisation, and the run is censored in the
part. A higher rate brings both steps forward, which alone ranks networks alike: the correlation at one rate is shown.
Validation labels carry the noise of training in closed form. Learned in numbers and not in shares, which the sentence
may mean too, and the highest validation accuracy in the place of the lowest loss, are shown.

For: Arpit et al. 2017, A closer look at memorization in deep networks (simple patterns are learned first)

For: Toneva et al. 2019, An empirical study of example forgetting (wrong labels are learned late and forgotten often)

Against: Zhang et al. 2017, Understanding deep learning requires rethinking generalization (all of it is learned)

Caption: Share of the corrupted labels that is fitted by the time that a share of the clean ones is, each optimizer at
its preferred rate; if the order of learning were random, curves would follow the diagonal. Then, by
learning rate, by which factor the step from which more of the bad is learned lies from that of the lowest validation
loss; the claim puts the preferred rate below the dashed line.
"""

import math

import polars as pl

from nominima.drawing.panels import Panel
from nominima.drawing.theme import HEIGHT
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.lanes import lanes, paired
from nominima.judging.parts import Findings, Part, View, must_fail, must_succeed
from nominima.judging.ranks import spearman
from nominima.judging.rules import Rule
from nominima.judging.samples import at_largest
from nominima.judging.strengths import Tried, strengths

MEASURES = ("learning_order", "memorised")
RULE = Rule(
    statistic="share of pairs in which a clean label is learned before a corrupted one, at the rate of each optimizer "
    "that validation accuracy prefers",
    side="above", tau=0.6, seeds=16,
)  # fmt: skip
LOT = Rule(statistic="the same of clean labels marked at random", side="within", tau=(0.47, 0.53))
CROSSING = Rule(
    statistic="distance in ln between the step from which a greater share of the corrupted is learned and that of the "
    "lowest validation loss",
    side="below", tau=math.log(2),
)  # fmt: skip
RANKS = Rule(statistic="Spearman's correlation of the two steps over the rates of an optimizer", side="above", tau=0.5)

DRAWN = ("mnist1d", "digits")
KINDS = {"three": ("adam", "muon", "rmsprop"), "others": ("adamw", "momentum", "sgd", "soap")}  # a panel tells five
TOLD = ("three optimizers that differ", "the other four")
SHARES = [0.1, 0.3, 0.5, 0.7, 0.9]
CROSSED, COUNTED, PEAK, RIGHT = (
    pl.col(name).first() for name in ("crossing", "outnumbered", "peak", "peak_accuracy")
)  # fmt: skip


def judge(evidence: Evidence) -> Findings:
    """Clean labels before corrupted ones; clean ones marked at random as the control; crossing and peak as a part."""
    table, grown = (evidence[name].filter(pl.col("noise") > 0, ~pl.col("tuned")) for name in MEASURES)
    if table.is_empty():
        raise Missing("no networks learned partly corrupted labels at rates of their own")
    ended = table.with_columns(pl.col("censored") | (pl.col("crossing").is_null() & (pl.col("status") == "ok")))
    random = _preferred(table, lanes(table, pl.col("marked_first").first()))
    off = _at_stop(ended, (CROSSED / PEAK).log().abs())
    steps = paired(_at_stop(ended, CROSSED), _at_stop(ended, PEAK))
    return Findings(
        primary=Part(
            RULE,
            asks=(View("clean before corrupted", _preferred(table, lanes(table, pl.col("clean_first").first()))),),
            guards=(
                must_fail("marked at random", random),
                must_succeed("marked at random, within .03 of a half", random, at_largest, LOT),
            ),
        ),
        parts=(Part(CROSSING, (View("|ln| of the factor", _preferred(table, off)),
                               View("ranks", _placed(steps), spearman, RANKS)), name="crossing"),),
        shown=(
            View("factor, by numbers", _preferred(table, _at_stop(ended, COUNTED / PEAK))),
            View("factor, by shares", _preferred(table, _at_stop(ended, CROSSED / PEAK))),
            View("factor, by accuracy", _preferred(table, _at_stop(ended, CROSSED / RIGHT)), variant=True),
            View("ranks at the preferred rate", _preferred(table, steps).with_columns(place=pl.lit(1.0)), spearman),
            View("corrupted labels learned by the end", _preferred(table, lanes(table, pl.col("corrupted").first()))),
        ),
        drawn=tuple(View(f"{name}, {of}, {kind}", its) for name, frame in (
            ("fitted", _grown(table, grown)), ("apart", _placed(off.with_columns(pl.col("value").exp()))),
        ) for of in DRAWN for kind in KINDS if len(its := _alone(frame, of, kind))),
    )  # fmt: skip


def _at_stop(table: pl.DataFrame, value: pl.Expr) -> pl.DataFrame:
    return lanes(table, value, stopped=True)


def _preferred(table: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """The lanes of the rate with the highest mean of each network's highest validation accuracy; lost at an edge."""
    best, stopped = -pl.col("highest").first(), frame["steps"].null_count() > 0
    return Tried(frame, lanes(table, best, stopped=stopped, censored="")).tuned("rate")


def _placed(frame: pl.DataFrame) -> pl.DataFrame:
    """The lanes of all rates together, the rate as the place."""
    return strengths(frame, "rate").rename({"arm": "place"})


def _grown(table: pl.DataFrame, grown: pl.DataFrame) -> pl.DataFrame:
    """Lanes: the share of corrupted labels that is fitted, by that of the clean, which is the place."""
    at = {share: grown.filter(clean=share) for share in SHARES}
    frames = [_preferred(table, lanes(rows, pl.col("corrupted").first())).with_columns(place=pl.lit(share))
              for share, rows in at.items() if len(rows)]  # fmt: skip
    return pl.concat(frames)


def _alone(frame: pl.DataFrame, dataset: str, kind: str) -> pl.DataFrame:
    """The lanes of one data set and kind, of which optimizers are the only conditions, so that a panel has them all."""
    its = frame.filter(pl.col("optimizer").is_in(KINDS[kind]), dataset=dataset)
    return its.select("optimizer", "size", "seed", "place", "value", "status")


def _even(means: pl.DataFrame) -> pl.DataFrame:
    return means.select("x", y="x", label=pl.lit("no order"))


PANELS = tuple(
    panel for of in DRAWN for kind, told in zip(KINDS, TOLD, strict=True) for panel in (
        Panel(f"fitted, {of}, {kind}", f"Corrupted labels fitted by then: {of}, {told}", "share of the corrupted", "",
              guide=_even, x="share of the clean labels fitted, as far as every network gets", along="place",
              single=False, height=HEIGHT),
        Panel(f"apart, {of}, {kind}", f"From the turn to the bad to the best validation: {of}, {told}",
              "factor between the steps", "xy", (2, "the claim puts preferred rates below"),
              along="place", x="learning rate", single=False),
    )
)  # fmt: skip
