"""The same bytes on repetition, wherever in memory things come to lie."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

LAYOUTS = 5
JOB = """
import hashlib, random, sys
source = random.Random(int(sys.argv[1]))
garbage = [bytearray(source.randrange(1, 200_000)) for _ in range(source.randrange(300))]
del garbage[:: source.randrange(2, 5)]
import torch
from test_engine import blobs, run
from nominima.measures import toy_minima
from nominima.planning import shelf
from nominima.training.engine import fit
torch.set_num_threads(1)
torch.set_flush_denormal(True)

def digest(*parts):
    content = hashlib.sha256()
    for part in parts:
        content.update(part if isinstance(part, bytes) else part.contiguous().numpy().tobytes())
    return content.hexdigest()[:12]

families = [("mlp", {}), ("mlp", {"activation": "tanh"}), ("cnn", {}), ("transformer", {"patch": 2})]
cases = [("mlp", {}, name, 0.0) for name in shelf.names("optimizers")]
cases += [(name, options, "adam", dropout) for name, options in families for dropout in (0.0, 0.3)]
for model, options, optimizer, dropout in cases:
    chosen = run(model=model, model_options=options, optimizer=optimizer, dropout=dropout, size=7, batch=9)
    [(trajectory, records)] = fit([chosen], blobs(), say=lambda _: None)
    table = trajectory.metrics.write_csv().encode()
    print(model, options, optimizer, dropout, digest(trajectory.theta, records.loss, records.validation_loss, table))
few = {"examples": 50, "inputs": 3, "starts": 3, "deciding": 6}
few |= {"widest": 2, "widest_undecayed": 1, "widest_embedded": 1}
print("toy_minima", digest(toy_minima.measure(blobs(), **few).write_csv().encode()))
"""


def told(layout: int) -> list[str]:
    paths = os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(Path(__file__).parent)])
    filler = "x" * random.Random(layout).randrange(1, 5000)  # moves the stack
    return subprocess.run(
        [sys.executable, "-c", JOB, str(layout)], check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": paths, "FILLER": filler},
    ).stdout.splitlines()  # fmt: skip


@pytest.mark.slow
def test_trainings_and_descents_have_the_same_bytes_in_any_layout_of_memory():
    first = told(0)
    assert len(set(first)) > 10
    for layout in range(1, LAYOUTS):
        assert told(layout) == first
