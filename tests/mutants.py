"""Break one expression at a time and see whether a test notices: `make mutants`.

    python tests/mutants.py [--most N] [--seed S] [--jobs J] [FILE …]

Every mutant is a process of its own that imports the mutant instead of the file and runs the tests of its room, those
of the file's own name first, up to the first failure. A test that takes longer than its limit fails: such a mutant
never ends. docs/mutants.md tells what no test can notice.
"""

import argparse
import ast
import copy
import importlib.abc
import importlib.util
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
ROOMS = {
    "judging": ["tests/judging", "tests/claims"],
    "landscape": ["tests/landscape", "tests/measures"],
    "verbs/seal.py": ["tests/sealing"],
    "planning/guard.py": ["tests/sealing", "tests/planning"],
    "tracing/recorded.py": ["tests/tracing", "tests/sealing"],
    "tracing/standing.py": ["tests/tracing"],
    "tracing/verify.py": ["tests/tracing", "tests/sealing"],
    "tracing/job.py": ["tests/verbs", "tests/sealing"],
}
SECONDS = 90  # of one test; the slowest takes a tenth of it

OTHER_OPERATOR: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
OTHER_NAME = {
    "min": "max", "max": "min", "amin": "amax", "amax": "amin", "any": "all", "all": "any", "first": "last",
    "last": "first", "floor": "ceil", "ceil": "floor", "argmin": "argmax", "argmax": "argmin",
    "sum": "mean", "mean": "sum",
}  # fmt: skip


class Mutant(NamedTuple):
    """A file with one expression changed."""

    file: Path
    line: int
    told: str
    code: str


def changes(node: ast.AST) -> Iterator[Callable[[ast.AST], None]]:
    """What can be changed in a node, each as a function that does it to a copy."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in OTHER_OPERATOR:
        yield lambda twin: setattr(twin, "ops", [OTHER_OPERATOR[type(twin.ops[0])]()])  # type: ignore[attr-defined]
    if isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in OTHER_OPERATOR:
        yield lambda twin: setattr(twin, "op", OTHER_OPERATOR[type(twin.op)]())  # type: ignore[attr-defined]
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield lambda twin: setattr(twin, "value", not twin.value)  # type: ignore[attr-defined]
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield lambda twin: setattr(twin, "value", twin.value * 2 + 1)  # type: ignore[attr-defined]
    if isinstance(node, ast.If | ast.IfExp):
        yield lambda twin: setattr(twin, "test", ast.UnaryOp(ast.Not(), twin.test))  # type: ignore[attr-defined]
    if isinstance(node, ast.Name) and node.id in OTHER_NAME:
        yield lambda twin: setattr(twin, "id", OTHER_NAME[twin.id])  # type: ignore[attr-defined]
    if isinstance(node, ast.Attribute) and node.attr in OTHER_NAME:
        yield lambda twin: setattr(twin, "attr", OTHER_NAME[twin.attr])  # type: ignore[attr-defined]


def mutants(file: Path) -> Iterator[Mutant]:
    """Every mutant of a file."""
    tree = ast.parse(file.read_text())
    for place, node in enumerate(ast.walk(tree)):
        for number, _ in enumerate(changes(node)):
            whole = copy.deepcopy(tree)
            twin = next(each for at, each in enumerate(ast.walk(whole)) if at == place)
            list(changes(twin))[number](twin)
            told = f"{ast.unparse(node)}  →  {ast.unparse(twin)}".splitlines()[0]
            yield Mutant(file, getattr(node, "lineno", 0), told[:160], ast.unparse(ast.fix_missing_locations(whole)))


class Replaced(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Imports other code instead of a file."""

    def __init__(self, file: Path, code: str) -> None:
        self.file, self.code = file, code
        self.name = ".".join(file.relative_to(SOURCE).with_suffix("").parts)

    def find_spec(self, fullname: str, path: object = None, target: object = None):
        return importlib.util.spec_from_loader(fullname, self) if fullname == self.name else None

    def get_filename(self, fullname: str) -> str:
        return str(self.file)

    def get_data(self, path: str | bytes) -> bytes:
        return self.code.encode()


def survives(mutant: Mutant) -> bool:
    """Whether all tests of the room pass."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as broken:
        broken.write(mutant.code)
        broken.flush()
        command = [sys.executable, __file__, "--mutant", broken.name, str(mutant.file)]
        return subprocess.run(command, cwd=ROOT, capture_output=True).returncode == 0


def run(file: Path, code: str) -> int:
    """Run the tests of a file's room with other code in its place; the exit code of pytest."""
    sys.meta_path.insert(0, Replaced(file, code))
    sys.path.insert(0, str(SOURCE))
    limit = ["--timeout", str(SECONDS), "--timeout-method", "thread"]
    return int(pytest.main([*tests(file), "-x", "-q", "-p", "no:cacheprovider", "-m", "not slow", *limit]))


def tests(file: Path) -> list[str]:
    """The tests of a file's room, those of its own name first."""
    inside = str(file.relative_to(SOURCE / "nominima"))
    folders = next(its for room, its in ROOMS.items() if inside.startswith(room))
    found = [path for folder in folders for path in sorted((ROOT / folder).glob("test_*.py"))]
    return [str(path) for path in sorted(found, key=lambda path: path.stem != f"test_{file.stem}")]


def asked_for(files: list[Path], most: int, seed: int) -> list[Mutant]:
    """At most so many mutants of each file named, or of every file of the rooms."""
    nominima = SOURCE / "nominima"
    inside = [path for room in ROOMS for path in nominima.glob(room if room.endswith(".py") else f"{room}/*.py")]
    pick = random.Random(seed)
    found = []
    for file in [file.resolve() for file in files] or sorted(inside):
        every = list(mutants(file))
        found += pick.sample(every, min(most, len(every)))
    return found


def main() -> None:
    """Try mutants of the files named, or of all rooms, and print those that no test noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--most", type=int, default=10, help="mutants of a file at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--mutant", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.mutant:
        sys.exit(run(asked.files[0], asked.mutant.read_text()))
    todo = asked_for(asked.files, asked.most, asked.seed)
    alive = 0
    with ThreadPoolExecutor(asked.jobs) as pool:
        for mutant, lives in zip(todo, pool.map(survives, todo), strict=True):
            if lives:
                alive += 1
                print(f"{mutant.file.relative_to(ROOT)}:{mutant.line}: {mutant.told}", flush=True)
    noticed = len(todo) - alive
    print(f"{noticed} of {len(todo)} mutants noticed ({noticed / max(len(todo), 1):.0%})")


if __name__ == "__main__":
    main()
