"""What comes from trainings elsewhere: parameters in safetensors files, and a table of what was seen there."""

import io
import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import polars as pl
import torch
from polars.exceptions import PolarsError
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from nominima.ground.files import Refusal, read, suggest
from nominima.planning.run import Run
from nominima.training.model import Model
from nominima.training.trajectory import NUMBERS

WHO = ("seed", "step")
TOLD = tuple(name for name in NUMBERS if not name.startswith("noisy"))
LEAST, SHARE = 1e-6, 1e-3  # what other kernels and other orders of summing may move a mean by


def parameters(file: Path, model: Model) -> Tensor:
    """float32 (param,): a state dict by the names of the model's leaves, in the order of its layout.

    Raises:
        Refusal: the file is missing or damaged, or holds other names, shapes or kinds of numbers.
    """
    try:
        found = load(read(file))
    except SafetensorError as error:
        raise Refusal(f"{file}: not a safetensors file ({error}); write it with safetensors.torch.save_file") from error
    expected = {leaf.name: leaf.shape for leaf in model.layout}
    if found.keys() != expected.keys():
        told = ", ".join(f"{name} {list(shape)}" for name, shape in expected.items())
        raise Refusal(
            f"{file}: holds {', '.join(sorted(found)) or 'nothing'}; the model has {told}: give them these names"
        )
    for name, shape in expected.items():
        tensor = found[name]
        if tuple(tensor.shape) != shape or not tensor.is_floating_point():
            kind = f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"
            raise Refusal(f"{file}: {name} is {kind}; the model has floating-point numbers {list(shape)}")
    return torch.cat([found[name].float().flatten() for name in expected])


def compare(file: Path, run: Run, metrics: pl.DataFrame) -> int:
    """Hold what was seen elsewhere against what is seen here; how many numbers were there to compare.

    Two are one if they differ by no more than half a unit of the last digit given and a thousandth.

    Args:
        file: CSV with columns seed and step (of the training elsewhere) and some of TOLD; each seed needs a number at a
            step that is looked at, and of what is not looked at here nothing is asked.
        run: whose numbers they are.
        metrics: what is seen here, training.trajectory.METRICS.

    Raises:
        Refusal: the file is missing or no such table, tells nothing of a seed, or tells another number.
    """
    table = _read(file)
    every = run.training.checkpoints.every if run.training.checkpoints else 1
    ours = {(row["seed"], row["step"] * every): row for row in metrics.iter_rows(named=True)}
    count, silent = 0, {*run.seeds}
    for at, row in enumerate(table.iter_rows(named=True), start=2):
        seed, step = _whole(file, at, "seed", row), _whole(file, at, "step", row)
        seen = ours.get((seed, step), {})
        for name, theirs in _told(file, at, row):
            here = seen.get(name)
            lost = here is None and seen.get("status") == "diverged" and name.endswith("loss") and theirs.is_finite()
            if here is None and not lost:
                continue
            if here is None or not _same(theirs, here):
                raise Refusal(
                    f"{file}: seed {seed}, step {step}: {name} is {theirs} there and "
                    f"{'not finite' if here is None else f'{here:.6g}'} here; give them the same examples in the same "
                    "scale; losses are means in nats, accuracies are shares"
                )
            count += 1
            silent.discard(seed)
    if silent:
        raise Refusal(
            f"{file}: has no number of seed {min(silent)} at a step that is looked at, "
            f"{', '.join(str(step) for _, step in list(ours)[:4])}, …; give it some, or leave `losses` out"
        )
    return count


def _read(file: Path) -> pl.DataFrame:
    try:
        table = pl.read_csv(io.BytesIO(read(file)), infer_schema=False)
    except PolarsError as error:
        raise Refusal(f"{file}: not a CSV file ({str(error).splitlines()[0]})") from error
    for name in WHO:
        if name not in table.columns:
            raise Refusal(f"{file}: has no column {name}; it needs seed, step and some of {', '.join(TOLD)}")
    for name in table.columns:
        if name not in (*WHO, *TOLD):
            raise Refusal(f"{file}: the column {name} is not known; {suggest(name, (*WHO, *TOLD))}")
    return table


def _whole(file: Path, at: int, name: str, row: dict[str, str | None]) -> int:
    told = row[name] or ""
    if not told.strip().isdecimal():
        raise Refusal(f"{file}, line {at}: {name} is {told!r}; it must be a whole number")
    return int(told)


def _told(file: Path, at: int, row: dict[str, str | None]) -> Iterator[tuple[str, Decimal]]:
    for name in TOLD:
        if told := (row.get(name) or "").strip():
            try:
                yield name, Decimal(told)
            except ArithmeticError:
                raise Refusal(f"{file}, line {at}: {name} is {told!r}; it must be a number") from None


def _same(theirs: Decimal, here: float) -> bool:
    last = theirs.as_tuple().exponent
    if not isinstance(last, int):
        return False
    return math.isfinite(here) and abs(float(theirs) - here) <= 0.5 * 10.0 ** min(last, 0) + SHARE * abs(here) + LEAST
