"""A trajectory: log-spaced checkpoints of a run with its metrics and per-example records, in three files."""

import io
import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import torch
from polars.exceptions import PanicException, PolarsError
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from nominima.ground.files import Refusal, read, write
from nominima.planning.run import Run
from nominima.planning.steps import checkpoint_steps, metric_steps
from nominima.tracing.trace import Trace
from nominima.training.mapped import Kind

REMEDY = "delete it and run `snakemake --cores all`"

METRICS: dict[str, pl.DataType | type[pl.DataType]] = {
    "seed": pl.Int64,
    "step": pl.Int64,
    "status": pl.String,  # "ok" or "diverged"; the numbers of a diverged row are null
    "train_loss": pl.Float64,  # mean cross-entropy, nats, on the labels trained on (noisy where noise > 0)
    "train_accuracy": pl.Float64,  # share, on the same labels
    "validation_loss": pl.Float64,  # closed form under the noise of training; null without examples; on what a
    # teacher answers where it validates
    "validation_accuracy": pl.Float64,  # likewise
    "test_loss": pl.Float64,  # clean labels; null where it was not looked at (`tested`)
    "test_accuracy": pl.Float64,
    "noisy_test_loss": pl.Float64,  # closed form under the same noise
    "noisy_test_accuracy": pl.Float64,
}
NUMBERS = tuple(METRICS)[3:]


@dataclass(frozen=True)
class Trajectory:
    """What `train` leaves behind of one run. Lanes are in the order of `run.seeds`.

    steps: int64 (checkpoint,), first 0, last the last step; at most 24, log-spaced.
    theta: float32 (checkpoint, lane, param); a diverged lane repeats its last finite parameters.
    best_loss, best_accuracy: float32 (lane, param) at the two stopping points, among all metric steps;
    without validation examples the end of training.
    best_loss_step, best_accuracy_step: int64 (lane,); ties go to the earliest step.
    rate: float64 (), the learning rate: that which was kept where several were tried.
    diverged: int64 (lane,), the first metric step at which a loss or a parameter was not finite; -1: never.
    metrics: a row per step × seed at all metric steps, see METRICS, sorted by seed and step.
    """

    run: Run
    steps: Tensor
    theta: Tensor
    best_loss: Tensor
    best_loss_step: Tensor
    best_accuracy: Tensor
    best_accuracy_step: Tensor
    rate: Tensor
    diverged: Tensor
    metrics: pl.DataFrame

    @property
    def stops(self) -> pl.DataFrame:
        """The row of metrics at the stop by validation loss of each lane, in lane order."""
        at = dict(zip(self.run.seeds, self.best_loss_step.tolist(), strict=True))
        return self.metrics.filter(pl.col("step") == pl.col("seed").replace_strict(at))


@dataclass(frozen=True)
class Records:
    """What each lane made of each training example, at all metric steps.

    steps: int64 (point,).
    loss: float16 (point, lane, example), cross-entropy of the label trained on, nats, at most 65504.
    prediction: uint8 (point, lane, example); a diverged lane repeats its last finite point.
    labels: uint8 (lane, example), the labels trained on, or beside a teacher; moved: bool (lane, example), whether
    noise moved them.
    validation_loss: float16 (point, lane, validation example), expected under the noise of training, nats;
    validation_right: bool, whether the likeliest class is the clean label, or the answer of a teacher that validates.
    """

    steps: Tensor
    loss: Tensor
    prediction: Tensor
    labels: Tensor
    moved: Tensor
    validation_loss: Tensor
    validation_right: Tensor


def parameter_kinds(run: Run, params: int) -> dict[str, Kind]:
    """What parameters.safetensors holds of a run of so many parameters."""
    steps, lanes = len(checkpoint_steps(run.training.steps)), run.training.seeds
    return {
        "steps": (torch.int64, (steps,)),
        "theta": (torch.float32, (steps, lanes, params)),
        "best_loss": (torch.float32, (lanes, params)),
        "best_loss_step": (torch.int64, (lanes,)),
        "best_accuracy": (torch.float32, (lanes, params)),
        "best_accuracy_step": (torch.int64, (lanes,)),
        "diverged": (torch.int64, (lanes,)),
        "rate": (torch.float64, ()),
    }


def record_kinds(run: Run, examples: int, validation: int) -> dict[str, Kind]:
    """What records.safetensors holds of a run of so many training and validation examples."""
    points, lanes = len(metric_steps(run.training.steps)), run.training.seeds
    return {
        "steps": (torch.int64, (points,)),
        "loss": (torch.float16, (points, lanes, examples)),
        "prediction": (torch.uint8, (points, lanes, examples)),
        "labels": (torch.uint8, (lanes, examples)),
        "moved": (torch.bool, (lanes, examples)),
        "validation_loss": (torch.float16, (points, lanes, validation)),
        "validation_right": (torch.bool, (points, lanes, validation)),
    }


def write_metrics(path: Path, metrics: pl.DataFrame, trace: Trace, run: str) -> None:
    """Store a run's table of metrics under its name, whole or not at all."""
    table = io.BytesIO()
    metrics.with_columns(run=pl.lit(run)).write_parquet(table, metadata={"trace": trace.dumps()})
    write(path, table.getvalue())


def read_trajectory(folder: Path, run: Run) -> Trajectory:
    """Load and check a trajectory.

    Raises:
        Refusal: a file is missing, damaged, or not of this run.
    """
    path = folder / "parameters.safetensors"
    tensors = _tensors(path, run)
    _check(path, tensors, parameter_kinds(run, tensors["theta"].shape[-1] if "theta" in tensors else 0))
    if tensors["steps"].tolist() != checkpoint_steps(run.training.steps):
        raise Refusal(f"{path}: its checkpoints are not those of {run.name}; {REMEDY}")
    return Trajectory(run=run, metrics=_read_metrics(folder / "metrics.parquet", run), **tensors)


def read_records(folder: Path, run: Run) -> Records:
    """Load and check a run's records.

    Raises:
        Refusal: the file is missing, damaged, or not of this run.
    """
    path = folder / "records.safetensors"
    tensors = _tensors(path, run)
    examples, validation = (tensors[name].shape[-1] if name in tensors else 0 for name in ("moved", "validation_right"))
    _check(path, tensors, record_kinds(run, examples, validation))
    return Records(**tensors)


def _tensors(path: Path, run: Run) -> dict[str, Tensor]:
    content = read(path)
    try:
        tensors = load(content)
    except SafetensorError as error:
        raise Refusal(f"{path}: not a safetensors file ({error}); {REMEDY}") from error
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    _check_name(path, header.get("__metadata__", {}).get("run"), run)
    return tensors


def _check_name(path: Path, found: object, run: Run) -> None:
    """Refuse the files of another run, whatever folder they lie in."""
    if found != run.name:
        raise Refusal(f"{path}: holds the run {found}, not {run.name}; {REMEDY}")


def _check(path: Path, tensors: dict[str, Tensor], expected: dict[str, Kind]) -> None:
    if tensors.keys() != expected.keys():
        raise Refusal(f"{path}: holds {sorted(tensors)}; expected {sorted(expected)}; {REMEDY}")
    for name, (dtype, shape) in expected.items():
        found = tensors[name]
        kind = (found.dtype, tuple(found.shape))
        if kind != (dtype, shape):
            raise Refusal(f"{path}: {name} is {kind}; expected {(dtype, shape)}; {REMEDY}")
        if not found.isfinite().all():
            raise Refusal(f"{path}: {name} holds NaN or infinity; {REMEDY}")


def _read_metrics(path: Path, run: Run) -> pl.DataFrame:
    try:
        table = pl.read_parquet(io.BytesIO(read(path)))
    except (PolarsError, PanicException) as error:
        raise Refusal(f"{path}: not a Parquet file ({str(error).splitlines()[0]}); {REMEDY}") from error
    for name in table["run"].unique().sort() if "run" in table.columns else [None]:
        _check_name(path, name, run)
    table = table.drop("run")
    mistake = _mistake(table, run)
    if mistake:
        raise Refusal(f"{path}: {mistake}; {REMEDY}")
    return table


def _mistake(table: pl.DataFrame, run: Run) -> str:
    """What is wrong with a table of metrics; nothing: ''."""
    if dict(table.schema) != METRICS:
        return f"its columns are {dict(table.schema)}; expected {METRICS}"
    grid = [(seed, step) for seed in run.seeds for step in metric_steps(run.training.steps)]
    if table.select("seed", "step").rows() != grid:
        return f"its rows are not the seeds × metric steps of {run.name}, sorted"
    if not table["status"].is_in(["ok", "diverged"]).all():
        return "its column status holds more than ok and diverged"
    if not all(table[name].drop_nulls().is_finite().all() for name in NUMBERS):
        return "it holds NaN or infinity"
    ok = table.filter(pl.col("status") == "ok")
    gaps = {name: ok[name].null_count() for name in NUMBERS}
    odd = [name for name, count in gaps.items() if count and not (name[:3] == "val" and count == len(ok))]
    if run.training.tested == "stops":
        odd = [name for name in odd if "test" not in name]
    return f"numbers are missing in {', '.join(odd)}" if odd else ""
