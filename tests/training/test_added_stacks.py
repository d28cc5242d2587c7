"""Seeds added later give the numbers that they would have given in one stack with those before them."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from test_names import planned, ran

from nominima.claims import c2c_never_critical as claim
from nominima.ground.places import table
from nominima.judging.decide import decide
from nominima.judging.evidence import load
from nominima.measuring.table import read_table
from nominima.planning.plan import Plan

MEASURES = ("learning_curve", "norms", "stationarity")
WHOSE = ("sweep", "run", "start.run")  # columns

pytestmark = pytest.mark.usefixtures("project")


def sweep(seeds: int | list[int], **changes: Any) -> dict[str, Any]:
    """So fast that most are best before their end, and have a stop."""
    return {"changes": changes | {"seeds": seeds, "rate": 0.3, "steps": 20}, "measures": list(MEASURES)}


def files(plan: Plan, name: str, measure: str) -> list[Path]:
    return [Path(table(f"runs/{run.name}", measure)) for run in plan.runs.values() if run.sweep == name]


def test_seed_by_seed_and_in_a_verdict_they_are_the_same_as_of_one_stack() -> None:
    plan = planned(
        whole=sweep(9), apart=sweep([5, 4]),
        whole_after=sweep(9, start={"run": "whole/base", "at": "end"}),
        apart_after=sweep([5, 4], start={"run": "apart/base", "at": "end"}),
    )  # fmt: skip
    ran(plan, "prepare", "train", "measure")
    for one, other in (("whole", "apart"), ("whole_after", "apart_after")):
        assert [len(files(plan, name, "norms")) for name in (one, other)] == [1, 2]
        for measure in MEASURES:
            told = [pl.concat(map(read_table, files(plan, name, measure))).drop(WHOSE, strict=False)
                    for name in (one, other)]  # fmt: skip
            assert told[0].equals(told[1])
            assert told[0]["seed"].n_unique() == 9
    asked = {name: files(plan, name, "stationarity") for name in ("apart", "whole")}
    before, after, whole = (decide("c2c", claim.judge(load(its))) for its in (asked["apart"][:1], *asked.values()))
    assert after == whole
    (few,), (all_,) = (verdict.primary.cells for verdict in (before, after))
    assert (few.runs, all_.runs) == (5, 9)
    assert few.numbers[0].estimate.n < all_.numbers[0].estimate.n
