"""The verb `measure`: everything that is asked of one run, one data set or theory, a table for each measure."""

import time
from collections.abc import Iterator
from typing import Any

import polars as pl

from nominima.ground.places import TRAJECTORY
from nominima.measuring.table import IDENTITY, no_rows, write_table
from nominima.planning import shelf
from nominima.planning.knobs import flat
from nominima.planning.run import apart
from nominima.tracing.job import Work, attempted, main
from nominima.training.dataset import read_dataset

Identity = dict[str, Any]
"""column → the value that all rows of a subject share, or an expression of the seed."""


def measure(job: Work) -> None:
    """Take the measures that the spec names: `{"subject": …, "measures": {name: options}}`, of a stack with its runs.

    Outputs: for each run of a stack, or the one subject else, a file per measure in the order of their names.
    """
    trace, outputs = job.trace, iter(job.outputs)
    for of, subject, identity in _subjects(job):
        for name, options in sorted(job.spec["measures"].items()):
            before = time.process_time()
            table, failed = _taken(name, subject, options)
            write_table(next(outputs), table.select(*_columns(of, identity), pl.all()), trace, failed)
            told = f"failed, so it has no rows: {failed}" if failed else f"{len(table)} rows"
            seconds = time.process_time() - before
            print(f"{identity.get('run', job.spec['subject'])} {name}: {told}, {seconds:.2f} CPU s", flush=True)


def _taken(name: str, subject: Any, options: dict[str, Any]) -> tuple[pl.DataFrame, str]:
    """A measure's table, and why it failed: that costs its own rows only."""
    table, failed = attempted(lambda: shelf.load("measures", name).measure(subject, **options))
    return no_rows(name) if table is None else table, failed


def _subjects(job: Work) -> Iterator[tuple[str, Any, Identity]]:
    kind, _, name = job.spec["subject"].partition("/")
    if kind == "theory":
        yield "theory", None, {}
    elif kind == "datasets":
        yield "dataset", read_dataset(job.inputs[0]), {"dataset": name}
    else:
        yield from _runs(job)


def _runs(job: Work) -> Iterator[tuple[str, Any, Identity]]:
    from nominima.measuring.subject import read_subject  # torch takes seconds to load, and only runs need it

    for run, first in zip(apart(job.spec), job.inputs[1 :: len(TRAJECTORY)], strict=True):
        subject = read_subject(run, job.inputs[0], first.parent)
        known = flat(run, examples=subject.labels.shape[1], rate=subject.trajectory.rate.item())
        late = {
            name: pl.col("seed").replace_strict(subject.seeds, flags, return_dtype=pl.Boolean)
            for name, flags in subject.censored.items()
        }
        yield "run", subject, {"sweep": run.sweep, "run": run.name, "parameters": subject.model.size, **late, **known}


def _columns(of: str, identity: Identity) -> list[pl.Expr]:
    kinds = IDENTITY[of]
    return [
        (
            value if isinstance(value, pl.Expr) else pl.lit(value, getattr(pl, kinds[name]) if name in kinds else None)
        ).alias(name)
        for name, value in identity.items()
    ]


if __name__ == "__main__":
    main("measure", measure)
