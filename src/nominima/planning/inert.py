"""Whether a top-level statement only gives a name a value, so that who does not use the name need not know of it."""

import ast
from collections.abc import Callable
from functools import partial

BUILTINS = {
    "abs", "bool", "dict", "enumerate", "float", "frozenset", "int", "isinstance", "len", "list", "max", "min",
    "object", "property", "range", "round", "set", "slice", "sorted", "str", "sum", "tuple", "type", "zip",
}  # fmt: skip
MAKERS = {
    "ConfigDict", "Decimal", "Discriminator", "Field", "Fraction", "NamedTuple", "NewType", "Path", "Tag", "TypeVar",
    "create_model", "field", "namedtuple",
}  # fmt: skip
MODULES = {"alt", "math", "np", "operator", "pl", "re", "torch"}
EFFECTIVE = ("config", "enable", "load", "manual", "normal", "rand", "register", "save", "seed", "set", "theme", "use")
METHODS = {
    "abs", "all", "any", "copy", "decode", "encode", "exp", "filter", "first", "format", "items", "join", "keys",
    "last", "log", "max", "mean", "min", "model_copy", "otherwise", "rebuild_annotation", "replace", "sort_by", "split",
    "sum", "then", "values", "when",
}  # fmt: skip
DECORATORS = {
    "cache", "cached_property", "classmethod", "contextmanager", "dataclass", "field_validator", "final", "lru_cache",
    "model_serializer", "model_validator", "no_grad", "inference_mode", "overload", "override", "property", "setter",
    "staticmethod", "total_ordering", "wraps",
}  # fmt: skip
HOOKS = {"__init_subclass__", "__set_name__", "__class_getitem__", "__prepare__"}


Records = Callable[[str], bool]
"""name of a class as a module knows it → whether making one has no effect"""


def inert(node: ast.stmt, record: Records) -> bool:
    """True only where it can be shown: plain definitions, and values made by what is known to have no effect."""
    value = partial(_value, record=record)
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Pass):
        return True  # what an import runs is counted where imports are followed
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        return all(map(_decorates, node.decorator_list)) and all(map(value, defaults))
    if isinstance(node, ast.ClassDef):
        named = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
        decorated = all(map(_decorates, node.decorator_list)) and all(map(value, node.bases))
        return not node.keywords and not named & HOOKS and decorated and all(inert(each, record) for each in node.body)
    if isinstance(node, ast.Assign):
        return all(map(_plain, node.targets)) and value(node.value)
    if isinstance(node, ast.AnnAssign):
        return _plain(node.target) and value(node.annotation) and (node.value is None or value(node.value))
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _plain(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) or (isinstance(target, ast.Tuple) and all(map(_plain, target.elts)))


def _decorates(node: ast.expr) -> bool:
    name = node.func if isinstance(node, ast.Call) else node
    return (name.id if isinstance(name, ast.Name) else getattr(name, "attr", "")) in DECORATORS


def _value(node: ast.AST, record: Records) -> bool:
    """Whether an expression calls nothing but what is known to have no effect; bodies of lambdas do not run here."""
    if isinstance(node, ast.Lambda):
        return True
    if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
        return False
    if isinstance(node, ast.Call) and not _harmless(node.func, record):
        return False
    return all(_value(child, record) for child in ast.iter_child_nodes(node))


def _harmless(called: ast.expr, record: Records) -> bool:
    if isinstance(called, ast.Name):
        return called.id in BUILTINS | MAKERS or record(called.id)
    if not isinstance(called, ast.Attribute):
        return False
    if isinstance(called.value, ast.Name) and called.value.id in MODULES:
        return not called.attr.lower().startswith(EFFECTIVE)
    return called.attr in METHODS
