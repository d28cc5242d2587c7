"""A score for two numbers of each network: how their ranks go together inside a size."""

import numpy as np
import polars as pl
import scipy

from nominima.judging.intervals import Floats
from nominima.judging.samples import VALUE, Sample

PAIR = ("value", "value_right")


def spearman(rows: pl.DataFrame) -> Sample:
    """Score: Spearman's ρ of `value` and `value_right` over the seeds and places of a size, mean over sizes.

    For lanes with columns `value_right` and `place`, as the rate of a network; seeds with both numbers at every size
    and place. Seeds are the unit, with all their places: resampled ones are ranked anew. Not defined where one of the
    two does not vary.
    """
    sizes, places = (rows[name].n_unique() for name in ("size", "place"))
    both = VALUE.is_not_null() & pl.col("value_right").is_not_null()
    why = pl.col("status").filter(~both).first().fill_null("missing")
    found = rows.group_by("size", "seed", maintain_order=True)
    read = found.agg(value=pl.when(both.sum() == places).then(1.0), status=why).sort("size", "seed")
    each = rows.filter(both).sort("size", "place").group_by("seed", maintain_order=True).agg(PAIR)
    each = each.filter(pl.col("value").list.len() == sizes * places).sort("seed")
    pair = [np.array(each[name].to_list(), dtype=float).reshape(len(each), sizes, places) for name in PAIR]

    def statistic(which: Floats) -> Floats:
        """(…, seed, 1), which of the seeds are drawn → (…)."""
        one, other = (_ranks(numbers[which[..., 0].astype(int)]) for numbers in pair)
        with np.errstate(divide="ignore", invalid="ignore"):
            rho = (one * other).sum(-1) / np.sqrt((one**2).sum(-1) * (other**2).sum(-1))
        return rho.mean(axis=-1)

    return Sample(read, tuple(each["seed"]), np.arange(float(len(each)))[:, None], statistic)


def _ranks(values: Floats) -> Floats:
    """Of all lanes of a size, less their mean: (…, seed, size, place) → (…, size, lane)."""
    lanes = np.moveaxis(values, -2, -3)
    ranks = scipy.stats.rankdata(lanes.reshape(*lanes.shape[:-2], -1), axis=-1)
    return ranks - ranks.mean(axis=-1, keepdims=True)
