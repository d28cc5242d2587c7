"""What each stage of dvc.yaml runs: Snakemake where something is to be made, and a check that all is as planned.

DVC records a verb only while its ledger is that of the plan.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from nominima.ground.files import Refusal
from nominima.ground.places import MADE_BY, VERBS, ledger
from nominima.planning import digests
from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.tracing.job import INTERRUPTED
from nominima.tracing.standing import start


def check(verb: str, command: list[str]) -> None:
    """Check that every file up to a verb is as params.yaml and the source ask for, and that the ledgers say so.

    Args:
        verb: the last that is looked at.
        command: makes what is not so, if there is any; [] if nothing may be made.

    Raises:
        Refusal: one is not, for example since Snakemake was told to touch files instead of making them.
        CalledProcessError: the command failed.
    """
    for folder in (Path(name) for name in MADE_BY if name.endswith("/")):
        folder.mkdir(parents=True, exist_ok=True)  # DVC records what a verb made, and nothing is an empty folder
    digests.recall()
    if command and lacking(verb):
        subprocess.run(command, check=True)  # noqa: S603 - what dvc.yaml says
    if found := lacking(verb):
        raise Refusal(f"{found}: not that of params.yaml, the source and the files that are here, so DVC records "
                      "nothing; run `snakemake --cores all`")  # fmt: skip


def lacking(verb: str) -> str:
    """The first ledger up to a verb that is not of the plan and these files; "" if none is."""
    found = start(Plan(load(Path("params.yaml"))).by_verb)
    return next((name for name in map(ledger, VERBS[: VERBS.index(verb) + 1]) if name in found.needed), "")


def main() -> None:
    """`python -m nominima.verbs.check train [COMMAND…]`."""
    parser = argparse.ArgumentParser(prog="nominima check")
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    try:
        check(**vars(parser.parse_args()))
    except Refusal as refusal:
        sys.exit(f"check: {refusal}")
    except subprocess.CalledProcessError as failed:
        sys.exit(failed.returncode)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
