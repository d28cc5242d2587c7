"""Vega-Lite put together from parts, each of them made once: altair copies a part for whatever comes to hold it."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import altair as alt
from altair.typing import ChartType
from altair.utils import schemapi

from nominima.drawing.theme import THEME

schemapi.disable_debug_mode()  # a chart is validated whole when it becomes a dict, and its parts not once more before

Spec = dict[str, Any]
"""A view without what belongs to the whole picture; its tables by name under "datasets"."""


def spec(chart: ChartType) -> Spec:
    """A chart of altair's.

    Raises:
        altair.utils.schemapi.SchemaValidationError: it is not Vega-Lite.
    """
    tables: dict[str, Any] = {}
    return chart.to_dict(context={"top_level": False, "datasets": tables}) | {"datasets": tables}


def joined(
    kind: Literal["layer", "hconcat", "vconcat"], parts: Sequence[Spec], *, apart: Iterable[str], **properties: Any
) -> Spec:
    """Parts above, beside or below each other; `apart`: the scales of which each part has its own."""
    tables = {name: rows for part in parts for name, rows in part.get("datasets", {}).items()}
    views = [{key: value for key, value in part.items() if key != "datasets"} for part in parts]
    scales = dict.fromkeys(apart, "independent")
    return {kind: views, "resolve": {"scale": scales}, "datasets": tables, **properties}


def views(part: Spec) -> list[Spec]:
    """What lies below each other in a part, or the part alone."""
    tables = part.get("datasets", {})
    return [each | {"datasets": tables} for each in part["vconcat"]] if "vconcat" in part else [part]


def picture(part: Spec, told: str, **config: Any) -> Spec:
    """The whole of a picture, with what it shows in words.

    Raises:
        ValueError: a number in it is not finite.
    """
    whole = {"$schema": alt.SCHEMA_URL, "config": THEME | config, "description": told} | part
    return json.loads(json.dumps(whole, allow_nan=False))
