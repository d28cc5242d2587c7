"""Commands about results that are there: where they come from, whether they are as recorded, what they say."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from nominima.auditing.named import subject
from nominima.auditing.release import release as packed
from nominima.cli.frame import Json, plan_of, project
from nominima.drawing import verdicts as table
from nominima.ground.files import REMEDY, Refusal, digest, write
from nominima.ground.places import MADE_BY, verdict
from nominima.judging.earlier import earlier
from nominima.judging.record import Scoreboard, read_judged
from nominima.judging.words import titles
from nominima.planning.digests import SOURCE
from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.tracing import repository, tell
from nominima.tracing.standing import behind
from nominima.tracing.verify import verify as verify_all
from nominima.tracing.walk import walk_code, walk_file


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


def verify(json_: Json = False) -> None:
    """Hash all results again and compare them with the plan, the ledgers, dvc.lock and the cache.

    Names every file that differs, what was expected and found, and what mends it.
    Exit code 0: everything is here and as recorded. 1: not.
    """
    with Console(stderr=True).status("hashing everything again …"):
        root = project()
        own = (root / "src/nominima").resolve() == SOURCE and (root / "params.yaml").exists()
        report = verify_all(root, Plan(load(root / "params.yaml")).by_verb if own else None)
    if json_:
        typer.echo(json.dumps(tell.audit_tree(report), indent=1))
    else:
        tell.audit(report, Console())
    if report.findings or report.missing:
        raise typer.Exit(1)


def verdicts(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table of the README.")] = False,
) -> None:
    """Show the verdict on every claim, as last judged.

    A note says where params.yaml or the source ask for other results by now.
    """
    root = project()
    board, _ = read_judged(root / verdict("scoreboard"), Scoreboard)
    if markdown:
        typer.echo(table.markdown(board, titles()), nl=False)
    else:
        table.show(board, titles(), Console())
    old = behind(plan_of(root).by_verb, root)
    if old:
        note = f"note: params.yaml or the source ask for other results by now ({', '.join(old)}); {REMEDY}"
        Console(stderr=True).print(tell.text(note), soft_wrap=True)


def params(
    what: Annotated[str, typer.Argument(help="A result, the code printed in a figure, or a claim.")],
    at: Annotated[
        str | None, typer.Option(help="The commit that is meant.", show_default="that which recorded it")
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write them there.", show_default="print")] = None,
) -> None:
    """Print the exact params.yaml that made a result: that of the commit which recorded it.

    Exit code 1 where that commit's params ask for other values than its ledgers have.
    """
    found = subject([what], at, Path.cwd(), project())
    if out is not None and out.exists():
        raise Refusal(f"{out}: is there already; name a file that is not, or move it away")
    if out is None:
        typer.echo(found.params.decode(), nl=False)
    else:
        write(out, found.params)
    for name in found.asked:
        if obstacle := found.obstacle(name):
            raise Refusal(f"{' '.join(name)}: {obstacle}")


def page(
    against: Annotated[str, typer.Option(help="The commit to compare with: an id, a tag, a branch.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Write the page there.")],
) -> None:
    """Write a page of the verdicts here that marks what moved since a commit: words, trends, every number.

    It is reports/index.html with the verdicts of that commit beside them, read out of Git. No job
    makes it and no ledger lists it, so it must lie outside the results.
    """
    root, place = project(), out.resolve()
    _refuse_result(root, out, place)
    if closed := repository.closed(root):
        raise Refusal(f"{root}: what is compared with is read out of Git, and {closed}")
    commit = repository.commit(root, repository.resolved(root, against))
    then = earlier(root, commit.id)
    from nominima.verbs.page import beside  # it loads altair, which takes a second

    os.chdir(root)
    told, found = beside(then, commit)
    write(place, told.encode())
    note = f"{out}: compared with commit {commit.id[:12]} of {commit.date}, {found.told}"
    Console().print(tell.text(note), soft_wrap=True)


def release(
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write it there.", show_default="named by HEAD")
    ] = None,
) -> None:
    """Pack what HEAD records into one archive: code, results, page, receipts of its audits, an RO-Crate description.

    A receipt of `nominima audit all --at HEAD` must be here; `make release` makes one first.
    """
    root = project()
    if out is not None and out.exists():
        raise Refusal(f"{out}: is there already; name a file that is not, or move it away")
    made = packed(root, out)
    size, whole = made.path.stat().st_size / 1e6, digest(made.path)
    lines = [
        f"{made.path}: {made.files} files of commit {made.commit.id[:12]}, {size:.1f} MB",
        f"with {', '.join(made.receipts)}",
        f"SHA-256 {whole}",
    ]
    Console().print(tell.text(lines), soft_wrap=True)


def _refuse_result(root: Path, out: Path, place: Path) -> None:
    """Refuse to write where results lie, or over a file."""
    inside = place.relative_to(root).as_posix() if place.is_relative_to(root) else ""
    if inside.startswith(tuple(MADE_BY)):
        raise Refusal(f"{out}: results lie there, and a comparison is none; name another file, such as compared.html")
    if out.exists():
        raise Refusal(f"{out}: is there already; name a file that is not, or move it away")
