"""docs/api.md: the public names of `from nominima import …`, their signatures and docstrings, made by `make docs`."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parents[1] / "src/nominima/landscape"
HEAD = """# The instruments, name by name

Made from the docstrings by `make docs`. All of these names come by `from nominima import …`; those of *results*, which
functions return, are in the module that is named. [instruments.md](instruments.md) says what to ask by which of them.
"""

WIDEST = 100  # signs of a signature on one line
Definition = ast.FunctionDef | ast.ClassDef


class Module(NamedTuple):
    """A module of the instruments: its first sentence, its public classes and functions, and constants, by name."""

    words: str
    definitions: dict[str, Definition]
    constants: dict[str, str]


def reference(folder: Path = FOLDER) -> str:
    """The whole page.

    Raises:
        KeyError: a public name is not defined where the package says.
    """
    modules = {file.stem: _read(file) for file in sorted(folder.glob("*.py"))}
    parts, told = [HEAD], set[str]()
    for home, names in _homes(folder / "__init__.py").items():
        its = modules[home]
        parts.append(f"## {its.words.removesuffix('.')}\n\n`nominima.landscape.{home}`\n")
        for name in names:
            parts.append(_entry(its.definitions[name], its.constants))
            told.add(name)
        for of, result in _results(names, its, modules):
            if result not in told:
                remark = f"a result, in `nominima.landscape.{of}`"
                parts.append(_entry(modules[of].definitions[result], modules[of].constants, remark))
                told.add(result)
    return "\n".join(parts)


def _homes(package: Path) -> dict[str, tuple[str, ...]]:
    """Module → its public names, as the package's own table `_HOME` has them."""
    statements = ast.parse(package.read_text()).body
    (table,) = (each.value for each in statements if isinstance(each, ast.Assign) and _target(each) == "_HOME")
    return ast.literal_eval(table)


def _target(statement: ast.Assign) -> str:
    return ast.unparse(statement.targets[0])


def _read(file: Path) -> Module:
    tree = ast.parse(file.read_text())
    public = {each.name: each for each in tree.body if isinstance(each, Definition) and _public(each.name)}
    given = [each for each in tree.body if isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant)]
    words = _words(tree).partition("\n\n")[0].replace("\n", " ")
    return Module(words, public, {_target(each): ast.unparse(each.value) for each in given})


def _results(names: Iterable[str], its: Module, modules: dict[str, Module]) -> Iterator[tuple[str, str]]:
    """The classes that functions return and that are not public themselves: module, name."""
    public = {name for found in _homes(FOLDER / "__init__.py").values() for name in found}
    for name in names:
        definition = its.definitions[name]
        returned = definition.returns if isinstance(definition, ast.FunctionDef) else None
        for word in re.findall(r"\w+", ast.unparse(returned)) if returned else ():
            where = [of for of, module in modules.items() if isinstance(module.definitions.get(word), ast.ClassDef)]
            yield from ((of, word) for of in where if word not in public)


def _entry(definition: Definition, constants: dict[str, str], remark: str = "") -> str:
    """The section of a function or a class: signature and docstring, of a class also its methods."""
    head = f"### {definition.name}\n\n" + (f"*{remark}*\n\n" if remark else "")
    if isinstance(definition, ast.FunctionDef):
        return f"{head}{_block(*_signature(definition, constants))}\n{markdown(_words(definition))}"
    fields = [each for each in definition.body if isinstance(each, ast.AnnAssign) and _public(ast.unparse(each.target))]
    methods = [each for each in definition.body if isinstance(each, ast.FunctionDef) and _public(each.name)]
    names = {ast.unparse(each.target) for each in fields} | {each.name for each in methods}
    call = [_argument(ast.unparse(each.target), each.annotation, each.value, constants) for each in fields]
    told = [f"**`{_line(each, definition.name, constants)}`**: {markdown(_words(each))}" for each in methods]
    return "\n".join([f"{head}{_block(definition.name, call, '')}\n{markdown(_words(definition), names)}", *told])


def _block(name: str, arguments: list[str], returned: str) -> str:
    """A signature as code, an argument a line where it would be long."""
    told = f"{name}({', '.join(arguments)}){returned}"
    if len(told) > WIDEST:
        told = f"{name}(\n{''.join(f'    {each},{chr(10)}' for each in arguments)}){returned}"
    return f"```python\n{told}\n```\n"


def _line(method: ast.FunctionDef, owner: str, constants: dict[str, str]) -> str:
    """A method as it is called, a property with its type."""
    name, arguments, returned = _signature(method, constants)
    if any("property" in ast.unparse(each) for each in method.decorator_list):
        return f"{owner}.{name}: {returned.removeprefix(' -> ')}"
    return f"{owner}.{name}({', '.join(arguments[1:])}){returned}"


def _signature(function: ast.FunctionDef, constants: dict[str, str]) -> tuple[str, list[str], str]:
    """Name, arguments, and what is returned."""
    its = function.args
    placed = [*its.posonlyargs, *its.args]
    told: list[tuple[ast.arg, ast.expr | None]] = list(zip(
        placed, [*[None] * (len(placed) - len(its.defaults)), *its.defaults], strict=True))  # fmt: skip
    arguments = [_argument(each.arg, each.annotation, default, constants) for each, default in told]
    arguments += ["*"] if its.kwonlyargs else []
    arguments += [_argument(each.arg, each.annotation, default, constants)
                  for each, default in zip(its.kwonlyargs, its.kw_defaults, strict=True)]  # fmt: skip
    return function.name, arguments, f" -> {_type(function.returns)}" if function.returns else ""


def _argument(name: str, kind: ast.expr | None, default: ast.expr | None, constants: dict[str, str]) -> str:
    typed = f"{name}: {_type(kind)}" if kind else name
    if default is None:
        return typed
    value = ast.unparse(default)
    return f"{typed} = {constants.get(value, value)}"


def _type(annotation: ast.expr) -> str:
    return ast.unparse(annotation).replace("'", "")


def _public(name: str) -> bool:
    return not name.startswith("_")


def _words(node: ast.Module | Definition) -> str:
    return ast.get_docstring(node) or ""


def markdown(words: str, fields: Iterable[str] = ()) -> str:
    """A docstring as Markdown: `Args:` and `Raises:` become lists, and so do the lines on the fields of a class."""
    lines, inside = list[str](), False
    for line in words.splitlines():
        text = _escaped(line.strip())
        name, colon, rest = text.partition(": ")
        if line in ("Args:", "Raises:"):
            lines += [f"*{'Arguments' if line == 'Args:' else line[:-1]}*", ""]
            inside = True
        elif colon and (set(name.split(", ")) & {*fields} or (inside and re.match(r" {4}\S", line))):
            lines.append(f"- `{name}`: {rest}")
        elif lines and lines[-1].startswith("- ") and line.startswith("    "):
            lines[-1] += f" {text}"
        else:
            lines += ["", text] if lines and lines[-1].startswith("- ") and text else [text]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """Text whose stars and angles outside code mean themselves."""
    parts = text.split("`")
    return "`".join(part if at % 2 else re.sub(r"([*<])", r"\\\1", part) for at, part in enumerate(parts))
