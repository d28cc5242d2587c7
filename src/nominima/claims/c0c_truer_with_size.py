"""It all gets truer with size.

Claim: What the essay says of neural networks becomes truer the larger they are. That is its thesis: because many
parameters make learning easy, each of its claims should hold better for large networks than for small ones.

Refuted by: As many trends that shrink with size as trends that grow, or more.

Tested by: No training is looked at; the evidence is how the other claims on trial move with size. Each of them names a
number that is larger where the claim is truer. Where that is known in a cell at four sizes or more and at most a fifth
of the seeds is lost, it is a trend: it grows, shrinks, or does neither, by the rule of all claims (Kendall's
correlation with size, Student's 99 % interval of its mean over seeds beyond .3). All cells that decide, of all claims,
are counted. The share that grows less the share that shrinks must be more than a quarter, and more than in 975 of 999
draws in which the sizes of each cell are permuted once, the same for all claims and seeds. One more such draw must not
pass.

Limits: Trends in one cell are no independent witnesses, because many claims look at the same networks there: so a draw
permutes a cell as a whole. A claim judged in many cells weighs more than one judged in few, and one with fewer than
four sizes weighs nothing: no claim of the chapters on stopping and on the queue has more than three. Each claim and
each chapter is shown by itself. Cells in which more than a fifth of the seeds is lost are left out and counted in the
card, 18 of 114; most have narrow networks that still improve where their training ends. In 15 of them two seeds or more
are whole: told from these, they move the number from .20 to .21. One learning rate for all sizes may make a trend or
hide it: cells whose rate was tuned at each size are shown separately. A claim that gets truer with size need not be
true, and the networks here span one to two and a half decades.

For: Kaplan et al. 2020, Scaling Laws for Neural Language Models: the loss falls as a power of the number of parameters

Against: McKenzie et al. 2023, Inverse Scaling: When Bigger Isn't Better: some tasks are done worse by larger models

Caption: For each claim, in how many of its cells with four sizes or more it gets truer with size (right) or less true
(left); bars show the share of these cells. The essay expects bars to the right. The number that decides is the share of
all trends that grow less the share that shrink, beyond what permuted sizes give.
"""

from collections.abc import Iterable

import polars as pl

from nominima.drawing.tally import Tally
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.parts import Findings, Part, View, must_fail
from nominima.judging.permuted import Unit, against, permuted, signs, units
from nominima.judging.rules import Rule

MEASURES = ()
RULE = Rule(
    statistic="share of trends that grow with size less share that shrink, beyond what permuted sizes give",
    side="above", tau=0.25, null=0.0, unit="trend",
)  # fmt: skip
DRAWS = 999
LANE = ("size", "seed", "value", "status")
TOLD = {"chapter": pl.String, "claim": pl.String, "condition": pl.String, "decides": pl.Boolean, "tuned": pl.Boolean,
        "size": pl.Float64, "seed": pl.Int64, "value": pl.Float64, "status": pl.String}  # fmt: skip
CHAPTERS = {
    "c0": "bigger is better",
    "c1": "any start is near",
    "c2": "no walls",
    "c3": "early stopping is the best prior",
    "c4": "nothing on the way",
    "c5": "you know when you are there",
    "c6": "think of a queue",
}


def judge(evidence: Evidence) -> Findings:
    """All trends that decide against permuted sizes, with one more draw as the control."""
    every = units(evidence["trends"])
    told, out = [unit for unit in every if not unit.lacks], [unit for unit in every if unit.lacks]
    if not any(unit.decides for unit in told):
        raise Missing("no claim has a trend over four sizes in a cell that decides")
    blocks = [unit.found for unit in told]
    draws = permuted(blocks, DRAWS + 1)
    aside, score = draws[:, 0], against(draws[:, 1:])
    frame = _lanes(told, signs(blocks))
    counted, means = frame.filter("decides"), (unit.found.taus.mean() for unit in told)
    return Findings(
        primary=Part(
            RULE,
            asks=(View("all trends", counted.select(LANE), score),),
            guards=(must_fail("a draw set aside", _lanes(told, aside).filter("decides").select(LANE)),),
        ),
        shown=(
            View("by claim", counted.select("claim", *LANE), score),
            View("by chapter", counted.select("chapter", *LANE), score),
            View("tuned rates", frame.filter("tuned", ~pl.col("decides")).select(LANE), score),
        ),
        drawn=(
            View("trends", pl.concat([counted, _lanes(out).filter("decides")]).select("claim", "condition", *LANE)),
            View("Kendall's τ", _lanes(told, means).filter("decides").select("claim", "condition", *LANE)),
            View("permuted sizes", _of_draws(draws[counted["seed"].to_numpy(), 1:].mean(axis=0))),
        ),
    )


def _lanes(found: list[Unit], values: Iterable[float] | None = None) -> pl.DataFrame:
    """A row for each trend, its number in place of a seed; without values they are trends that cannot be told."""
    told = [None] * len(found) if values is None else map(float, values)
    rows = [
        (CHAPTERS.get(its.claim[:2], its.claim[:2]), its.claim, its.cell, its.decides,
         its.found.condition.get("tuned") == "true", 1.0, number, value, "lost" if value is None else "ok")
        for number, (its, value) in enumerate(zip(found, told, strict=True))
    ]  # fmt: skip
    return pl.DataFrame(rows, TOLD, orient="row")


def _of_draws(values: Iterable[float]) -> pl.DataFrame:
    """Lanes of what each draw gives."""
    told = pl.DataFrame({"value": values}, schema={"value": pl.Float64}).with_row_index("seed", 1)
    return told.select(pl.col("seed").cast(pl.Int64), "value", size=pl.lit(1.0), status=pl.lit("ok")).select(LANE)


PANELS = (Tally("trends", "Truer with size? All cells of four sizes or more", key="claim"),)
