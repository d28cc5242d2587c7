"""How many weights a mask leaves a network."""

import polars as pl
from torch import Tensor

from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
KEY = ("seed",)
SCHEMA = {
    "seed": "Int64",
    "status": "String",
    "hidden": "Int64",
    "hidden_kept": "Int64",
    "output": "Int64",
    "output_kept": "Int64",
}


def measure(subject: RunSubject) -> pl.DataFrame:
    """The weights of the hidden layers and of the output layer, and how many of each are not held at zero.

    One that is zero at the start of training and at its end is: of a network without a mask hardly any is, and with
    one all that the mask leaves out (`training.start.mask`). Biases are not counted. It is known of networks that
    diverged too.
    """
    trajectory, layout = subject.trajectory, subject.model.layout
    moved = (trajectory.theta[0] != 0) | (trajectory.theta[-1] != 0)
    parts: dict[str, list[Tensor]] = {"hidden": [], "output": []}
    for leaf, part in zip(layout, moved.split([leaf.numel for leaf in layout], dim=1), strict=True):
        if leaf.role != "bias":
            parts[leaf.role].append(part)
    columns = {"seed": subject.seeds, "status": subject.status}
    for role, of_role in parts.items():
        columns[role] = [sum(part.shape[1] for part in of_role)] * len(subject.seeds)
        columns[f"{role}_kept"] = [sum(int(part[lane].sum()) for part in of_role) for lane in range(len(subject.seeds))]
    return frame(columns, SCHEMA, KEY)
