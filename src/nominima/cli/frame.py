"""What all commands share: refusals as one message, the project around the current folder, JSON on demand."""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from nominima.ground.files import Refusal
from nominima.planning import digests
from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.tracing.history import projects
from nominima.tracing.job import INTERRUPTED
from nominima.tracing.tell import text

Json = Annotated[bool, typer.Option("--json", help="Print JSON, everything in full.")]
EVERY = os.cpu_count() or 1
Cores = Annotated[int, typer.Option(min=1, help="Cores that jobs may use.")]


def told(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose refusals end in one message on standard error and exit code 1."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except Refusal as refusal:
            Console(stderr=True).print(text(str(refusal).split("\n")), soft_wrap=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            Console(stderr=True).print("interrupted")
            raise typer.Exit(INTERRUPTED) from None

    return run


def project() -> Path:
    """The project at or above the current folder.

    Raises:
        Refusal: there is none.
    """
    roots = projects(Path.cwd())
    if not roots:
        raise Refusal(f"{Path.cwd()}: no project here; run this inside a clone of it")
    return roots[0]


def plan_of(root: Path) -> Plan:
    """The plan of a project, with the digests that earlier commands kept: for what a person reads, never for checks.

    Raises:
        Refusal: params.yaml asks for what cannot be.
    """
    digests.recall()
    return Plan(load(root / "params.yaml"))
