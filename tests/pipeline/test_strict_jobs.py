"""`strict: true` reaches the process of a job, whoever starts it: Snakemake or an audit."""

import json
from pathlib import Path

import pytest
from project import Project, lay

from nominima.ground.places import dataset
from nominima.planning.workplace import STRICT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PARAMS = """
strict: true

datasets:
  digits: {source: digits, options: {seed: 1, train: 100, validation: 50, test: 50}}
training: {dataset: digits, model: mlp, size: 4, optimizer: adam, rate: 0.01, batch: 50, steps: 30,
           first_seed: 100, seeds: 8}
sweeps: {}
measures: {}
claims: {}
"""
SAYING = """
with Path({seen!r}).open("a") as seen:
    seen.write(json.dumps({{name: os.environ.get(name) for name in {names}}}) + "\\n")
"""


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    """Where each job writes what it sees of these variables."""
    return tmp_path / "seen"


@pytest.fixture
def project(tmp_path: Path, seen: Path) -> Project:
    params = tmp_path / "params.yaml"
    params.write_text(PARAMS)
    made = lay(tmp_path / "project", params)
    verb = made.root / "src/nominima/verbs/prepare.py"
    imports = "import json\nimport os\nfrom pathlib import Path\n\n"
    verb.write_text(f"{imports}{verb.read_text()}{SAYING.format(seen=str(seen), names=list(STRICT))}")
    return made


def test_jobs_of_the_workflow_and_of_an_audit_see_its_variables(
    project: Project, seen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in STRICT:
        monkeypatch.delenv(name, raising=False)
    project.snakemake("all_prepare")
    project.commit()
    project.run("nominima", "audit", dataset("digits"), "--from", "data", "--no-receipt")
    assert [json.loads(line) for line in seen.read_text().splitlines()] == [STRICT, STRICT]
