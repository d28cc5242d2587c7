import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from nominima.cli import app
from nominima.drawing import estimates
from nominima.estimating.estimate import Expected, Forecast, estimate, makespan
from nominima.ground.files import Refusal
from nominima.planning.costs import Costs, Measured, at, read_costs, training_seconds
from nominima.planning.params import Params
from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.planning.run import Training
from nominima.planning.steps import checkpoint_steps, metric_steps
from nominima.tracing.standing import here

ROOT = Path(__file__).parent.parent.parent
COSTS = Costs(
    job={"prepare": 3.0, "judge": 2.0, "report": 5.0, "page": 1.0, "seal": 0.5},
    start={"train": 4.0, "measure": 3.0},
    step={"mlp": {"10": 1e-6, "100": 1e-4}},
    answer={"mlp": {"10": 1e-7, "100": 1e-5}},
    optimizer={"adam": 1.0, "soap": 3.0},
    measure={
        "norms": Measured(counts={}, curves={"mlp": {"10": 0.1}}),
        "curvature": Measured(counts={"iterations": 100, "seeds": 2}, curves={"mlp": {"10": 1.0, "100": 4.0}}),
        "random_points": Measured(counts={"points": 50, "seeds": 20}, curves={"": {"0": 7.0}}),
    },
    parameters={"mlp": {"10": 1000.0, "100": 10000.0}},
    memory={"train": 1e8, "measure": 2e8},
)


NORMS = COSTS.measure["norms"]


def training(**changes) -> Training:
    base: dict[str, Any] = {
        "dataset": "d",
        "model": "mlp",
        "size": 10,
        "optimizer": "adam",
        "rate": 0.1,
        "batch": 50,
        "steps": 1000,
    }
    return Training(**{**base, "first_seed": 0, "seeds": 4, **changes})


def plan(**changes) -> Plan:
    """One data set, two runs with three measures, one claim of theory."""
    params = {
        "datasets": {"d": {"source": "mnist1d", "options": {"seed": 1, "train": 100, "validation": 20, "test": 80}}},
        "training": training(**changes).model_dump(),
        "sweeps": {"s": {"axes": {"size": {"a": {"size": 10}, "b": {"size": 100}}}, "measures": ["norms"]}},
        "measures": {},
        "claims": {"c1a_random_points": {}},
    }
    return Plan(Params.model_validate_json(json.dumps(params)))


def forecast(whole: Plan, root: Path, costs: Costs = COSTS, cores: int = 1) -> Forecast:
    return estimate(whole, costs, cores, here(whole.by_verb, root))


def steps_of(found: Forecast) -> list[float]:
    return [job.steps for job in found.of("train")]


def test_a_curve_is_straight_in_logarithms_within_and_beyond():
    curve = {"10": 1.0, "100": 100.0, "1000": 1000.0}
    assert at(curve, 10) == pytest.approx(1)
    assert at(curve, 20) == pytest.approx(4)
    assert at(curve, 1000) == pytest.approx(1000)
    assert at(curve, 10_000) == pytest.approx(10_000)
    assert at(curve, 1) == pytest.approx(0.01)
    assert at({"64": 5.0}, 1000) == 5.0


def test_a_curve_that_falls_is_level_beyond_its_ends():
    curve = {"4": 3.0, "8": 0.03}
    assert [at(curve, size) for size in (2, 4, 8, 16)] == pytest.approx([3.0, 3.0, 0.03, 0.03])


def test_a_run_costs_its_steps_and_its_looks():
    always = training(tested="always")
    seconds, steps = training_seconds(always, plan().params.datasets["d"], COSTS)
    assert steps == pytest.approx(4 * 1000 * 50 * 1e-6)
    assert seconds == pytest.approx(steps + 4 * len(metric_steps(1000)) * 200 * 1e-7)
    stops, _ = training_seconds(training(), plan().params.datasets["d"], COSTS)
    assert seconds - stops == pytest.approx(4 * (len(metric_steps(1000)) - 4) * 80 * 1e-7)
    fewer, _ = training_seconds(always.model_copy(update={"examples": 30}), plan().params.datasets["d"], COSTS)
    assert seconds - fewer == pytest.approx(4 * len(metric_steps(1000)) * 70 * 1e-7)


@pytest.mark.parametrize(
    ("changes", "factor"),
    [
        ({"steps": 2000}, 2),
        ({"seeds": 8}, 2),
        ({"rate": (0.1, 0.2)}, 2),
        ({"batch": 100}, 2),
        ({"optimizer": "soap"}, 3),
    ],
)
def test_what_doubles_the_steps_doubles_their_minutes(changes, factor, tmp_path):
    before, after = (steps_of(forecast(plan(**told), tmp_path)) for told in ({}, changes))
    assert after == pytest.approx([factor * seconds for seconds in before])


def test_all_jobs_are_counted_with_what_they_cost(tmp_path):
    found = forecast(plan(), tmp_path, cores=2)
    assert {verb: len(found.of(verb)) for verb in ("prepare", "train", "measure", "judge", "report", "seal")} == {
        "prepare": 1, "train": 2, "measure": 3, "judge": 2, "report": 5, "seal": 5,
    }  # fmt: skip
    assert [job.seconds for job in found.of("measure")] == pytest.approx([3 + 7, 3 + 4 * 0.1, 3 + 4 * 0.1])
    assert [job.seconds for job in found.of("report")] == [5.0, 5.0, 5.0, 1.0, 5.0]
    assert all(job.due for job in found.jobs)
    assert [job.start for job in found.of("train")] == [4.0, 4.0]
    assert [job.start for job in found.of("measure")] == [0.0, 3.0, 3.0]


def test_names_never_measured_are_taken_for_something_near_and_told(tmp_path):
    found = forecast(plan(model="cnn", optimizer="muon"), tmp_path,
                     COSTS.model_copy(update={"measure": {"norms": NORMS}}))  # fmt: skip
    assert steps_of(found) == steps_of(forecast(plan(), tmp_path))
    assert found.notes == [
        "family cnn was never measured: taken for the most expensive one known",
        "measure random_points was never measured: taken for a typical one",
        "optimizer muon was never measured: taken for adam",
    ]


def test_the_longest_jobs_start_first():
    assert makespan([1, 1, 1, 3], 2) == 3
    assert makespan([2, 2, 2], 2) == 4
    assert makespan([], 4) == 0


def test_a_damaged_file_of_costs_is_refused(tmp_path):
    (tmp_path / "costs.json").write_text(COSTS.model_copy(update={"step": {"mlp": {"wide": 1.0}}}).model_dump_json())
    with pytest.raises(Refusal, match=r"not a file of costs \(step\.mlp\.wide.*`make bench WORK=costs`"):
        read_costs(tmp_path / "costs.json")
    with pytest.raises(Refusal, match="cannot be read"):
        read_costs(tmp_path / "none.json")


def test_an_absurd_budget_is_refused_before_anything_starts(tmp_path):
    text = (ROOT / "params.yaml").read_text().replace("[32, 64, 128]", "[32, 64, 4096]", 1)
    (tmp_path / "params.yaml").write_text(text.replace("steps: 5000", "steps: 9000000", 1))
    with pytest.raises(Refusal, match=r"about [\d,]+ CPU hours, .* of them for training sizes/w4096/clean"):
        load(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    ("measure", "greedy", "of"),
    [
        ("random_points", "points: 9999, seeds: 9999, highest: 999999", "theory"),
        ("barriers", "steps: 999999, restarts: 99", "sizes"),
    ],
)
def test_measuring_counts_as_well(measure, greedy, of, tmp_path):
    text = (ROOT / "params.yaml").read_text()
    asked = re.sub(rf"^  {measure}: {{[^}}]*", f"  {measure}: {{{greedy}", text, count=1, flags=re.MULTILINE)
    assert asked != text
    (tmp_path / "params.yaml").write_text(asked)
    with pytest.raises(Refusal, match=rf"about [\d,]+ CPU hours, .* of them for {measure} of {of}"):
        load(tmp_path / "params.yaml")


def test_memory_and_disk_are_told(tmp_path):
    found = forecast(plan(), tmp_path)
    narrow, wide = found.of("train")
    assert (narrow.memory, wide.memory) == (1e8 + 10 * 4 * 4 * 1000, 1e8 + 10 * 4 * 4 * 10_000)
    kept = len(checkpoint_steps(1000)) + 2
    assert narrow.disk == pytest.approx(4 * (4 * 1000 * kept + 3 * len(metric_steps(1000)) * 120))
    assert estimates.needs(found) == (max(job.memory for job in found.jobs), narrow.disk + wide.disk)


def test_the_shipped_scale_is_told_without_torch():
    code = (
        "import sys; from nominima.cli import app; app(['estimate', '--cores', '2', '--json'], standalone_mode=False)"
    )
    told = subprocess.run([sys.executable, "-c", f"{code}; sys.exit('torch' in sys.modules)"], cwd=ROOT,
                          capture_output=True, text=True, check=True)  # fmt: skip
    found = json.loads(told.stdout)
    assert found["verbs"]["train"]["jobs"] == len(Plan(load(ROOT / "params.yaml")).train)
    assert found["all"]["cpu_seconds"] / 2 <= found["all"]["wall_seconds"] <= found["all"]["cpu_seconds"]


def test_minutes_and_the_biggest_jobs_are_told_to_people():
    jobs = [Expected("train", "s/a", 7200.0, 3600.0, 4.0, True), Expected("judge", "c", 10.0, 0.0, 0.0, False)]
    console = Console(width=100, record=True, file=io.StringIO())
    estimates.show(Forecast(jobs, 2, ["odd"]), console)
    told = console.export_text()
    rows = [line.split() for line in told.splitlines()]
    assert ["train", "1", "2.0", "h", "1", "2.0", "h"] in rows
    assert ["together", "2", "2.0", "h", "1", "2.0", "h"] in rows
    assert "on 2 cores: about 2.0 h for all of it, 2.0 h for what would run now" in told
    assert "training steps take 50% of the CPU time, starting torch 0%" in told
    assert "     2.0 h  train s/a\n      10 s  judge c\nnote: odd\n" in told


def test_no_project_no_estimate(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(app, ["estimate"])
    assert found.exit_code == 1
