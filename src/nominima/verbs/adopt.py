"""Adopt a stack that was trained elsewhere: from checkpoint files to the trajectories that a training leaves."""

from contextlib import ExitStack
from pathlib import Path

import torch
from torch import Tensor

from nominima.ground.places import TRAJECTORY
from nominima.planning.run import Run, apart
from nominima.tracing import job
from nominima.tracing.trace import Trace
from nominima.training.adopted import compare, parameters
from nominima.training.dataset import Dataset, read_dataset
from nominima.training.engine import look_at
from nominima.training.mapped import Kind, mapped
from nominima.training.model import build_model
from nominima.training.trajectory import write_metrics


def adopt(work: job.Work) -> None:
    """Spec: planning.run.together, of runs with checkpoints.

    Inputs: the data set, then planning.adopted.files of each run; outputs: its trajectory, in the order of
    places.TRAJECTORY. One thread and deterministic kernels, as where networks are trained.
    """
    torch.set_num_threads(1)
    torch.set_deterministic_debug_mode("error")  # use_deterministic_algorithms would load the compiler: 2 s
    torch.set_flush_denormal(True)
    dataset = read_dataset(work.inputs[0])
    for at, run in enumerate(apart(work.spec)):
        _adopt(run, dataset, work.outputs[at * len(TRAJECTORY)].parent, work.trace)


def _adopt(run: Run, dataset: Dataset, folder: Path, trace: Trace) -> None:
    """Leave a run in its three files, whole or not at all."""
    given = run.training.checkpoints
    assert given is not None, f"{run.name} is trained here"
    model = build_model(run.training, dataset.inputs, dataset.classes)

    def read(step: int, seeds: list[int]) -> Tensor:
        return torch.stack([parameters(Path(given.file(seed, step)), model) for seed in seeds])

    with ExitStack() as opened:

        def room(run: Run, file: str, kinds: dict[str, Kind]) -> dict[str, Tensor]:
            return opened.enter_context(mapped(folder / file, kinds, trace, run.name))

        trajectory, _ = look_at(run, dataset, read, room)
        compared = compare(Path(given.losses), run, trajectory.metrics) if given.losses else 0
    write_metrics(folder / "metrics.parquet", trajectory.metrics, trace, run.name)
    lost = int((trajectory.diverged >= 0).sum())
    told = f"{len(run.seeds)} networks adopted, {lost} diverged, {compared} numbers as they were seen elsewhere"
    print(f"{run.name}: {told}; {model.size} parameters")


if __name__ == "__main__":
    job.main("train", adopt)
