"""Which jobs are made again, from what, and how a lot is drawn among them."""

import json
from collections import Counter
from dataclasses import dataclass, field

import pytest

from nominima.auditing.recipe import Recipe, otherwise, recipe, spot, wall
from nominima.auditing.subject import PAGE, Name, Subject
from nominima.planning.plan import Job
from nominima.planning.steps import checkpoint_steps

RUNS = ["prepare", "train", "measure", "judge", "report"]
STEPS = 1500
TRAINING = {"dataset": "d", "model": "mlp", "size": 4, "optimizer": "sgd", "rate": 0.1, "batch": 5, "steps": STEPS,
            "first_seed": 100, "seeds": 8}  # fmt: skip


@dataclass
class Chain:
    """A job of each verb, each made from the one before; the verdict is made from two measured runs."""

    asked: list[Name]
    broken: Name | None = None
    jobs: dict[Name, Job] = field(default_factory=dict)
    own: bool = False

    def __post_init__(self) -> None:
        self._add("prepare", "d", [])
        for run in ("a", "b"):
            self._add("train", run, ["prepare d"])
            self._add("measure", run, [f"train {run}", "prepare d"])
        self._add("judge", "c", ["measure a", "measure b"])
        self._add("report", "c", ["judge c"])
        self._add("report", "page", ["judge c", "report c", "a ledger"])

    def _add(self, verb: str, name: str, inputs: list[str]) -> None:
        spec = {"run": {"stack": f"{name}/base", "training": TRAINING}} if verb == "train" else {}
        self.jobs[verb, name] = Job(inputs, [f"{verb} {name}"], json.dumps(spec), "code")

    @property
    def makers(self) -> dict[str, Name]:
        return {file: name for name, job in self.jobs.items() for file in job.outputs}

    def job(self, name: Name) -> Job:
        return self.jobs[name]

    def obstacle(self, name: Name) -> str:
        return "in the way" if name == self.broken else ""


def subject(*asked: Name, broken: Name | None = None) -> Subject:
    return Chain(list(asked), broken)  # pyright: ignore[reportReturnType] - what a recipe asks of one


def cooked(depth: str) -> Recipe:
    return recipe(subject(("judge", "c"), ("report", "c")), depth)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("depth", "count", "given"),
    [
        ("measures", 2, ["measure a", "measure b"]),
        ("runs", 4, ["prepare d", "train a", "train b"]),
        ("data", 7, []),
    ],
)
def test_what_is_not_made_again_is_taken_as_recorded(depth: str, count: int, given: list[str]) -> None:
    found = cooked(depth)
    assert len(found.jobs) == count
    assert found.given == given


def test_every_job_comes_after_those_that_it_rests_on() -> None:
    found = cooked("data")
    assert all(found.jobs.index(above) < found.jobs.index(name) for name in found.jobs for above in found.rests[name])
    assert found.rests["judge", "c"] == {("measure", "a"), ("measure", "b")}


@pytest.mark.parametrize(("depth", "made"), [("verdicts", ["report"]), ("measures", ["judge", "report"])])
def test_the_page_is_made_of_what_is_recorded_and_all_behind_it_is_made_again_too(depth: str, made: list[str]) -> None:
    found = recipe(subject(PAGE), depth)  # pyright: ignore[reportArgumentType]
    assert set(found.jobs) == {PAGE, *((verb, "c") for verb in made)}
    assert found.rests[PAGE] == set()
    assert {"judge c", "report c", "a ledger"} <= set(found.given)


def test_only_what_the_asked_rest_on_is_made() -> None:
    assert recipe(subject(("measure", "a")), "data").jobs == [("prepare", "d"), ("train", "a"), ("measure", "a")]
    assert recipe(subject(("measure", "a")), "measures").jobs == []


def test_a_job_in_whose_way_something_is_needs_no_files() -> None:
    found = recipe(subject(("judge", "c"), broken=("judge", "c")), "measures")
    assert (found.obstacles, found.given) == ({("judge", "c"): "in the way"}, [])


def test_what_is_taken_although_the_params_ask_otherwise_is_told() -> None:
    edited = subject(("judge", "c"), broken=("measure", "b"))
    assert otherwise(edited, recipe(edited, "measures")) == {("measure", "b"): "in the way"}
    assert otherwise(edited, recipe(edited, "data")) == {}
    assert otherwise(subject(("judge", "c")), cooked("measures")) == {}


def test_of_a_lot_only_what_its_jobs_rest_on_is_told() -> None:
    edited = subject(("judge", "c"), broken=("train", "b"))
    costs = dict.fromkeys(recipe(edited, "data").jobs, 1.0)
    told = {name: otherwise(edited, lot) for lot in (spot(edited, costs, 1, seed) for seed in range(50))
            for name in lot.jobs}  # fmt: skip
    beneath = {("train", "b"): "in the way"}
    assert told == {name: beneath if name in {("measure", "b"), ("judge", "c")} else {} for name in told}
    assert len(told) > 3


def test_a_lot_draws_dear_jobs_more_often_and_each_alone() -> None:
    whole = subject(("report", "c"))
    costs = dict.fromkeys(recipe(whole, "data").jobs, 1.0) | {("train", "a"): 6.0}
    drawn = Counter(name for lot in range(2000) for name in spot(whole, costs, 1, lot).jobs)
    assert drawn["train", "a"] / 2000 == pytest.approx(6 / 12, abs=0.04)
    assert drawn["train", "b"] / 2000 == pytest.approx(1 / 12, abs=0.03)
    three = spot(whole, costs, 3, 1)
    assert len(set(three.jobs)) == 3
    assert all(not above for above in three.rests.values())
    assert three == spot(whole, costs, 3, 1)


def test_a_drawn_training_is_made_up_to_any_of_its_checkpoints_and_that_is_a_small_part() -> None:
    whole = subject(("report", "c"))
    costs = dict.fromkeys(recipe(whole, "data").jobs, 1e-3) | {("train", "a"): 1e3}
    drawn = [spot(whole, costs, 1, lot) for lot in range(500)]
    until = [found.starts["train", "a"].until if found.starts else STEPS for found in drawn]
    assert set(until) == set(checkpoint_steps(STEPS)[1:])
    assert sum(until) / len(until) == pytest.approx(0.16 * STEPS, rel=0.1)
    part = next(found for found in drawn if found.starts)
    start = part.starts["train", "a"]
    assert str(start) == f"up to step {start.until} of {STEPS}"
    assert "train a" in part.given, "what is later is taken as recorded"
    assert wall(part, costs, 2) == pytest.approx(1e3 * start.until / STEPS)
    assert "train a" not in next(found for found in drawn if not found.starts).given


def test_a_start_tries_one_rate_where_the_whole_tries_several() -> None:
    whole = Chain([("report", "c")])
    spec = {"run": {"stack": "a/base", "training": TRAINING | {"rate": [0.1, 0.2, 0.4, 0.8]}}}
    whole.jobs["train", "a"] = whole.jobs["train", "a"]._replace(spec=json.dumps(spec))
    costs = {name: 1e3 if name == ("train", "a") else 1e-3 for name in whole.jobs}
    lots = (spot(whole, costs, 1, lot) for lot in range(100))  # pyright: ignore[reportArgumentType]
    part = next(found for found in lots if found.starts)
    assert wall(part, costs, 2) == pytest.approx(1e3 * part.starts["train", "a"].until / STEPS / 4)


def test_networks_trained_elsewhere_have_no_start_that_could_be_made_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRAINING, "checkpoints", {"files": "data/raw/{seed}/{step}"})
    whole = subject(("report", "c"))
    costs = dict.fromkeys(recipe(whole, "data").jobs, 1e-3) | {("train", "a"): 1e3}
    assert not any(spot(whole, costs, 1, lot).starts for lot in range(50))


def test_a_lot_leaves_out_what_cannot_be_made() -> None:
    whole = subject(("report", "c"), broken=("train", "a"))
    costs = {name: 1.0 for name in recipe(whole, "data").jobs if name != ("train", "a")}
    assert ("train", "a") not in spot(whole, costs, 100, 1).jobs


def test_a_verb_waits_for_the_one_before() -> None:
    found = cooked("data")
    assert wall(found, dict.fromkeys(found.jobs, 10.0), 2) == 5 * 10.0
    assert wall(found, dict.fromkeys(found.jobs, 10.0), 1) == 7 * 10.0
