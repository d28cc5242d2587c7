"""What one top-level statement of the source uses: names, modules, libraries, files."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from nominima.planning.module import PACKAGE, Module, Target, exists, module, names
from nominima.planning.syntax import MESSAGE, called, without

IMPORTED = "<imported>"  # no name: what the import of a module runs
# The one door through which files are imported by name; a plan names all that goes through it.
DOORS = {("planning.shelf", "load")}
LOOKING_AROUND = {"globals", "locals", "vars", "eval", "exec"}
IMPORTERS = {"import_module", "__import__"}
CATCHERS = {MESSAGE, "Exception", "BaseException"}


class Item(NamedTuple):
    """Something to follow: a name in a module, "" for the whole of it, IMPORTED for what its import runs."""

    module: str
    name: str


class Use(NamedTuple):
    """What a statement names; `bindings` say which import gives a name its meaning, as two modules may define it.

    printed: what it names only in order to print it.
    mentions: names of attributes and keywords, and texts: how a field can be asked for.
    """

    items: frozenset[Item]
    printed: frozenset[Item]
    mentions: frozenset[str]
    libraries: frozenset[str]
    bindings: tuple[str, ...]
    catches: bool


def lazy(at: Module, name: str) -> bool:
    """Whether a module gives a name by its `__getattr__`."""
    return "__getattr__" in at.definitions and name not in at.definitions and name not in at.given


def run_for(source: Path, target: Target) -> Iterator[Item]:
    """What runs when a name is imported: its module, and a `__getattr__` that is asked for what is not defined."""
    yield Item(target.module, IMPORTED)
    home, _, name = target.module.rpartition(".") if not target.name else (target.module, "", target.name)
    if (target.module or target.name) and lazy(module(source, home), name):
        yield Item(home, "__getattr__")


@cache
def uses(source: Path, name: str, place: int, field: str = "") -> Use:
    """What the statement at a place of a module names, without its optional fields; or what one of them does."""
    at = module(source, name)
    reader = _Reader(source, at, door=any((name, each) in DOORS for each in at.bound(place)))
    optional = at.optional(place)
    reader.visit(optional[field] if field else without(at.statements[place], optional))
    items, printed, mentions = frozenset(reader.items), frozenset(reader.printed), frozenset(reader.mentions)
    return Use(items, printed, mentions, frozenset(reader.libraries), tuple(sorted(reader.bindings)), reader.catches)


class _Reader(ast.NodeVisitor):
    """Collects what a statement names; shadowing is left out of account, which can only take too much."""

    def __init__(self, source: Path, at: Module, door: bool) -> None:
        self.source, self.at, self.door = source, at, door
        self.items, self.libraries, self.bindings = set[Item](), set[str](), set[str]()
        self.printed, self.mentions = set[Item](), set[str]()
        self.catches = False

    def visit_Name(self, node: ast.Name) -> None:
        """A name of the module, or one that an import binds."""
        if node.id in self.at.definitions:
            self.items.add(Item(self.at.name, node.id))
        for target in self.at.imports.get(node.id, []):
            self.bindings.add(f"{node.id}={target.module}.{target.name}{target.library}")
            self._follow(target)
        if node.id in LOOKING_AROUND:
            self.items.add(Item(self.at.name, ""))
        if node.id in ("__doc__", "__file__"):
            self.items.add(Item(self.at.name, node.id))

    def visit_Expr(self, node: ast.Expr) -> None:
        """What is only printed is kept apart."""
        if called(node.value) != "print":
            self.visit(node.value)
            return
        kept, self.items = self.items, set[Item]()
        self.visit(node.value)
        self.printed |= self.items
        self.items = kept

    def visit_keyword(self, node: ast.keyword) -> None:
        """A keyword may be a field."""
        self.mentions.add(node.arg or "")
        self.visit(node.value)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """`module.name`, also where the module is `package.module`; of anything else the parts."""
        path = self._module(node.value)
        self.mentions.add(node.attr)
        if path is None:
            if ast.unparse(node) == "sys.modules":
                self.items.add(Item(self.at.name, ""))
            self.visit(node.value)
            return
        self.bindings.add(f"{ast.unparse(node.value)}={path}")
        inner = f"{path}.{node.attr}".lstrip(".")
        self.items.add(Item(inner, "") if exists(self.source, inner) else Item(path, node.attr))

    def visit_Call(self, node: ast.Call) -> None:
        """Imports by name, if it stands there; else everything that could be meant."""
        last = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if last in IMPORTERS and not self.door:
            self._imports_by_name(node.args[0] if node.args else None)
        self.generic_visit(node)

    def _imports_by_name(self, asked: ast.expr | None) -> None:
        if isinstance(asked, ast.Constant) and isinstance(asked.value, str):
            top, _, rest = asked.value.partition(".")
            self._follow(Target(rest) if top == PACKAGE else Target("", library=top))
            return
        own = isinstance(asked, ast.JoinedStr) and ast.unparse(asked).startswith(("f'{__name__}.", 'f"{__name__}.'))
        inside = self.at.name if own else ""
        self.items.update(Item(each, "") for each in self.at.every() if f"{each}.".startswith(f"{inside}.".lstrip(".")))

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """Who catches a Refusal can read its text."""
        self.catches |= node.type is None or bool(names(node.type) & CATCHERS)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        """An import within a function runs when the function does."""
        self._inner(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """The same."""
        self._inner(node)

    def _inner(self, node: ast.Import | ast.ImportFrom) -> None:
        for _, target in self.at.imported(node):
            if target.library:
                self.libraries.add(target.library)
            else:
                self.items.update(run_for(self.source, target))

    def visit_Constant(self, node: ast.Constant) -> None:
        """An annotation may be a text that names a class, and a text may name a field."""
        self.mentions |= {node.value} if isinstance(node.value, str) else set()
        if isinstance(node.value, str) and node.value.isidentifier() and node.value in self.at.definitions:
            self.items.add(Item(self.at.name, node.value))

    def _follow(self, target: Target) -> None:
        if target.library:
            self.libraries.add(target.library)
        else:
            self.items.add(Item(target.module, target.name))

    def _module(self, node: ast.expr) -> str | None:
        """The module of this package that an expression is, as far as imports say."""
        if isinstance(node, ast.Name) and node.id not in self.at.definitions:
            targets = self.at.imports.get(node.id, [])
            return next((each.module for each in targets if not each.name and not each.library), None)
        if isinstance(node, ast.Attribute) and (path := self._module(node.value)) is not None:
            inner = f"{path}.{node.attr}".lstrip(".")
            return inner if exists(self.source, inner) else None
        return None
