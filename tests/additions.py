"""One more of each kind, as somebody would write it: its files, its lines of params.yaml, what must then be found."""

from typing import NamedTuple


class Edit(NamedTuple):
    """Lines put before a line of a file, known by how it begins."""

    file: str
    lines: str
    before: str


class Addition(NamedTuple):
    """Files by path; what is put below a line of params.yaml; a test over the shelf; what the plan must then hold."""

    files: dict[str, str]
    params: tuple[str, str] = ("", "")
    over_the_shelf: str = ""
    planned: str = "True"


FAMILY = '''"""Softmax regression on `size` copies of the input."""

import math

import torch

from nominima.training.model import Leaf, Model


def build(size: int, inputs: tuple[int, ...], outputs: int) -> Model:
    """One linear layer."""
    count = size * math.prod(inputs)

    def forward(parameters, x):
        copies = x.flatten(x.dim() - len(inputs)).repeat_interleave(size, -1)
        return torch.matmul(copies, parameters["weight"].mT)

    return Model((Leaf("weight", (outputs, count), count, "output"),), forward)
'''
OPTIMIZER = '''"""Descent by the sign of the gradient (Bernstein et al. 2018): θ ← θ - rate·sign(g)."""

from nominima.training.optimizer import Optimizer, Rates
from nominima.training.stack import Stack


def build() -> Optimizer:
    """Steps of equal length in every direction."""

    def step(parameters: Stack, gradient: Stack, _memory: list[Stack], rates: Rates, _t: int) -> None:
        gradient.flat.sign_()
        gradient.scale(rates)
        parameters.flat.sub_(gradient.flat)

    return Optimizer(step)
'''
DATASET = '''"""Blobs: classes that a line tells apart."""

import numpy as np

from nominima.ground.records import Count, Natural
from nominima.training.dataset import Dataset, Examples


def make(*, seed: Natural = 0, train: Count = 200, validation: Natural = 100, test: Count = 100) -> Dataset:
    """Points float32 (example, 4) around two centres."""
    draw = np.random.default_rng(seed)

    def split(count: int) -> Examples:
        y = draw.permutation(np.arange(count) % 2)
        return Examples((draw.standard_normal((count, 4)) + 3 * y[:, None]).astype(np.float32), y)

    return Dataset(2, split(train), split(validation), split(test))
'''
MEASURE = '''"""How far a run ever gets from its start."""

import polars as pl

from nominima.measuring.subject import RunSubject
from nominima.measuring.table import frame

OF = "run"
KEY = ("seed",)
SCHEMA = {"seed": "Int64", "status": "String", "farthest": "Float64"}


def measure(subject: RunSubject) -> pl.DataFrame:
    """max over checkpoints of ‖θ_t − θ_0‖, float64."""
    theta = subject.trajectory.theta.double()
    far = (theta - theta[0]).norm(dim=-1).amax(0)
    return frame({"seed": subject.seeds, "status": subject.status, "farthest": far.tolist()}, SCHEMA, KEY)
'''
CLAIM = '''"""Networks move.

Claim: Training moves the parameters.

Refuted by: The largest networks do not move.

Tested by: The way travelled at the end must be longer than a hundredth of the start, and at the start it must not.

Limits: Nothing is said of where to.

For: Nobody 2020, Things move

Caption: Way travelled by number of parameters; the claim puts it above the dashed line.
"""

import polars as pl

from nominima.drawing.panels import Panel
from nominima.judging.evidence import Evidence
from nominima.judging.lanes import lanes
from nominima.judging.parts import Findings, Part, View, must_fail
from nominima.judging.rules import Rule

MEASURES = ("norms",)
RULE = Rule(statistic="way travelled at the end", side="above", tau=0.01, trend="the same", flat=0.01)


def judge(evidence: Evidence) -> Findings:
    """The way at the end; that at the start as the control."""
    table = evidence["norms"]
    end, start = (lanes(table, pl.col("travelled").sort_by("step").get(at)) for at in (-1, 0))
    return Findings(
        primary=Part(RULE, asks=(View("way", end),), guards=(must_fail("way at the start", start),)),
        trend=View("way", end),
    )


PANELS = (Panel("way", "Way travelled", "length", limit=(0.01, "the claim: above it")),)
'''
CLAIM_TEST = """from made_tables import judged, lanes, table


def world(way=1.0):
    rows = [lane | {"step": step, "norm": 1.0, "relative_norm": 1.0, "travelled": way * (step > 0)}
            for lane in lanes() for step in (0, 9)]
    return {"norms": table("norms", rows)}


def test_words():
    assert judged("c7a_moves", **world()).outcome == "supported"
    assert judged("c7a_moves", **world(0.0)).outcome == "contradicted"
"""
WARMUP = Edit(
    "src/nominima/planning/run.py",
    '    warmup: Share = Field(default=0.0, description="share of the steps in which the rate rises; 0: none")\n',
    "    batch: Annotated[int, Field(ge=1)] =",
)
USED = Edit(
    "src/nominima/training/update.py",
    "    if training.warmup:\n"
    "        return lambda t: shares[training.schedule](t) * min(1.0, t / (training.warmup * steps))\n",
    "    return shares[training.schedule]",
)
TOLD = Edit("docs/training.md", "| `warmup` | share of the steps in which the rate rises |\n", "| `l2` `decay`")
WARMUP_TEST = """from test_engine import quiet, run

from nominima.training.update import scheduled


def test_the_rate_rises():
    told = scheduled(run(warmup=0.1).training)
    assert [told(t) for t in (3, 6, 60)] == [0.5, 1.0, 1.0]


def test_it_moves_less_at_first():
    (warm, _), (cold, _) = quiet(run(warmup=1.0)), quiet(run())
    assert 0 < (warm.theta[1] - warm.theta[0]).norm() < (cold.theta[1] - cold.theta[0]).norm()
"""
WARM = ("sweeps:", "  warm:\n    changes: {warmup: 0.5, steps: 10}\n    axes:\n      size: {w: [4]}\n")
ADDITIONS = {
    "family": Addition(
        {
            "src/nominima/models/linear.py": FAMILY,
            "tests/models/test_linear.py": "from nominima.models.linear import build\n\n\ndef test_size():\n"
            "    assert build(2, (3,), 5).size == 30\n",
        },
        ("sweeps:", "  lines:\n    changes: {model: linear, steps: 10}\n    axes:\n      size: {n: [1, 2]}\n"),
        "tests/models/test_families.py",
        "'lines/n2' in plan.train",
    ),
    "optimizer": Addition(
        {
            "src/nominima/optimizers/signs.py": OPTIMIZER,
            "tests/optimizers/test_signs.py": "from nominima.planning import shelf\n\n\ndef test_it_stands():\n"
            "    assert 'signs' in shelf.names('optimizers')\n",
        },
        ("sweeps:", "  signs:\n    changes: {optimizer: signs, steps: 10}\n    axes:\n      size: {w: [4]}\n"),
        "tests/training/test_neighbours.py",
        "'signs/w4' in plan.train",
    ),
    "data set": Addition(
        {
            "src/nominima/datasets/blobs.py": DATASET,
            "tests/datasets/test_blobs.py": "from nominima.datasets.blobs import make\n\n\ndef test_splits():\n"
            "    assert [len(make().train.y), len(make().test.y)] == [200, 100]\n",
        },
        ("datasets:", "  blobs: {source: blobs}\n"),
        planned="'blobs' in plan.prepare",
    ),
    "measure": Addition(
        {
            "src/nominima/measures/farthest.py": MEASURE,
            "tests/measures/test_farthest.py": "from nominima.measures.farthest import measure\n\n\n"
            "def test_still(subject, moved):\n    theta = subject.trajectory.theta\n"
            "    assert set(measure(moved(subject, theta[:1].expand_as(theta)))['farthest']) == {0.0}\n",
        },
        ("sweeps:", "  far:\n    changes: {steps: 20}\n    axes:\n      size: {w: [4]}\n    measures: [farthest]\n"),
        planned="any(file.endswith('farthest.parquet') for job in plan.measure.values() for file in job.outputs)",
    ),
    "claim": Addition(
        {"src/nominima/claims/c7a_moves.py": CLAIM, "tests/claims/test_c7a_moves.py": CLAIM_TEST},
        ("claims:", "  c7a_moves: {sweeps: [perceptrons]}\n"),
        "tests/claims/test_all_lost.py",
        "'c7a_moves' in plan.judge and 'c7a_moves' in plan.report",
    ),
}
