"""What stands where in a picture that is laid out to the pixel."""

from itertools import combinations
from typing import Any

from nominima.drawing.widths import width


def layers(tree: dict[str, Any]) -> list[dict[str, Any]]:
    """Every layer that has a mark."""
    found = [tree] if "mark" in tree else []
    return found + [each for part in tree.get("layer", []) for each in layers(part)]


def rows(chart: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The rows of all layers of a kind of mark, with what the layer says of their looks."""
    return [
        {"looks": layer["mark"]} | row
        for layer in layers(chart) if layer["mark"]["type"] == kind
        for row in (layer["data"].get("values") or chart["datasets"].get(layer["data"].get("name"), []))
    ]  # fmt: skip


def words(chart: dict[str, Any]) -> list[tuple[float, float, float, str]]:
    """Left end, right end, middle, and text of every word at its pixels."""
    found = []
    for row in rows(chart, "text"):
        looks = row["looks"]
        wide = width(row["text"], looks["fontSize"], bold=looks["fontWeight"] == "bold")
        left = row["x"] - wide if looks["align"] == "right" else row["x"]
        found.append((left, left + wide, row["y"], row["text"]))
    return found


def told(chart: dict[str, Any]) -> str:
    return " | ".join(text for *_, text in words(chart))


def fits(chart: dict[str, Any]) -> None:
    """No word leaves the picture or lies on another."""
    found = words(chart)
    assert all(left >= 0 and right <= chart["width"] for left, right, _, _ in found)
    assert all(0 < y < chart["height"] for _, _, y, _ in found)
    for one, other in combinations(found, 2):
        apart = abs(one[2] - other[2]) >= 11 or one[1] <= other[0] or other[1] <= one[0]
        assert apart, f"{one} and {other}"
