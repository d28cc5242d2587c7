"""One text for a piece of Python syntax, whatever the version of Python, layout, comments and docstrings."""

import ast
from collections.abc import Iterable, Mapping
from functools import cache

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
LAYOUT = {"ctx", "kind", "type_comment", "type_ignores"}  # fields that follow from the rest or mean nothing
MESSAGE = "Refusal"  # what a person reads when a job stops


@cache
def form(node: ast.AST, messages: bool = True, words: bool = True) -> str:
    """The canonical text of a node.

    `ast.dump` will not do: Python's minor versions leave out other fields. Here empty fields never count, the others
    stand in alphabetical order, constants in ASCII. Never told are what is printed and descriptions of fields; without
    `messages` neither is the text of a `Refusal` that is raised or of an assertion; without `words` no text at all is.
    """
    return _form(node, messages, words)


def _form(node: object, messages: bool, words: bool) -> str:
    if isinstance(node, ast.Constant):
        return ascii("" if isinstance(node.value, str) and not words else node.value)
    if isinstance(node, list):
        return f"[{','.join(_form(each, messages, words) for each in node)}]"
    if not isinstance(node, ast.AST):
        return ascii(node)
    silent = set(_silent(node, messages))
    told = [
        f"{name}={_form(value, messages, words and name not in silent)}"
        for name, value in sorted(_fields(node))
        if value is not None and value != []
    ]
    return f"{type(node).__name__}({','.join(told)})"


def _fields(node: ast.AST) -> Iterable[tuple[str, object]]:
    for name, value in ast.iter_fields(node):
        if name in LAYOUT:
            continue
        if name == "body" and documented(node):
            yield name, value[1:] or [ast.Pass()]
        elif name == "values" and isinstance(node, ast.JoinedStr):
            yield name, _joined(value)
        elif name == "keywords" and called(node) == "Field":
            yield name, [keyword for keyword in value if keyword.arg != "description"]
        else:
            yield name, value


def _joined(parts: list[ast.expr]) -> list[ast.expr]:
    """The parts of an f-string: versions of Python differ in how they cut its plain text."""
    merged: list[ast.expr] = []
    for part in parts:
        if isinstance(part, ast.Constant) and merged and isinstance(merged[-1], ast.Constant):
            merged[-1] = ast.Constant(f"{merged[-1].value}{part.value}")
        elif not (isinstance(part, ast.Constant) and not part.value):
            merged.append(part)
    return merged


def _silent(node: ast.AST, messages: bool) -> Iterable[str]:
    """The fields of a node whose plain text no result depends on."""
    if isinstance(node, ast.Expr) and called(node.value) == "print":
        yield "value"
    elif not messages and isinstance(node, ast.Raise) and called(node.exc) == MESSAGE:
        yield "exc"
    elif not messages and isinstance(node, ast.Assert):
        yield "msg"


def without(node: ast.stmt, fields: Mapping[str, ast.stmt]) -> ast.stmt:
    """A class without some of the statements of its body; any other statement as it is."""
    if not isinstance(node, ast.ClassDef) or not fields:
        return node
    body = [each for each in node.body if each not in fields.values()]
    return ast.ClassDef(node.name, node.bases, node.keywords, body, node.decorator_list)


def called(node: ast.AST | None) -> str | None:
    """`print` for `print(…)`: the plain name that a call calls."""
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None


def documented(node: ast.AST) -> bool:
    """Whether a definition or a module starts with a docstring."""
    if not isinstance(node, DOCUMENTED) or not node.body:
        return False
    first = node.body[0]
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
