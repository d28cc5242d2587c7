"""The params of docs/own-data.md can be planned, and each of its claims is asked on the reader's data alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from nominima.datasets import digits
from nominima.datasets.idx import read_idx
from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.planning.run import Checkpoints
from nominima.tracing.trace import Trace
from nominima.training.adopted import compare, parameters
from nominima.training.dataset import write_dataset
from nominima.training.engine import look_at
from nominima.training.model import Model, build_model

PAGE = (Path(__file__).parents[2] / "docs/own-data.md").read_text()


def test_the_params_of_the_page_ask_three_claims_of_the_readers_files(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(PAGE.partition("```yaml\n")[2].partition("```")[0])
    plan = Plan(load(tmp_path / "params.yaml"))
    assert set(plan.prepare) == {"mine"}
    assert len(plan.prepare["mine"].inputs) == 4
    assert set(plan.params.claims) == {"c0a_bigger_is_better", "c1b_parameter_distances", "c4b_near_convex"}
    assert {run.training.dataset for run in plan.runs.values()} == {"mine"}


def test_the_code_that_writes_idx_files_writes_what_is_read(tmp_path: Path) -> None:
    written: dict[str, Any] = {}
    exec(PAGE.partition("```python\n")[2].partition("```")[0], written)
    images = np.arange(2 * 3 * 4).reshape(2, 3, 4)
    write: Callable[[str, np.ndarray], None] = written["write_idx"]
    write(str(tmp_path / "images.gz"), images)
    assert (read_idx(tmp_path / "images.gz", 3) == images).all()


def test_the_networks_of_the_page_are_adopted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = PAGE.partition("## Your own checkpoints")[2]
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(
        section.partition("```yaml\n")[2].partition("```")[0].replace("steps: 20", "steps: 2")
    )
    plan = Plan(load(Path("params.yaml")))
    data = digits.make(train=100, validation=20, test=20)
    trace = Trace(verb="prepare", spec={}, code="", inputs={}, environment={})
    write_dataset(Path("data/datasets/digits.safetensors"), data, trace)
    exec(section.partition("```python\n")[2].partition("```")[0].replace("STEPS = 50, 1000", "STEPS = 50, 100"), {})
    for name, run in plan.runs.items():
        assert all(Path(file).exists() for file in plan.train[name].inputs)
        given, model = run.training.checkpoints, build_model(run.training, data.inputs, data.classes)
        assert given

        def read(step: int, seeds: list[int], given: Checkpoints = given, model: Model = model) -> Tensor:
            return torch.stack([parameters(Path(given.file(seed, step)), model) for seed in seeds])

        metrics = look_at(run, data, read, say=lambda _: None)[0].metrics
        assert compare(Path(str(given.losses)), run, metrics) == 8 * 3
