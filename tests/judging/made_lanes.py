"""Hand-made lanes: conditions, sizes and seeds with numbers that a test chooses."""

from itertools import product

import numpy as np
import polars as pl

from nominima.judging.decide import decide_part
from nominima.judging.parts import Part, View
from nominima.judging.rules import Rule

SEEDS = tuple(range(300, 308))
SIZES = (4.0, 16.0, 64.0)
BELOW = Rule(statistic="b", side="below", tau=0.1, null=None)
SHARE = Rule(statistic="share", side="above", tau=0.9, unit="network")
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


def part(value, rule=ABOVE, guards=(), asks=(), name="", decides=None, **world):
    views = asks or (View("number", lanes(value, **world)),)
    extra = {} if decides is None else {"decides": decides}
    return Part(rule, views, guards, name=name, **extra)


def word(*args, **world):
    """The word of the one cell, and why it is not decided."""
    (cell,) = decide_part(part(*args, **world)).cells
    return cell.outcome, cell.why


def constant(number):
    return lambda *_: number
