"""Hand-made measurements: what a claim would read if the world were so or so, checked against the measures' schemas."""

import json
from importlib import import_module
from itertools import product

import numpy as np
import polars as pl

from nominima.drawing import card
from nominima.judging.decide import decide
from nominima.judging.evidence import TRENDS, Evidence, numbers
from nominima.judging.words import of_claim
from nominima.measuring.identity import CENSORED, IDENTITY, completed
from nominima.measuring.table import faults, schema
from nominima.planning import shelf
from nominima.planning.knobs import KNOBS, is_knob
from nominima.tracing.trace import Trace
from nominima.verbs import report
from nominima.verbs.judge import findings

CLAIMS = shelf.names("claims")
TRACE = Trace(verb="judge", spec={}, code="0", inputs={}, environment={})
COMPUTING = ("aggregate", "bin", "density", "extent", "impute", "loess", "quantile", "regression", "transform")
CHECKED = 8  # runs of a table, spread over it: they are made alike
SIZES = (4, 8, 16, 32)
SEEDS = tuple(range(300, 308))
TRAINING = {"dataset": "mnist1d", "model": "mlp", "optimizer": "adam", "rate": 0.001, "batch": 100, "steps": 5000,
            "examples": 4000}  # fmt: skip


def noise(*key):
    """A standard normal number that belongs to a key."""
    return float(np.random.default_rng([abs(hash_of(part)) for part in key]).standard_normal())


def hash_of(part):
    return part if isinstance(part, int) else int.from_bytes(str(part).encode(), "little") % 2**32


def lanes(sizes=SIZES, seeds=SEEDS, noises=(0.0, 0.2), **changes):
    """Identity columns of every lane of a sweep, knobs that are not named at their defaults: parameters = size²."""
    for share, size, seed in product(noises, sizes, seeds):
        known = {"parameters": size**2, **dict.fromkeys(CENSORED, False), "noise": share, "size": size}
        yield TRAINING | known | changes | {"seed": seed, "status": "ok"}


def table(measure, *sweeps):
    """The table of a measure from the rows of one or several sweeps, as it would be stored and read.

    Raises an AssertionError for rows that the measure's schema does not allow. What has no run name is named after all
    that it changes.
    """
    rows = [row for sweep in sweeps for row in sweep]
    its = schema(measure)
    of_runs = shelf.constant("measures", measure, "OF") == "run"
    kinds = {name: getattr(pl, kind.rstrip("?")) for name, kind in its.columns.items()}
    made = pl.DataFrame(rows, schema_overrides={**kinds}, infer_schema_length=None)
    if of_runs:
        usual = {name: knob.default for name, knob in KNOBS.items() if not knob.part and knob.default is not None}
        made = made.with_columns(pl.col(name).fill_null(value) for name, value in usual.items() if name in made.columns)
        knobs = [name for name in made.columns if is_knob(name)]
        named = pl.concat_str(pl.col(knobs).cast(pl.String).fill_null("-"))
        run = pl.coalesce("run", named) if "run" in made.columns else named
        made = made.with_columns(sweep=pl.lit("made"), run=run)
        made = completed(made)
        options = [name for name in made.columns if is_knob(name) and name not in KNOBS]
        own = [name for name in its.columns if name not in IDENTITY["run"]]
        made = made.select(*IDENTITY["run"], *options, *own).sort("run", *its.key)
    else:
        made = made.select(*its.columns).sort(its.key)
    parts = (
        made.partition_by("run") if of_runs else made.partition_by("dataset") if "dataset" in its.columns else [made]
    )
    looked_at = parts[:: max(1, len(parts) // CHECKED)]
    assert [fault for part in looked_at for fault in faults(part.sort(its.key), its)] == []
    return made


def lose(measure, frame, share):
    """The table with the first `share` of the seeds diverged: what was measured of them is null."""
    seeds = frame["seed"].unique().sort()
    gone = pl.col("seed").is_in(seeds[: round(share * len(seeds))].to_list())
    return frame.with_columns(
        pl.when(gone).then(pl.lit("diverged")).otherwise("status").alias("status"),
        *(pl.when(~gone).then(name).alias(name) for name in schema(measure).measured),
    )


def censor(frame, share):
    """The table with the first `share` of the seeds best at the last point looked at."""
    seeds = frame["seed"].unique().sort()
    late = pl.col("seed").is_in(seeds[: round(share * len(seeds))].to_list())
    return frame.with_columns(late.alias(name) for name in CENSORED)


def others(measure, frame, **changes):
    """The table and every other run of it again under other knobs, its measured numbers half of what they are."""
    runs = frame["run"].unique().sort()[::2]
    numbers = [name for name in schema(measure).measured if frame.schema[name] == pl.Float64]
    again = frame.filter(pl.col("run").is_in(runs.to_list())).with_columns(
        pl.col(numbers) / 2,
        sweep=pl.lit("others"),
        run=pl.concat_str(pl.lit("others/"), "run"),
        **{name: pl.lit(value, frame.schema[name]) for name, value in changes.items()},
    )
    return pl.concat([frame, again])


def found(name, **tables):
    """What a claim finds in tables by measure."""
    module = shelf.load("claims", name)
    return findings(module.judge, module.RULE, Evidence(tables))


def judged(name, **tables):
    """The verdict of a claim on tables by measure."""
    return decide(name, found(name, **tables))


def drawn(name, **tables):
    """All panels of a claim on tables by measure, as Vega-Lite text; Vega is left no statistics to compute."""
    made = found(name, **tables)
    return picture(name, made, decide(name, made))


def picture(name, made, verdict):
    """All panels of what a claim found and how it was decided; its card can be drawn as well."""
    told = []
    for draw in (card.card, report.detail):
        panels = shelf.load("claims", name).PANELS
        chart = draw(panels, numbers(made), verdict, of_claim(name).title, "1a2b3c4d5e6f")
        told.append(json.dumps(chart, allow_nan=False))
        assert [word for word in COMPUTING if f'"{word}"' in told[-1]] == []
    return told[-1]


def outcomes(part):
    """The word of every cell that decides, by name."""
    return {cell.name: cell.outcome for cell in part.cells if cell.decides}


def world(name):
    """The tables of a world in which the claim holds: `world()` of its test."""
    return import_module(f"test_{name}").world()


def of_runs(tables):
    """The measures that are taken of runs."""
    measured = [name for name in tables if name != TRENDS]
    return [measure for measure in measured if shelf.constant("measures", measure, "OF") == "run"]
