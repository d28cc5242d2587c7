"""A folder of its own for what trains as jobs do, and a finished run, from which others take something."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from test_engine import blobs, run

from nominima.ground.places import TRAJECTORY
from nominima.tracing.trace import Trace
from nominima.training.reference import Reference, References
from nominima.verbs.train import leave


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty folder to work in; what a training sets in torch is handed back after it."""
    monkeypatch.chdir(tmp_path)
    yield
    torch.use_deterministic_algorithms(False)
    torch.utils.deterministic.fill_uninitialized_memory = True  # pyright: ignore[reportAttributeAccessIssue]
    torch.set_flush_denormal(False)


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """A finished run of seeds 100 … 103."""
    folder = tmp_path_factory.mktemp("source")
    trace = Trace(verb="train", spec={}, code="", inputs={}, environment={})
    finished = run(seeds=4)
    leave([finished], blobs(), [folder / name for name in TRAJECTORY], trace)
    return Reference(finished, folder)


@pytest.fixture
def sources(source: Reference) -> References:
    return {"s/base": source}
