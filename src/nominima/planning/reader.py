"""The one door of params.yaml: read once as YAML 1.2, all mistakes told at once, frozen objects behind it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    ScalarEvent,
)
from ruamel.yaml.nodes import ScalarNode

from nominima.ground.files import Refusal, read
from nominima.planning.axes import written_out
from nominima.planning.mistakes import mistakes, told
from nominima.planning.params import Params

LARGEST = 1_000_000  # bytes
MOST_TOLD = 20  # mistakes
DEEPEST = 20  # levels
WIDEST = 64  # bits of a whole number


class Plain(SafeConstructor):
    """Null, booleans, numbers and text; dates and numbers without bounds stay the text they are."""


def _bounded(constructor: Plain, node: ScalarNode) -> int | str:
    text = constructor.construct_scalar(node)
    value = constructor.construct_yaml_int(node) if len(text) <= WIDEST + 2 else None
    return value if value is not None and value.bit_length() < WIDEST else text


Plain.add_constructor("tag:yaml.org,2002:int", _bounded)
Plain.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def load(path: Path) -> Params:
    """Read and check a params file.

    Raises:
        Refusal: one message with a line for every mistake found (of very many the first), or what DVC would miss, as
            files before it lack it.
    """
    params = parsed(read(path), path)
    if "strict" not in params.model_fields_set:
        raise Refusal(f"{path}: strict: is missing, and `dvc repro` asks for it; add the line `strict: false`")
    return params


def parsed(content: bytes, path: Path) -> Params:
    """Check the content of a params file; `path` names it in messages.

    Raises:
        Refusal: one message with a line for every mistake found (of very many the first).
    """
    tree = parse(content, path)
    try:
        params = Params.model_validate_json(json.dumps(written_out(tree)))
    except ValidationError as error:
        raise _refusal(path, [told(mistake) for mistake in error.errors()]) from None
    if found := list(mistakes(params)):
        raise _refusal(path, found)
    return params


def _refusal(path: Path, found: list[str]) -> Refusal:
    """A line for every mistake; of very many the first, and how many more there are."""
    lines = [f"{path}: {mistake}" for mistake in found[:MOST_TOLD]]
    more = [f"… and {len(found) - MOST_TOLD} more"] if len(found) > MOST_TOLD else []
    return Refusal("\n".join(lines + more))


def parse(content: bytes, path: Path) -> dict[str, Any]:
    """The mapping in a YAML 1.2 text; `1e-3` is a number.

    Raises:
        Refusal: a syntax error or doubled key (with line and column), an alias, a tag, a directive, a key that is no
            text, too deep or too large.
    """
    if len(content) > LARGEST:
        raise Refusal(f"{path}: {len(content)} bytes; at most {LARGEST} are read")
    try:
        text = content.decode()
        _no_more_than_values(YAML(typ="safe", pure=True).parse(text), path)
        yaml = YAML(typ="safe", pure=True)
        yaml.Constructor = Plain
        tree = yaml.load(text)
    except UnicodeDecodeError as error:
        raise Refusal(f"{path}: not UTF-8 at byte {error.start}") from None
    except YAMLError as error:
        raise Refusal(f"{path}{_place(error)}: {_problem(error)}") from None
    if not isinstance(tree, dict):
        raise Refusal(
            f"{path}: must be a mapping of sections; found {'nothing' if tree is None else type(tree).__name__}"
        )
    odd = list(_odd_keys(tree, ""))
    if odd:
        raise Refusal("\n".join(f"{path}: {key}: a key must be text; write w{key.rsplit('.')[-1]}" for key in odd))
    return tree


def _no_more_than_values(events: Iterator[Event], path: Path) -> None:
    """Refuse what stands for other than plain values in a few levels."""
    depth = 0
    for event in events:
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        problem = ""
        if isinstance(event, AliasEvent):
            problem = f"alias *{event.anchor} is not allowed; write it out"
        elif isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag:
            problem = f"tag {event.tag} is not allowed; write the value without it"
        elif isinstance(event, DocumentStartEvent) and (event.version or event.tags):
            problem = "a % directive is not allowed; leave it out"
        elif depth > DEEPEST:
            problem = f"nested deeper than {DEEPEST} levels; params need 7"
        if problem:
            raise Refusal(f"{path}:{event.start_mark.line + 1}: {problem}")


def _place(error: YAMLError) -> str:
    mark = (error.problem_mark or error.context_mark) if isinstance(error, MarkedYAMLError) else None
    return f":{mark.line + 1}:{mark.column + 1}" if mark else ""


def _problem(error: YAMLError) -> str:
    problem = error.problem if isinstance(error, MarkedYAMLError) else str(error)
    return (problem or "not valid YAML").splitlines()[0]


def _odd_keys(tree: Any, at: str) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            if not isinstance(key, str):
                yield f"{at}{key}"
            yield from _odd_keys(value, f"{at}{key}.")
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from _odd_keys(value, f"{at}{index}.")
