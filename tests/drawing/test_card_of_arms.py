from typing import Any

import polars as pl
import pytest

from nominima.drawing.arms import ABOVE, HEAD, ROW, Arms, arms

PANEL = Arms("gained", "What is gained", "by", ("good", "none", "bad"), "share", (0.02, "the claim: right of it"))
EIGHT = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]


def card(panel: Arms = PANEL, **values: list[float | None]) -> dict[str, Any]:
    """The chart as Vega-Lite, the rows of each layer in the place of its data."""
    rows = [
        {"by": name, "seed": seed, "value": value} for name, its in values.items() for seed, value in enumerate(its)
    ]
    lanes = pl.DataFrame(rows, schema={"by": pl.String, "seed": pl.Int64, "value": pl.Float64})
    chart = arms(panel, lanes)
    for layer in chart["layer"]:
        layer["data"] = chart["datasets"][layer["data"]["name"]]
    return chart


def told(chart: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that its words stand in."""
    return next(layer["data"] for layer in chart["layer"] if layer["mark"]["type"] == "text")


def test_a_row_an_arm_in_the_order_given_with_its_mean():
    good, bad = told(card(bad=[-number for number in EIGHT], good=[*EIGHT]))
    assert [good["name"], bad["name"]] == ["good", "bad"]
    assert [good["value"], bad["value"]] == [pytest.approx(0.45), pytest.approx(-0.45)]
    assert good["low"] < 0.45 < good["high"]
    assert [good["top"], bad["top"]] == [ABOVE, ABOVE + ROW]
    assert bad["row"] == bad["top"] + HEAD


def test_what_is_lost_is_counted_and_not_drawn():
    chart = card(good=[*EIGHT, None, None], bad=[None, None])
    good, bad = told(chart)
    assert good["told"].endswith("], 2 lost")
    assert bad["told"] == "not defined, 2 lost"
    (dots,) = [layer["data"] for layer in chart["layer"] if layer["mark"].get("size") == 14]
    assert [dot["value"] for dot in dots] == EIGHT
    assert {dot["row"] for dot in dots} == {good["row"]}


def test_nothing_and_the_limit_stand_upright():
    chart = card(good=[*EIGHT])
    assert [layer["data"] for layer in chart["layer"][:2]] == [[{"value": 0.0}], [{"value": 0.02}]]
    assert chart["title"]["subtitle"] == ["thin dashes: the claim: right of it"]
    assert len(card(PANEL._replace(limit=None), good=[*EIGHT])["layer"]) == len(chart["layer"]) - 1
