"""What a module does while it is imported, beyond giving names values, counts for every job that imports it."""

from pathlib import Path

import pytest

from nominima.planning import digests

MODULE = """
import operator
import random
from dataclasses import dataclass

import numpy as np
import torch

from nominima.kinds import Listed, Plain, Registered

X = np.zeros(3)
NAMES = ["a"]
"""
FILES = {
    "__init__.py": "",
    "kinds.py": """
class Plain:
    size: int = 1

class Listed:
    every = []
    def __init__(self):
        self.every.append(self)

class Registered:
    def __init_subclass__(cls):
        Listed.every.append(cls)

class Inherited(Listed):
    pass
""",
    "verb.py": "from nominima import other\nfrom nominima.data import X\n\ndef work():\n    return X\n",
    "other.py": "from nominima.data import NAMES\n",
}
EFFECTS = [
    "np.copyto(X, 1)",
    "X.sort()",
    "NAMES.append('b')",
    "random.seed(1)",
    "torch.set_num_threads(1)",
    "print(X)",
    "X[0] = 1",
    "X += 1",
    "if len(NAMES) > 1: X = X + 1",
    "Y = np.copyto(X, 1)",
    "Y: object = np.put(X, 0, 1)",
    "Y = np.log10(X, out=X)",
    "Y = torch.relu_(torch.tensor(X))",
    "Y = operator.iadd(NAMES, ['b'])",
    "Y = NAMES.append('b')",
    "Y = [NAMES.pop() for _ in range(1)]",
    "Y = lambda first=NAMES.pop(): first",
    "def y(first: NAMES.pop() = 1): pass",
    "def y() -> NAMES.pop(): pass",
    "@dataclass(order=NAMES.append('b'))\nclass Y: pass",
    "class Y:\n    first = NAMES.pop()",
    "Y = Listed()",
    "class Y(Registered): pass",
    "from nominima.kinds import Inherited\nY = Inherited()",
]
VALUES = [
    "Y = 1",
    "Y = X + 1",
    "Y = np.linspace(0, 1, 3)",
    "Y = torch.arange(3).abs()",
    "Y = Plain()",
    "Y = tuple(name.split('.') for name in NAMES)",
    "Y = lambda: NAMES.pop()",
    "def y(first: int = 1) -> int:\n    return NAMES.pop()",
    "@dataclass(frozen=True)\nclass Y(Plain):\n    first: int = 1",
    "class Plain(Plain): pass",
]


def code(folder: Path, line: str) -> str:
    """The digest of a job that reads X, in a package whose module of X ends in a line."""
    source = folder / "src/nominima"
    source.mkdir(parents=True)
    for name, content in (FILES | {"data.py": f"{MODULE}{line}\n"}).items():
        (source / name).write_text(content)
    return digests.code("verb:work", source=source)


@pytest.mark.parametrize("line", EFFECTS)
def test_what_can_change_a_value_or_a_setting_counts(line: str, tmp_path: Path) -> None:
    assert code(tmp_path / "with", line) != code(tmp_path / "without", "")


@pytest.mark.parametrize("line", VALUES)
def test_a_name_that_is_not_used_does_not(line: str, tmp_path: Path) -> None:
    assert code(tmp_path / "with", line) == code(tmp_path / "without", "")
