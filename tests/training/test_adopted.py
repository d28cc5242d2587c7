"""Networks trained elsewhere: the same files as if they had been trained here, or a sentence about what is wrong."""

from pathlib import Path

import polars as pl
import pytest
import torch
from safetensors.torch import save_file
from test_engine import blobs, quiet, run
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.models import mlp
from nominima.planning.run import Checkpoints
from nominima.planning.steps import metric_steps
from nominima.training.adopted import compare, parameters
from nominima.training.engine import look_at
from nominima.training.recorder import Recorder
from nominima.training.trajectory import METRICS, Records, Trajectory

MODEL = mlp.build(5, (6,), 3)
FILES = "data/raw/s{seed}/{step}.safetensors"


def elsewhere(**changes) -> tuple[tuple[Trajectory, Records], dict[int, Tensor]]:
    """A training here, and the parameters that it went through: step → (lane, param)."""
    seen: dict[int, Tensor] = {}
    note = Recorder.note

    def spy(self, step, lanes, told):
        seen[step] = seen[max(seen)].clone() if seen else torch.zeros_like(told.rows)
        seen[step][lanes] = told.rows
        note(self, step, lanes, told)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Recorder, "note", spy)
        found = quiet(run(noise=0.0, **changes))
    return found, seen


@pytest.mark.parametrize("changes", [{}, {"tested": "always"}, {"optimizer": "sgd", "rate": 1e30}])
def test_what_is_seen_of_them_is_what_is_seen_of_networks_trained_here(changes):
    (trajectory, records), rows = elsewhere(**changes)
    found, seen = look_at(
        run(noise=0.0, **changes),
        blobs(),
        lambda step, seeds: rows[step][[seed - 100 for seed in seeds]],
        say=lambda _: None,
    )
    assert found.metrics.equals(trajectory.metrics, null_equal=True)
    for name in ("steps", "theta", "best_loss", "best_accuracy", "best_loss_step", "best_accuracy_step", "diverged"):
        assert torch.equal(getattr(found, name), getattr(trajectory, name)), name
    for name in Records.__dataclass_fields__:
        assert torch.equal(getattr(seen, name), getattr(records, name)), name


def test_it_refuses_more_examples_than_there_are():
    with pytest.raises(Refusal, match=r"skip \+ examples: 99: blobs holds 50"):
        look_at(run(noise=0.0, examples=99), blobs(), lambda *_: torch.zeros(3, MODEL.size))


def leaves() -> dict[str, Tensor]:
    row = torch.arange(MODEL.size, dtype=torch.float32)
    return {name: leaf.clone() for name, leaf in MODEL.views(row).items()}


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.bfloat16])
def test_parameters_are_read_by_their_names(tmp_path: Path, kind: torch.dtype):
    save_file({name: leaf.to(kind) for name, leaf in reversed(leaves().items())}, tmp_path / "its.safetensors")
    found = parameters(tmp_path / "its.safetensors", MODEL)
    assert torch.equal(found, torch.arange(MODEL.size, dtype=torch.float32).to(kind).float())


def test_other_files_are_refused_in_a_sentence(tmp_path: Path):
    path = tmp_path / "its.safetensors"
    path.write_bytes(b"PK")
    with pytest.raises(Refusal, match=r"not a safetensors file .*write it with safetensors.torch.save_file"):
        parameters(path, MODEL)
    save_file({"0.weight": torch.zeros(5, 6)}, path)
    with pytest.raises(Refusal, match=r"holds 0.weight; the model has weight1 \[5, 6\], bias1 \[5\], .*these names"):
        parameters(path, MODEL)
    save_file(leaves() | {"weight1": torch.zeros(6, 5)}, path)
    with pytest.raises(Refusal, match=r"weight1 is float32 \[6, 5\]; the model has .* \[5, 6\]"):
        parameters(path, MODEL)
    save_file(leaves() | {"bias1": torch.zeros(5, dtype=torch.int64)}, path)
    with pytest.raises(Refusal, match=r"bias1 is int64 \[5\]"):
        parameters(path, MODEL)


OWN = run(noise=0.0, seeds=1, steps=2, checkpoints=Checkpoints(files=FILES, every=100))
SEEN = pl.DataFrame(
    {
        "seed": [100] * 3,
        "step": [0, 1, 2],
        "status": ["ok", "ok", "diverged"],
        "train_loss": [1.234567, 0.5, None],
        "train_accuracy": [0.3333333, 0.9, None],
    },
    schema_overrides=dict(METRICS),
)
SEEN = SEEN.with_columns(pl.lit(None, kind).alias(name) for name, kind in METRICS.items() if name not in SEEN.columns)


def told(tmp_path: Path, text: str) -> int:
    (tmp_path / "losses.csv").write_text(text)
    return compare(tmp_path / "losses.csv", OWN, SEEN)


def test_numbers_that_are_rounded_are_the_same(tmp_path: Path):
    rows = ("100,0,1.2,0.333", "100,100,0.5002,", "100,150,9,9", "7,100,9,9", "100,200,nan,0.1")
    assert told(tmp_path, "\n".join(["seed,step,train_loss,train_accuracy", *rows])) == 3, (
        "of steps and seeds that are not looked at, and of diverged ones, nothing is asked"
    )


@pytest.mark.parametrize("theirs", ["0.51", "0.503", "nan", "5", "5e-1000", "5e1000"])
def test_another_number_is_refused_with_seed_step_theirs_and_ours(tmp_path: Path, theirs: str):
    with pytest.raises(Refusal, match=r"seed 100, step 100: train_loss is \S+ there and 0.5 here"):
        told(tmp_path, f"seed,step,train_loss\n100,0,1.2346\n100,100,{theirs}\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("step,train_loss\n0,1\n", "has no column seed"),
        ("seed,step,train_los\n100,0,1\n", "column train_los is not known; did you mean 'train_loss'"),
        ("seed,step,train_loss\n100,0.5,1\n", "line 2: step is '0.5'; it must be a whole number"),
        ("seed,step,train_loss\n100,0,low\n", "line 2: train_loss is 'low'; it must be a number"),
        ("seed,step,train_loss\n100,50,1\n", "has no number of seed 100 at .* 0, 100, 200"),
        ("seed,step,train_loss\n100,200,1.5\n", "seed 100, step 200: train_loss is 1.5 there and not finite here"),
        ("", "not a CSV file"),
    ],
)
def test_a_table_that_tells_nothing_is_refused(tmp_path: Path, text: str, why: str):
    with pytest.raises(Refusal, match=why):
        told(tmp_path, text)


def test_files_are_counted_in_steps_of_the_training_elsewhere():
    given = Checkpoints(files=FILES, every=100)
    assert [given.file(7, step) for step in metric_steps(2)] == [
        f"data/raw/s7/{step}.safetensors" for step in (0, 100, 200)
    ]
