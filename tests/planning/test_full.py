"""params.full.yaml: the same trial, four decades of size and more, twice the seeds."""

import math
from pathlib import Path

from nominima.planning import shelf
from nominima.planning.plan import Plan
from nominima.planning.reader import load

ROOT = Path(__file__).parents[2]


def test_the_full_scale_is_planned_with_four_decades_of_size() -> None:
    full, usual = (Plan(load(ROOT / name)) for name in ("params.full.yaml", "params.yaml"))
    assert full.params.claims == usual.params.claims
    assert full.params.sweeps.keys() == usual.params.sweeps.keys()
    assert len(full.train) > len(usual.train)
    widths = [run.training.size for run in full.runs.values() if run.sweep in ("sizes-narrow", "sizes", "sizes-broad")]
    assert sorted({*widths}) == [1 << power for power in range(1, 12)]
    build = shelf.load("models", "mlp").build
    few, many = (build(width, (40,), 10).size for width in (min(widths), max(widths)))
    assert math.log10(many / few) >= 4
    for sweep in usual.params.sweeps:
        seeds = [min(run.training.seeds for run in plan.params.sweep_runs(sweep)) for plan in (full, usual)]
        assert seeds[0] == 2 * seeds[1]
    assert all(run.name in full.runs for run in usual.runs.values())
