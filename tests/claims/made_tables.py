"""Hand-made measurements: what a claim would read if the world were so or so."""

import json
from itertools import product

import numpy as np
import polars as pl

from nominima.judging.evidence import Evidence
from nominima.judging.verdict import verdict
from nominima.planning import shelf
from nominima.verbs import report
from nominima.verbs.judge import findings

COMPUTING = ("aggregate", "bin", "density", "extent", "impute", "loess", "quantile", "regression", "transform")
SIZES = (4, 8, 16, 32)
SEEDS = tuple(range(100, 108))


def noise(*key):
    """A standard normal number that belongs to a key."""
    return float(np.random.default_rng([abs(hash_of(part)) for part in key]).standard_normal())


def hash_of(part):
    return part if isinstance(part, int) else int.from_bytes(str(part).encode(), "little") % 2**32


def lanes(sizes=SIZES, seeds=SEEDS, noises=(0.0, 0.2), **changes):
    """Identity columns of every lane of a sweep: parameters = size²."""
    for share, size, seed in product(noises, sizes, seeds):
        yield {
            "sweep": "sizes", "run": f"sizes/{share}.w{size}", "dataset": "mnist1d", "examples": None, "noise": share,
            "smoothing": 0.0, "model": "mlp", "size": size, "parameters": size**2, "gain": 1.0,
            "start.kind": None, "optimizer": "adam",
            "rate": 0.001, "tuned": False, "schedule": "constant", "l2": 0.0, "decay": 0.0, "l1": 0.0, "dropout": 0.0,
            "seed": seed, "status": "ok",
        } | changes  # fmt: skip


def table(rows):
    """Columns of nulls alone are measured numbers, but for `examples` and `start.kind`."""
    made = pl.DataFrame(
        list(rows), schema_overrides={"examples": pl.Int64, "start.kind": pl.String}, infer_schema_length=None
    )
    return made.with_columns(pl.col(pl.Null).cast(pl.Float64))


def lose(frame, share, *columns):
    """The first `share` of the seeds diverged: their rows have nulls."""
    seeds = frame["seed"].unique().sort()
    gone = pl.col("seed").is_in(seeds[: round(share * len(seeds))].to_list())
    return frame.with_columns(
        pl.when(gone).then(pl.lit("diverged")).otherwise("status").alias("status"),
        *(pl.when(~gone).then(column).alias(column) for column in columns),
    )


def judged(name, **tables):
    """The verdict of a claim on tables by measure."""
    module = shelf.load("claims", name)
    return verdict(name, module.CLAIM, findings(module.judge, Evidence(tables)), "digest")


def drawn(name, **tables):
    """The whole figure of a claim on tables by measure, as Vega-Lite text; Vega is left no statistics to compute."""
    chart = report.figure(shelf.load("claims", name).draw, Evidence(tables), judged(name, **tables), "1a2b3c4d5e6f")
    told = json.dumps(chart, allow_nan=False)
    assert [word for word in COMPUTING if f'"{word}"' in told] == []
    return told
