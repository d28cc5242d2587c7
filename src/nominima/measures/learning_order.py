"""Whether a network learns clean labels before corrupted ones, and when it begins to learn more of the latter."""

from typing import Any

import numpy as np
import polars as pl

from nominima.measuring.learning import Flags, Floats, earlier, fitted, learned, marks, recorded
from nominima.measuring.moments import HELD, lowest
from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
KEY = ("seed",)
SCHEMA = {
    "seed": "Int64",
    "status": "String",
    "clean_first": "Float64",
    "marked_first": "Float64",
    "clean": "Float64",
    "corrupted": "Float64",
    "crossing": "Float64?",
    "outnumbered": "Float64?",
    "peak": "Float64?",
    "peak_accuracy": "Float64?",
    "highest": "Float64?",
    "trained": "Float64?",
}
FROM = 0.1  # by so much the share of the clean labels is ahead before a crossing counts
SMOOTHED = 3  # log-steps; that a crossing is held for as many looked-at points keeps out what is left of the noise


def measure(subject: RunSubject) -> pl.DataFrame:
    """A label is learned at the first looked-at point of two in a row at which it is predicted; else never.

    clean_first: the chance that a clean label is learned before a corrupted one, never after all others, ties ½ (AUC).
    marked_first: the same for a random fifth of the clean labels, marked in the place of corrupted ones, and the rest
    of the clean; mean over 20 draws.
    clean, corrupted: shares of both that are learned by the end.
    crossing: the step from which the share of the corrupted that is learned in a log-step exceeds that of the clean.
    Between two looked-at points a share grows by its difference over that of ln t; this is averaged over three such
    log-steps and stands at the middle of the second, in ln t; the crossing lies on the straight line to the first
    middle at which the corrupted grow faster after a tenth of the clean labels had been learned, beyond the share of
    the corrupted: in the first steps, when all examples get the same answer, of ten classes each answer learns a tenth
    of both by chance. It is held for three looked-at points in a row. Null: there is none.
    outnumbered: the same for numbers of labels instead of shares.
    peak, peak_accuracy: the steps of the lowest validation loss and of the highest validation accuracy, by a parabola
    (`moments.lowest`). highest: that accuracy at the points looked at; trained: the training accuracy at the first such
    point, on the labels trained on. All four are null without validation examples.

    After Arpit et al. (2017) and, for learning as an event, Toneva et al. (2019).

    Raises:
        Refusal: the run has no corrupted labels beside clean ones.
    """
    records = recorded(subject)
    steps = records.steps.double().numpy()
    rows: list[dict[str, Any]] = []
    for lane, seed in enumerate(subject.seeds):
        told = {"seed": seed, "status": subject.status[lane]}
        if subject.status[lane] != "diverged":
            right, moved = fitted(records, lane)
            told |= _order(steps, learned(right), moved, marks(seed, int((~moved).sum()))) | _peaks(subject, seed)
        rows.append(told)
    return frame(rows, SCHEMA, KEY)


def _order(steps: Floats, when: Floats, moved: Flags, marked: Flags) -> dict[str, float]:
    clean, corrupted = (_grown(when[which], len(steps)) for which in (~moved, moved))
    return {
        "clean_first": float(earlier(when, moved)),
        "marked_first": float(earlier(when[~moved], marked).mean()),
        "clean": clean[-1],
        "corrupted": corrupted[-1],
        "crossing": crossing(steps, clean, corrupted),
        "outnumbered": crossing(steps, clean, corrupted, float(moved.mean() / (~moved).mean())),
    }


def _grown(when: Floats, points: int) -> Floats:
    """Share that is learned by each point."""
    return (when <= np.arange(points)[:, None]).mean(axis=1)


def crossing(steps: Floats, clean: Floats, corrupted: Floats, weight: float = 1.0) -> float:
    """The step from which the corrupted share, times a weight, grows faster in ln t than the clean one; NaN: never.

    Args:
        steps: (point,) ascending; 0 has no logarithm and is left out.
        clean, corrupted: (point,), shares that are learned.
        weight: of the corrupted, 1 to compare shares, their number over that of the clean to compare numbers.
    """
    x, known = np.log(steps[steps > 0]), (clean - corrupted)[steps > 0]
    if len(x) <= SMOOTHED:
        return float("nan")
    ahead = np.diff((weight * corrupted - clean)[steps > 0]) / np.diff(x)
    ahead = np.convolve(ahead, np.full(SMOOTHED, 1 / SMOOTHED), mode="valid")
    side = SMOOTHED // 2
    middle = ((x[1:] + x[:-1]) / 2)[side : side + len(ahead)]
    counts = np.maximum.accumulate(known[side : side + len(ahead)] >= FROM)
    ahead_of = (ahead > 0) & counts
    crossed = np.array([ahead_of[place : place + HELD].all() for place in range(len(ahead_of) - HELD + 1)])
    if not crossed.any():
        return float("nan")
    at = int(crossed.argmax())
    if at == 0 or ahead[at - 1] > 0:
        return float(np.exp(middle[at]))
    return float(np.exp(np.interp(0.0, ahead[at - 1 : at + 1], middle[at - 1 : at + 1])))


def _peaks(subject: RunSubject, seed: int) -> dict[str, float]:
    its = subject.trajectory.metrics.filter(seed=seed).sort("step")
    if its["validation_loss"].null_count():
        return {}
    names = ("step", "validation_loss", "validation_accuracy", "train_accuracy")
    steps, loss, right, trained = (its[name].cast(pl.Float64).to_numpy() for name in names)
    return {
        "peak": lowest(steps, loss),
        "peak_accuracy": lowest(steps, -right),
        "highest": right.max(),
        "trained": trained[right.argmax()],
    }
