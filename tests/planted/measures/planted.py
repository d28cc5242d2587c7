"""Numbers without meaning, of as many conditions as are asked: what no claim may be found in."""

import polars as pl
from numpy.random import default_rng

from nominima.ground.records import Count, Natural

OF = "theory"
KEY = ("condition", "size", "seed")
SCHEMA = {"condition": "Int64", "size": "Int64", "seed": "Int64", "wrong": "Float64", "noise": "Float64"}
SIZES = (4, 16, 64, 256)


def measure(
    subject: None,
    *,
    conditions: Count = 60,
    seeds: Count = 8,
    first_seed: Natural = 300,
) -> pl.DataFrame:
    """`wrong` is normal around −2, `noise` around 0, both with deviation 1, whatever condition, size and seed."""
    rows = [
        {"condition": condition, "size": size, "seed": seed, "wrong": draw.normal(-2), "noise": draw.normal(0)}
        for condition in range(conditions)
        for size in SIZES
        for seed in range(first_seed, first_seed + seeds)
        for draw in (default_rng((condition, size, seed)),)
    ]
    return pl.DataFrame(rows, schema=list(SCHEMA)).sort(KEY)
