"""Commands that make results again, and those that list what came of it."""

import json
import secrets
import shlex
import signal
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from nominima.auditing import tell
from nominima.auditing.again import Made
from nominima.auditing.audit import Audit
from nominima.auditing.audit import audit as made_again
from nominima.auditing.grades import PUBLISHED
from nominima.auditing.recipe import Depth, recipe, seconds, spot, wall
from nominima.auditing.subject import ALL, Name, subject
from nominima.cli.frame import EVERY, Cores, Json, project
from nominima.ground.files import Refusal
from nominima.tracing.receipt import FOLDER, Predicate, Receipt, keep, receipt, receipts, today
from nominima.tracing.tell import text
from nominima.tracing.trace import environment


def audit(
    what: Annotated[
        list[str] | None,
        typer.Argument(help="Files of results, README.md, printed codes, claims, or `all`.", show_default="all"),
    ] = None,
    at: Annotated[str | None, typer.Option(help="The commit that is meant.", show_default="HEAD")] = None,
    from_: Annotated[
        Depth | None, typer.Option("--from", help="What is taken as it was recorded.", show_default="measures")
    ] = None,
    some: Annotated[
        int | None, typer.Option("--spot", min=1, help="Only so many jobs, drawn by lot, each by itself.")
    ] = None,
    lot: Annotated[int | None, typer.Option(min=0, help="Seed of that lot.", show_default="a new one")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 on anything below bitwise.")] = False,
    kept: Annotated[bool, typer.Option("--receipt/--no-receipt", help="Keep a receipt in reports/audits/.")] = True,
    cores: Cores = EVERY,
    json_: Json = False,
) -> None:
    """Make recorded results again and grade how like they are.

    Of the commit are the params, the ledgers and the stored files; the source is that of this
    checkout, and no code of another commit is run. `--from verdicts` only draws again and
    publishes: the figures, the page, README.md's table. `measures` judges again too,
    `runs` measures too, `data` trains too and prepares the data.
    Exit code 0: all that was asked for was made again, and no word of a verdict changed. 1: not.
    """
    if some and from_:
        raise Refusal("--spot makes single jobs again, each from its own inputs; leave out --from")
    root, asked, depth = project(), what or [ALL], from_ or "measures"
    found = subject(asked, at, Path.cwd(), root)
    costs = seconds(found.plan)
    lot = secrets.randbelow(10**6) if lot is None else lot
    todo = spot(found, costs, some, lot) if some else recipe(found, depth)
    if not todo.jobs and not found.table:
        raise Refusal(f"{', '.join(asked)}: is not made from {depth}; try --from runs or --from data")
    screen, before = Console(stderr=True), time.monotonic()
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)  # what runs is ended, what lies about is cleared away
    tell.before(todo, wall(todo, costs, cores), cores, screen)
    with TemporaryDirectory(prefix="nominima-audit-") as folder, screen.status("making it again …") as status:
        over: list[Name] = []

        def done(name: Name, made: Made) -> None:
            over.append(name)
            status.update(f"{len(over)} of {len(todo.jobs)}  {' '.join(name)}  {made.why or f'{made.seconds:.1f} s'}")

        made = made_again(found, todo, Path(folder), cores, done)
    if json_:
        typer.echo(json.dumps(tell.tree(made), indent=1))
    else:
        tell.show(made, Console())
    if kept and made.grade != "not recomputed":
        how = f"--spot {some} --lot {lot}" if some else f"--from {depth}"
        command = f"nominima audit {shlex.join(found.words)} --at {found.commit} {how}"
        its = _receipt(made, command, "spot" if some else depth, time.monotonic() - before)
        screen.print(text(f"receipt: {keep(its, asked[0], root).relative_to(root)}"), soft_wrap=True)
    if made.grade in ("different", "not recomputed") or (strict and made.counts.keys() - {"bitwise"}):
        raise typer.Exit(1)


def audits() -> None:
    """List the latest audit of each result, from the receipts in reports/audits/.

    A receipt is believed by making it again: it holds the command.
    """
    found = receipts(project())
    if not found:
        raise Refusal(f"no receipts here: `nominima audit` leaves one in {FOLDER}/")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for head in ("result", "grade", "from", "date", "commit"):
        table.add_column(head)
    last = {path: its for its in found.values() for path in its.files}
    listed = (".png", *PUBLISHED)
    results = [path for path in sorted(last) if path.startswith("reports/verdicts/") or path.endswith(listed)]
    for path in results:
        told = last[path].predicate
        row = (path.removeprefix("reports/"), last[path].grade(path), told.made_from, told.date, told.commit[:7])
        table.add_row(*map(text, row))
    screen = Console()
    screen.print(table)
    screen.print(text(f"and {len(last) - len(results)} other files; {len(found)} receipts in {FOLDER}/"))


def _receipt(made: Audit, command: str, depth: str, took: float) -> Receipt:
    predicate = Predicate(
        command=command,
        date=today(),
        commit=made.subject.commit,
        made_from=depth,
        grade=made.grade,
        counts={str(grade): count for grade, count in made.counts.items()},
        seconds=round(took, 1),
        environment=environment() | {"threads": "1"},
        other_environment=made.environment,
        other_source=made.source,
        jobs={" ".join(name): {file.path: file.grade for file in files} for name, files in made.jobs.items()},
        begins=tell.begins(made),
    )
    return receipt({file.path: file.recorded for file in made.files}, predicate)
