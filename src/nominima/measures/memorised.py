"""How much of the corrupted labels is fitted by the time that a share of the clean ones is."""

from typing import Any

import numpy as np
import polars as pl

from nominima.measuring.learning import Floats, fitted, marks, recorded
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
KEY = ("seed", "clean")
SCHEMA = {
    "seed": "Int64",
    "clean": "Float64",
    "status": "String",
    "corrupted": "Float64?",
    "marked": "Float64?",
}
SHARES = tuple(round(0.025 * number, 3) for number in range(4, 40))  # .1, .125 … .975


def measure(subject: RunSubject) -> pl.DataFrame:
    """Share of the corrupted labels that are fitted when a share `clean` of the clean ones is.

    Fitted: the label trained on is predicted. The moment is where the share of the clean first reaches `clean`, on the
    straight line between the point looked at before and that point; the share of the corrupted is read off the same
    line. Null where a network never fits that many.

    marked: the same with no corrupted examples at all: a random fifth of the clean ones is marked in their place, and
    the others are the clean ones; mean over 20 draws, null if one of them is.

    Raises:
        Refusal: the run has no corrupted labels beside clean ones.
    """
    records = recorded(subject)
    rows: list[dict[str, Any]] = []
    for lane, seed in enumerate(subject.seeds):
        told = {"seed": seed, "status": subject.status[lane]}
        if subject.status[lane] == "diverged":
            rows += [told | {"clean": share} for share in SHARES]
            continue
        right, moved = fitted(records, lane)
        clean, corrupted = right[:, ~moved].astype(float), right[:, moved].mean(axis=1)
        drawn = marks(seed, clean.shape[1])
        marked = np.array([_at(clean[:, ~mark].mean(axis=1), clean[:, mark].mean(axis=1)) for mark in drawn])
        numbers = zip(SHARES, _at(clean.mean(axis=1), corrupted), marked.mean(axis=0), strict=True)
        rows += [told | {"clean": share, "corrupted": its, "marked": other} for share, its, other in numbers]
    return frame(rows, SCHEMA, KEY)


def _at(clean: Floats, other: Floats) -> Floats:
    """The other share (point,) where the clean one (point,) first reaches each of SHARES; NaN: never."""
    found = []
    for share in SHARES:
        reached = clean >= share
        at = int(reached.argmax())
        if not reached[at]:
            found.append(np.nan)
        elif at == 0:
            found.append(other[0])
        else:
            found.append(np.interp(share, clean[at - 1 : at + 1], other[at - 1 : at + 1]))
    return np.array(found)
