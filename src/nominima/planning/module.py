"""What a source file defines, imports and does when it is imported, read without running it."""

import ast
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from nominima.planning.inert import inert
from nominima.planning.syntax import documented

PACKAGE = "nominima"
Block = ast.If | ast.Try | ast.With | ast.For | ast.While
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Records that are written, in specs and in tables, without the fields that have their default: such a field counts only
# for those that ask for it by name.
SPARSE = {"planning.run"}
CHECKED_ONLY = "TYPE_CHECKING"
PARSED: dict[bytes, ast.Module] = {}  # by content: two sources share most files
APART = "APART"  # in a measure's file: whether it is taken by a job of its own


class Target(NamedTuple):
    """What an imported name stands for: a module of this package (name ""), a name in one, or another library."""

    module: str
    name: str = ""
    library: str = ""


class Module:
    """One source file of the package, by its name without the package's: `training.engine`, "" for the package."""

    def __init__(self, source: Path, name: str) -> None:
        self.source, self.name = source, name
        self.file = source_file(source, name)
        content = self.file.read_bytes()
        self.tree = PARSED[content] = PARSED.get(content) or tree(self.file)

    @property
    def package(self) -> str:
        """The package that relative imports start from."""
        return self.name if self.file.name == "__init__.py" else self.name.rpartition(".")[0]

    @property
    def doc(self) -> str:
        """Its docstring, "" without one."""
        return ast.get_docstring(self.tree) or ""

    @cached_property
    def statements(self) -> list[ast.stmt]:
        """What is run when the module is imported, docstring, `__main__` and what only type checkers see left out.

        So is what only says in which job a measure is taken: that changes no number.
        """
        cuts = apart(self.tree) if self.name.startswith("measures.") else []
        body = [node for node in self.tree.body[documented(self.tree) :] if node not in cuts]
        return [node for node in body if not _guarded(node, CHECKED_ONLY) and not _guarded(node, "__name__")]

    @cached_property
    def definitions(self) -> dict[str, list[ast.stmt]]:
        """Name → the top-level statements that give it a value, in file order."""
        found: dict[str, list[ast.stmt]] = {}
        for node in self.statements:
            for name in _bound(node):
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def effects(self) -> list[ast.stmt]:
        """The statements that can do more than give a name a value: they count wherever the module is imported."""
        return [node for node in self.statements if not inert(node, self.methods)]

    def methods(self, name: str) -> set[str] | None:
        """The methods of a class of this package and of its bases in it; None if the name is no such class."""
        found = [
            (self, name),
            *((module(self.source, to.module), to.name) for to in self.imports.get(name, ()) if to.name),
        ]
        nodes = [(at, node) for at, its in found for node in at.definitions.get(its, [])]
        classes = [(at, node) for at, node in nodes if isinstance(node, ast.ClassDef)]
        own = {each.name for _, node in classes for each in node.body if isinstance(each, ast.FunctionDef)}
        bases = [(at, each.id) for at, node in classes for each in node.bases if isinstance(each, ast.Name)]
        inherited = [at.methods(base) or set() for at, base in bases if base != name]
        return own.union(*inherited) if nodes and len(classes) == len(nodes) else None

    @cached_property
    def imports(self) -> dict[str, list[Target]]:
        """Local name → what imports anywhere in the file let it stand for."""
        found: dict[str, list[Target]] = {}
        for node in _nodes(self.tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for name, target in self.imported(node):
                    found.setdefault(name, []).append(target)
        return found

    @cached_property
    def place(self) -> dict[ast.stmt, int]:
        """Statement → its number."""
        return {node: at for at, node in enumerate(self.statements)}

    def bound(self, place: int) -> frozenset[str]:
        """The names that a statement gives a value."""
        return _bound(self.statements[place])

    def optional(self, place: int) -> dict[str, ast.stmt]:
        """The fields of a sparse record that have a default, by name."""
        node = self.statements[place]
        if self.name not in SPARSE or not isinstance(node, ast.ClassDef):
            return {}
        fields = [each for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)]
        return {each.target.id: each for each in fields if _has_default(each.value)}  # pyright: ignore[reportAttributeAccessIssue]

    @cached_property
    def given(self) -> set[str]:
        """The names that its import binds by importing them."""
        return {name for each in self.statements for node in run_on_import(each) for name, _ in self.imported(node)}

    @cached_property
    def names(self) -> set[str]:
        """Every plain name in the file."""
        return {node.id for node in _nodes(self.tree) if isinstance(node, ast.Name)}

    def every(self) -> list[str]:
        """All modules of the package."""
        files = sorted(self.source.rglob("*.py"))
        parts = (file.relative_to(self.source).with_suffix("").parts for file in files)
        return [".".join(each[:-1] if each[-1] == "__init__" else each) for each in parts]

    def imported(self, node: ast.AST) -> Iterator[tuple[str, Target]]:
        """The names that one import statement binds, with what each stands for."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                inside = alias.name.split(".")[0] == PACKAGE
                whole = alias.name if alias.asname else alias.name.split(".")[0]
                yield (
                    alias.asname or whole,
                    Target(_below(whole)) if inside else Target("", library=alias.name.split(".")[0]),
                )
        elif isinstance(node, ast.ImportFrom):
            yield from self._imported_from(node)

    def _imported_from(self, node: ast.ImportFrom) -> Iterator[tuple[str, Target]]:
        home = self._home(node)
        for alias in node.names:
            local = alias.asname or alias.name
            if home is None:
                yield local, Target("", library=(node.module or "").split(".")[0])
                continue
            inner = f"{home}.{alias.name}".lstrip(".")
            if exists(self.source, inner):
                yield local, Target(inner)
            if not exists(self.source, inner) or alias.name in module(self.source, home).definitions:
                yield local, Target(home, alias.name)

    def _home(self, node: ast.ImportFrom) -> str | None:
        """The module of this package that an import takes names from; None for another library."""
        if node.level:
            parts = self.package.split(".")[: len(self.package.split(".")) - node.level + 1]
            return ".".join([*filter(None, parts), *filter(None, [node.module])])
        module = node.module or ""
        return _below(module) if module.split(".")[0] == PACKAGE else None


@cache
def module(source: Path, name: str) -> Module:
    """A module of the package, read once."""
    return Module(source, name)


def apart(tree: ast.Module) -> list[ast.Assign | ast.AnnAssign]:
    """The top-level statements `APART = …` of a measure, annotated or not, whose value is a constant."""
    plain = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    return [node for node in plain if isinstance(node.value, ast.Constant) and _bound(node) == {APART}]


def run_on_import(node: ast.stmt) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports that a top-level statement runs, those within functions left out."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node
    elif not isinstance(node, DEFINITIONS):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt | ast.ExceptHandler):
                yield from run_on_import(child)  # pyright: ignore[reportArgumentType]


def exists(source: Path, name: str) -> bool:
    """Whether the package has a module of this name."""
    return source_file(source, name).exists()


@cache
def source_file(source: Path, name: str) -> Path:
    """The file of a module."""
    folder = source.joinpath(*filter(None, name.split(".")))
    file = folder.with_suffix(".py")
    return file if name and file.exists() else folder / "__init__.py"


@cache
def tree(file: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(file.read_bytes(), filename=str(file))


@cache
def _nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree))


def names(node: ast.AST) -> set[str]:
    """The plain names in a piece of syntax, and the last parts of dotted ones."""
    found = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return found | {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}


def _has_default(value: ast.expr | None) -> bool:
    """Whether a field has one: `= value`, `= Field(default=…)` or `= Field(value)`."""
    if isinstance(value, ast.Call) and names(value.func) == {"Field"}:
        return bool(value.args) or any(keyword.arg == "default" for keyword in value.keywords)
    return value is not None


def _below(name: str) -> str:
    return name.removeprefix(PACKAGE).lstrip(".")


def _guarded(node: ast.stmt, name: str) -> bool:
    """Whether a statement is `if <name> …:` without an else."""
    return isinstance(node, ast.If) and not node.orelse and any(
        isinstance(each, ast.Name | ast.Attribute) and getattr(each, "id", getattr(each, "attr", "")) == name
        for each in ast.walk(node.test)
    )  # fmt: skip


@cache
def _bound(node: ast.stmt) -> frozenset[str]:
    """The names that a top-level statement gives a value, imports left out."""
    if isinstance(node, DEFINITIONS):
        return frozenset({node.name})
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return frozenset(each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))
    stored = (each for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store))
    inner = (each.name for each in ast.walk(node) if isinstance(each, DEFINITIONS))
    return frozenset({each.id for each in stored}.union(inner))
