"""The short form of repeats.py: a job of every kind once more, elsewhere in memory, every eighth without caches."""

from collections import Counter

import pytest
import repeats
from project import Project

from nominima.ground.places import VERBS
from nominima.planning.plan import Plan
from nominima.planning.reader import load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def test_a_job_of_every_kind_gives_the_same_bytes_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)
    kinds = list(repeats.kinds(Plan(load(project.root / "params.yaml"))))
    counted, other = repeats.repeat(project, 1)
    assert other == []
    assert counted == Counter(verb for verb, _, _ in kinds)
    assert set(counted) == set(VERBS)


def test_other_bytes_are_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a library took two threads: the trace, and so the file, says so."""
    monkeypatch.chdir(project.root)
    job = next(repeats.kinds(Plan(load(project.root / "params.yaml"))))
    monkeypatch.setattr(repeats, "kinds", lambda _: iter([job]))
    monkeypatch.setattr(repeats, "VARIABLES", repeats.VARIABLES | {"OPENBLAS_NUM_THREADS": "2"})
    _, other = repeats.repeat(project, 1)
    assert other == [f"{job[0]} {job[1]}: {job[2].outputs[0]} in layout 0"]
