"""The steps at which a run is looked at: dense at first, then evenly in the logarithm."""

import math

RATIO = 1.15
CHECKPOINTS = 24


def log_steps(last: int, ratio: float, dense: int = 10) -> list[int]:
    """Steps 0 … `dense` all, then growing by `ratio`, ending at `last`: when a run is looked at."""
    steps, at = list(range(min(dense, last) + 1)), float(dense)
    while at < last:
        at *= ratio
        steps.append(min(round(at), last))
    return sorted(set(steps))


def metric_steps(last: int) -> list[int]:
    """The steps at which metrics and records are taken."""
    return log_steps(last, RATIO)


def checkpoint_steps(last: int) -> list[int]:
    """The metric steps at which parameters are kept: 0, 1, `last`, and the nearest to a log grid between."""
    steps = metric_steps(last)
    grid = [last ** (point / (CHECKPOINTS - 2)) for point in range(CHECKPOINTS - 1)]
    return sorted({0, *(min(steps[1:], key=lambda step: abs(math.log(step / at))) for at in grid)})
