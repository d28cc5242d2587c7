"""The digest that shows whether a rule was changed after the runs."""

import ast
import hashlib
from collections.abc import Iterator

from nominima.ground.texts import canonical
from nominima.judging.rules import Rule


def rule_digest(rule: Rule, source: str) -> str:
    """SHA-256 of a rule and of what `judge` does in a claim's source: it and all that it names in that file.

    Wording, comments, docstrings and the drawing do not count; a changed limit or another way to count does.
    """
    tree = ast.parse(source)
    told = [canonical(rule.model_dump(mode="json")), *_reached(tree, "judge")]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _reached(tree: ast.Module, start: str) -> Iterator[str]:
    """Source of the top-level definitions that `start` names, directly or through others, in file order."""
    defined = {name: node for node in tree.body for name in _defines(node)}
    todo, seen = [start], set[str]()
    while todo:
        name = todo.pop()
        if name in seen or name not in defined or name == "PANELS":
            continue
        seen.add(name)
        todo += [node.id for node in ast.walk(defined[name]) if isinstance(node, ast.Name)]
    for node in tree.body:
        if seen.intersection(_defines(node)):
            yield ast.unparse(_undocumented(node))


def _defines(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def _undocumented(node: ast.stmt) -> ast.stmt:
    for each in ast.walk(node):
        if isinstance(each, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(each, clean=False) is not None:
            each.body = each.body[1:] or [ast.Pass()]
    return node
