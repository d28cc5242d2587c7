"""Conditions named in as few words as tell them apart."""

from collections.abc import Sequence
from typing import Any

ALWAYS = ("dataset", "noise")
FIRST = ("dataset", "noise", "examples", "model", "optimizer")
PLAIN = {"tuned": {True: "tuned rate", False: "fixed rate"}, "examples": {None: "all examples"}}


def named(conditions: Sequence[dict[str, Any]]) -> list[str]:
    """A name for each condition: what varies among them, data set and noise always."""
    keys = sorted({name for condition in conditions for name in condition}, key=_place)
    varies = [key for key in keys if len({repr(each.get(key)) for each in conditions}) > 1]
    told = [key for key in keys if key in ALWAYS or key in varies]
    return [", ".join(word for key in told if (word := _word(key, each.get(key)))) or "all" for each in conditions]


def _place(name: str) -> tuple[int, str]:
    return (FIRST.index(name) if name in FIRST else len(FIRST), name)


def _word(key: str, value: Any) -> str:
    if key in PLAIN and value in PLAIN[key]:
        return PLAIN[key][value]
    if value is None:
        return ""
    if isinstance(value, bool):
        return key if value else f"no {key}"
    if key == "examples":
        return f"{value:g} examples"
    return f"{key} {value:g}" if isinstance(value, int | float) else str(value)
