"""A finished run, from which others take something."""

import pytest
from test_engine import blobs, run

from nominima.ground.places import TRAJECTORY
from nominima.tracing.trace import Trace
from nominima.training.reference import Reference, References
from nominima.verbs.train import leave


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
