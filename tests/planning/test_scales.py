"""params.full.yaml and params.quick.yaml: the same trial, longer and shorter."""

import math
from pathlib import Path

from docs import scales
from nominima.planning import shelf
from nominima.planning.plan import Plan
from nominima.planning.reader import load

ROOT = Path(__file__).parents[2]


def test_the_full_scale_is_planned_with_four_decades_of_size() -> None:
    full, usual = (Plan(load(ROOT / name)) for name in ("params.full.yaml", "params.yaml"))
    assert full.params.claims == usual.params.claims
    assert full.params.sweeps.keys() == usual.params.sweeps.keys()
    assert len(full.train) > len(usual.train)
    widths = [
        run.training.size
        for run in full.runs.values()
        if run.sweep in ("sizes-narrowest", "sizes-narrow", "sizes", "sizes-broad")
    ]
    assert sorted({*widths}) == [1 << power for power in range(1, 12)]
    build = shelf.load("models", "mlp").build
    few, many = (build(width, (40,), 10).size for width in (min(widths), max(widths)))
    assert math.log10(many / few) >= 4
    for sweep in usual.params.sweeps:
        seeds = [min(run.training.seeds for run in plan.params.sweep_runs(sweep)) for plan in (full, usual)]
        assert seeds[0] == 2 * seeds[1]
    assert all(run.name in full.runs for run in usual.runs.values())


def test_the_quick_scale_asks_for_small_perceptrons_and_for_the_claims_that_they_can_decide() -> None:
    quick, usual = (Plan(load(ROOT / name)) for name in ("params.quick.yaml", "params.yaml"))
    assert usual.params.claims.keys() - quick.params.claims.keys() == scales.UNDECIDED
    assert all(claim.sweeps for name, claim in quick.params.claims.items() if usual.params.claims[name].sweeps)
    trainings = [run.training for run in quick.runs.values()]
    assert {training.model for training in trainings} == {"mlp"}
    assert {training.dataset for training in trainings} == {"mnist1d", "digits"}
    assert max(training.size for training in trainings) == scales.WIDEST
    assert min(training.seeds for training in trainings) == 8
    assert quick.runs.keys() <= usual.runs.keys(), "each run is one of the trial"
    assert 2 * len(quick.jobs("train")) < len(usual.jobs("train"))
