"""Random points are all equally far apart.

Claim: A distance in many dimensions is a sum of many terms and hardly varies: whatever well-behaved law independent
random points follow, all of them lie about equally far from each other, the more so the more dimensions.

Refuted by: The spread of the distances falls with a power of the dimension other than -1/2, or not at all.

Tested by: Points with independent coordinates are drawn from six laws of finite variance in 16 to 4096 dimensions, two
of them with heavy tails. The spread of all their distances, as a share of the mean, must fall with the square root of
the dimension. Three laws for which it must not, because a few coordinates, a common factor or the radius decide the
distance, are drawn in the same way and checked once for all cells. The spread for normal points must meet its closed
form.

Limits: A theorem is shown here, not a fact about networks: real inputs and parameters are no independent numbers. The
data sets' own inputs, which fill few dimensions, stand next to it; parameters have a claim of their own.

For: Beyer et al. 1999, When is nearest neighbor meaningful?

For: Aggarwal, Hinneburg & Keim 2001, On the surprising behavior of distance metrics in high dimensions

Against its use for real data: Francois, Wertz & Verleysen 2007, The concentration of fractional distances (what counts
is the intrinsic dimension)

Caption: Spread of the distances between random points as a share of their mean, by dimension; both axes logarithmic.
The claim puts the laws of the upper panel on lines parallel to the dashed one. Below: the data sets' own inputs at the
number of dimensions that they fill; normal points would lie on the line.
"""

import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence
from nominima.judging.parts import Findings, Part, View, minus, must_fail, must_succeed
from nominima.judging.rules import Rule
from nominima.judging.samples import each_seed, in_logarithms

MEASURES = ("random_points", "input_distances")
RULE = Rule(
    statistic="slope of ln CV over ln dimension, CV being the spread of distances as a share of their mean",
    side="within", tau=(-0.55, -0.45), trend="minus the CV of the distances", flat=0.01,
)  # fmt: skip
EXACT = Rule(
    statistic="CV of normal points as a share of its closed form, mean over dimensions", side="within", tau=(0.95, 1.05)
)

MUST_FAIL = ("cauchy", "equicorrelated", "random_radius")
FAR = 400  # dimensions from which laws with heavy tails have settled


def judge(evidence: Evidence) -> Findings:
    """The slope for every law of finite variance; the other laws and the closed form, once for all cells."""
    points = evidence["random_points"]
    spread = _by_dimension(points, pl.col("cv"))
    normal = _by_dimension(points.filter(law="gaussian"), pl.col("cv") / pl.col("gaussian_exact"))
    lawful = spread.filter(~pl.col("law").is_in(MUST_FAIL))
    return Findings(
        primary=Part(
            RULE,
            asks=(View("CV of the distances", lawful, in_logarithms),),
            guards=(
                *(must_fail(law, spread.filter(law=law), once=True) for law in MUST_FAIL),
                must_succeed("closed form of normal points", normal, each_seed, EXACT, once=True),
            ),
        ),
        trend=View("minus the CV", minus(lawful)),
        shown=(
            View(f"slope from {FAR} dimensions on", lawful.filter(pl.col("size") >= FAR), in_logarithms),
            *_of_inputs(evidence),
        ),
    )


def _by_dimension(points: pl.DataFrame, value: pl.Expr) -> pl.DataFrame:
    """Lanes whose condition is the law and whose size is the dimension."""
    return points.select("law", "seed", size=pl.col("dimension").cast(pl.Float64), value=value, status=pl.lit("ok"))


def _of_inputs(evidence: Evidence) -> tuple[View, ...]:
    """What is shown of the data sets' own inputs: of each data set by the dimensions it fills."""
    if "input_distances" not in evidence:
        return ()
    values = {
        "CV of the inputs": pl.col("cv"),
        "1/√(2 × effective dimension)": 1 / (2 * pl.col("effective_dimension")).sqrt(),
    }
    inputs, told = evidence["input_distances"], pl.lit("ok")
    return tuple(
        View(name, inputs.select("dataset", "seed", size="effective_dimension", value=value, status=told))
        for name, value in values.items()
    )


def _normal(means: pl.DataFrame) -> pl.DataFrame:
    """The CV of normal points, to first order, as a line to compare with."""
    x = means.select("x").unique().sort("x")
    return x.with_columns(y=1 / (2 * pl.col("x")).sqrt(), label=pl.lit("1/√(2 × dimension)"))


PANELS = (
    Panel(
        "CV of the distances", "Laws with finite variance", "CV of the distances", "xy", guide=_normal, x="dimension"
    ),
    *(Panel(law, f"{law}: must not fall like this", "CV", "xy", guide=_normal, x="dimension") for law in MUST_FAIL),
    Panel("CV of the inputs", "Inputs of the data sets", "CV", "", guide=_normal, x="effective dimension"),
)
