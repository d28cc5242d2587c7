"""The essay: on the way to the solution nothing is in the way; there are no local optima to get stuck in.

Refuted if the loss rises along the straight line to the solution, or along the path that training takes.
"""

import polars as pl
from altair.typing import ChartType

from nominima.drawing.charts import curves, stack
from nominima.judging.claim import Cell, Claim, Control, Estimate, Findings, Rule, Verdict
from nominima.judging.evidence import Evidence
from nominima.judging.lanes import each_cell, lanes, largest, paired
from nominima.judging.scores import by_size, cells, dots, over_sizes, sensitivity
from nominima.judging.stats import Floats, share

MEASURES = ("line", "descent")

RULE = Rule(
    statistic="share of networks with a straight line that never rises from the start to the stopped solution",
    side="above",
    tau=0.9,
    trend="minus the largest rise along the line, as a share of its fall",
    flat=0.001,
)

PATH = Rule(
    statistic="rises of the training loss along the path, as a share of its fall, mean over sizes",
    side="below",
    tau=0.01,
    trend=RULE.trend,
    flat=RULE.flat,
)

CLAIM = Claim(
    title="It is downhill all the way",
    statement="Training is in no danger of getting stuck: from the start to the solution the way leads straight down.",
    refuted_by=(
        "For many networks the training loss rises along the straight line from the start to the solution, or training "
        "itself climbs on its way."
    ),
    tested_by=(
        "The loss on all training examples is taken along the straight line from each start to its early-stopped "
        "solution, both ends included. A line counts as downhill if the loss never rises above its lowest value so far "
        "by more than a thousandth of the whole fall; nine of ten must. As a second part, the rises of the training "
        "loss along the path that training took must sum to less than a hundredth of its fall. The line to another "
        "seed's solution must not be downhill."
    ),
    limits=(
        "A downhill line shows that no barrier lies on it, not that there are no local optima elsewhere. The path is "
        "looked at on a logarithmic grid of steps: single steps may rise in between, as at the edge of stability. A "
        "line of some points can miss a narrow ridge. Networks of different sizes are counted as independent runs."
    ),
    literature=(
        "For: Goodfellow, Vinyals & Saxe 2015, Qualitatively characterizing neural network optimization problems",
        "For: Lucas et al. 2021, On monotonic linear interpolation of neural network parameters",
        "Against: Frankle 2020, Revisiting qualitatively characterizing neural network optimization problems",
        "Against: Vlaar & Frankle 2022, What can linear interpolation of neural network loss landscapes tell us?",
    ),
    caption=(
        "Training loss along the straight line from the start, as a share of its fall on the way to the own solution, "
        "largest networks: to the own solution above, to another seed's below; means over seeds with 95 % intervals. "
        "Then the largest rise along the own line and the rises along the path of training, by number of parameters. "
        "The claim puts the first on a way down and the last two at 0."
    ),
    rule=RULE,
)

TOLERANCE = 0.001  # of the fall
LOSS = pl.col("train_loss").sort_by("alpha")


def judge(evidence: Evidence) -> Findings:
    """Share of downhill lines and share of uphill path in every cell; another seed's solution as the control."""
    line, descent = evidence["line"], evidence["descent"]
    rise, path = _rise(line, "own"), lanes(descent, pl.col("uphill_share").first())
    intervals = lanes(descent, (pl.col("rises") / (pl.col("points") - 1)).first())
    return Findings(
        cells=[
            *(_line_cell(name, rows) for name, rows in each_cell(rise)),
            *map(_path_cell, cells(path, over_sizes(_mean))),
        ],
        controls=[
            Control(name="line to another seed's solution", kind="negative", estimate=_downhill(_rise(line, "other")))
        ],
        sizes=rise.with_columns(-pl.col("value")),
        sensitivity=[
            *sensitivity("largest rise along the line, share of its fall", rise, over_sizes(_mean)),
            *sensitivity("share of the intervals of the path that rise", intervals, over_sizes(_mean)),
        ],
    )


def draw(evidence: Evidence, verdict: Verdict) -> ChartType:  # noqa: ARG001 - what every claim is drawn from
    """The loss along both lines, and what rises there and along the path by size."""
    line, descent = evidence["line"], evidence["descent"]
    rise, path = _rise(line, "own"), lanes(descent, pl.col("uphill_share").first())
    own, other = by_size(_along(line, "own")), by_size(_along(line, "other"))
    lines = [
        (own, None, "Along the line to the own solution"),
        (other, own, "Along the line to another seed's solution"),
    ]
    rises = [(rise, "Largest rise along the line to the own solution"), (path, "Rises along the path of training")]
    return stack(
        *(
            curves(found, title=title, x="place on the line", y="loss, share of the fall", like=like)
            for found, like, title in lines
        ),
        *(
            curves(
                by_size(found), title=title, x="parameters", y="share of the fall", log="x", dots=dots(found),
                like=own, height=150,
            )
            for found, title in rises
        ),
    )  # fmt: skip


def _rise(line: pl.DataFrame, target: str) -> pl.DataFrame:
    """Lanes: how far the loss rises above its lowest value so far, as a share of the fall; 1 where it does not fall."""
    on = line.filter(pl.col("target") == target)
    fall = LOSS.first() - LOSS.last()
    return lanes(on, pl.when(fall > 0).then((LOSS - LOSS.cum_min()).max() / fall).otherwise(1.0))


def _downhill(rise: pl.DataFrame) -> Estimate:
    found = rise["value"].drop_nulls()
    return share(int((found <= TOLERANCE).sum()), len(found))


def _line_cell(name: str, rows: pl.DataFrame) -> Cell:
    sizes, lost = rows["size"].n_unique(), rows["value"].null_count()
    if sizes < 2:
        nothing = Estimate(value=None, low=None, high=None, n=0)
        return Cell(name=f"{name}, line", estimate=nothing, runs=len(rows), lost=lost, lacks=f"it has {sizes} size")
    return Cell(name=f"{name}, line", estimate=_downhill(rows), runs=len(rows), lost=lost)


def _path_cell(cell: Cell) -> Cell:
    return cell.model_copy(update={"name": f"{cell.name}, path", "rule": PATH})


def _along(line: pl.DataFrame, target: str) -> pl.DataFrame:
    """Loss along a line of the largest networks, the own line's fall taken as 1, and the place as size."""
    own = line.filter(target="own")
    bottom = lanes(own, LOSS.last())
    fall = _less(lanes(own, LOSS.first()), bottom)
    places = line.filter(pl.col("target") == target).sort("alpha").group_by("alpha", maintain_order=True)
    share_left = pl.col("value") / pl.col("value_right")
    return pl.concat(
        largest(paired(_less(lanes(rows, LOSS.first()), bottom), fall)).with_columns(
            size=pl.lit(at), value=pl.when(share_left.is_finite()).then(share_left)
        )
        for (at,), rows in places
    )


def _less(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    return paired(one, other).with_columns(value=pl.col("value") - pl.col("value_right")).drop("value_right")


def _mean(_: Floats, values: Floats) -> Floats:
    return values.mean(axis=1)
