"""Seeds added to a sweep: what was there keeps its jobs, what is new has its own, and what cannot be added is told."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from test_params import SMOKE, changed, refused

from docs import scales
from docs.register import current
from nominima.planning.params import Params
from nominima.planning.plan import Plan
from nominima.planning.reader import parsed

CLAIM = "c0a_bigger_is_better"
SIZES = {"size": {"w4": {"size": 4}, "w8": {"size": 8}}}
PRUNED = {"prune": {"run": "dense/{size}", "at": "end", "keep": 0.5}, "start": {"run": "dense/{size}", "at": "init"}}


def plan(**changes: Any) -> Plan:
    return Plan(parsed(changed(**changes).encode(), Path("params.yaml")))


def only(sweeps: dict[str, Any], seeds: int | list[int] = 5) -> Plan:
    """The plan of these sweeps alone, which no claim reads."""
    return plan(sweeps=sweeps, claims={}, training__seeds=seeds)


def test_only_what_is_new_is_trained_and_measured_and_the_claims_that_read_it_are_judged_again() -> None:
    before, after = plan(), plan(sweeps__sizes__changes={"seeds": [5, 8]})
    added = {f"sizes/noisy.w{size}.more-1" for size in (2, 4, 8)}
    for verb, new in (("train", added), ("measure", {f"runs/{name}" for name in added})):
        old, now = before.jobs(verb), after.jobs(verb)
        assert now.keys() - old.keys() == new
        assert {name: now[name] for name in old} == old
    again = {name for name, job in after.judge.items() if job != before.judge[name]}
    assert again == {name for name in before.params.claims if "sizes" in before.params.asked(name)}
    assert {file for file in after.judge[CLAIM].inputs if "more-1" in file} == {
        f"data/measures/runs/{name}/learning_curve.parquet" for name in added
    }
    assert current(after)[CLAIM].trial != current(before)[CLAIM].trial, "the register shows that seeds were added"
    assert current(after)[CLAIM][:2] == current(before)[CLAIM][:2]


def test_they_follow_in_stacks_of_their_own_wherever_they_are_written() -> None:
    label = {"w2": {"size": 2, "seeds": [3, 4, 6]}, "w4": {"size": 4}}
    rates = {"lanes": {"rate": {"slow": {"rate": 0.001}, "fast": {"rate": 0.1}}}, "measures": ["norms"]}
    given = only({"sizes": {"axes": {"size": label}}, "rates": rates}, [5, 7])
    assert {name: (run.seeds.start, run.seeds.stop) for name, run in given.runs.items() if run.sweep == "sizes"} == {
        "sizes/w2": (100, 103), "sizes/w2.more-1": (103, 107), "sizes/w2.more-2": (107, 113),
        "sizes/w4": (100, 105), "sizes/w4.more-1": (105, 112),
    }  # fmt: skip
    assert [run.name for run in given.stacks["rates/base.more-1"]] == [
        f"rates/base.more-1/{rate}" for rate in ("slow", "fast")
    ]
    assert "data/runs/rates/base.more-1/fast/parameters.safetensors" in given.train["rates/base.more-1"].outputs
    assert given.measure["runs/rates/base.more-1"].outputs == [
        f"data/measures/runs/rates/base.more-1/{rate}/norms.parquet" for rate in ("slow", "fast")
    ]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(4, 9), min_size=2, max_size=10), st.integers(0, 50))
def test_no_seed_is_lost_or_trained_twice_and_all_but_seeds_is_the_same(counts: list[int], first: int) -> None:
    tree = YAML(typ="safe", pure=True).load(SMOKE)
    tree["training"] |= {"seeds": counts, "first_seed": first}
    tree |= {"sweeps": {"one": {"lanes": {"labels": {"clean": {}, "noisy": {"noise": 0.1}}}}}, "claims": {}}
    runs = [run for run in Params.model_validate_json(json.dumps(tree)).sweep_runs("one") if run.variant == "noisy"]
    assert [run.training.seeds for run in runs] == counts
    assert [seed for run in runs for seed in run.seeds] == list(range(first, first + sum(counts)))
    assert len({run.training.model_dump_json(exclude={"first_seed", "seeds"}) for run in runs}) == 1
    assert all(one.taken == other.taken and one.sweep == other.sweep for one, other in pairwise(runs))


@pytest.mark.parametrize(
    ("changes", "taken"),
    [
        (PRUNED, {"prune": "dense/{size}", "start": "dense/{size}"}),
        ({"teacher": {"run": "dense/{size}", "at": "best"}}, {"teacher": "dense/{size}"}),
    ],
)
def test_each_seed_takes_from_its_own_parent_and_what_is_told_of_it_stays_the_same(
    changes: dict[str, Any], taken: dict[str, str]
) -> None:
    sweeps = {"dense": {"axes": SIZES}, "tickets": {"axes": SIZES, "changes": changes}}
    before, after = only(sweeps), only(sweeps, [5, 4, 6])
    assert after.train["tickets/w4"] == before.train["tickets/w4"]
    assert after.runs["tickets/w4"].taken == taken
    for more in ("more-1", "more-2"):
        run, job = after.runs[f"tickets/w4.{more}"], after.train[f"tickets/w4.{more}"]
        assert run.training.sources == [f"dense/w4.{more}"]
        assert run.taken == after.runs["tickets/w4"].taken, "so that all are of one cell"
        assert list(json.loads(job.spec)["sources"]) == run.training.sources
        assert f"data/runs/dense/w4.{more}/parameters.safetensors" in job.inputs


def test_a_parent_that_has_all_seeds_in_one_stack_serves_those_that_are_added_too() -> None:
    dense, tickets = {"axes": SIZES, "changes": {"seeds": 9}}, {"axes": SIZES, "changes": PRUNED}
    given = only({"dense": dense, "tickets": tickets}, [5, 4])
    assert given.runs["tickets/w4.more-1"].training.sources == ["dense/w4"]


W8 = {"axes": {"size": {"w8": {"size": 8}}}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"training__seeds": [5, 0]}, "training.seeds.1: 0: Input should be greater than or equal to 1"),
        ({"training__seeds": [5]}, "training.seeds: [5]: give one value without brackets, or at least two"),
        ({"training__seeds": []}, "training.seeds: []: give one value"),
        ({"training__seeds": [4] * 11}, "training.seeds: [4, 4"),
        ({"sweeps__sizes__changes": {"seeds": "8"}}, 'sweeps.sizes.changes.seeds: "8": Input should be a valid'),
        ({"sweeps__sizes__changes": {"seeds": [5, 3]}},
         "sweeps.sizes (sizes/noisy.w2): seeds: [5, 3]: at least 4 are added at once, since measures of pairs"),
        ({"sweeps__convolutions__changes__seeds": [5, 8]},
         "sweeps.convolutions (convolutions/c2): seeds: [5, 8]: each number would choose a rate of its own among"),
        ({"sweeps__sizes__changes": {"first_seed": 2**31, "seeds": [5, 8]}},
         "seeds: [5, 8]: the last begin with 2147483653; at most 2147483648 is allowed"),
        ({"sweeps__sizes__changes": {"seeds": [5, 8]}, f"claims__{CLAIM}__sweeps": ["sizes", "copied"],
          "sweeps__copied": W8 | {"changes": {"noise": 0.2, "first_seed": 110, "seeds": 9, "tested": "always"}}},
         "sweeps.sizes (sizes/noisy.w8.more-1): seeds 110 … 112 are trained as copied/w8 too, and c0a"),
        ({"training__seeds": [5, 4], "sweeps__new": W8 | {"changes": {"start": {"run": "sizes/noisy.w8"}, "seeds": 9}}},
         "some of the seeds 100 … 108; give it them: in one number, or in the same numbers here and there"),
        ({"training__seeds": [5, *[4] * 9], "sweeps__wide": {"axes": {"noise": {f"n{i}": {"noise": i / 9999}
                                                                              for i in range(2500)}}}},
         "runs; at most 20000 are allowed"),
    ],
)  # fmt: skip
def test_what_cannot_be_added_is_told_in_a_sentence(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    assert message in refused(tmp_path, changed(**changes))


def test_the_same_networks_in_a_sweep_that_no_claim_reads_together_with_them_are_allowed() -> None:
    copied = W8 | {"changes": {"noise": 0.2, "first_seed": 112, "seeds": 9}}
    assert plan(sweeps__sizes__changes={"seeds": [5, 8]}, sweeps__copied=copied).runs["copied/w8"]


def test_other_scales_keep_to_them() -> None:
    text = (Path(__file__).parents[2] / "params.yaml").read_text().replace("seeds: 18", "seeds: [18, 6]", 1)
    full, quick = (YAML(typ="safe", pure=True).load(scale(text)) for scale in (scales.full, scales.quick))
    assert full["training"]["seeds"] == [36, 12]
    assert quick["training"]["seeds"] == 9
