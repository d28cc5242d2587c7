"""Fresh seeds: none of them recorded, and who shared seeds shares them still."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nominima.auditing.seeds import COUNTS, FIRST, fresh, least, spans
from nominima.ground.files import Refusal
from nominima.measures import random_points
from nominima.planning import shelf
from nominima.planning.mistakes import mistakes
from nominima.planning.params import Params
from nominima.planning.plan import Plan
from nominima.planning.reader import parsed

PARAMS = """
datasets:
  digits: {source: digits, options: {seed: 1, train: 300, validation: 100, test: 200}}
training: {dataset: digits, model: mlp, size: 8, optimizer: adam, rate: 0.01, batch: 50, steps: 60,
           first_seed: %(base)d, seeds: 5}
sweeps:
  alone: {axes: {size: {w: [2, 4]}}}
  of-its-own: {changes: {first_seed: %(own)d, seeds: [3, 4]}}
  by-label:
    axes: {lot: {one: {first_seed: %(one)d}, two: {first_seed: %(two)d, seeds: 7}}}
  teachers: {changes: {first_seed: %(shared)d, seeds: 8}, lanes: {half: {all: {}, first: {half: first}}}}
  taught:
    changes: {first_seed: %(inner)d, draw: 1}
    lanes:
      told:
        start: {start: {run: teachers/base/all, at: init}}
        answers: {teacher: {run: teachers/base/all}}
        order: {pacing: {order: taught, run: teachers/base/all}}
measures:
  collinear_twins: {pairs: 40, first_seed: %(theory)d}
  perceptron_twins: {pairs: 40, first_seed: %(theory)d}
claims:
  c1a_random_points: {datasets: [digits]}
  c3a_collinear_twins: {}
"""
OWN = {"random_points": 20, "input_distances": 20, "collinear_twins": 40, "perceptron_twins": 40}
SEED = st.integers(0, 500)


def asked(**first: int) -> Params:
    seeds = dict.fromkeys(("base", "own", "one", "two", "shared", "inner", "theory"), 0) | {"two": 1} | first
    return parsed((PARAMS % seeds).encode(), Path("params.yaml"))


def seeds_of(plan: Plan) -> dict[str, range]:
    """Of every run, and of every measure as its job is told; not by what is tested here."""
    found = {name: run.seeds for name, run in plan.runs.items()}
    for name, count in OWN.items():
        its = plan.params.measures.get(name, {})
        first = its.get(FIRST, shelf.options("measures", name).model_fields[FIRST].default)
        found[name] = range(first, first + count)
    return found


@st.composite
def params(draw: Any) -> Params:
    first = {name: draw(SEED) for name in ("base", "own", "one", "shared", "theory")}
    two = draw(SEED.filter(lambda seed: seed != first["one"]))
    return asked(**first, two=two, inner=first["shared"] + draw(st.integers(0, 3)))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(params(), st.integers(0, 1500))
def test_no_fresh_seed_is_recorded_and_all_keep_their_distances(told: Params, first: int) -> None:
    old = Plan(told)
    before = seeds_of(old)
    recorded = {seed for seeds in before.values() for seed in seeds}
    try:
        new = Plan(fresh(old, first))
    except Refusal as refusal:
        assert any(seed + first - min(recorded) in recorded for seed in recorded)
        first = int(str(refusal).rpartition(" ")[2])
        new = Plan(fresh(old, first))
    after = seeds_of(new)
    assert recorded.isdisjoint(seed for seeds in after.values() for seed in seeds)
    assert min(seeds.start for seeds in after.values()) == first
    assert {after[name].start - before[name].start for name in before} == {first - min(recorded)}
    assert {name: len(seeds) for name, seeds in after.items()} == {name: len(seeds) for name, seeds in before.items()}
    assert list(mistakes(new.params)) == []
    for run in new.runs.values():
        assert all(set(run.seeds) <= set(new.runs[source].seeds) for source in run.training.sources)


def test_nothing_else_is_changed() -> None:
    old = asked(base=300, own=400, shared=500, inner=501, theory=10_000, one=7, two=8)
    assert fresh(Plan(fresh(Plan(old), 20_007)), 7).training == old.training
    new = fresh(Plan(old), 20_007)
    assert new.datasets == old.datasets
    assert new.sweeps["alone"] == old.sweeps["alone"]
    assert new.training.model_dump(exclude={FIRST}) == old.training.model_dump(exclude={FIRST})
    assert new.training.first_seed == 20_300


def test_a_first_seed_that_no_run_takes_is_in_nobodys_way() -> None:
    text = PARAMS % {**dict.fromkeys(("own", "one", "shared", "inner"), 900), "base": 0, "two": 950, "theory": 900}
    text = text.replace("  alone: {axes: {size: {w: [2, 4]}}}\n", "")
    own = "  random_points: {first_seed: 900}\n  input_distances: {first_seed: 900}\n"
    plan = Plan(parsed(text.replace("measures:\n", f"measures:\n{own}").encode(), Path("params.yaml")))
    assert least(plan) == 900
    assert fresh(plan, 0).training.first_seed == 0
    assert fresh(plan, 0).sweeps["of-its-own"].changes.model_dump()[FIRST] == 0


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (300, "--seeds 300: sweeps.alone would take seed 300, which is recorded of sweeps.alone; "
              "the next first seed from which all are fresh is 340"),
        (299, "which is recorded of sweeps.alone"),
        (2**31 - 5, "at most 2147483648 is allowed: take a smaller one"),
    ],
)  # fmt: skip
def test_seeds_that_are_recorded_or_too_large_are_refused_in_a_sentence(first: int, told: str) -> None:
    old = asked(base=300, own=310, one=320, two=330, shared=300, inner=300, theory=300)
    text = Plan(old.model_copy(update={"measures": {**old.measures, **{
        name: {FIRST: 300} for name in ("random_points", "input_distances")}}}))  # fmt: skip
    with pytest.raises(Refusal) as refusal:
        fresh(text, first)
    assert told in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_params_without_seeds_are_refused() -> None:
    told = PARAMS[: PARAMS.index("sweeps:")] % {"base": 0}
    plan = Plan(parsed((told + "sweeps: {}\nmeasures: {}\nclaims: {}\n").encode(), Path("params.yaml")))
    with pytest.raises(Refusal, match="take no seeds"):
        fresh(plan, 1)


@pytest.mark.parametrize("name", shelf.names("measures"))
def test_of_a_measure_with_seeds_of_its_own_it_is_known_how_many(name: str) -> None:
    known = shelf.options("measures", name).model_fields
    assert FIRST not in known or set(COUNTS) & set(known)


def test_a_measure_takes_the_seeds_that_are_told_of_it() -> None:
    plan = Plan(asked())
    (its,) = {span.seeds for span in spans(plan) if span.place == "measures.random_points"}
    table = random_points.measure(None, points=5, highest=16)
    assert (table["seed"].min(), table["seed"].max()) == (its.start, its.stop - 1)
