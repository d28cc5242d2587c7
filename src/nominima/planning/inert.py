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
# Of other libraries only what makes something new: most else can change what it is given, or a setting.
LIBRARIES = {
    "alt.ViewBackground", "np.arange", "np.array", "np.eye", "np.linspace", "np.log10", "np.ones", "np.zeros",
    "pl.DataFrame", "pl.Schema", "pl.col", "pl.lit", "pl.when", "re.compile", "torch.arange", "torch.ones",
    "torch.tensor", "torch.zeros",
}  # fmt: skip
PURE = {"math"}  # libraries that change nothing
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
MAKING = {"__init__", "__new__", "__post_init__", "model_post_init"}

Methods = Callable[[str], set[str] | None]
"""name of a class as a module knows it → its methods and those of its bases; None: no class of this package"""


def inert(node: ast.stmt, methods: Methods) -> bool:
    """True only where it can be shown: plain definitions, and values made by what is known to have no effect."""
    value = partial(_value, methods=methods)
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Pass):
        return True  # what an import runs is counted where imports are followed
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return value(node.args) and (node.returns is None or value(node.returns)) and _decorated(node, value)
    if isinstance(node, ast.ClassDef):
        named = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
        named = named.union(*(methods(base.id) or () for base in node.bases if isinstance(base, ast.Name)))
        plain = not node.keywords and not named & HOOKS and all(map(value, node.bases))
        return plain and _decorated(node, value) and all(inert(each, methods) for each in node.body)
    if isinstance(node, ast.Assign):
        return all(map(_plain, node.targets)) and value(node.value)
    if isinstance(node, ast.AnnAssign):
        return _plain(node.target) and value(node.annotation) and (node.value is None or value(node.value))
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _plain(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) or (isinstance(target, ast.Tuple) and all(map(_plain, target.elts)))


def _decorated(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, value: Callable[[ast.AST], bool]) -> bool:
    """Whether all decorators are known, and what they are given has no effect."""
    called = [(each.func, [*each.args, *each.keywords]) if isinstance(each, ast.Call) else (each, [])
              for each in node.decorator_list]  # fmt: skip
    return all(_name(decorator) in DECORATORS and all(map(value, given)) for decorator, given in called)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _value(node: ast.AST, methods: Methods) -> bool:
    """Whether an expression calls nothing but what is known to have no effect; bodies of lambdas do not run here."""
    if isinstance(node, ast.Lambda):
        return _value(node.args, methods)
    if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
        return False
    if isinstance(node, ast.Call) and not _harmless(node, methods):
        return False
    return all(_value(child, methods) for child in ast.iter_child_nodes(node))


def _harmless(call: ast.Call, methods: Methods) -> bool:
    called = call.func
    if isinstance(called, ast.Name):
        own = methods(called.id)
        return called.id in BUILTINS | MAKERS or (own is not None and not own & (MAKING | HOOKS))
    if not isinstance(called, ast.Attribute):
        return False
    if ast.unparse(called) in LIBRARIES:
        return all(keyword.arg != "out" for keyword in call.keywords)
    return called.attr in METHODS or ast.unparse(called.value) in PURE
