"""Train a stack: all seeds of its runs at once, from a prepared data set to their trajectories."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch
from torch import Tensor

from nominima.ground.files import Refusal, unwritable
from nominima.ground.places import TRAJECTORY
from nominima.planning.run import Run, apart
from nominima.tracing import job
from nominima.tracing.trace import Trace
from nominima.training.dataset import Dataset, read_dataset
from nominima.training.engine import begin, chosen_device, fit
from nominima.training.mapped import Kind, mapped
from nominima.training.reference import Reference, References
from nominima.training.splice import spliced, with_rate
from nominima.training.trajectory import (
    Records,
    Trajectory,
    parameter_kinds,
    read_records,
    read_trajectory,
    record_kinds,
    write_metrics,
)
from nominima.training.tuning import candidates, preferred


class Place(NamedTuple):
    """Where a training leaves its files, and the name of the run that they are of: one rate of several has no own."""

    folder: Path
    run: str


def train(work: job.Work) -> None:
    """Spec: planning.run.together, and "sources", name → run, of the runs from which these take something.

    Inputs: the data set, then the three files of each source; outputs: those of each run, in the order of
    places.TRAJECTORY. The same bits on repetition: one thread, deterministic kernels, numbers below the normal
    range taken as zero (units that stopped learning would otherwise slow every step).
    """
    torch.set_num_threads(1)
    torch.set_deterministic_debug_mode("error")  # use_deterministic_algorithms would load the compiler: 2 s
    torch.utils.deterministic.fill_uninitialized_memory = False  # pyright: ignore[reportAttributeAccessIssue]
    torch.set_flush_denormal(True)
    runs = apart(work.spec)
    trace = _with_device(work.trace, chosen_device(runs[0].training))
    leave(runs, read_dataset(work.inputs[0]), work.outputs, trace, _references(work))


def start_again(work: job.Work, recorded: Path, until: int) -> None:
    """Train the start of a stack, up to a metric step, and leave its files with all that is later as recorded.

    Of several rates only the kept one is tried: which is best is not known at the start.

    Args:
        work: as `train` gets it.
        recorded: a folder with the recorded outputs below it.
        until: the metric step at which it ends.

    Raises:
        Refusal: a recorded output is damaged; what `fit` raises.
    """
    torch.set_num_threads(1)
    torch.set_deterministic_debug_mode("error")
    torch.utils.deterministic.fill_uninitialized_memory = False  # pyright: ignore[reportAttributeAccessIssue]
    torch.set_flush_denormal(True)
    runs = apart(work.spec)
    trace = _with_device(work.trace, chosen_device(runs[0].training))
    known = [(read_trajectory(recorded / run.folder, run), read_records(recorded / run.folder, run)) for run in runs]
    asked = [with_rate(run, its.rate.item()) for run, (its, _) in zip(runs, known, strict=True)]
    found = begin(asked, read_dataset(work.inputs[0]), _references(work), until)
    for run, now, was, (parameters, metrics, records) in zip(runs, found, known, _threes(work.outputs), strict=True):
        trajectory, seen = spliced(now, was, until)
        _write(parameters, parameter_kinds(run, trajectory.theta.shape[-1]), trajectory, trace, run.name)
        write_metrics(metrics, trajectory.metrics, trace, run.name)
        _write(records, record_kinds(run, seen.moved.shape[-1], seen.validation_right.shape[-1]), seen, trace, run.name)
        print(f"{run.name}: made again up to step {until} of {run.training.steps}")


def _write(path: Path, kinds: dict[str, Kind], told: Trajectory | Records, trace: Trace, run: str) -> None:
    with mapped(path, kinds, trace, run) as tensors:
        for name, tensor in tensors.items():
            tensor.copy_(getattr(told, name))


def leave(
    runs: list[Run], dataset: Dataset, outputs: list[Path], trace: Trace, references: References | None = None
) -> list[Trajectory]:
    """Train the runs of a stack and leave each in its three files, whole or not at all.

    A run of several rates is trained with each, in hidden folders within its own, and the preferred one is kept.

    Raises:
        Refusal: there are several rates and no validation examples to choose by; what `fit` raises.
    """
    tried = [candidates(run) for run in runs]
    several = [run.training for run, its in zip(runs, tried, strict=True) if len(its) > 1]
    if several and not len(dataset.validation.x):
        name, rates = several[0].dataset, ", ".join(map(str, several[0].rates))
        raise Refusal(f"rate: {rates}: {name} has no validation examples to choose one by; ask for one rate")
    homes = [three[0].parent for three in _threes(outputs)]
    with ExitStack() as hidden:
        folders = {run.name: home for run, home in zip(runs, homes, strict=True)}
        names = {each.name: run.name for run, its in zip(runs, tried, strict=True) for each in its}
        for each, home in ((each, home) for its, home in zip(tried, homes, strict=True) for each in its):
            if each.name not in folders:
                with unwritable(home):
                    home.mkdir(parents=True, exist_ok=True)
                    folders[each.name] = Path(hidden.enter_context(TemporaryDirectory(dir=home, prefix=".")))
        places = {name: Place(folders[name], own) for name, own in names.items()}
        trained = _trained([each for its in tried for each in its], places, dataset, trace, references)
        return [_keep(run, [trained[each.name] for each in its], folders) for run, its in zip(runs, tried, strict=True)]


def _trained(
    runs: list[Run], places: dict[str, Place], dataset: Dataset, trace: Trace, references: References | None
) -> dict[str, Trajectory]:
    """Train a stack; each run's files lie in its place afterwards."""
    with ExitStack() as opened:

        def room(run: Run, file: str, kinds: dict[str, Kind]) -> dict[str, Tensor]:
            at = places[run.name]
            return opened.enter_context(mapped(at.folder / file, kinds, trace, at.run))

        found = {trajectory.run.name: trajectory for trajectory, _ in fit(runs, dataset, references, room)}
    for name, trajectory in found.items():
        write_metrics(places[name].folder / "metrics.parquet", trajectory.metrics, trace, places[name].run)
        print(headline(trajectory))
    return found


def _keep(run: Run, tried: list[Trajectory], folders: dict[str, Path]) -> Trajectory:
    """The preferred of the tried ones, in the run's own folder and under its name."""
    kept = tried[preferred(tried)]
    if kept.run is run:
        return kept
    for name in TRAJECTORY:
        (folders[kept.run.name] / name).replace(folders[run.name] / name)
    print(f"{run.name}: kept rate {kept.rate.item()}")
    return replace(kept, run=run)


def _threes(files: list[Path]) -> Iterator[list[Path]]:
    """The files of one run after the other."""
    return (files[at : at + len(TRAJECTORY)] for at in range(0, len(files), len(TRAJECTORY)))


def _references(work: job.Work) -> References:
    sources = work.spec.get("sources", {})
    folders = (three[0].parent for three in _threes(work.inputs[1:]))
    return {
        name: Reference(Run.model_validate_json(json.dumps(sources[name])), folder)
        for name, folder in zip(sorted(sources), folders, strict=True)
    }


def _with_device(trace: Trace, device: torch.device) -> Trace:
    """The trace, with the device that makes the results where it is not the processor named already."""
    if device.type == "cpu":
        return trace
    return trace.model_copy(update={"environment": trace.environment | {"device": torch.cuda.get_device_name(device)}})


def headline(trajectory: Trajectory) -> str:
    """One line on how a run went: lanes, divergence, and the stop by validation loss (lane means)."""
    run, stopped = trajectory.run, trajectory.stops
    lost = int((trajectory.diverged >= 0).sum())
    size = trajectory.theta.shape[-1]
    loss, accuracy = stopped["validation_loss"].mean(), stopped["test_accuracy"].mean()
    told = f"stop by validation loss {loss:.4f}" if isinstance(loss, float) else "no validation"
    reached = f"test accuracy {accuracy:.4f}" if isinstance(accuracy, float) else "all diverged at the start"
    went = f"{len(run.seeds)} lanes, {lost} diverged, {run.training.steps} steps; {told}, {reached}"
    return f"{run.name}: {went}; {size} parameters"


if __name__ == "__main__":
    job.main("train", train)
