"""Commands that make results again, and those that list what came of it."""

import json
import secrets
import shlex
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, NamedTuple, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from nominima.auditing import tell, tell_replication
from nominima.auditing.again import Made
from nominima.auditing.audit import audit as made_again
from nominima.auditing.codecheck import certificate
from nominima.auditing.named import ALL, codes, subject
from nominima.auditing.recipe import Depth, Recipe, recipe, seconds, spot, wall
from nominima.auditing.replication import check_fresh, replicate, with_fresh_seeds
from nominima.auditing.seeds import least
from nominima.auditing.subject import Name, Subject
from nominima.cli.frame import EVERY, Cores, Json, project
from nominima.ground.files import Refusal
from nominima.tracing import repository
from nominima.tracing.receipt import FOLDER, Predicate, Receipt, Replicated, keep, receipt, receipts, today
from nominima.tracing.source import unpacked
from nominima.tracing.tell import text
from nominima.tracing.trace import environment

Found = TypeVar("Found")
Make = Callable[[Subject, Recipe, Path, int, Callable[[Name, Made], None]], Found]


class Done(NamedTuple):
    """What an audit leaves: what is printed as JSON, its receipt if there is anything to keep, and whether it fails."""

    tree: dict[str, Any]
    show: Callable[[Console], None]
    receipt: Receipt | None
    fails: bool


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
    seeds: Annotated[
        int | None, typer.Option(min=0, metavar="FIRST", help="Replicate the claims: all again, with seeds from FIRST.")
    ] = None,
    its_code: Annotated[
        bool, typer.Option("--run-its-code", help="Run the source of that commit, which may do anything.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 on anything below bitwise; with --seeds on any other word.")
    ] = False,
    kept: Annotated[bool, typer.Option("--receipt/--no-receipt", help="Keep a receipt in reports/audits/.")] = True,
    codecheck: Annotated[
        bool, typer.Option("--codecheck", help="Write a CODECHECK certificate's codecheck.yml too.")
    ] = False,
    cores: Cores = EVERY,
    json_: Json = False,
) -> None:
    """Make recorded results again and grade how like they are.

    Of the commit are the params, the ledgers and the stored files; the source is that of this
    checkout, and no code of another commit is run without `--run-its-code`. `--from verdicts` only draws again and
    publishes: the figures, the page, README.md's table. `measures` judges again too,
    `runs` measures too, `data` trains too and prepares the data. `--seeds` replicates: what
    `--from data` makes, but of fresh seeds and up to the verdicts, compared by words and intervals.
    Exit code 0: all that was asked for was made again, and no word of a verdict changed; of a
    replication, no word turned into its opposite. 1: not.
    """
    _refuse_together(some, from_, seeds, codecheck=codecheck and not kept, its_code=its_code)
    if lot is not None and not some:
        raise Refusal("--lot is the seed of a draw; give --spot too, or leave it out")
    root, asked, screen = project(), what or [ALL], Console(stderr=True)
    found = subject(asked, at, Path.cwd(), root)
    if by_code := codes(asked, Path.cwd()):
        told = f"note: {', '.join(by_code)}: the picture you have was not looked at; compare it with the recorded one"
        screen.print(text(told, "yellow"), soft_wrap=True)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)  # what runs is ended, what lies about is cleared away
    with _by_its_code(found, screen) if its_code else nullcontext(found) as found:
        if seeds is not None:
            done = _replicated(with_fresh_seeds(found, seeds), cores, screen, strict=strict)
        else:
            todo, *how = _drawn(found, some, lot) if some else _all(found, from_ or "measures")
            done = _audited(found, todo, how, cores, screen, strict=strict)
    if json_:
        typer.echo(json.dumps(done.tree, indent=1))
    else:
        done.show(Console())
    if kept and done.receipt:
        _keep(done.receipt, asked[0], root, screen, codecheck=codecheck)
    if done.fails:
        raise typer.Exit(1)


def audits() -> None:
    """List the latest audit of each result and the latest replication of each claim, from reports/audits/.

    A receipt is believed by making it again: it holds the command.
    """
    found = receipts(project())
    if not found:
        raise Refusal(f"no receipts here: `nominima audit` leaves one in {FOLDER}/")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for head in ("result", "found", "how", "date", "commit"):
        table.add_column(head)
    last = {(path, its.kind): its.predicate for its in found.values() for path in its.results}
    for path, kind in sorted(last):
        told = last[path, kind]
        table.add_row(
            *map(text, (path.removeprefix("reports/"), told.word(path), told.how, told.date, told.commit[:7]))
        )
    screen = Console()
    screen.print(table)
    others = {path for its in found.values() for path in its.files} - {path for path, _ in last}
    screen.print(text(f"and {len(others)} other files; {len(found)} receipts in {FOLDER}/"))


@contextmanager
def _by_its_code(found: Subject, screen: Console) -> Iterator[Subject]:
    """The same subject, made by the source of its commit, which lies aside for as long."""
    told = f"the source of commit {found.commit[:12]} is run, as you asked; it can do whatever you can"
    screen.print(text(told, "yellow"), soft_wrap=True)
    with unpacked(found.root, repository.blobs(found.root, found.commit)) as package:
        yield replace(found, package=package)


def _refuse_together(
    some: int | None, from_: Depth | None, seeds: int | None, *, codecheck: bool, its_code: bool
) -> None:
    """Refuse options that contradict each other; codecheck: it is wanted of no receipt."""
    if some and from_:
        raise Refusal("--spot makes single jobs again, each from its own inputs; leave out --from")
    if seeds is not None and (some or from_):
        raise Refusal("--seeds makes all that a claim rests on with other seeds; leave out --from and --spot")
    if seeds is not None and its_code:
        raise Refusal("--seeds replicates with the source that is here; leave out --run-its-code")
    if codecheck:
        raise Refusal("--codecheck lists what a receipt tells; leave out --no-receipt")


def _all(found: Subject, depth: Depth) -> tuple[Recipe, str, str]:
    """All jobs from a depth on; what they are made from, and the option that says so."""
    todo = recipe(found, depth)
    if not todo.jobs and not found.table:
        raise Refusal(f"{', '.join(found.words)}: is not made from {depth}; try --from runs or --from data")
    return todo, depth, f"--from {depth}"


def _drawn(found: Subject, some: int, lot: int | None) -> tuple[Recipe, str, str]:
    """Some jobs drawn by lot; the same of them."""
    lot = secrets.randbelow(10**6) if lot is None else lot
    return spot(found, seconds(found.plan), some, lot), "spot", f"--spot {some} --lot {lot}"


def _audited(found: Subject, todo: Recipe, how: list[str], cores: int, screen: Console, *, strict: bool) -> Done:
    """Audit; how: what it is made from, and the option that says so."""
    before = time.monotonic()
    made = _run(made_again, found, todo, cores, screen)
    its = Predicate(
        **_event(found, how[1] + " --run-its-code" * found.own, time.monotonic() - before),
        made_from=how[0],
        grade=made.grade,
        counts={str(grade): count for grade, count in made.counts.items()},
        other_environment=made.environment,
        other_source=made.source,
        jobs={" ".join(name): {file.path: file.grade for file in files} for name, files in made.jobs.items()},
        begins=tell.begins(made),
        starts=tell.starts(made),
    )
    kept = receipt({file.path: file.recorded for file in made.files}, its) if made.grade != "not recomputed" else None
    fails = made.grade in ("different", "not recomputed") or (strict and bool(made.counts.keys() - {"bitwise"}))
    return Done(tell.tree(made), partial(tell.show, made), kept, fails)


def _replicated(found: Subject, cores: int, screen: Console, *, strict: bool) -> Done:
    """Replicate the claims of a subject with fresh seeds."""
    before, todo = time.monotonic(), recipe(found, "data")
    check_fresh(found, todo)
    tell_replication.before(found, screen)
    made = _run(replicate, found, todo, cores, screen)
    its = Replicated(
        **_event(found, f"--seeds {found.seeds}", time.monotonic() - before),
        first_seed=found.seeds or 0,
        instead_of=least(found.plan),
        grade=made.grade,
        counts=made.counts,
        other_environment=made.environment,
        other_source=made.source,
        claims=tell_replication.claims(made),
    )
    files = {path: told for _, claim in found.asked for path, told in tell_replication.files(found, claim).items()}
    kept = receipt(files, its) if made.counts.keys() - {"not replicated"} else None
    return Done(tell_replication.tree(made), partial(tell_replication.show, made), kept, made.fails(strict=strict))


def _run(make: Make[Found], found: Subject, todo: Recipe, cores: int, screen: Console) -> Found:
    """Say what will run and for how long, then make it in a folder that is cleared away."""
    tell.before(todo, wall(todo, seconds(found.plan), cores), cores, screen)
    with TemporaryDirectory(prefix="nominima-audit-") as folder, screen.status("making it again …") as status:
        over: list[Name] = []

        def done(name: Name, made: Made) -> None:
            over.append(name)
            status.update(f"{len(over)} of {len(todo.jobs)}  {' '.join(name)}  {made.why or f'{made.seconds:.1f} s'}")

        return make(found, todo, Path(folder), cores, done)


def _keep(its: Receipt, what: str, root: Path, screen: Console, *, codecheck: bool) -> None:
    path = keep(its, what, root)
    screen.print(text(f"receipt: {path.relative_to(root)}"), soft_wrap=True)
    if codecheck:
        told, empty = certificate(its, path, root)
        left = f"fill in by hand what only a person can: {', '.join(empty)}"
        screen.print(text(f"certificate: {told.relative_to(root)}; {left}"), soft_wrap=True)


def _event(found: Subject, option: str, took: float) -> dict[str, Any]:
    """What receipts of all kinds tell."""
    return {
        "command": f"nominima audit {shlex.join(found.words)} --at {found.commit} {option}",
        "date": today(),
        "commit": found.commit,
        "seconds": round(took, 1),
        "environment": environment() | {"threads": "1"},
    }
