"""A job's own Snakemake, on a node, plans nothing: it takes the plan that the main process wrote."""

from pathlib import Path

import pytest

from nominima.planning import handover
from tests.pipeline.project import Project, lay

pytestmark = pytest.mark.slow

HAND = (
    "import os; from pathlib import Path; from nominima.planning import handover, plan, reader; "
    "handover.hand(plan.Plan(reader.load(Path('params.yaml')))); print(os.environ[handover.VARIABLE])"
)


def start(project: Project) -> str:
    """What Snakemake says as the process of a job, in a dry run."""
    job = ("--target-jobs", "train_sizes:labels=w2", "--allowed-rules", "train_sizes", "--force")
    return project.run("snakemake", *job, "--cores", "1", "--nolock", "--mode", "remote", "--dry-run", check=False)


def test_the_process_of_a_job_reads_no_params_where_a_plan_was_handed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = lay(tmp_path / "project", Path(__file__).parent / "params.yaml")
    plan = project.run("python", "-c", HAND).split()[0]
    (project.root / "params.yaml").write_text("")
    monkeypatch.setenv(handover.VARIABLE, plan)
    told = start(project)
    assert "rule train_sizes:" in told
    assert "output: data/runs/sizes/w2/parameters.safetensors" in told
    monkeypatch.delenv(handover.VARIABLE)
    assert "params.yaml: " in start(project), "without it the process plans itself"
