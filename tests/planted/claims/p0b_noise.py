"""Noise is more.

Claim: A planted claim: the column `noise` lies above 0.1.

Refuted by: It lies below 0.

Tested by: Random numbers of as many conditions as the largest claim has.

Limits: It says nothing of the world; it puts the machine that judges on trial.

Against: It was made so.

Caption: Random numbers by size; the claim puts them above the dashed line.
"""

import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence
from nominima.judging.parts import Findings, Part, View
from nominima.judging.rules import Rule

MEASURES = ("planted",)
RULE = Rule(statistic="a random number", side="above", tau=0.1, null=0.0, trend="the same number", flat=0.1)


def judge(evidence: Evidence) -> Findings:
    """The number at the largest size in every condition."""
    size, value = pl.col("size").cast(pl.Float64), pl.col("noise")
    lanes = evidence["planted"].select("condition", "seed", size=size, value=value, status=pl.lit("ok"))
    return Findings(primary=Part(RULE, (View("number", lanes),)), trend=View("number", lanes))


PANELS = (Panel("number", "Random numbers", "number", limit=(0.1, "the claim: above it")),)
