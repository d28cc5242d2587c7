"""A claim is trained, measured and judged with fresh seeds by the real command, in a project of two stacks."""

import json
from pathlib import Path
from typing import Any

import pytest
from project import Project, lay

from nominima.ground.files import digest, write
from nominima.ground.places import VERBS, ledger, verdict
from nominima.judging.intervals import Estimate
from nominima.judging.record import Cell, Number, PartVerdict, Truer, Verdict, write_judged
from nominima.judging.rules import Rule
from nominima.planning.plan import Job, Plan
from nominima.planning.reader import load
from nominima.tracing.ledger import compose
from nominima.tracing.trace import Trace, environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CLAIM = "c1d_init_like_solutions"
PARAMS = f"""
strict: false
datasets:
  digits: {{source: digits, options: {{seed: 1, train: 200, validation: 100, test: 200}}}}
training: {{dataset: digits, model: mlp, size: 8, optimizer: adam, rate: 0.01, batch: 50, steps: 200,
           first_seed: 100, seeds: 8}}
sweeps: {{two: {{changes: {{noise: 0.2}}, axes: {{size: {{w: [4, 16]}}}}}}}}
measures: {{}}
claims: {{{CLAIM}: {{sweeps: [two]}}}}
"""
RULE = Rule(statistic="share of the start's gradient", side="above", tau=0.05)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """One whose ledgers tell of a verdict that nobody made: what was trained for it is nowhere, and is not needed."""
    params = tmp_path / "params.yaml"
    params.write_text(PARAMS)
    made = lay(tmp_path / "project", params)
    plan = Plan(load(params))
    write_judged(made.root / verdict(CLAIM), recorded(), trace("judge", plan.judge[CLAIM]))
    for verb in VERBS[:-1]:
        jobs = {name: job for name, job in plan.jobs(verb).items() if name != "scoreboard"}
        outputs = {name: {path: sha256(made, path) for path in job.outputs} for name, job in jobs.items()}
        told = compose(verb, {name: trace(verb, job) for name, job in jobs.items()}, outputs)
        write(made.root / ledger(verb), told.dumps())
    made.commit()
    return made


def recorded() -> Verdict:
    """It says of a condition that nothing was trained in what is not so."""
    number = Number(name="gradient", estimate=Estimate(value=0.0, low=0.0, high=0.0, n=8), outcome="contradicted")
    cell = Cell(name="nowhere", condition={"dataset": "nowhere"}, decides=True, numbers=[number],
                outcome="contradicted", runs=8, lost={})  # fmt: skip
    primary = PartVerdict(name="", rule=RULE, outcome="contradicted", reason="", cells=[cell])
    return Verdict(claim=CLAIM, outcome="contradicted", reason="", primary=primary, parts=[],
                   truer=Truer(word="grows", reason=""), beside=[], published=[])  # fmt: skip


def trace(verb: str, job: Job) -> Trace:
    return Trace(verb=verb, spec=json.loads(job.spec), code=job.code, inputs=dict.fromkeys(job.inputs, "0" * 64),
                 environment=environment() | {"threads": "1"})  # fmt: skip


def sha256(made: Project, path: str) -> str:
    return digest(made.root / path) if (made.root / path).exists() else "0" * 64


def test_a_claim_is_replicated_and_what_came_of_it_is_told_everywhere(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # no line of a list is wrapped
    output = project.run("nominima", "audit", "c1d", "--seeds", "1000", "--json", "--codecheck", check=False)
    assert "seeds from 1000 on in place of those from 100 on" in output
    assert "6 jobs to make again (prepare 1, train 2, measure 2, judge 1), about" in output
    found: dict[str, Any] = json.loads(output[output.index("{\n") : output.rindex("}") + 1])
    told = found["claims"][CLAIM]
    assert told["why"] == ""
    assert told["words"][0] == {"of": "claim", "recorded": "contradicted", "again": "supported"}
    assert output.endswith("exit code 1"), "a claim whose word turned into its opposite"
    new = [cell for cell in told["cells"] if cell["recorded"] == "–"]
    assert [number["estimate"]["n"] for cell in new for number in cell["replicated_numbers"]] == [8]
    assert [cell["cell"] for cell in told["cells"] if cell["replicated"] == "–"] == ["nowhere"]
    assert (found["other_source"], found["other_environment"]) == ([], [])
    assert not (project.root / "data/runs").exists(), "the checkout is not touched"

    (receipt,) = (project.root / "reports/audits").glob("*-c1d.json")
    predicate = json.loads(receipt.read_text())["predicate"]
    assert predicate["command"] == f"nominima audit c1d --at {found['commit']} --seeds 1000"
    assert predicate["claims"][CLAIM]["recorded"] == "contradicted"
    assert "codecheck.yml; fill in by hand" in output
    assert (receipt.with_suffix("") / "codecheck.yml").is_file()
    words = "with seeds from 1000: contradicted, now supported"
    traced = " ".join(project.run("nominima", "trace", verdict(CLAIM)).split())
    assert words in traced
    listed = " ".join(project.run("nominima", "audits").split())
    assert f"verdicts/{CLAIM}.json contradicted, now supported" in listed
