"""All that a job can execute of this package: the closure of its definitions over the names that they use."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

from nominima.planning.module import SPARSE, Module, exists, module, run_on_import
from nominima.planning.uses import IMPORTED, Item, Use, lazy, run_for, uses

WHOLE, DOC = "", "__doc__"

# What only frames a job: reading its arguments, watching its memory, telling why a part failed and writing its trace.
FRAME = {
    *(Item("tracing.job", name) for name in ("Work", "main", "_watch", "attempted")),
    Item("tracing.trace", "Trace"),
}


class Statement(NamedTuple):
    """A module, the number of a top-level statement in it, and the name of an optional field if it is only that."""

    module: str
    number: int
    field: str = ""


class Added(NamedTuple):
    """What following one item adds."""

    items: frozenset[Item] = frozenset()
    printed: frozenset[Item] = frozenset()
    mentions: frozenset[str] = frozenset()
    statements: frozenset[Statement] = frozenset()
    libraries: frozenset[str] = frozenset()
    files: frozenset[Path] = frozenset()
    docs: frozenset[str] = frozenset()


@dataclass
class Closure:
    """Statements, the modules whose docstring is read, other libraries, and files shipped with the source.

    quiet: statements that only what is printed depends on.
    """

    statements: set[Statement] = field(default_factory=set)
    quiet: set[Statement] = field(default_factory=set)
    mentions: set[str] = field(default_factory=set)
    docs: set[str] = field(default_factory=set)
    libraries: set[str] = field(default_factory=set)
    files: set[Path] = field(default_factory=set)

    def add(self, step: Added) -> None:
        """Take in what following an item adds."""
        self.statements |= step.statements
        self.mentions |= step.mentions
        self.libraries |= step.libraries
        self.files |= step.files
        self.docs |= step.docs

    def asked(self, source: Path) -> list[Statement]:
        """The optional fields that are asked for by name and not yet in it."""
        records = [place for place in self.statements if place.module in SPARSE and not place.field]
        fields = [Statement(at.module, at.number, name) for at in records
                  for name in module(source, at.module).optional(at.number) if name in self.mentions]  # fmt: skip
        return [place for place in fields if place not in self.statements]


def closure(source: Path, roots: Iterable[tuple[str, str]], frame: Iterable[Item] = FRAME) -> Closure:
    """All that the roots, (module, name or "" for all of it), can execute, what lies behind `frame` left out.

    Counted are the definitions that they name, directly or through others, and in every module that is imported on
    the way the statements that do more than define. Where names cannot be followed the whole module is taken.
    """
    found, beyond = Closure(), set(frame)
    seen = {Item(*root) for root in roots}
    printed = _follow(source, found, seen, beyond)
    loud = set(found.statements)
    seen |= printed
    while printed:
        printed = _follow(source, found, printed, beyond | seen)
        seen |= printed
    found.quiet = found.statements - loud
    return found


def _follow(source: Path, found: Closure, start: Iterable[Item], beyond: set[Item]) -> set[Item]:
    """Add what items lead to; returns what they lead to only by printing it."""
    todo, seen, printed = list(start), set(start), set[Item]()
    while todo:
        while todo:
            step = _step(source, todo.pop())
            found.add(step)
            printed |= step.printed
            new = step.items - seen - beyond
            seen |= new
            todo += new
        for place in found.asked(source):
            found.statements.add(place)
            todo += uses(source, *place).items - seen - beyond
    return printed - seen - beyond


@cache
def _step(source: Path, item: Item) -> Added:
    at = module(source, item.module)
    if item.name == IMPORTED:
        return _joined(at, at.effects, *_run(source, at))
    if item.name == DOC:
        return Added(docs=frozenset({item.module}))
    if item.name in ("__file__", "__path__"):
        return Added(files=frozenset(_shipped(at)))
    statements = at.statements if item.name == WHOLE else at.definitions.get(item.name, [])
    elsewhere = [] if statements or item.name == WHOLE else _elsewhere(source, at, item.name)
    return _joined(at, statements, {Item(item.module, IMPORTED), *elsewhere}, set())


def _joined(at: Module, statements: list[ast.stmt], items: set[Item], libraries: set[str]) -> Added:
    """What following statements adds to what is known already."""
    places = [
        Statement(at.name, at.place[node]) for node in statements if not isinstance(node, ast.Import | ast.ImportFrom)
    ]
    each: list[Use] = [uses(at.source, *place) for place in places]
    return Added(
        frozenset(items.union(*(use.items for use in each))),
        frozenset[Item]().union(*(use.printed for use in each)),
        frozenset[str]().union(*(use.mentions for use in each)),
        frozenset(places),
        frozenset(libraries.union(*(use.libraries for use in each))),
    )


def _run(source: Path, at: Module) -> tuple[set[Item], set[str]]:
    """What importing a module runs: its packages, the modules that it imports, and libraries imported for no name."""
    parts = at.name.split(".") if at.name else []
    items = {Item(".".join(parts[:length]), IMPORTED) for length in range(len(parts))}
    libraries = set[str]()
    for node in (each for statement in at.statements for each in run_on_import(statement)):
        for name, target in at.imported(node):
            if target.library:
                libraries |= set() if name in at.names else {target.library}
            else:
                items |= {Item(target.module, WHOLE)} if name == "*" else set(run_for(source, target))
    return items, libraries


def _elsewhere(source: Path, at: Module, name: str) -> Iterator[Item]:
    """Where a name comes from that a module does not define; the whole module if that cannot be known."""
    targets = at.imports.get(name, [])
    inner = f"{at.name}.{name}".lstrip(".")
    yield from (Item(target.module, target.name) for target in targets if not target.library)
    if lazy(at, name):
        yield Item(at.name, "__getattr__")
    if not targets and exists(source, inner):
        yield Item(inner, WHOLE)
    elif not targets and not lazy(at, name) and name != "__name__":
        yield Item(at.name, WHOLE)


def _shipped(at: Module) -> Iterator[Path]:
    files = sorted(at.file.parent.rglob("*"))
    return (file for file in files if file.is_file() and file.suffix not in (".py", ".pyc"))
