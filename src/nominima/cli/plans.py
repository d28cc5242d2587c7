"""Commands about what would run: what it costs, why, and how sure its verdicts would be."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from nominima.cli.frame import EVERY, Cores, Json, plan_of, project
from nominima.drawing import calibrations, estimates
from nominima.estimating import why as reasons
from nominima.estimating.estimate import estimate as estimated
from nominima.estimating.learn import learned, logs
from nominima.ground.files import write
from nominima.judging.calibration import DRAWS
from nominima.judging.calibration import SEED as DRAWN_BY
from nominima.planning.costs import COSTS, read_costs
from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.tracing.history import source_here
from nominima.tracing.standing import here
from nominima.verbs import calibrate as calibrating


def estimate(cores: Cores = EVERY, json_: Json = False) -> None:
    """Say what params.yaml costs before anything starts: jobs, CPU minutes of each verb, minutes on your cores.

    From benchmarks/costs.json, measured by `make bench WORK=costs` and `nominima learn`. What
    would run now is what a start of snakemake would run: files are asked for their traces.
    """
    root = project()
    plan = plan_of(root)
    found = estimated(plan, read_costs(), cores, here(plan.by_verb, root))
    if json_:
        typer.echo(json.dumps(estimates.tree(found), indent=1))
    else:
        estimates.show(found, Console())


def why(json_: Json = False) -> None:
    """Say which jobs would run now and why: values old → new, source, inputs, missing files.

    It is what `snakemake --dry-run` would run, told by what moved since the ledgers were written.
    """
    root = project()
    plan = plan_of(root)
    found = here(plan.by_verb, root)
    forecast = estimated(plan, read_costs(), 1, found)
    told = reasons.why(plan, found, source_here(root).ledgers, forecast, root)
    if json_:
        typer.echo(json.dumps([reason._asdict() for reason in told], indent=1))
    else:
        estimates.show_why(told, Console())


def learn() -> None:
    """Read from the logs of the last run what its jobs cost, into benchmarks/costs.json.

    `nominima estimate`, the progress that `snakemake` prints and the limit on what
    params.yaml may ask for are made of it. Jobs that left no log keep what is known.
    """
    root = project()
    plan = plan_of(root)
    found = learned(plan, read_costs(), root)
    write(COSTS, f"{found.model_dump_json(indent=1)}\n".encode())
    typer.echo(f"{COSTS}: learned from {sum(map(len, logs(plan, root).values()))} logs")


def calibrate(
    evidence: Annotated[
        Path | None, typer.Option(help="Folder reports/evidence of an exploratory run, other seeds than the trial's.")
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="Of every claim, at every truth.")] = DRAWS,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws.")] = DRAWN_BY,
    cores: Annotated[int, typer.Option(min=1, help="Claims that are simulated at once.")] = EVERY,
) -> None:
    """Simulate how often each claim would get a false word, and how surely a true one.

    Cells and numbers of seeds are those of the measurements here, the spread of seeds that
    of an exploratory run: with --evidence it is taken from there into docs/calibration, without
    what is kept there is used. Writes docs/calibration.csv; `make docs` puts it into docs/calibration.md.
    Exit code 0: every claim keeps what is asked of it. 1: not.
    """
    folder = evidence and evidence.resolve()
    root = project()
    os.chdir(root)
    jobs = Plan(load(Path("params.yaml"))).judge
    claims = {name: job.inputs for name, job in jobs.items() if name != "scoreboard"}
    rows = []
    for row in calibrating.calibrate(claims, draws, seed, cores, folder):
        rows.append(row)
        typer.echo(calibrations.line(row))
    calibrating.write_table(rows)
    if any(row.fails or row.supported is None for row in rows):
        raise typer.Exit(1)
