"""`strict: true` gives every job that computes the variables that keep it from AVX-512; without it nothing moves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from nominima.ground.files import Refusal
from nominima.ground.places import VERBS
from nominima.planning import handover
from nominima.planning.plan import Plan
from nominima.planning.reader import load, parsed
from nominima.planning.workplace import STRICT, VARIABLES

ROOT = Path(__file__).parents[2]
KERNELS = """
import torch
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
from threadpoolctl import threadpool_info
import scipy.linalg
print(torch.backends.cpu.get_cpu_capability())
print(*(name for name in __cpu_dispatch__ if __cpu_features__[name]))
print(*{pool["architecture"] for pool in threadpool_info() if pool["internal_api"] == "openblas"})
"""


@pytest.fixture(scope="module")
def plans() -> tuple[Plan, Plan]:
    """A small project without it and with it."""
    params = load(ROOT / "tests/pipeline/params.yaml")
    return Plan(params), Plan(params.model_copy(update={"strict": True}))


def test_every_job_that_computes_is_asked_for_it_and_nothing_else_moves(plans: tuple[Plan, Plan]) -> None:
    off, on = plans
    for verb in VERBS:
        assert off.jobs(verb).keys() == on.jobs(verb).keys()
        for name, job in off.jobs(verb).items():
            told = json.loads(on.jobs(verb)[name].spec)
            assert told.pop("strict", {}) == ({} if verb == "report" else STRICT)
            assert on.jobs(verb)[name]._replace(spec=job.spec) == job
            assert told == json.loads(job.spec)


def test_a_plan_that_is_handed_over_says_so(
    plans: tuple[Plan, Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for plan, strict in zip(plans, ({}, STRICT), strict=True):
        monkeypatch.setenv(handover.VARIABLE, "")
        handover.hand(plan)
        received = handover.received()
        assert received is not None
        assert received.strict == plan.strict == strict


@pytest.mark.skipif(torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512"), reason="no AVX2 here")
def test_the_libraries_take_the_kernels_of_avx2() -> None:
    """A library that is renewed may call its features otherwise."""
    environment = os.environ | VARIABLES | STRICT
    command = [sys.executable, "-W", "error", "-c", KERNELS]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == ["AVX2", "X86_V3", "Haswell"]


def test_params_that_do_not_say_it_are_refused_before_dvc_would(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text((ROOT / "tests/pipeline/params.yaml").read_text().replace("strict: false\n", ""))
    with pytest.raises(Refusal, match="strict: is missing, and `dvc repro` asks for it; add the line `strict: false`"):
        load(file)
    assert not parsed(file.read_bytes(), file).strict
