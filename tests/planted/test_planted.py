"""The machine itself on trial: a false claim must come out contradicted, one of noise not decided.

The planted claims are files for the shelves, as any other; `plant` drops them into a copy of the source.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nominima.judging.record import Verdict, read_judged

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
LARGEST = 60  # cells: more than any claim has
CHAIN = """
import subprocess, sys
from pathlib import Path
from nominima.planning.plan import Plan
from nominima.planning.reader import load
plan = Plan(load(Path("params.yaml")))
for verb in ("measure", "judge"):
    for job in plan.jobs(verb).values():
        given = ["--spec", job.spec, "--code", job.code, "--inputs", *job.inputs, "--outputs", *job.outputs]
        subprocess.run([sys.executable, "-m", f"nominima.verbs.{verb}", *given], check=True)
"""


def plant(source: Path) -> None:
    """Put the planted measure and claims onto the shelves of a copy of src/nominima."""
    for shelf in ("measures", "claims"):
        for file in (HERE / shelf).glob("*.py"):
            shutil.copy(file, source / shelf)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """The verdicts of the planted claims, measured and judged by the real jobs."""
    project = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "src", project / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "workflow", project / "workflow")
    shutil.copy(HERE / "params.yaml", project)
    plant(project / "src/nominima")
    environment = os.environ | {"PYTHONPATH": str(project / "src")}
    ran = subprocess.run([sys.executable, "-c", CHAIN], cwd=project, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    files = sorted((project / "reports/verdicts").glob("p0*.json"))
    return {path.stem: read_judged(path, Verdict)[0] for path in files}


def test_they_have_as_many_cells_as_the_largest_claim(verdicts: dict[str, Verdict]) -> None:
    assert [len(verdict.deciding) for verdict in verdicts.values()] == [LARGEST, LARGEST]


def test_a_false_claim_is_contradicted(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["p0a_wrong"].outcome == "contradicted", verdicts["p0a_wrong"].reason


def test_a_claim_of_noise_is_not_decided(verdicts: dict[str, Verdict]) -> None:
    found = verdicts["p0b_noise"]
    assert found.outcome == "inconclusive", found.reason
    assert {cell.outcome for cell in found.deciding} > {"inconclusive"}, "chance decides some cells"
    assert found.truer.word == "flat"
