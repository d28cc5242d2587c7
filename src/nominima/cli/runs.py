"""Commands that make results: some claims alone, by Snakemake."""

import sys
from typing import Annotated

import typer
from rich.console import Console

from nominima.cli.frame import EVERY, Cores, project
from nominima.ground import commands
from nominima.ground.files import Refusal, completed
from nominima.ground.places import FIGURE, figure, verdict
from nominima.judging.record import Verdict, read_judged
from nominima.planning.reader import load
from nominima.tracing.tell import text


def run(
    claims: Annotated[list[str], typer.Argument(help="Claims of params.yaml, or the starts of their names.")],
    cores: Cores = EVERY,
) -> None:
    """Make the verdicts and figures of some claims, and of what else only that which they rest on.

    Snakemake does it, as in a full rebuild; what is there and as planned is not made again.
    Other claims stay as they are, and nothing is recorded: `dvc repro` makes the rest and records all.
    Exit code: Snakemake's.
    """
    root = project()
    asked = load(root / "params.yaml").claims
    chosen = [completed(claim, asked, "no claim of params.yaml") for claim in claims]
    targets = [path for name in chosen for path in (verdict(name), *(figure(name, kind) for kind in FIGURE))]
    ended = commands.run([sys.executable, "-m", "snakemake", "--cores", str(cores), *targets], root)
    if ended:
        raise Refusal(f"snakemake ended with exit code {ended}; its messages above and logs/ say why")
    screen = Console()
    for name in chosen:
        judged, _ = read_judged(root / verdict(name), Verdict)
        screen.print(text(["", f"{name}: {judged.outcome}", judged.reason, figure(name, "svg")]), soft_wrap=True)
