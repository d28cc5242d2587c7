"""The command line for people: results that are there, audits of them, plans of what would run, claims run alone."""

import io
import sys

import typer

from nominima.cli import audits, plans, results, runs
from nominima.cli.frame import told

COMMANDS = (
    results.trace, results.verify, audits.audit, audits.audits, results.verdicts, results.page, results.params,
    results.release, runs.run, plans.estimate, plans.why, plans.learn, plans.calibrate,
)  # fmt: skip

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def main() -> None:
    """Trace a result to what made it, verify and audit results, read verdicts, run a claim, see what it costs."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without ✔ still gets the rest


for command in COMMANDS:
    app.command(command.__name__)(told(command))
