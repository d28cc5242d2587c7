"""The check that ends each stage of dvc.yaml: DVC records a verb only while its ledger is that of the plan."""

import argparse
import sys
from pathlib import Path

from nominima.ground.files import Refusal
from nominima.ground.places import MADE_BY, VERBS, ledger
from nominima.planning import digests
from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.tracing.standing import start


def check(verb: str) -> None:
    """Check that every file up to a verb is as params.yaml and the source ask for, and that the ledgers say so.

    Raises:
        Refusal: one is not, for example since Snakemake was told to touch files instead of making them.
    """
    for folder in (Path(name) for name in MADE_BY if name.endswith("/")):
        folder.mkdir(parents=True, exist_ok=True)  # DVC records what a verb made, and nothing is an empty folder
    digests.recall()
    found = start(Plan(load(Path("params.yaml"))).by_verb)
    for name in map(ledger, VERBS[: VERBS.index(verb) + 1]):
        if name in found.needed:
            raise Refusal(f"{name}: not that of params.yaml, the source and the files that are here, so DVC records "
                          "nothing; run `snakemake --cores all`")  # fmt: skip


def main() -> None:
    """`python -m nominima.verbs.check train`."""
    parser = argparse.ArgumentParser(prog="nominima check")
    parser.add_argument("verb", choices=VERBS)
    try:
        check(parser.parse_args().verb)
    except Refusal as refusal:
        sys.exit(f"check: {refusal}")


if __name__ == "__main__":
    main()
