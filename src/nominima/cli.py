"""The command line for people: `nominima trace`, `verify`, `verdicts`, `estimate`, `learn`, `calibrate`."""

import io
import json
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from nominima.drawing import calibrations, estimates
from nominima.drawing import verdicts as verdicts_table
from nominima.estimating.estimate import estimate as estimated
from nominima.estimating.learn import learned, logs
from nominima.ground.files import REMEDY, Refusal, write
from nominima.ground.places import verdict
from nominima.judging.calibration import DRAWS
from nominima.judging.calibration import SEED as DRAWN_BY
from nominima.judging.record import Scoreboard, read_judged
from nominima.judging.words import titles
from nominima.planning.costs import COSTS, read_costs
from nominima.planning.digests import SOURCE
from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.tracing import tell
from nominima.tracing.history import projects
from nominima.tracing.job import INTERRUPTED
from nominima.tracing.standing import behind, here
from nominima.tracing.verify import verify as verify_all
from nominima.tracing.walk import walk_code, walk_file
from nominima.verbs import calibrate as calibrating

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON, everything in full.")]


def told(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose refusals end in one message on standard error and exit code 1."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except Refusal as refusal:
            Console(stderr=True).print(tell.text(str(refusal).split("\n")), soft_wrap=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None

    return run


@app.callback()
def main() -> None:
    """Trace a result to what made it, verify all results, read the verdicts, see what a rebuild costs."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without ✔ still gets the rest


@app.command()
@told
def trace(
    file: Annotated[Path | None, typer.Argument(help="Figure, table, verdict, page or checkpoint.")] = None,
    code: Annotated[str | None, typer.Option(help="The code printed in a figure, if there is no file.")] = None,
    json_: Json = False,
) -> None:
    """Walk from a lone file back to verdict, data, parameters, source and commit.

    The file may be renamed, moved, or made before later changes: its SHA-256 and
    the trace inside it are looked up in the ledgers, now and in Git's history.
    Exit code 0: recorded in Git, bit for bit. 1: not.
    """
    if (file is None) == (code is None):
        raise Refusal("give either a file or --code")
    walk = walk_file(file, Path.cwd()) if file else walk_code(code or "", Path.cwd())
    if json_:
        typer.echo(json.dumps(tell.tree(walk), indent=1))
    else:
        tell.show(walk, Console())
    if walk.standing != "recorded":
        raise typer.Exit(1)


@app.command()
@told
def verify(json_: Json = False) -> None:
    """Hash all results again and compare them with the plan, the ledgers, dvc.lock and the cache.

    Names every file that differs, what was expected and found, and what mends it.
    Exit code 0: everything is here and as recorded. 1: not.
    """
    with Console(stderr=True).status("hashing everything again …"):
        root = _project()
        own = (root / "src/nominima").resolve() == SOURCE and (root / "params.yaml").exists()
        report = verify_all(root, Plan(load(root / "params.yaml")).by_verb if own else None)
    if json_:
        typer.echo(json.dumps(tell.audit_tree(report), indent=1))
    else:
        tell.audit(report, Console())
    if report.findings or report.missing:
        raise typer.Exit(1)


@app.command()
@told
def verdicts(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table of the README.")] = False,
) -> None:
    """Show the verdict on every claim, as last judged.

    A note says where params.yaml or the source ask for other results by now.
    """
    root = _project()
    board, _ = read_judged(root / verdict("scoreboard"), Scoreboard)
    if markdown:
        typer.echo(verdicts_table.markdown(board, titles()), nl=False)
    else:
        verdicts_table.show(board, titles(), Console())
    old = behind(Plan(load(root / "params.yaml")).by_verb, root)
    if old:
        note = f"note: params.yaml or the source ask for other results by now ({', '.join(old)}); {REMEDY}"
        Console(stderr=True).print(tell.text(note), soft_wrap=True)


@app.command()
@told
def estimate(
    cores: Annotated[int, typer.Option(min=1, help="Cores that jobs may use.")] = os.cpu_count() or 1,
    json_: Json = False,
) -> None:
    """Say what params.yaml costs before anything starts: jobs, CPU minutes of each verb, minutes on your cores.

    From benchmarks/costs.json, measured by `make bench WORK=costs` and `nominima learn`. What
    would run now is what a start of snakemake would run: files are asked for their traces.
    """
    root = _project()
    plan = Plan(load(root / "params.yaml"))
    found = estimated(plan, read_costs(), cores, here(plan.by_verb, root))
    if json_:
        typer.echo(json.dumps(estimates.tree(found), indent=1))
    else:
        estimates.show(found, Console())


@app.command()
@told
def learn() -> None:
    """Read from the logs of the last run what its jobs cost, into benchmarks/costs.json.

    `nominima estimate`, the progress that `snakemake` prints and the limit on what
    params.yaml may ask for are made of it. Jobs that left no log keep what is known.
    """
    root = _project()
    plan = Plan(load(root / "params.yaml"))
    found = learned(plan, read_costs(), root)
    write(COSTS, f"{found.model_dump_json(indent=1)}\n".encode())
    typer.echo(f"{COSTS}: learned from {sum(map(len, logs(plan, root).values()))} logs")


@app.command()
@told
def calibrate(
    evidence: Annotated[
        Path | None, typer.Option(help="Folder reports/evidence of an exploratory run, other seeds than the trial's.")
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="Of every claim, at every truth.")] = DRAWS,
    seed: Annotated[int, typer.Option(min=0, help="Of the draws.")] = DRAWN_BY,
    cores: Annotated[int, typer.Option(min=1, help="Claims that are simulated at once.")] = os.cpu_count() or 1,
) -> None:
    """Simulate how often each claim would get a false word, and how surely a true one.

    Cells and numbers of seeds are those of the measurements here, the spread of seeds that
    of an exploratory run: with --evidence it is taken from there into docs/calibration, without
    what is kept there is used. Writes docs/calibration.csv; `make docs` puts it into docs/verdicts.md.
    Exit code 0: every claim keeps what is asked of it. 1: not.
    """
    folder = evidence and evidence.resolve()
    root = _project()
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


def _project() -> Path:
    roots = projects(Path.cwd())
    if not roots:
        raise Refusal(f"{Path.cwd()}: no project here; run this inside a clone of it")
    return roots[0]
