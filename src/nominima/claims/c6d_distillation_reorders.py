"""Distillation reorders what is learned.

Claim: A network learns better from another network's answers than from labels because they put the good before the bad.
Then the other network's order alone must do: the examples that it finds easy first, with their own noisy labels.

Refuted by: Networks that are given the same examples with the same labels in the order of another network's loss do no
better than networks that are given them in a random order.

Tested by: Of partly wrong labels three fifths are released at once and all after half of the steps, in the order of the
loss that other networks of the same size, with starts and orders of their own, have left on them where their validation
accuracy is highest. Two of these saw one half of the examples each, and each scores the half that it did not see. All
saw the same wrong labels as the network that is taught. Test accuracy where validation accuracy is highest, less that
of the same network with a random order of the same pace, must exceed one unit, .01, on digits .02. The opposite order
must not; the order of one who knows which labels are wrong, those last, must.

Limits: One width, one optimizer and rate, two data sets. Validation is often best before all are released: an order
also chooses which of them count, and the random one has fewer good ones than a network that has all at once; what the
order adds to that one is shown. A network that saw half of the examples scores them less well than one that saw all,
whose order, by a loss on what it has learned, is shown. The share of distillation's gain that order reproduces compares
orders at one pace with targets all at once, and is shown only where the interval of that gain excludes 0. Targets are
answers on examples that the other network was trained on, at temperature 1; who learns them may still improve at the
end, and is lost to what is shown. The stop by loss, early where the labels released are right, is a variant.

For: Hinton, Vinyals & Dean 2015, Distilling the knowledge in a neural network

For: Furlanello et al. 2018, Born-again neural networks (the teacher's confidence alone, as weights of examples, helps)

For: Cheng et al. 2020, Explaining knowledge distillation by quantifying the knowledge (what is right is learned sooner)

Against: Yuan et al. 2020, Revisiting knowledge distillation via label smoothing regularization (soft targets
regularise; a poor teacher does as well)

Against: Wu, Dyer & Neyshabur 2021, When do curricula work? (with clean labels and enough steps no order beats a random
one)

Caption: For each data set the test accuracy gained over the same networks that see their examples in a random order at
the same pace; dots are single networks. Above, orders: the claim puts the teachers' order, each half scored by the one
that did not see it, right of the thin dashes, and the opposite order left of them. Below, for comparison, all examples
at once, with their labels or with a teacher's answers as targets.
"""

import polars as pl

from nominima.drawing.arms import Arms
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.intervals import Floats
from nominima.judging.parts import Findings, Part, View, must_fail, must_succeed
from nominima.judging.readings import at_mark, less
from nominima.judging.rules import Rule
from nominima.judging.samples import Sample, at_largest, over_places
from nominima.judging.units import in_units, unit

MEASURES = ("learning_curve",)
RULE = Rule(
    statistic="accuracy in the order of teachers that did not see what they score less that in a random order of the "
    "same pace, in units of .01 (digits .02)",
    side="above", tau=1.0, null=0.0, seeds=16,
)  # fmt: skip

PARTS = ("pacing", "teacher", "smoothing")  # what arms differ in
ORDER, TWO, TEACHER = pl.col("pacing.order"), pl.col("pacing.other").is_not_null(), pl.col("teacher.kind")
AT_ONCE, SMOOTHED, UNTAUGHT = ORDER.is_null(), pl.col("smoothing") > 0, TEACHER.is_null()
RANDOM, LABELS = ORDER.eq("random"), AT_ONCE & UNTAUGHT & ~SMOOTHED
TAUGHT, SEEN = ORDER.eq("taught") & TWO, ORDER.eq("taught") & ~TWO
OPPOSITE, CLEAN = ORDER.eq("reversed") & TWO, ORDER.eq("clean")
ANSWERS = {f"{name} targets": AT_ONCE & TEACHER.eq(kind) & ~SMOOTHED
           for name, kind in (("soft", "soft"), ("hard", "hard"), ("weighted hard", "top"))}  # fmt: skip
ARMS = {
    "teachers' order": TAUGHT, "order of one that saw all": SEEN, "opposite order": OPPOSITE,
    "clean labels first": CLEAN, "all labels at once": LABELS, **ANSWERS,
    "smoothed labels": AT_ONCE & UNTAUGHT & SMOOTHED,
}  # fmt: skip
DRAWN = ("mnist1d", "digits")


@over_places
def ratio(_: Floats, __: Floats, gains: Floats) -> Floats:
    """The mean gain at the first place as a share of that at the second."""
    means = gains.mean(axis=-3)[..., -1, :]
    return means[..., 0] / means[..., 1]


def reproduced(rows: pl.DataFrame) -> Sample:
    """Score: what order gains, place 0, as a share of what answers gain, place 1, where that is told from nothing."""
    its = at_largest(rows.filter(place=1.0)).estimate()
    if rows["place"].n_unique() < 2 or its.low is None or its.high is None or its.low <= 0 <= its.high:
        raise Missing("no gain that is told from 0 is there to reproduce")
    return ratio(rows)


def judge(evidence: Evidence) -> Findings:
    """Teachers' order against a random one; the opposite order and that of who knows the wrong labels as controls."""
    every = evidence["learning_curve"].filter(pl.col("noise") > 0)
    curve, teachers = every.filter(draw=0), every.filter(pl.col("draw") > 0)
    stop, by_loss = (at_mark(curve, mark, "test_accuracy") for mark in ("best_accuracy", "best_loss"))
    order = _gained(stop, TAUGHT, RANDOM)
    if order.is_empty():
        raise Missing("no networks learned noisy labels in the order of two teachers and in a random one")
    answers = {name: _gained(stop, which, LABELS) for name, which in ANSWERS.items()}
    both = {name: pl.concat([order.with_columns(place=0.0), its.with_columns(place=1.0)]).drop("steps")
            for name, its in answers.items()}  # fmt: skip
    return Findings(
        primary=Part(
            RULE,
            asks=(View("teachers' order", in_units(order)),),
            guards=(
                must_fail("opposite order", in_units(_gained(stop, OPPOSITE, RANDOM))),
                must_succeed("clean labels first", in_units(_gained(stop, CLEAN, RANDOM))),
            ),
        ),
        shown=(
            View("teachers' order, by loss", in_units(_gained(by_loss, TAUGHT, RANDOM)), variant=True),
            View("order of one that saw all", in_units(_gained(stop, SEEN, RANDOM))),
            View("accuracy gained by the teachers' order over all at once", _gained(stop, TAUGHT, LABELS)),
            View("accuracy gained over labels", _each(answers)),
            View("smoothing over labels", _gained(stop, ARMS["smoothed labels"], LABELS)),
            View("share of distillation's gain that order reproduces", _each(both), reproduced),
            View("accuracy of the teachers", at_mark(teachers, "best_accuracy", "test_accuracy")),
        ),
        drawn=tuple(
            View(f"gained, {name}", _each({arm: _gained(its, which, RANDOM) for arm, which in ARMS.items()}).select(
                "by", "size", "seed", "value", "status"))
            for name in DRAWN if len(its := stop.filter(dataset=name))
        ),
    )  # fmt: skip


def _gained(stop: pl.DataFrame, one: pl.Expr, other: pl.Expr) -> pl.DataFrame:
    """Lanes: a number in one arm less that of the same network in another; in what arms differ is no condition."""
    gone = [name for name in stop.columns if name.partition(".")[0] in PARTS]
    return less(stop.filter(one).drop(gone), stop.filter(other).drop(gone), "steps")


def _each(arms: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Lanes of several arms; by which something is gained is a condition."""
    return pl.concat([lanes.with_columns(by=pl.lit(name)) for name, lanes in arms.items()])


PANELS = tuple(
    Arms(f"gained, {name}", f"Accuracy gained over a random order: {name}", "by", tuple(ARMS),
         "accuracy gained (share right)", (unit(name), "the claim: the teachers' order right of it"))
    for name in DRAWN
)  # fmt: skip
