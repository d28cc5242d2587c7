"""Where every file of the pipeline lies, and which verb makes it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from nominima.ground.files import Refusal

VERBS = ("prepare", "train", "measure", "judge", "report")
TRAJECTORY = ("parameters.safetensors", "metrics.parquet", "records.safetensors")
FIGURE = ("vl.json", "svg", "png")
METRICS = ("reports/metrics.yaml", "reports/cells.yaml")  # for `dvc metrics` and for `dvc plots`
MADE_BY = {
    "data/datasets/": "prepare",
    "data/runs/": "train",
    "data/measures/": "measure",
    "reports/verdicts/": "judge",
    "reports/evidence/": "judge",
    "reports/figures/": "report",
    "reports/index.html": "report",
    "reports/metrics.yaml": "report",
    "reports/cells.yaml": "report",
}
LEFT_ALONE = {".gitignore", ".gitkeep"}


def ledger(verb: str) -> str:
    """The file in Git that says what a verb made."""
    return f"reports/ledger/{verb}.json"


def dataset(name: str) -> str:
    """The file of a prepared data set."""
    return f"data/datasets/{name}.safetensors"


def place(stack: str, variant: str) -> str:
    """The folder of a run below its stack's; they are one where the stack holds one run."""
    return f"{stack}/{variant}".rstrip("/")


def table(subject: str, measure: str) -> str:
    """The file of one measurement."""
    return f"data/measures/{subject}/{measure}.parquet"


def verdict(claim: str) -> str:
    """The file of a verdict."""
    return f"reports/verdicts/{claim}.json"


def evidence(claim: str) -> str:
    """The file of the numbers behind a verdict."""
    return f"reports/evidence/{claim}.csv"


def trends(claim: str) -> str:
    """The file of what a claim's trend with size was told from."""
    return f"reports/evidence/{claim}.trends.csv"


def figure(claim: str, kind: str) -> str:
    """The file of a claim's card, or of the scoreboard."""
    return f"reports/figures/{claim}.{kind}"


def detail(claim: str) -> str:
    """The name of the picture of all that a claim has to show, next to its card."""
    return f"{claim}.detail"


def owner(file: str) -> str:
    """The verb that makes a file.

    Raises:
        Refusal: no verb makes files there.
    """
    for folder, verb in MADE_BY.items():
        if file.startswith(folder):
            return verb
    raise Refusal(f"{file}: no verb makes files there; they are made in {', '.join(MADE_BY)}")


def killed(file: str) -> bool:
    """Whether a file is what a killed job leaves: `.name.xxxxxxxx` of a result, or anything in a folder `.xxxxxxxx`."""
    *folders, name = file.split("/")
    inside = any(re.fullmatch(r"\.[a-z0-9_]{8}", folder) for folder in folders)
    half = re.fullmatch(r"\..+\.(safetensors|parquet|json|yaml|csv|svg|png|html)\.[a-z0-9_]{8}", name)
    return inside or half is not None


def below(folder: Path) -> Iterator[str]:
    """Every file below a folder but those that keep it in Git."""
    for at, _, names in os.walk(folder):
        yield from (Path(at, name).as_posix() for name in names if name not in LEFT_ALONE)
