"""What the main process of Snakemake hands to the processes of its jobs is the plan, and they need nothing else."""

from pathlib import Path

import pytest

from nominima.ground.places import VERBS
from nominima.planning import handover
from nominima.planning.plan import Plan
from nominima.planning.reader import load

PARAMS = Path(__file__).parents[1] / "pipeline/params.yaml"


def test_a_plan_that_was_handed_over_has_the_same_jobs_files_and_patterns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(load(PARAMS))
    monkeypatch.setenv(handover.VARIABLE, "")
    monkeypatch.chdir(tmp_path)
    handover.hand(plan)
    handed = handover.received()
    assert handed is not None
    assert {verb: handed.jobs(verb) for verb in VERBS} == plan.by_verb
    assert all(sorted(handed.outputs(verb)) == sorted(plan.outputs(verb)) for verb in VERBS)
    assert handed.patterns == plan.patterns
    stack = "followers/{labels}"
    assert handed.patterns["train"][stack][0] == f"data/runs/{stack}/slow/parameters.safetensors"
    assert "runs/followers/{labels}/tangent_gaps" in handed.patterns["measure"]


@pytest.mark.parametrize("told", ["", ".snakemake/plans/0123456789abcdef.json"])
def test_without_a_plan_at_hand_a_process_must_plan_itself(
    told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(handover.VARIABLE, told)
    assert handover.received() is None
