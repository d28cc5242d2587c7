"""What the measures of a run are given: its trajectory, the data it was trained on and its model."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from nominima.landscape.loss import Landscape, of_model
from nominima.landscape.parts import ROWS
from nominima.measuring.identity import CENSORED
from nominima.planning.run import Run
from nominima.training.dataset import Dataset, read_dataset
from nominima.training.evaluation import mean_losses
from nominima.training.model import Model, build_model
from nominima.training.trajectory import Trajectory, read_records, read_trajectory

AT_ONCE = 2**24  # numbers of an intermediate that autograd holds at once: 128 MiB in float64
FEWEST = 128  # examples of a chunk: fewer are slow


@dataclass(frozen=True)
class RunSubject:
    """A run with everything that a measure may look at. A measure of a data set is given its `Dataset`, theory None.

    labels: int64 (lane, example), the labels of the first `examples` training examples as each lane was trained on.
    """

    run: Run
    trajectory: Trajectory
    dataset: Dataset
    model: Model
    labels: Tensor

    @property
    def seeds(self) -> list[int]:
        """Seeds in lane order."""
        return list(self.run.seeds)

    @property
    def status(self) -> list[str]:
        """`ok` or `diverged` for each lane, over the whole of its training."""
        return ["diverged" if step >= 0 else "ok" for step in self.trajectory.diverged.tolist()]

    @property
    def censored(self) -> dict[str, list[bool]]:
        """Of each lane, whether its validation optimum, by loss and by accuracy, is the last point looked at."""
        best = (self.trajectory.best_loss_step, self.trajectory.best_accuracy_step)
        last = int(self.trajectory.steps[-1])
        return dict(zip(CENSORED, ((steps >= last).tolist() for steps in best), strict=True))

    @cached_property
    def x(self) -> Tensor:
        """The inputs trained on, float32 (example, *input)."""
        first = self.run.training.skip
        return torch.from_numpy(self.dataset.train.x[first : first + self.labels.shape[1]])

    def points(self) -> dict[str, Tensor]:
        """Parameters of all lanes, float32 (lane, param), at init, at the two stopping points and at the end.

        `best` is the stop by validation loss, `best_accuracy` that by validation accuracy.
        """
        trajectory = self.trajectory
        return {
            "init": trajectory.theta[0],
            "best": trajectory.best_loss,
            "best_accuracy": trajectory.best_accuracy,
            "end": trajectory.theta[-1],
        }

    def landscape(self, lane: int, dtype: torch.dtype = torch.float64, *, decay: float = 0.0) -> Landscape:
        """The whole training loss of a lane: all its examples with the labels it was trained on, in chunks.

        decay: of a penalty decay/2·‖θ‖².
        """
        rows = min(max(AT_ONCE // self.model.widest, FEWEST), ROWS)
        return of_model(self.model, self.x.to(dtype), self.labels[lane], decay=decay, rows=rows)

    @torch.no_grad()
    def train_loss(self, theta: Tensor) -> Tensor:
        """Mean cross-entropy over the training set, nats, float64 (lane,), at parameters (lane, param).

        Each lane is asked for its own labels.
        """
        return mean_losses(self.model, self.model.views(theta), self.x, self.labels)[0]


def read_subject(run: Run, dataset_file: Path, folder: Path) -> RunSubject:
    """Load a run from its data set and the folder of its trajectory, for one thread and deterministic kernels.

    Raises:
        Refusal: a file is missing, damaged or not of this run.
    """
    torch.set_num_threads(1)
    torch.set_deterministic_debug_mode("error")  # use_deterministic_algorithms would load the compiler: 2 s
    dataset = read_dataset(dataset_file)
    return RunSubject(
        run=run,
        trajectory=read_trajectory(folder, run),
        dataset=dataset,
        model=build_model(run.training, dataset.inputs, dataset.classes),
        labels=read_records(folder, run).labels.long(),
    )
