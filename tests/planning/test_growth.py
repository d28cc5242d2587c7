"""A plan of four times the runs takes four times the work, counted in calls of functions."""

import cProfile
import json
import pstats
from pathlib import Path
from typing import Any

import pytest

from nominima.ground.places import VERBS
from nominima.planning.plan import Plan
from nominima.planning.reader import load


def params(kind: str, count: int) -> dict[str, Any]:
    """Two sizes and so many labels of an axis, which are `axes` or `lanes`."""
    axis: dict[str, Any] = {"steps": {"s": list(range(30, 30 + count))}}
    if kind == "lanes":
        axis = {"rate": {"r": [at / 1e4 for at in range(1, 1 + count)]}}
    sweep: dict[str, Any] = {"axes": {"size": {"w": [4, 8]}}}
    sweep[kind] = sweep.get(kind, {}) | axis
    training = {"dataset": "digits", "model": "mlp", "size": 4, "optimizer": "adam", "rate": 0.01, "batch": 50,
                "steps": 30, "first_seed": 100, "seeds": 8}  # fmt: skip
    digits = {"source": "digits", "options": {"seed": 1, "train": 100, "validation": 50, "test": 50}}
    claims = {"c0a_bigger_is_better": {"sweeps": ["many"]}}
    return {"strict": False, "datasets": {"digits": digits}, "training": training, "sweeps": {"many": sweep},
            "measures": {}, "claims": claims}  # fmt: skip


def calls(file: Path) -> int:
    """How many functions are called to read the params and to plan every job."""
    with cProfile.Profile() as profile:
        plan = Plan(load(file))
        for verb in VERBS:
            plan.jobs(verb)
    return pstats.Stats(profile).total_calls  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("kind", ["axes", "lanes"])
def test_planning_grows_as_the_number_of_runs(kind: str, tmp_path: Path) -> None:
    counted: list[int] = []
    for count in (1, 50, 200):  # the first pays for what is read once, such as sources
        file = tmp_path / "params.yaml"
        file.write_text(json.dumps(params(kind, count)))
        counted.append(calls(file))
    _, some, more = counted
    assert more < 4.2 * some
