"""A job asks a cluster for more than it is expected to take, and for a card only where its params do."""

from pathlib import Path

import pytest
from test_estimate import COSTS, plan

from nominima.estimating import requests
from nominima.estimating.estimate import estimate
from nominima.estimating.requests import UNKNOWN, Requests, gpus
from nominima.ground.places import VERBS
from nominima.tracing.standing import NOTHING


def test_every_job_asks_for_twice_its_memory_and_four_times_its_time_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "read_costs", lambda: COSTS)
    whole = plan(steps=100_000, seeds=400)
    asked, expected = Requests(whole), estimate(whole, COSTS, 1, NOTHING)
    for verb in VERBS:
        for job in expected.of(verb):
            request = asked.of(verb, job.job)
            assert 2 * job.memory / 1e6 < request.mem_mb <= 2 * job.memory / 1e6 + 1100
            assert 4 * job.seconds < 60 * request.runtime <= 4 * job.seconds + 60 * 16
    small, large = asked.of("train", "s/a"), asked.of("train", "s/b")
    assert small.runtime < large.runtime, "a larger network trains for longer"
    assert small.mem_mb < large.mem_mb


def test_where_costs_are_not_known_all_ask_for_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "COSTS", Path("none.json"))
    assert Requests(plan()).of("train", "s/a") == UNKNOWN


@pytest.mark.parametrize(("device", "cards"), [("auto", 0), ("cpu", 0), ("cuda", 1)])
def test_only_a_training_on_cuda_asks_for_a_card(device: str, cards: int) -> None:
    assert gpus(plan(device=device).train["s/a"]) == cards
