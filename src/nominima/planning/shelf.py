"""Shelves: folders of files that params.yaml names; read here without importing them.

A shelf file is found by its name, and its options are the keyword-only arguments of its one function. Nothing is
imported, so asking costs milliseconds even where torch is involved.
"""

import ast
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, create_model

from nominima.ground.files import Refusal, suggest
from nominima.ground.records import Count, Natural, NonNegative, Positive, RawFile, Repeats, Share
from nominima.planning.digests import SOURCE
from nominima.planning.module import PACKAGE, tree

OPTION_TYPES = {
    "int": int, "float": float, "str": str, "bool": bool, "tuple": tuple, "Literal": Literal,
    "Natural": Natural, "Count": Count, "Repeats": Repeats, "Positive": Positive, "NonNegative": NonNegative,
    "Share": Share, "RawFile": RawFile,
}  # fmt: skip

FUNCTION = {
    "datasets": "make",
    "models": "build",
    "optimizers": "build",
    "measures": "measure",
    "claims": "judge",
}


def names(shelf: str) -> list[str]:
    """What stands on a shelf, sorted."""
    return sorted(path.stem for path in (SOURCE / shelf).glob("*.py") if path.stem != "__init__")


def load(shelf: str, name: str) -> ModuleType:
    """Import a shelf file."""
    path(shelf, name)
    return import_module(f"{PACKAGE}.{shelf}.{name}")


def path(shelf: str, name: str) -> Path:
    """The file of a name on a shelf.

    Raises:
        Refusal: there is no such file.
    """
    if name not in names(shelf):
        raise Refusal(f"no {name!r} in src/{PACKAGE}/{shelf}/: {suggest(name, names(shelf))}")
    return SOURCE / shelf / f"{name}.py"


@cache
def options(shelf: str, name: str) -> type[BaseModel]:
    """Model of a shelf file's options: the keyword-only arguments of its function, with their types and defaults."""
    function = next(
        node
        for node in tree(path(shelf, name)).body
        if isinstance(node, ast.FunctionDef) and node.name == FUNCTION[shelf]
    )
    fields: dict[str, Any] = {}
    for argument, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
        assert argument.annotation is not None, f"{shelf}/{name}: option {argument.arg} has no type"
        kind = eval(ast.unparse(argument.annotation), {"__builtins__": {}}, OPTION_TYPES)  # noqa: S307 - our own source
        fields[argument.arg] = (kind, ... if default is None else ast.literal_eval(default))
    strict = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)
    return create_model(f"{shelf}/{name}", __config__=strict, **fields)


def given(shelf: str, name: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The chosen options of a shelf file, those left out that are its defaults, which its source tells."""
    fields = options(shelf, name).model_fields
    return {key: value for key, value in chosen.items() if key not in fields or fields[key].default != value}


def constant(shelf: str, name: str, constant_name: str) -> Any:
    """The literal value of a module-level constant of a shelf file.

    Raises:
        Refusal: the file does not define it.
    """
    for node in tree(path(shelf, name)).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == constant_name for target in node.targets
        ):
            return ast.literal_eval(node.value)
    raise Refusal(f"src/{PACKAGE}/{shelf}/{name}.py must define {constant_name} as a literal")
