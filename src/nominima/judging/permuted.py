"""Trends of many claims at once, and what they would be if the order of the sizes meant nothing.

A unit is a claim in a cell. In a draw the sizes of every cell are permuted once, the same for all claims judged in it
and for all their seeds, since these look at the same networks; then each unit is told its trend as `trend` does.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from nominima.ground.texts import canonical
from nominima.judging.intervals import FEWEST, FEWEST_EQUAL, ROUNDING, Floats, average
from nominima.judging.samples import Sample, Score
from nominima.judging.trend import LEVEL, PLACED, SIZES_TO_DIFFER, STEADY, Block, block, lacking

NO_CONDITIONS = {"claim", "cell", "decides", "steps", *PLACED}  # other steps: the same networks, looked at elsewhere
SEED = 20201022
Signs = NDArray[np.int8]


class Unit(NamedTuple):
    """A claim in a cell of at least SIZES_TO_DIFFER sizes; `lacks` says why no trend of it can be told, if so."""

    claim: str
    cell: str
    decides: bool
    found: Block
    lacks: str


def units(trends: pl.DataFrame) -> list[Unit]:
    """The units in the evidence `trends`, in its order."""
    names = [name for name in trends.columns if name not in NO_CONDITIONS]
    told: list[Unit] = []
    for (claim, cell), rows in trends.group_by("claim", "cell", maintain_order=True):
        found = block(rows.select(names).row(0, named=True), rows)
        if len(found.sizes) >= SIZES_TO_DIFFER:
            told.append(Unit(str(claim), str(cell), bool(rows["decides"][0]), found, lacking(found)))
    return told


def signs(found: Sequence[Block]) -> Signs:
    """Of each block 1 if its quantity grows with size, -1 if it shrinks, else 0: (unit,)."""
    return _stacked([_signs(concordance(each.values, each.sizes[None])) for each in found], 1)[:, 0]


def permuted(found: Sequence[Block], draws: int, seed: int = SEED) -> Signs:
    """The signs of each block in draws of permuted sizes: (unit, draw)."""
    rng = np.random.default_rng(seed)
    cells = [canonical(each.condition) for each in found]
    looked_at: dict[str, list[Floats]] = {cell: [] for cell in sorted(set(cells))}
    for each, cell in zip(found, cells, strict=True):
        looked_at[cell].append(each.sizes)
    sizes = {cell: np.unique(np.concatenate(its)) for cell, its in looked_at.items()}
    orders = {cell: rng.random((draws, len(its))) for cell, its in sizes.items()}
    places = [np.searchsorted(sizes[cell], each.sizes) for each, cell in zip(found, cells, strict=True)]
    return _stacked(
        [
            _signs(concordance(each.values, orders[cell][:, place]))
            for each, cell, place in zip(found, cells, places, strict=True)
        ],
        draws,
    )


def concordance(values: Floats, orders: Floats) -> Floats:
    """Kendall's τ_b of values (seed, size) with each of several orders (draw, size) without ties: (draw, seed); 0 for a
    constant series.
    """
    first, second = np.triu_indices(values.shape[1], 1)
    ups, ahead = (np.sign(each[:, second] - each[:, first]) for each in (values, orders))
    scale = np.sqrt(len(first) * np.abs(ups).sum(axis=1))
    return np.round(ahead @ ups.T / np.where(scale > 0, scale, 1.0), 12)


def against(drawn: Signs) -> Score:
    """Score: the mean of units, their numbers in place of seeds, against the same mean in each draw (unit, draw)."""

    def score(rows: pl.DataFrame) -> Sample:
        known = rows.drop_nulls("value").sort("seed")
        told = known["value"].to_numpy()[:, None]
        return Sample(rows, tuple(known["seed"]), told, average, draws=drawn[known["seed"].to_numpy()].mean(axis=0))

    return score


def _signs(taus: Floats) -> Signs:
    """`trend.word_of` of each draw (draw, seed) as a sign: Student's interval of the mean beyond ± STEADY."""
    count = taus.shape[1]
    error = taus.std(axis=1, ddof=1) / np.sqrt(count)
    half = scipy.stats.t.ppf(0.5 + LEVEL / 2, count - 1) * error
    equal = np.ptp(taus, axis=1) <= ROUNDING * np.abs(taus).max(axis=1)
    half = np.where(equal, 0.0 if count >= FEWEST_EQUAL else np.inf, half if count >= FEWEST else np.inf)
    mean = taus.mean(axis=1)
    return (mean - half > STEADY).astype(np.int8) - (mean + half < -STEADY).astype(np.int8)


def _stacked(rows: Sequence[Signs], draws: int) -> Signs:
    return np.array(rows, dtype=np.int8).reshape(len(rows), draws)
