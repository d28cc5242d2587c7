"""The start of a training, made again: the bytes of the whole training, and another network's are not."""

import json
import shutil
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from safetensors.torch import load_file, save_file
from test_engine import blobs, run

from nominima.ground.places import TRAJECTORY
from nominima.planning import digests
from nominima.planning.run import Run, sparse, together
from nominima.tracing.job import Work
from nominima.tracing.trace import Trace
from nominima.training.dataset import write_dataset
from nominima.training.trajectory import read_trajectory
from nominima.verbs.train import start_again, train

RECORDED = Path("recorded")


pytestmark = pytest.mark.usefixtures("project")


def job(runs: list[Run], *sources: Run, validation: int = 30) -> Work:
    data = Path("data/datasets/blobs.safetensors")
    trace = Trace(verb="prepare", spec={}, code="c", inputs={}, environment={})
    write_dataset(data, blobs(validation=validation), trace)
    spec = together(runs) | ({"sources": {each.name: sparse(each) for each in sources}} if sources else {})
    code = digests.code("verbs.train", "models.mlp", "optimizers.adam")
    files = [[each.folder / name for name in TRAJECTORY] for each in (*sources, *runs)]
    taken, made = files[: len(sources)], files[len(sources) :]
    return Work("train", spec, code, [data, *chain(*taken)], [*chain(*made)])


def recorded(work: Work) -> dict[Path, bytes]:
    """Train it all, keep that as recorded, and take it away from where it is made again."""
    train(work)
    kept = {path: path.read_bytes() for path in work.outputs}
    for path in work.outputs:
        (RECORDED / path).parent.mkdir(parents=True, exist_ok=True)
        path.rename(RECORDED / path)
    return kept


def again(work: Work, until: int) -> dict[Path, bytes]:
    start_again(work, RECORDED, until)
    return {path: path.read_bytes() for path in work.outputs}


def differing(before: dict[Path, bytes], after: dict[Path, bytes]) -> list[str]:
    return [path.name for path in before if before[path] != after[path]]


@pytest.mark.parametrize("until", [2, 26])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"schedule": "cosine", "optimizer_options": {"beta2": 0.9}},
        {"pacing": {"order": "random"}, "tested": "always"},
        {"rate": (0.0001, 0.01, 0.1)},
        {"rate": 1e30, "optimizer": "sgd"},
        {"dropout": 0.3, "half": "first", "l1": 0.01},
    ],
)
def test_a_start_has_the_bytes_of_the_whole_whatever_depends_on_all_its_steps(
    changes: dict[str, Any], until: int
) -> None:
    work = job([Run.model_validate_json(json.dumps(run(**changes).model_dump(mode="json")))])
    whole = recorded(work)
    assert differing(whole, again(work, until)) == []


def test_a_stack_whose_lanes_take_something_and_have_no_validation_begins_alike() -> None:
    source = run(seeds=4).model_copy(update={"stack": "t/base"})
    train(job([source], validation=0))
    lanes = [
        run(seeds=2, teacher={"run": "t/base", "kind": "hard"}).model_copy(update={"variant": "taught"}),
        run(seeds=2, start={"run": "t/base", "at": "end"}, rate=0.02).model_copy(update={"variant": "copied"}),
    ]
    work = job(lanes, source, validation=0)
    whole = recorded(work)
    assert differing(whole, again(work, 13)) == []


def forged(work: Work, file: int, change: Any) -> None:
    path = RECORDED / work.outputs[file]
    if path.suffix == ".parquet":
        table = pl.read_parquet(path)
        trace = pl.read_parquet_metadata(path)["trace"]
        change(table).write_parquet(path, metadata={"trace": trace})
        return
    header = path.read_bytes()
    told = json.loads(header[8 : 8 + int.from_bytes(header[:8], "little")])["__metadata__"]
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, metadata=told)


def other_seed(tensors: dict[str, torch.Tensor]) -> None:
    tensors["theta"] = tensors["theta"].flip(1).contiguous()


def later_checkpoint(tensors: dict[str, torch.Tensor]) -> None:
    tensors["theta"][-1, 0, 0] += 1


def test_a_forged_start_does_not_come_out_and_what_is_later_is_not_looked_at() -> None:
    work = job([run()])
    before = recorded(work)
    shutil.copytree(RECORDED, "honest")
    forged(work, 0, other_seed)
    found = differing({path: (RECORDED / path).read_bytes() for path in before}, again(work, 13))
    assert found == ["parameters.safetensors"]
    shutil.rmtree(RECORDED)
    shutil.copytree("honest", RECORDED)
    forged(work, 0, later_checkpoint)
    again(work, 13)
    now, was = (read_trajectory(folder / run().folder, run()) for folder in (Path(), RECORDED))
    assert torch.equal(now.theta, was.theta)
    again(work, 60)
    assert not torch.equal(read_trajectory(run().folder, run()).theta, was.theta)


@pytest.mark.parametrize("column", ["train_loss", "test_loss"])
def test_a_forged_row_of_the_start_does_not_come_out(column: str) -> None:
    work = job([run()])
    recorded(work)
    forged(work, 1, lambda table: table.with_columns(pl.col(column) * 0.9))
    again(work, 2)
    now, was = (pl.read_parquet(folder / work.outputs[1]) for folder in (Path(), RECORDED))
    early, late = pl.col("step") <= 2, pl.col("step") > 2
    assert not now.filter(early)[column].equals(was.filter(early)[column])
    assert now.filter(late).equals(was.filter(late))
