"""It is downhill all the way.

Claim: Training is in no danger of getting stuck: from the start to the solution the way leads straight down.

Refuted by: For many networks the training loss rises along the straight line from the start to the solution, or
training itself climbs on its way.

Tested by: The loss on all training examples is taken along the straight line from each start to its early-stopped
solution, both ends included. A line counts as downhill if the loss never rises above its lowest value so far by more
than a thousandth of the whole fall; nine of ten networks must have one, those of the four largest sizes counted. The
line from the same start to the end of training on labels nine tenths of which are random, judged by the true labels,
must not be downhill. A part asks that the rises of the training loss along the path of training sum to less than a
hundredth of its fall.

Limits: A downhill line shows that no barrier lies on it, not that there are no local optima elsewhere. The path is
looked at on a logarithmic grid of steps. How often single steps rise in between, as at the edge of stability, is shown
of some seeds of perceptrons only, in six bursts of 50 steps up to the stop: that takes training them again. No number
of the papers below stands beside ours, for none could be checked. A line of some points can miss a narrow ridge.
Networks of several sizes are counted as independent. The line to another seed's solution is downhill in most wide
networks too: that much of the fall lies in directions that all solutions share.

For: Goodfellow, Vinyals & Saxe 2015, Qualitatively characterizing neural network optimization problems

For: Lucas et al. 2021, On monotonic linear interpolation of neural network parameters

Against: Frankle 2020, Revisiting qualitatively characterizing neural network optimization problems

Against: Vlaar & Frankle 2022, What can linear interpolation of neural network loss landscapes tell us?

Caption: Training loss along the straight line from the start to the solution, as a share of its fall, largest
networks: means over seeds with 95 % intervals. Below, by number of parameters: the largest rise along that line, along
the line to the end of training on random labels, and along the path of training. The claim has the first
fall and keeps the rises of the line and the path below the dashed lines.
"""

import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence
from nominima.judging.lanes import lanes, largest
from nominima.judging.parts import Findings, Part, View, minus, must_fail
from nominima.judging.rules import Rule
from nominima.judging.samples import share

MEASURES = ("line", "descent")
ALSO = ("bursts",)
RULE = Rule(
    statistic="share of networks whose training loss never rises along the line from start to stop, four largest sizes",
    side="above", tau=0.9, unit="network",
    trend="minus the largest rise along the line, as a share of its fall", flat=0.001,
)  # fmt: skip
PATH = Rule(
    statistic="rises of the training loss along the path, as a share of its fall, largest size", side="below", tau=0.01
)

TOLERANCE = 0.001  # of the fall
RANDOM = 0.9  # share of wrong labels from which they carry next to nothing
EVERY = 4  # points of a line that are drawn
LOSS = pl.col("train_loss").sort_by("alpha")


def judge(evidence: Evidence) -> Findings:
    """Share of downhill lines; the line to the end of training on random labels as the control; the path as a part."""
    line, path = evidence["line"], evidence["descent"].filter(pl.col("noise") < RANDOM)
    trained, random = line.filter(pl.col("noise") < RANDOM), line.filter(pl.col("noise") >= RANDOM)
    rise, astray = _rise(trained, "own"), _rise(random, "true labels")
    climbed = lanes(path, pl.col("uphill_share").first(), stopped=True)
    intervals = lanes(path, (pl.col("rises") / (pl.col("points") - 1)).first(), stopped=True)
    fits = ("noise", "steps", "optimizer", "rate", "tuned")
    return Findings(
        primary=Part(
            RULE,
            asks=(View("downhill", _downhill(rise), share()),),
            guards=(must_fail("downhill to the end on random labels", _downhill(astray), share(), across=fits),),
            decides=~pl.col("tuned"),
        ),
        parts=(Part(PATH, (View("rises along the path", climbed),), name="path", decides=~pl.col("tuned")),),
        trend=View("minus the largest rise", minus(rise)),
        shown=(
            View("downhill, largest size", _downhill(rise), share(1)),
            View("downhill to another seed's solution", _downhill(_rise(trained, "other")), share()),
            View("largest rise", rise),
            View("largest rise to the end on random labels", astray),
            View("intervals of the path that rise", intervals),
            *_bursts(evidence),
        ),
        drawn=(View("loss along the line", _along(trained)),),
    )


def _rise(line: pl.DataFrame, target: str) -> pl.DataFrame:
    """Lanes: how far the loss rises above its lowest value so far, as a share of the fall; 1 where it does not fall."""
    fall = LOSS.first() - LOSS.last()
    rise = pl.when(fall > 0).then((LOSS - LOSS.cum_min()).max() / fall).otherwise(1.0)
    return lanes(line.filter(target=target), rise, stopped=target != "true labels")


def _downhill(rise: pl.DataFrame) -> pl.DataFrame:
    return rise.with_columns(value=(pl.col("value") <= TOLERANCE).cast(pl.Float64))


def _bursts(evidence: Evidence) -> tuple[View, ...]:
    """How often single steps rise, in all bursts and in the last, and how far there, of runs trained again."""
    if ALSO[0] not in evidence:
        return ()
    table = evidence[ALSO[0]].filter(pl.col("noise") < RANDOM)
    last = pl.col("burst") == pl.col("burst").max()
    each = {
        "single steps that rise, in six bursts": pl.col("rising").mean(),
        "single steps that rise, just before the stop": pl.col("rising").filter(last).first(),
        "rises of the 50 steps before the stop, share of the fall": pl.col("uphill").filter(last).first(),
    }
    return tuple(View(name, lanes(table, value, stopped=True)) for name, value in each.items())


def _along(line: pl.DataFrame) -> pl.DataFrame:
    """Lanes: the loss along the own line of the largest networks, its fall taken as 1, at every other place."""
    one, ends = ["run", "seed"], pl.col("train_loss").sort_by("alpha")
    top, bottom = ends.first().over(one), ends.last().over(one)
    left = line.filter(target="own").with_columns(left=(pl.col("train_loss") - bottom) / (top - bottom))
    places = left["alpha"].unique().sort().gather_every(EVERY)
    frames = [
        lanes(left.filter(alpha=place), pl.col("left").first(), stopped=True).with_columns(place=pl.lit(place))
        for place in places
    ]
    return largest(pl.concat(frames)) if frames else lanes(left, pl.col("left").first(), stopped=True)


PANELS = (
    Panel("loss along the line", "Along the line from the start to the solution", "loss, share of the fall", log="",
          along="place", largest=True, x="position on the line", single=False),
    Panel("largest rise", "Largest rise along that line", "share of the fall",
          limit=(TOLERANCE, "downhill: at most this")),
    Panel("largest rise to the end on random labels", "The same to the end of training on random labels",
          "share of the fall"),
    Panel("rises along the path", "Rises along the path of training", "share of the fall",
          limit=(0.01, "the claim puts all below")),
)  # fmt: skip
