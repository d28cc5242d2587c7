"""The essay's one assumption: trained parameters follow about the same distribution as the initial ones.

Refuted if the weights of hidden layers come to follow another distribution, even in the largest networks.
"""

import polars as pl
from altair.typing import ChartType

from nominima.drawing.charts import curves, stack
from nominima.judging.claim import Claim, Control, Findings, Rule, Verdict
from nominima.judging.evidence import Evidence
from nominima.judging.lanes import lanes, paired
from nominima.judging.scores import at_largest, by_size, cells, dots, pooled, sensitivity

MEASURES = ("init_likeness",)

CLAIM = Claim(
    title="Solutions look like starting points",
    statement="The parameters of a trained network follow about the same distribution as those it was started with.",
    refuted_by="Hidden layers of the largest networks have weights of another distribution than at their start.",
    tested_by=(
        "For each hidden layer the distribution of its weights at the early stop is compared with that at the start by "
        "the Kolmogorov-Smirnov distance: the largest difference of the two cumulative shares. The distance is used, "
        "not its p-value, which falls with the number of weights however alike they are. The layer that fares worst "
        "counts, at the largest size. Another seed's start must look alike; the own start stretched by half must not."
    ),
    limits=(
        "Only the distribution of single weights is compared: that they depend on each other after training is not "
        "seen. Small layers differ by chance, so the trend is that of the distance beyond another seed's start. "
        "Output layers and biases do not count; the output layer and the end of training stand beside."
    ),
    literature=(
        "For: Chizat, Oyallon & Bach 2019, On lazy training (wide networks hardly move)",
        "Against: Martin & Mahoney 2021, Implicit self-regularization in deep neural networks (heavy tails)",
        "Against in part: Thamm, Staats & Rosenow 2022, Random matrix analysis of deep neural network weight matrices "
        "(mostly random, with information in the outliers)",
    ),
    caption=(
        "Kolmogorov-Smirnov distance of trained from initial weights, worst hidden layer, by number of parameters; "
        "below the same at the end of training, for the output layer and for another seed's start. The claim puts the "
        "largest networks of the first panel below the dashed line."
    ),
    rule=Rule(
        statistic="KS distance of the stopped from the initial weights, worst hidden layer, at the largest size",
        side="below",
        tau=0.05,
        trend="minus that distance, less the distance of another seed's start",
        flat=0.01,
    ),
)


def judge(evidence: Evidence) -> Findings:
    """The worst hidden layer at the largest size; another start and a stretched start as controls."""
    likeness = evidence["init_likeness"]
    stopped, chance = _worst(likeness, "best"), _worst(likeness, "other_init")
    excess = paired(stopped, chance).with_columns(value=pl.col("value") - pl.col("value_right"))
    return Findings(
        cells=cells(stopped, at_largest),
        controls=[
            Control(name="another seed's start", kind="positive", estimate=pooled(chance, at_largest)),
            Control(
                name="the own start, stretched by half",
                kind="negative",
                estimate=pooled(_worst(likeness, "stretched"), at_largest),
            ),
        ],
        sizes=excess.with_columns(-pl.col("value")),
        sensitivity=[
            *sensitivity("the distance at the end of training", _worst(likeness, "end"), at_largest, variant=True),
            *sensitivity("beyond another seed's start", excess, at_largest),
            *sensitivity("output layer", _worst(likeness, "best", "output"), at_largest),
            *sensitivity("output layer at the end of training", _worst(likeness, "end", "output"), at_largest),
            *sensitivity("largest ratio of standard deviations", _worst(likeness, "best", of="sd_ratio"), at_largest),
            *sensitivity("largest excess kurtosis", _worst(likeness, "best", of="kurtosis"), at_largest),
        ],
    )


def draw(evidence: Evidence, verdict: Verdict) -> ChartType:
    """The distance by size for hidden layers and the output layer, stopped and at the end, and for another start."""
    likeness = evidence["init_likeness"]
    panels = [
        ("best", "hidden", "Worst hidden layer, stopped by validation loss"),
        ("end", "hidden", "Worst hidden layer, end of training"),
        ("best", "output", "Output layer, stopped by validation loss"),
        ("end", "output", "Output layer, end of training"),
        ("other_init", "hidden", "Another seed's start: what chance makes"),
    ]
    found = [_worst(likeness, point, role) for point, role, _ in panels]
    above = by_size(found[0])
    return stack(
        *(
            _panel(table, title, verdict.rule, None if at == 0 else above)
            for at, (table, (*_, title)) in enumerate(zip(found, panels, strict=True))
        )
    )


def _panel(found: pl.DataFrame, title: str, rule: Rule, like: pl.DataFrame | None) -> ChartType:
    limit = found.select(x="size", y=pl.lit(rule.tau), label=pl.lit("the claim: below it at the largest size")).unique()
    return curves(
        by_size(found), title=title, x="parameters", y="KS distance from the start", log="xy", dots=dots(found),
        guide=limit.sort("x"), like=like, height=210 if like is None else 150,
    )  # fmt: skip


def _worst(likeness: pl.DataFrame, point: str, role: str = "hidden", of: str = "ks") -> pl.DataFrame:
    """Lanes: the largest number over the layers of a role at a point."""
    there = (pl.col("point") == point) & (pl.col("role") == role)
    return lanes(likeness, pl.col(of).filter(there).max(), fine=(pl.col("status") == "ok").filter(there).all())
