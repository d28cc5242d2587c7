"""A score for two numbers of each network: how their ranks go together inside a size."""

import numpy as np
import polars as pl

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
    shape = len(each), sizes, places
    below = np.stack([_below(np.array(each[name].to_list(), dtype=float).reshape(shape)) for name in PAIR])

    def statistic(which: Floats) -> Floats:
        """(…, seed, 1), which of the seeds are drawn → (…)."""
        times = (which == np.arange(len(each))).sum(axis=-2).astype(float)
        weights = np.repeat(times, places, axis=-1)[..., None, :]
        ranks = np.tensordot(times, below, axes=([-1], [2]))
        ranks -= (ranks * weights[..., None, :]).sum(-1, keepdims=True) / weights[..., None, :].sum(-1, keepdims=True)
        one, other = ranks[..., 0, :, :], ranks[..., 1, :, :]
        with np.errstate(divide="ignore", invalid="ignore"):
            rho = (weights * one * other).sum(-1) / np.sqrt((weights * one**2).sum(-1) * (weights * other**2).sum(-1))
        return rho.mean(axis=-1)

    return Sample(read, tuple(each["seed"]), np.arange(float(len(each)))[:, None], statistic)


def _below(values: Floats) -> Floats:
    """How many of a seed's values lie below each value, equal ones by half: (seed, size, place) → (size, seed, lane).

    Summed over the seeds that are drawn, as often as they are, it is the rank of that lane less a half.
    """
    lanes = np.moveaxis(values, 1, 0).reshape(values.shape[1], 1, -1)
    its = np.moveaxis(values, 1, 0)[..., None]
    return ((its < lanes[:, :, None]) + 0.5 * (its == lanes[:, :, None])).sum(axis=2)
