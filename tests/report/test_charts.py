import json
import math
import re
from collections.abc import Iterator
from typing import Any

import altair as alt
import polars as pl
import pytest
import vl_convert
from hypothesis import given
from hypothesis import strategies as st
from made_verdicts import RULE, WITHIN, cell, estimate, untested, verdict

from nominima.drawing import cells, charts, forest, frame
from nominima.drawing.spec import spec
from nominima.drawing.theme import DASHES, SHAPES
from nominima.judging.intervals import NOTHING, Estimate
from nominima.judging.record import Number

TABLE = pl.DataFrame(
    {
        "x": [4.0, 16.0, 4.0, 16.0],
        "y": [2.0, 1.0, 3.0, 2.5],
        "low": [1.9, 0.9, 2.9, 2.4],
        "high": [2.1, 1.1, 3.1, 2.6],
        "series": ["clean", "clean", "noisy", "noisy"],
    }
)
COMPUTING = {
    "aggregate",
    "bin",
    "timeUnit",
    "impute",
    "regression",
    "loess",
    "density",
    "quantile",
    "transform",
    "stack",
}


def framed(panel: Any, **changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"title": "A title", "foot": "trace 1a2b3c4d5e6f"}
    return frame.framed(panel, **usual | changes)


def keys(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        yield from tree
        for value in tree.values():
            yield from keys(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from keys(value)


def texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else []:
        yield from texts(part)


def marked(tree: Any) -> Iterator[dict[str, Any]]:
    """The rows of numbers that the panels of rules are drawn from."""
    if isinstance(tree, dict) and "kind" in tree and "told" in tree:
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else []:
        yield from marked(part)


def words(chart: dict[str, Any]) -> str:
    """All texts of a figure."""
    return "\n".join(texts(chart))


def seen(chart: dict[str, Any]) -> str:
    """All text that a person sees in the drawn figure, a line a line."""
    return re.sub(r"<[^>]*>", "\n", vl_convert.vegalite_to_svg(json.dumps(chart)))


def curves(table: pl.DataFrame = TABLE, **options: Any) -> Any:
    named: dict[str, Any] = {"title": "Loss", "x": "width", "y": "loss"}
    return charts.curves(table, **named | options)


FIGURES = {
    "curves": curves(),
    "ordered": curves(ordered=True, log="xy", dots=TABLE, guide=TABLE.with_columns(label=pl.lit("theory"))),
    "forest": charts.stack(*forest.panels(verdict())),
    "badge": frame.badge("untested", "Nothing was measured."),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_valid_and_compute_nothing(name):
    chart = framed(FIGURES[name])
    alt.Chart.from_dict(chart)  # validates against the Vega-Lite schema
    assert not COMPUTING & set(keys(chart))
    assert "trace 1a2b3c4d5e6f" in seen(chart)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_a_value_that_cannot_be_drawn_is_counted(value):
    broken = pl.concat([TABLE, TABLE.head(1).with_columns(y=pl.lit(value, pl.Float64))])
    assert charts.drawable(broken).height == 4
    assert "logarithm): 1" in words(framed(curves(broken)))
    assert "logarithm" not in words(framed(curves()))


@pytest.mark.parametrize(("log", "kept"), [("", 3), ("x", 2), ("y", 1), ("xy", 1)])
def test_a_log_axis_drops_nothing_silently(log, kept):
    table = pl.DataFrame({"x": [1.0, 0.0, 2.0], "y": [1.0, -1.0, 0.0], "series": ["a", "a", "a"]})
    assert charts.drawable(table, log).height == kept
    told = words(framed(curves(table, log=log)))
    assert (f"logarithm): {3 - kept}" in told) == (kept < 3)


def test_a_mean_without_an_interval_is_drawn():
    alone = TABLE.with_columns(low=pl.lit(None, pl.Float64))
    chart = framed(curves(alone))
    assert "logarithm" not in words(chart)
    assert {row["y"] for rows in chart["datasets"].values() for row in rows if "y" in row} == set(TABLE["y"])


def test_an_interval_that_leaves_a_log_axis_is_counted():
    assert "logarithm): 1" in words(framed(curves(TABLE.with_columns(low=pl.Series([0.0, 1, 1, 1])), log="y")))


def test_nothing_is_marked_but_lines_their_points_and_intervals():
    chart = framed(curves())
    svg = vl_convert.vegalite_to_svg(json.dumps(chart | {"config": chart["config"] | {"aria": True}}))
    assert svg.count('aria-roledescription="point"') == TABLE.height
    assert svg.count('aria-roledescription="rule mark"') == TABLE.height


@pytest.mark.parametrize(
    ("numbers", "ticks"),
    [
        ([3.0, 30.0], [5, 10, 20]),
        ([500.0, 0.07], [0.1, 1, 10, 100]),
        ([1.0, 100.0], [1, 2, 5, 10, 20, 50, 100]),
        ([3.0, 4.0], []),
        ([0.0, 4.0], []),
        ([], [1]),
    ],
)
def test_log_axes_have_few_round_ticks(numbers, ticks):
    assert charts.log_ticks(numbers) == pytest.approx(ticks)


def test_hidden_dots_are_counted_too():
    dots = TABLE.with_columns(y=pl.lit(0.0))
    assert "logarithm): 4" in words(framed(curves(log="y", dots=dots)))


def test_series_differ_by_colour_shape_and_dash():
    layers = [layer for layer in curves()["layer"] if "color" in layer["encoding"]]
    scales = {channel: layer["encoding"][channel]["scale"]["range"] for layer in layers
              for channel in ("color", "shape") if channel in layer["encoding"]}  # fmt: skip
    assert scales["shape"] == SHAPES[:2]
    assert len(set(scales["color"])) == 2
    assert [layer["mark"]["strokeDash"] for layer in layers if layer["mark"]["type"] == "line"] == DASHES[:2]


def test_series_of_the_panel_above_keep_their_looks_and_its_legend():
    below = framed(curves(TABLE.filter(series="noisy"), like=TABLE))
    assert "noisy" not in seen(below)
    assert json.dumps(curves(TABLE)["layer"][-1]["encoding"]["color"]["scale"]) in json.dumps(below)
    assert "noisy" in seen(framed(curves(TABLE, like=TABLE.filter(series="clean"))))
    assert "clean" not in seen(framed(curves(TABLE.filter(series="noisy"), like=TABLE.filter(series="clean"))))


def test_long_names_stand_below_each_other():
    long = TABLE.with_columns(pl.col("series") + " with a name that needs the whole width")
    chart = json.dumps(framed(curves(long)))
    assert '"columns": 1' in chart
    size = re.search(r'width="(\d+)"', vl_convert.vegalite_to_svg(chart))
    assert size is not None
    assert int(size[1]) < 500


def test_a_frame_refuses_what_json_cannot_say():
    panel = spec(alt.Chart(alt.InlineData([{"x": math.nan}])).mark_point())
    with pytest.raises(ValueError, match="Out of range"):
        framed(panel)


def test_a_forest_says_what_is_predicted_and_what_is_lost():
    told = seen(framed(charts.stack(*forest.panels(verdict()))))
    for expected in (
        "the claim predicts",
        "mnist1d, clean, n = 8, 2 lost",
        "−0.120 [−0.150, −0.100]",
        "not defined",
        "shaded: the claim predicts below −0.05; dashed: no effect, 0;",
        "shaded: the claim predicts −0.55 to −0.45",
    ):
        assert expected in told


def test_a_number_is_drawn_with_its_own_word_and_count_as_on_the_card():
    few = estimate(5, 4, 6).model_copy(update={"n": 3})
    asked = [Number(name="by L1", estimate=estimate(1, 0, 2), outcome="supported"),
             Number(name="by L2", estimate=few, outcome="contradicted"),
             Number(name="by its own rule", rule=WITHIN, estimate=estimate(7, 6, 8), outcome="supported")]  # fmt: skip
    for numbers in (asked, asked[::2]):
        made = verdict(cells=[cell("a", NOTHING, "contradicted", numbers=numbers)], parts=[])
        drawn = {row["value"]: row["kind"] for row in marked(framed(charts.stack(*forest.panels(made))))}
        assert drawn == {row.estimate.value: row.word for row in cells.rows(made)}
        assert drawn[1.0] == ("supported" if len(numbers) == 3 else "contradicted")
    told = seen(framed(charts.stack(*forest.panels(verdict(cells=[cell("a", few, "contradicted", numbers=asked)])))))
    assert "n = 8" in told
    assert "n = 3" in told


def test_every_part_stands_with_its_own_rule():
    assert len(forest.panels(verdict())) == 2
    assert forest.panels(untested("c1a")) == []
    assert len(forest.panels(verdict(parts=[]))) == 1


@pytest.mark.parametrize(
    ("rule", "ends"), [(RULE, (-1.0, -0.05)), (WITHIN, (-0.55, -0.45)),
                       (RULE.model_copy(update={"side": "above", "tau": 0.2}), (0.2, 1.0))],
)  # fmt: skip
def test_the_region_is_where_the_rule_holds(rule, ends):
    assert forest.region(rule, -1.0, 1.0) == ends


numbers = st.floats(-1e6, 1e6).map(lambda x: round(x, 6))


@given(st.lists(st.tuples(numbers, numbers, numbers), max_size=4))
def test_the_axis_holds_everything(triples):
    estimates = [Estimate(value=a, low=b, high=c, n=1) for a, b, c in triples] + [NOTHING]
    low, high = forest.span(estimates, RULE)
    assert low < -0.05 < 0 < high
    assert all(low < number < high for triple in triples for number in triple)


def test_the_axis_of_one_number_is_not_empty():
    rule = RULE.model_copy(update={"tau": 0.0, "null": None})
    low, high = forest.span([estimate(0.0, 0.0, 0.0)], rule)
    assert low < 0 < high
