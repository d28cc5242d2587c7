"""What tells twins apart is noise.

Claim: Of two inputs that are nearly the same, training first learns what they have in common. What it learns later, to
tell one from the other, is an accident of the training set: another set teaches something else. That is what early
stopping is spared.

Refuted by: Two independent training sets teach the same difference between twins.

Tested by: Linear regression on twenty inputs and their noisy copies, of which only the originals act. Two independent
training sets of the same truth are learned by exact gradient flow. Over the twenty pairs, the difference of the two
coefficients of a pair, original less copy, is correlated between the two sets. Its mean over pairs of sets must lie
within 0.05 of zero, where the validation error is lowest and when the flow has arrived at least squares. The sum of the
two coefficients must correlate above 0.5, and copies with as much noise as signal, which can be told apart, must not
meet the rule. A part: of the rise of the validation error from its optimum to the end, putting both twins at their mean
must undo more than half.

Limits: Twenty coefficients, 100 examples, noise of 1, copies that differ by a twentieth: with more examples any
difference can be told in the end. The correlation is small and no exact zero, for a little of the difference is
learned. A flow that validates best when it has arrived has its optimum there; how often is shown. Linear models only:
perceptrons with such inputs, in which the weights of twins start equal, are shown. There is one size, and no trend is
asked.

For: Hastie, Tibshirani & Friedman 2009, The elements of statistical learning, 3.4 (collinear inputs: large coefficients
of opposite sign)

For: Ali, Kolter & Tibshirani 2019, A continuous-time view of early stopping for least squares regression

Against: Zou & Hastie 2005, Regularization and variable selection via the elastic net (a penalty keeps twins together
as well)

Caption: Above: how far two training sets agree on the sum and on the difference of the coefficients of twins, by how
much a copy differs from its original; the claim puts the difference of the closest copies on the dashed line. Below:
how much the validation error of the end lies above the optimum, as learned, and with both twins at their mean.
"""

import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence
from nominima.judging.intervals import Floats
from nominima.judging.parts import Findings, Part, View, must_fail, must_succeed
from nominima.judging.readings import less
from nominima.judging.rules import Rule
from nominima.judging.samples import over_places, share

MEASURES = ("collinear_twins", "perceptron_twins")
RULE = Rule(statistic="correlation between two training sets of the difference of twins' coefficients, mean over pairs "
            "of sets", side="within", tau=(-0.05, 0.05))  # fmt: skip
SYMMETRY = Rule(statistic="share of the rise of the validation error after its optimum that twins at their mean undo",
                side="above", tau=0.5)  # fmt: skip
SUM = Rule(statistic="correlation between two training sets of the sum of twins' coefficients", side="above", tau=0.5)

POINTS = {"best": "at the optimum", "end": "at the end"}
HARMLESS = 0.01  # rise of the validation error
BLOCK = 20  # pairs of sets whose mean is drawn
UNDONE, RISE = 0.0, 1.0  # places of a numerator and its denominator


@over_places
def ratio(_: Floats, __: Floats, values: Floats) -> Floats:
    """The mean over pairs of sets of what is undone, over that of the rise."""
    means = values.mean(axis=-3)[..., -1, :]
    return means[..., 0] / means[..., 1]


def judge(evidence: Evidence) -> Findings:
    """Correlations at both points; sums must succeed, copies that can be told apart must fail; symmetry as a part."""
    every, copy = evidence["collinear_twins"], pl.col("copy")
    twins, unlike = every.filter(copy == copy.min()), every.filter(copy == copy.max())
    apart, rise = "copies unlike their originals", _rise(twins)
    little = rise.with_columns((pl.col("value") < HARMLESS).cast(pl.Float64))
    arrived = _lanes(twins, "best", pl.col("never_stopped").cast(pl.Float64))
    networks = evidence["perceptron_twins"]
    alike, others = networks.filter(copy == copy.min()), networks.filter(copy == copy.max())
    return Findings(
        primary=Part(
            RULE,
            asks=tuple(View(f"difference, {where}", _lanes(twins, at, "difference")) for at, where in POINTS.items()),
            guards=(
                *(must_succeed(f"sum, {where}", _lanes(twins, at, "sum"), rule=SUM, of=f"difference, {where}")
                  for at, where in POINTS.items()),
                *(must_fail(f"{apart}, {where}", _lanes(unlike, at, "difference"), of=f"difference, {where}")
                  for at, where in POINTS.items()),
            ),
        ),
        parts=(Part(SYMMETRY, (View("undone by symmetry", _undone(twins), ratio),), name="symmetry"),),
        shown=(
            View("undone by symmetry, expected error", _undone(twins, "risk"), ratio),
            View("rise of the validation error", rise),
            View("rise of the expected error", _rise(twins, "risk")),
            View(f"pairs of sets with a rise below {HARMLESS}", little, share()),
            View("pairs of sets of which one is best when arrived", arrived, share()),
            View("ln(time of the first harm / time when twins part)", _lanes(twins, "end", "harm_after_parting")),
            *(View(f"perceptrons, {name}, {where}", _lanes(rows, at, what, "mlp"))
              for name, rows, what in (("difference", alike, "difference"), ("sum", alike, "sum"),
                                       (f"difference, {apart}", others, "difference"))
              for at, where in POINTS.items()),
        ),
        drawn=_by_copy(every),
    )  # fmt: skip


def _lanes(table: pl.DataFrame, point: str, value: str | pl.Expr, model: str = "linear") -> pl.DataFrame:
    """Lanes whose seed is a pair of training sets and whose size is the number of coefficients."""
    number = pl.col(value) if isinstance(value, str) else value
    told, size = table.filter(point=point), pl.col("coefficients").cast(pl.Float64)
    return told.select("seed", "status", model=pl.lit(model), size=size, value=number)


def _rise(twins: pl.DataFrame, of: str = "validation", end: str = "") -> pl.DataFrame:
    """Lanes: an error at the end, or another one there, less that at the optimum."""
    return less(_lanes(twins, "end", end or of), _lanes(twins, "best", of))


def _undone(twins: pl.DataFrame, of: str = "validation") -> pl.DataFrame:
    """Lanes: what twins at their mean undo of the rise of an error, and the rise itself, at two places."""
    undone = less(_lanes(twins, "end", of), _lanes(twins, "end", f"{of}_symmetrised"))
    parts = {UNDONE: undone, RISE: _rise(twins, of)}
    return pl.concat(frame.with_columns(place=pl.lit(place)) for place, frame in parts.items())


def _by_copy(every: pl.DataFrame) -> tuple[View, View]:
    """Lanes of blocks of pairs, their place how much copies differ: agreement, and the rise of the error."""
    means = pl.col("difference", "sum", "validation", "validation_symmetrised").mean()
    blocks = every.group_by("copy", pl.col("seed") // BLOCK, "point", maintain_order=True)
    drawn = blocks.agg(means, pl.col("coefficients", "status").first())
    agreement, rises = [], []
    for (copy,), twins in drawn.group_by("copy", maintain_order=True):
        for what in ("difference", "sum"):
            agreement += [_at(_lanes(twins, at, what), copy, of=f"the {what}, {where}") for at, where in POINTS.items()]
        rises += [
            _at(_rise(twins), copy, twins="as learned"),
            _at(_rise(twins, end="validation_symmetrised"), copy, twins="at their mean"),
        ]
    return View("agreement by copy", pl.concat(agreement)), View("rise by copy", pl.concat(rises))


def _at(lanes: pl.DataFrame, copy: object, **what: str) -> pl.DataFrame:
    return lanes.with_columns(place=pl.lit(copy, pl.Float64), **{name: pl.lit(text) for name, text in what.items()})


PANELS = (
    Panel("agreement by copy", "What two training sets agree on: sum and difference of twins", "correlation",
          along="place", x="how much a copy differs from its original", single=False,
          limit=(0.0, "the claim puts the closest copies' difference here")),
    Panel("rise by copy", "Validation error of the end above its optimum", "squared error", along="place",
          x="how much a copy differs from its original", single=False, limit=(0.0, "the optimum")),
)  # fmt: skip
