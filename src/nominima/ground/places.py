"""Where every file of the pipeline lies, and which verb makes it."""

import re
from pathlib import Path

from nominima.ground.files import Refusal

VERBS = ("prepare", "train", "measure", "judge", "report")
TRAJECTORY = ("parameters.safetensors", "metrics.parquet", "records.safetensors")
FIGURE = ("vl.json", "svg", "png")
MADE_BY = {
    "data/datasets/": "prepare",
    "data/runs/": "train",
    "data/measures/": "measure",
    "reports/verdicts/": "judge",
    "reports/figures/": "report",
    "reports/index.html": "report",
}
OWNED = {
    "judge": (".json",),
    "report": (".vl.json", ".svg", ".png"),
}  # in reports/; of data folders everything
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


def figure(claim: str, kind: str) -> str:
    """The file of a figure."""
    return f"reports/figures/{claim}.{kind}"


def owner(file: str) -> str:
    """The verb that makes a file.

    Raises:
        Refusal: no verb makes files there.
    """
    for folder, verb in MADE_BY.items():
        if file.startswith(folder):
            return verb
    raise Refusal(f"{file}: no verb makes files there; they are made in {', '.join(MADE_BY)}")


def owned(verb: str, name: str) -> bool:
    """Whether a file of this name is the verb's to remove; what a killed write left counts as what it was."""
    whole = re.sub(r"^\.(.+)\.\w{8}$", r"\1", name)
    return Path(name).name not in LEFT_ALONE and (verb not in OWNED or whole.endswith(OWNED[verb]))
