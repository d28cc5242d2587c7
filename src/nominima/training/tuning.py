"""Of several learning rates the one that validation prefers: all are trained as lanes of one stack."""

from collections.abc import Sequence

from nominima.planning.run import Run
from nominima.training.trajectory import Trajectory


def candidates(run: Run) -> list[Run]:
    """The run with each of the rates it tries, with a word more in its name; the run itself where it tries one."""
    rates = run.training.rates
    if len(rates) == 1:
        return [run]
    return [
        run.model_copy(
            update={
                "variant": f"{run.variant}.rate-{number}".lstrip("."),
                "training": run.training.model_copy(update={"rate": rate}),
            }
        )
        for number, rate in enumerate(rates)
    ]


def preferred(tried: Sequence[Trajectory]) -> int:
    """Which of them diverged in the fewest lanes and, of those, has the lowest mean validation loss at the stop.

    Ties go to the first. The mean, in nats, is over the lanes that did not diverge, and infinite where none is left.
    """
    return min(range(len(tried)), key=lambda at: (_lost(tried[at]), _loss(tried[at])))


def _lost(trajectory: Trajectory) -> int:
    return int((trajectory.diverged >= 0).sum())


def _loss(trajectory: Trajectory) -> float:
    fine = (trajectory.diverged < 0).tolist()
    losses = trajectory.stops["validation_loss"].filter(fine).mean()
    return losses if isinstance(losses, float) else float("inf")
