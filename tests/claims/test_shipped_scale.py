"""The scale of params.yaml: numbers few enough for Git, 300 KB a claim, and enough runs for every rule."""

import json
from pathlib import Path

import polars as pl
import pytest
from made_tables import CLAIMS, TRACE, found, of_runs, table, world

from nominima.ground.places import table as file
from nominima.judging.beside import published, shown
from nominima.judging.evidence import Missing, numbers, write_numbers
from nominima.judging.parts import each_condition, of_condition
from nominima.judging.rules import fewest
from nominima.measuring.identity import CENSORED, IDENTITY
from nominima.measuring.table import schema
from nominima.planning.knobs import flat
from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.planning.steps import checkpoint_steps

PLAN = Plan(load(Path(__file__).parents[2] / "params.yaml"))
LARGEST = 300_000  # bytes

pytestmark = pytest.mark.slow


def rows(measure, made, run):
    """What a measure tells of all seeds of a planned run: that of one made network, at the run's own checkpoints."""
    its = schema(measure)
    own = [name for name in its.columns if name not in IDENTITY["run"] and name not in ("seed", "status")]
    told = made.filter(pl.struct("run", "seed") == pl.struct("run", "seed").first()).select(own).rows(named=True)
    if its.key == ("seed", "step"):
        told = [told[0] | {"step": step} for step in checkpoint_steps(run.training.steps)]
    knobs = flat(run, examples=run.training.examples or 4000, rate=run.training.rates[0])
    known = knobs | dict.fromkeys(CENSORED, False) | {"parameters": 50 * run.training.size, "status": "ok"}
    known["run"] = run.name  # by which others know it that take something from it
    for seed in run.seeds:
        yield from (row | known | {"seed": seed} for row in told)


def shipped(name):
    """What a claim finds in made tables of all networks that params.yaml asks for, the rest of its own world."""
    tables, asked = world(name), set(PLAN.judge[name].inputs)
    for measure in of_runs(tables):
        runs = [run for run in PLAN.runs.values() if file(f"runs/{run.name}", measure) in asked]
        tables[measure] = table(measure, *(rows(measure, tables[measure], run) for run in runs))
    return found(name, **tables)


def units(view, rule, condition):
    """Seeds, or networks where the rule is about a share of them, of a cell."""
    try:
        sample = view.sample(of_condition(view.lanes, condition))
    except Missing:
        return 0
    return sample.estimate().n if rule.unit == "network" else sample.read["seed"].n_unique()


@pytest.mark.parametrize("name", CLAIMS)
def test_numbers_are_few_enough_for_git_and_of_enough_runs_and_published_ones_fit_one_condition(name, tmp_path):
    job, findings = PLAN.judge[name], shipped(name)
    told, short = numbers(findings), {}
    value = 0.123456 * (1 + pl.int_range(pl.len()) % 9)  # as many digits as a measured one is stored with
    trace = TRACE.model_copy(update={"spec": json.loads(job.spec), "inputs": dict.fromkeys(job.inputs, "0" * 64)})
    write_numbers(tmp_path / "numbers.csv", told.with_columns(value=value.round(6)), trace)
    assert told.height > 100
    assert (tmp_path / "numbers.csv").stat().st_size <= LARGEST
    for part in (findings.primary, *findings.parts):
        for view in part.asks:
            rule = view.rule or part.rule
            for cell, condition in each_condition(view.lanes):
                if part.counts(condition) and units(view, rule, condition) < fewest(rule, dissenters=1):
                    short[part.name, view.name, cell] = units(view, rule, condition)
    assert short == {}
    for each in findings.published:
        (view,) = (view for view in findings.shown if view.name == each.view)
        assert published(each, shown(view)).lacks == ""
