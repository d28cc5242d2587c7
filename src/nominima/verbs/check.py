"""What each stage of dvc.yaml runs: Snakemake where something is to be made, and a check that all is as planned.

DVC records a verb only while its ledger is that of the plan.
"""

import argparse
import os
import sys
from pathlib import Path

from nominima.ground import commands
from nominima.ground.files import Refusal
from nominima.ground.places import MADE_BY, VERBS, ledger
from nominima.planning import busy, digests
from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.tracing.job import INTERRUPTED
from nominima.tracing.standing import start


def check(verb: str, command: list[str]) -> int:
    """Check that every file up to a verb is as params.yaml and the source ask for, and that the ledgers say so.

    Args:
        verb: the last that is looked at.
        command: makes what is not so, if there is any; [] if nothing may be made. A process of its own checks what it
            has made, since this one knows the source as it was before.

    Returns:
        exit code: that of the command if it failed, else 0.

    Raises:
        Refusal: one is not, for example since Snakemake was told to touch files instead of making them.
    """
    for folder in (Path(name) for name in MADE_BY if name.endswith("/")):
        folder.mkdir(parents=True, exist_ok=True)  # DVC records what a verb made, and nothing is an empty folder
    if held := busy.held():
        raise Refusal(held)
    digests.recall()
    found = start(Plan(load(Path("params.yaml"))).by_verb)
    digests.keep()
    lacking = next((name for name in map(ledger, VERBS[: VERBS.index(verb) + 1]) if name in found.needed), "")
    if lacking and command:
        code = commands.run(command)
        if code == 0:
            os.execv(sys.executable, [sys.executable, "-m", "nominima.verbs.check", verb])  # noqa: S606 - no shell
        return code
    if lacking:
        raise Refusal(f"{lacking}: not that of params.yaml, the source and the files that are here, so DVC records "
                      "nothing; run `snakemake --cores all`")  # fmt: skip
    for file in found.others:
        print(f"left alone, since no job makes it: {file}", file=sys.stderr)
    return 0


def main() -> None:
    """`python -m nominima.verbs.check train [COMMAND…]`."""
    parser = argparse.ArgumentParser(prog="nominima check")
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    try:
        sys.exit(check(**vars(parser.parse_args())))
    except Refusal as refusal:
        sys.exit(f"check: {refusal}")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
