"""One text for a value: JSON for digests, words for people."""

import json
from typing import Any


def canonical(value: Any) -> str:
    """The one JSON text of a value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def printable(text: str) -> str:
    """Text as one line that no terminal acts on: control signs, line ends and changes of direction are replaced."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def number(value: float | None) -> str:
    """A number as people read it: three figures, a true minus, no padded exponent."""
    if value is None:
        return "not defined"
    digits, *power = f"{value:.3g}".split("e")
    return (digits + "".join(f"e{int(exponent)}" for exponent in power)).replace("-", "−")
