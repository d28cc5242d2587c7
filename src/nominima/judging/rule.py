"""How a rule is applied to intervals, and the digest that shows whether it was changed after the runs."""

import ast
import hashlib
from collections.abc import Iterator, Sequence

from nominima.ground.texts import canonical
from nominima.judging.claim import Cell, Control, Estimate, Outcome, Rule

MOST_LOST = 0.2  # share of a cell's runs


def outcome(estimate: Estimate, rule: Rule) -> Outcome:
    """What an interval says of a rule.

    supported: the whole interval beyond tau on the claim's side (`within`: inside tau); contradicted: all of
    it on the other side of the null, of tau itself where there is no null (`within`: outside tau);
    inconclusive: anything else; untested: no interval.
    """
    low, high = estimate.low, estimate.high
    if low is None or high is None:
        return "untested"
    if isinstance(rule.tau, tuple):
        meets, misses = rule.tau[0] < low and high < rule.tau[1], high < rule.tau[0] or rule.tau[1] < low
    elif rule.side == "above":
        meets, misses = low > rule.tau, high < _null(rule)
    else:
        meets, misses = high < rule.tau, low > _null(rule)
    return "supported" if meets else "contradicted" if misses else "inconclusive"


def cell_outcome(cell: Cell, rule: Rule) -> Outcome:
    """By the cell's own rule or the claim's; inconclusive if more than a fifth of its runs are lost."""
    found = outcome(cell.estimate, cell.rule or rule)
    return "inconclusive" if found != "untested" and cell.lost > MOST_LOST * cell.runs else found


def behaves(control: Control, rule: Rule) -> bool:
    """A positive control must meet its rule, a negative one must have an interval and not meet it."""
    found = outcome(control.estimate, control.rule or rule)
    return found == "supported" if control.kind == "positive" else found not in ("supported", "untested")


def combined(outcomes: Sequence[Outcome]) -> Outcome:
    """Of several cells: all alike, `mixed` if supported and contradicted ones, else inconclusive."""
    if not outcomes or set(outcomes) == {"untested"}:
        return "untested"
    if {"supported", "contradicted"} <= set(outcomes):
        return "mixed"
    return outcomes[0] if len(set(outcomes)) == 1 else "inconclusive"


def margin(value: float, rule: Rule) -> float:
    """How far a value lies beyond tau on the claim's side; negative: on the other side."""
    if isinstance(rule.tau, tuple):
        return min(value - rule.tau[0], rule.tau[1] - value)
    return value - rule.tau if rule.side == "above" else rule.tau - value


def _null(rule: Rule) -> float:
    assert not isinstance(rule.tau, tuple)
    return rule.tau if rule.null is None else rule.null


def on_side(value: float, rule: Rule) -> bool:
    """Whether a value lies on the claim's side of the null, or of tau where there is no null."""
    if isinstance(rule.tau, tuple):
        return rule.tau[0] < value < rule.tau[1]
    return value > _null(rule) if rule.side == "above" else value < _null(rule)


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
        if name in seen or name not in defined or name == "CLAIM":
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
