"""Whether a claim becomes truer with size: Page's trend test over seeds, corrected over all claims."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from nominima.ground.texts import number
from nominima.judging import stats
from nominima.judging.claim import Growth, Scoreboard, Standing, Trend, Verdict
from nominima.judging.lanes import Blocks, blocks, each_cell
from nominima.judging.rule import MOST_LOST

SIGNIFICANT = 0.01
STEADY = 0.6  # Kendall's τ of the size means
SHAPES: dict[Growth, str] = {"grows": "page_p", "shrinks": "reverse_p", "hump": "hump_p"}


def trends(sizes: pl.DataFrame, flat: float) -> list[Trend]:
    """The trend of every cell of a table of cell, size, seed, value."""
    return [_trend(cell, blocks(rows), flat) for cell, rows in each_cell(sizes)]


def scoreboard(verdicts: Sequence[Verdict]) -> Scoreboard:
    """All claims side by side; p-values are corrected (Holm) over all claims and the three shapes of a trend.

    A claim's p for a shape is the largest over its cells: the shape is found only where every cell shows it.
    """
    raw = [[_shape_p(verdict, shape) for shape in SHAPES] for verdict in verdicts]
    corrected = stats.holm([p for row in raw for p in row])
    rows = [corrected[at : at + len(SHAPES)] for at in range(0, len(corrected), len(SHAPES))]
    return Scoreboard(standings=[_standing(*each) for each in zip(verdicts, raw, rows, strict=True)])


def _trend(cell: str, block: Blocks, flat: float) -> Trend:
    rising, falling = stats.page(block.values) or (None, None)
    means = [float(mean) for mean in block.values.mean(axis=0)] if block.seeds else [None] * len(block.sizes)
    return Trend(
        cell=cell,
        sizes=len(block.sizes),
        seeds=len(block.seeds),
        lost=block.lost,
        page_p=rising,
        reverse_p=falling,
        hump_p=stats.hump(block.values),
        kendall=stats.kendall(block.sizes, np.array(means)) if block.seeds else None,
        flat=_flat(block, flat),
        means=list(zip(map(float, block.sizes), means, strict=True)),
    )


def _flat(block: Blocks, margin: float) -> bool:
    """Whether, for every size, the interval of its difference from the smallest lies within the margin."""
    changes = [stats.mean(column - block.values[:, 0]) for column in block.values.T[1:]]
    return bool(changes) and all(
        change.low is not None and change.high is not None and -margin < change.low and change.high < margin
        for change in changes
    )


def _shape_p(verdict: Verdict, shape: Growth) -> float | None:
    if verdict.outcome == "untested":
        return None
    ps = [getattr(trend, SHAPES[shape]) for trend in verdict.trends]
    return None if not ps or None in ps else max(ps)


def _standing(verdict: Verdict, raw: Sequence[float | None], corrected: Sequence[float | None]) -> Standing:
    growth, reason = _growth(verdict, dict(zip(SHAPES, corrected, strict=True)))
    known = [(p, holm) for p, holm in zip(raw, corrected, strict=True) if p is not None and holm is not None]
    of_shape = dict(zip(SHAPES, zip(raw, corrected, strict=True), strict=True))
    trend_p, holm_p = of_shape[growth] if growth in SHAPES else min(known, default=(None, None))
    kept = (
        "claim",
        "title",
        "outcome",
        "reason",
        "headline",
        "robustness",
        "runs",
        "lost",
        "rule",
        "rule_digest",
    )
    return Standing(
        **{name: getattr(verdict, name) for name in kept},
        growth=growth, growth_reason=reason, trend_p=trend_p, holm_p=holm_p,
    )  # fmt: skip


def _growth(verdict: Verdict, holm: dict[Growth, float | None]) -> tuple[Growth, str]:
    """The shape that every cell shows: grows and shrinks also need Kendall's τ to agree in all cells."""
    lack = _lack(verdict)
    if lack:
        return "unclear", lack
    taus = [trend.kendall or 0.0 for trend in verdict.trends]
    agrees = {"grows": min(taus) >= STEADY, "shrinks": max(taus) <= -STEADY, "hump": True}
    for shape in SHAPES:
        p = holm[shape]
        if p is not None and p < SIGNIFICANT and agrees[shape]:
            return shape, f"{_told(shape)} (p = {number(p)} after Holm, Kendall τ {_span(taus)})."
    if all(trend.flat for trend in verdict.trends):
        return "flat", f"At every size within {number(verdict.rule.flat)} of the smallest, in every cell."
    least = min((p for p in holm.values() if p is not None), default=None)
    return "unclear", f"No shape in all cells (least p after Holm {number(least)}, Kendall τ {_span(taus)})."


def _lack(verdict: Verdict) -> str:
    if verdict.outcome == "untested":
        return "The claim itself is untested."
    if not verdict.trends:
        return "No sizes were compared."
    for trend in verdict.trends:
        if trend.page_p is None:
            told = f"{trend.sizes} sizes with {trend.seeds} seeds in common"
            return f"{trend.cell}: {told}; Page's test needs 3 and 2."
        if trend.lost > MOST_LOST * (trend.lost + trend.seeds):
            return f"{trend.cell}: {trend.lost} of {trend.lost + trend.seeds} seeds lost a run."
    return ""


def _told(shape: Growth) -> str:
    return {
        "grows": "Truer with size in every cell",
        "shrinks": "Less true with size in every cell",
        "hump": "Truer up to a middle size and less true beyond it, in every cell",
    }[shape]


def _span(taus: Sequence[float]) -> str:
    low, high = min(taus), max(taus)
    return number(low) if low == high else f"{number(low)} to {number(high)}"
