"""Hand-made lanes: conditions, sizes and seeds with numbers that a test chooses."""

from itertools import product

import numpy as np
import polars as pl

from nominima.judging.rules import Rule

SEEDS = tuple(range(300, 308))
SIZES = (4.0, 16.0, 64.0)
ABOVE = Rule(statistic="s", side="above", tau=0.1, null=0.0, trend="t", flat=0.1)
SCHEMA = {"size": pl.Float64, "seed": pl.Int64, "value": pl.Float64, "status": pl.String}
NOISE = np.random.default_rng(5).normal(size=(16, 12))


def lanes(value, conditions=({"dataset": "a"},), sizes=SIZES, seeds=SEEDS, spread=0.01, lost=lambda *_: None):
    """Lanes with `value(condition, size)` and a little noise; `lost(condition, size, seed)` says why one has none."""
    rows = []
    for condition, (at, size), (row, seed) in product(conditions, enumerate(sizes), enumerate(seeds)):
        why = lost(condition, size, seed)
        found = None if why else value(condition, size) + spread * float(NOISE[row % 16, at % 12])
        rows.append(condition | {"size": size, "seed": seed, "value": found, "status": why or "ok"})
    if not rows:
        return pl.DataFrame(schema=SCHEMA)
    return pl.DataFrame(rows, schema_overrides=SCHEMA, infer_schema_length=None)


def cells(count):
    return tuple({"dataset": f"d{index:02}"} for index in range(count))
