"""The digest of the source that a job can run, and the pinned versions of the libraries that it imports."""

import ast
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "nominima"
SOURCE = Path(__file__).parents[1]


def code(*modules: str) -> str:
    """`modules@digest` of all first-party source that `modules` can import, and of the locked versions of the rest.

    Comments, formatting and docstrings do not count. Modules are given without the package (`verbs.train`,
    `models.mlp`), a template by its file (`verbs/page.html`).
    """
    return _digest(SOURCE, modules)


@cache
def _digest(_source: Path, modules: tuple[str, ...]) -> str:
    """Many jobs of a plan run the same code."""
    todo, seen, outside = list(modules), set[str](), set[str]()
    while todo:
        module = todo.pop()
        if module in seen:
            continue
        seen.add(module)
        first_party, third_party = _imports(_file(module))
        todo += first_party
        outside |= third_party
    told = [f"{module}:{_source_digest(_file(module))}" for module in sorted(seen)]
    told += [f"{name}=={version}" for name, version in sorted(locked().items()) if name in outside]
    return f"{'+'.join(modules)}@{hashlib.sha256(chr(10).join(told).encode()).hexdigest()[:32]}"


def changed(recorded: str) -> bool:
    """Whether the source behind a code digest is not what it was when the digest was taken."""
    return code(*recorded.partition("@")[0].split("+")) != recorded


@cache
def pins() -> dict[str, tuple[str, ...]]:
    """Distribution → versions pinned in the lock files (several where they differ by platform); empty without them."""
    found: dict[str, set[str]] = {}
    for lock in SOURCE.parent.parent.glob("requirements*.lock"):
        for name, pin in re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;+\\]+)", lock.read_text(), re.MULTILINE):
            found.setdefault(name, set()).add(pin)
    return {name: tuple(sorted(versions)) for name, versions in found.items()}


@cache
def locked() -> dict[str, str]:
    """Import name → pinned versions."""
    imported_as = {
        "scikit-learn": "sklearn",
        "pypng": "png",
        "ruamel-yaml": "ruamel",
        "vl-convert-python": "vl_convert",
    }
    return {imported_as.get(name, name.replace("-", "_")): " or ".join(pin) for name, pin in pins().items()}


def _file(module: str) -> Path:
    if module.endswith(".html"):
        return SOURCE / module
    file = SOURCE / Path(*module.split(".")).with_suffix(".py")
    return file if file.exists() else SOURCE / Path(*module.split(".")) / "__init__.py"


@cache
def tree(file: Path) -> ast.Module:
    """The syntax tree of a file, docstrings left out."""
    tree = ast.parse(file.read_bytes(), filename=str(file))
    for node in list(_documented(tree)):
        node.body = node.body[1:] or [ast.Pass()]
    return tree


@cache
def _source_digest(file: Path) -> str:
    content = ast.dump(tree(file)).encode() if file.suffix == ".py" else file.read_bytes()
    return hashlib.sha256(content).hexdigest()


def _documented(tree: ast.Module) -> Iterator[ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in _statements(tree):
        documentable = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if documentable and ast.get_docstring(node, clean=False) is not None:
            yield node


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """A node and the statements in it; expressions, most of a tree, hold neither docstrings nor imports."""
    yield node
    for block in ("body", "orelse", "finalbody", "handlers", "cases"):
        children = getattr(node, block, [])
        for child in children if isinstance(children, list) else []:
            yield from _statements(child)


@cache
def _imports(file: Path) -> tuple[list[str], set[str]]:
    """First-party modules (without the package) and third-party top-level names that a file imports."""
    if file.suffix != ".py":
        return [], set()
    found = [name for node in _statements(tree(file)) for name in _imported(node)]
    inside = [name.removeprefix(f"{PACKAGE}.") for name in found if name.startswith(f"{PACKAGE}.")]
    known = {module for module in inside if (_file(module)).exists()}
    return sorted(known), {name.split(".")[0] for name in found} - {PACKAGE}


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []
