"""Axes in short, where the axis is the knob that varies: `size: {w: [4]}` for `size: {w4: {size: 4}}`."""

from typing import Any


def written_out(tree: dict[str, Any]) -> dict[str, Any]:
    """The content of a params file with all axes and lanes in long; what is not of their form is left as it is."""
    sweeps = tree.get("sweeps")
    if not isinstance(sweeps, dict):
        return tree
    return tree | {"sweeps": {name: _sweep(sweep) for name, sweep in sweeps.items()}}


def _sweep(sweep: Any) -> Any:
    if not isinstance(sweep, dict):
        return sweep
    for kind in ("axes", "lanes"):
        if isinstance(sweep.get(kind), dict):
            sweep = sweep | {kind: {axis: _labels(axis, labels) for axis, labels in sweep[kind].items()}}
    return sweep


def _labels(axis: str, labels: Any) -> Any:
    if not isinstance(labels, dict):
        return labels
    found: dict[str, Any] = {}
    for label, values in labels.items():
        short = isinstance(values, list)
        found |= {f"{label}{_word(value)}": {axis: value} for value in values} if short else {label: values}
    return found


def _word(value: Any) -> str:
    """A value as it stands in a label: 4, 0-001, linear."""
    return f"{value:g}".replace(".", "-").replace("+", "") if isinstance(value, float) else str(value)
