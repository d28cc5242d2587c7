import math
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from nominima.ground.files import Refusal
from nominima.ground.places import TRAJECTORY
from nominima.planning.run import Run, Training
from nominima.planning.steps import checkpoint_steps, log_steps, metric_steps
from nominima.tracing.trace import Trace
from nominima.training.evaluation import Answers
from nominima.training.mapped import Kind, mapped
from nominima.training.recorder import Recorder, Seen, in_memory
from nominima.training.trajectory import METRICS, NUMBERS, read_records, read_trajectory, write_metrics

TRAINING = {"dataset": "d", "model": "mlp", "size": 1, "optimizer": "sgd", "rate": 0.1, "batch": 1}
TRAINING |= {"steps": 12, "first_seed": 7, "seeds": 2, "tested": "always"}
RUN = Run(stack="s/base", training=Training.model_validate(TRAINING))
TRACE = Trace(verb="train", spec={}, code="c", inputs={}, environment={})


def store(folder: Path) -> Path:
    labels = torch.tensor([[0, 1, 1]]).expand(2, 3)
    with ExitStack() as files:

        def room(_run: Run, name: str, kinds: dict[str, Kind]) -> dict[str, torch.Tensor]:
            return files.enter_context(mapped(folder / name, kinds, TRACE, RUN.name))

        recorder = Recorder(RUN, torch.zeros(2, 4), labels, torch.zeros(2, 3, dtype=torch.bool), 3, room)
        for step in metric_steps(12):
            own = torch.full((2, 3), 1 / (1 + step))
            answers = Answers(own, own, torch.ones(2, 3, dtype=torch.uint8), torch.ones(2, 3, dtype=torch.bool))
            numbers = {name: torch.full((2,), 1 / (1 + step), dtype=torch.float64) for name in NUMBERS}
            recorder.note(step, torch.arange(2), Seen(torch.full((2, 4), float(step)), answers, answers, own, numbers))
    write_metrics(folder / "metrics.parquet", recorder.trajectory().metrics, TRACE, RUN.name)
    return folder


def spoil(path: Path, **changes: torch.Tensor | None) -> None:
    tensors = load_file(path) | changes
    save_file({name: value for name, value in tensors.items() if value is not None}, path, {"run": RUN.name})


def test_at_a_stop_only_what_is_finite_and_has_not_diverged_is_noted():
    seeds, one = Run(stack="s/base", training=RUN.training.model_copy(update={"seeds": 3})), torch.ones(3, 2)
    recorder = Recorder(seeds, torch.zeros(3, 4), one.long(), one.bool(), 2, in_memory)
    names = [name for name in NUMBERS if "test" not in name]
    for step in metric_steps(12):
        rows, right = torch.full((3, 4), float(step)), torch.ones(3, 2, dtype=torch.bool)
        rows[2] += torch.nan  # diverged at the start
        answers = Answers(one, one, right.to(torch.uint8), right)
        numbers = {name: torch.full((3,), 1 / (1 + step), dtype=torch.float64) for name in names}
        lanes = torch.arange(3 if step == 0 else 2)
        recorder.note(step, lanes, Seen(rows, answers, answers, one, numbers).of(torch.arange(3) < len(lanes)))
    recorder.note_stops(lambda theta: {"test_loss": torch.where(torch.arange(3) == 1, torch.inf, theta[:, 0].double())})
    noted = recorder.trajectory().metrics.filter(pl.col("test_loss").is_not_null())
    assert noted.select("seed", "step", "test_loss").rows() == [(7, 0, 0.0), (7, 12, 12.0)]


def test_what_is_written_is_read(tmp_path):
    read = read_trajectory(store(tmp_path), RUN)
    assert read.steps.tolist() == checkpoint_steps(12)
    assert read.theta[:, 1, 2].tolist() == read.steps.tolist()
    assert read.best_loss_step.tolist() == [12, 12]
    assert read.best_accuracy_step.tolist() == [0, 0]
    assert read.metrics.schema == METRICS
    records = read_records(tmp_path, RUN)
    assert records.steps.tolist() == metric_steps(12)
    assert records.loss[:, 0, 0].tolist() == [torch.tensor(1 / (1 + s)).half().item() for s in metric_steps(12)]


def test_each_file_carries_its_trace_and_the_name_of_its_run(tmp_path):
    store(tmp_path)
    for name in ("parameters.safetensors", "records.safetensors"):
        with safe_open(tmp_path / name, "pt") as file:
            assert file.metadata() == {"run": RUN.name, "trace": TRACE.dumps()}
    assert pl.read_parquet_metadata(tmp_path / "metrics.parquet")["trace"] == TRACE.dumps()


@pytest.mark.parametrize("name", ["parameters.safetensors", "metrics.parquet", "records.safetensors"])
def test_the_files_of_another_run_are_refused(tmp_path, name):
    store(tmp_path)
    other = RUN.model_copy(update={"variant": "other"})
    reading = read_records if name.startswith("records") else read_trajectory
    if name == "metrics.parquet":
        parameters = load_file(tmp_path / "parameters.safetensors")
        save_file(parameters, tmp_path / "parameters.safetensors", {"run": other.name})
    with pytest.raises(Refusal, match=f"{name}: holds the run s/base, not s/base/other"):
        reading(tmp_path, other)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"theta": None}, "expected"),
        ({"extra": torch.zeros(1)}, "extra"),
        ({"theta": torch.zeros(3, 2, 4)}, "theta is"),
        ({"best_loss": torch.zeros(2, 4, dtype=torch.float64)}, "best_loss is"),
        ({"diverged": torch.zeros(3, dtype=torch.int64)}, "diverged is"),
        ({"best_accuracy": torch.full((2, 4), torch.nan)}, "best_accuracy holds NaN"),
        ({"steps": torch.arange(len(checkpoint_steps(12))) + 1}, "not those of s/base"),
    ],
)
def test_wrong_parameters_are_refused_by_name(tmp_path, changes, message):
    path = store(tmp_path) / "parameters.safetensors"
    spoil(path, **changes)
    with pytest.raises(Refusal, match=message) as caught:
        read_trajectory(tmp_path, RUN)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"moved": None}, "expected"),
        ({"prediction": torch.zeros(1, 2, 3, dtype=torch.uint8)}, "prediction is"),
        ({"loss": torch.full((len(metric_steps(12)), 2, 3), torch.inf).half()}, "loss holds NaN or infinity"),
    ],
)
def test_wrong_records_are_refused_by_name(tmp_path, changes, message):
    spoil(store(tmp_path) / "records.safetensors", **changes)
    with pytest.raises(Refusal, match=message):
        read_records(tmp_path, RUN)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop("status"), "columns"),
        (lambda t: t.with_columns(pl.col("step").cast(pl.Int32)), "columns"),
        (lambda t: t.head(5), "rows"),
        (lambda t: t.reverse(), "rows"),
        (lambda t: t.with_columns(status=pl.lit("fine")), "status"),
        (lambda t: t.with_columns(test_loss=pl.lit(math.nan)), "NaN"),
        (lambda t: t.with_columns(test_loss=pl.lit(None, pl.Float64)), "missing in test_loss"),
    ],
)
def test_wrong_metrics_are_refused_by_name(tmp_path, change, message):
    path = store(tmp_path) / "metrics.parquet"
    change(pl.read_parquet(path)).write_parquet(path)
    with pytest.raises(Refusal, match=message) as caught:
        read_trajectory(tmp_path, RUN)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", TRAJECTORY)
def test_missing_and_truncated_files_are_refused_by_name(tmp_path, name):
    path = store(tmp_path) / name
    path.write_bytes(path.read_bytes()[:-20])
    for _ in range(2):
        with pytest.raises(Refusal, match=name):
            (read_records if name.startswith("records") else read_trajectory)(tmp_path, RUN)
        path.unlink(missing_ok=True)


def test_a_reader_that_panics_on_a_flipped_bit_is_a_damaged_file(tmp_path, monkeypatch):
    def panic(_):
        raise pl.exceptions.PanicException("assertion failed: offset + length <= self.length")

    store(tmp_path)
    monkeypatch.setattr(pl, "read_parquet", panic)
    with pytest.raises(Refusal, match=r"metrics.parquet: not a Parquet file \(assertion failed"):
        read_trajectory(tmp_path, RUN)


def test_log_steps_are_dense_first_then_geometric():
    assert log_steps(15, 1.2) == [*range(11), 12, 14, 15]
    assert log_steps(3, 1.15) == [0, 1, 2, 3]


@given(st.integers(1, 200_000))
def test_checkpoints_are_a_log_spaced_subset_with_both_ends(last):
    steps = checkpoint_steps(last)
    assert steps[:2] == [0, 1]
    assert steps[-1] == last
    assert len(steps) <= 24
    assert set(steps) <= set(metric_steps(last))
    grid = (last) ** (1 / 22)
    assert all(b / a < 1.16 * max(grid, 2) for a, b in pairwise(steps[1:]))
