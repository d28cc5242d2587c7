import json
from pathlib import Path

import pytest
import torch
from test_engine import blobs, quiet, run

from nominima.ground.places import TRAJECTORY
from nominima.planning import digests
from nominima.planning.run import Run
from nominima.tracing.job import Work
from nominima.tracing.trace import Trace
from nominima.training.dataset import write_dataset
from nominima.training.trajectory import read_records, read_trajectory
from nominima.verbs.train import headline, train

pytestmark = pytest.mark.usefixtures("project")


def job(of: Run) -> Work:
    data = Path("data/datasets/blobs.safetensors")
    write_dataset(data, blobs(), Trace(verb="prepare", spec={}, code="c", inputs={}, environment={}))
    spec = {"run": json.loads(of.model_dump_json())}
    code = digests.code("verbs.train", "models.mlp", "optimizers.adam")
    return Work("train", spec, code, [data], [of.folder / name for name in TRAJECTORY])


def test_a_job_leaves_a_readable_run_and_says_how_it_went(capsys):
    train(job(run()))
    trajectory = read_trajectory(run().folder, run())
    assert torch.equal(trajectory.theta, quiet(run())[0].theta)
    assert read_records(run().folder, run()).labels.shape == (3, 50)
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("step 0/60  lanes 3")
    assert told[-1] == headline(trajectory)
    assert told[-1].startswith("s/base: 3 lanes, 0 diverged, 60 steps; stop by validation loss ")


def test_the_same_job_leaves_the_same_bytes():
    train(job(run()))
    first = [(run().folder / name).read_bytes() for name in TRAJECTORY]
    train(job(run()))
    assert [(run().folder / name).read_bytes() for name in TRAJECTORY] == first


def test_the_headline_counts_what_diverged():
    trajectory, _ = quiet(run(optimizer="sgd", rate=1e30))
    assert headline(trajectory).startswith("s/base: 3 lanes, 3 diverged, 60 steps; stop by validation loss ")


def test_the_headline_says_where_there_is_no_validation():
    trajectory, _ = quiet(run(), blobs(validation=0))
    assert "no validation, test accuracy 0." in headline(trajectory)
