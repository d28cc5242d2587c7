"""The short form of endurance.py: two kills, the second aimed at a seal, and a few flipped bits."""

import random

import pytest
from endurance import flips, kill, records
from project import Project

pytestmark = pytest.mark.slow


def test_killed_at_random_moments_then_run_again_on_one_core_gives_the_same_bytes(project: Project) -> None:
    found = kill(project, 2, random.Random(0))
    assert found["kills"] == 2
    project.assert_clean()


def test_flipped_bits_are_named(project: Project) -> None:
    found = flips(project, 50, random.Random(0))
    assert min(found["named by git status"], found["named by verify alone"]) > 12
    found = records(project, 6, random.Random(0))
    assert found["in records, named by verify"] >= 5
