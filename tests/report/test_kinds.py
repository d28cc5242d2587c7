import json

import polars as pl

from nominima.drawing.charts import curves
from nominima.drawing.kinds import kinds, within

CELLS = ("digits, noise 0.0, cnn", "digits, noise 0.0, mlp", "digits, noise 0.3, mlp")
TABLE = pl.DataFrame(
    [{"series": cell, "x": x, "y": x, "low": x / 2, "high": 2 * x} for cell in CELLS for x in (2.0, 4.0, 8.0)]
).filter((pl.col("series") != CELLS[0]) | (pl.col("x") > 2))


def drawn(**changes) -> dict:
    return curves(TABLE, title="What it shows", x="size", y="number", **changes)


def titles(chart: dict) -> list[str]:
    panels = chart.get("vconcat", [chart])
    return [" ".join(panel["title"]["text"]) for panel in panels]


def series(panel: dict) -> list[str]:
    shaped = next(layer for layer in panel["layer"] if "shape" in layer["encoding"])
    return shaped["encoding"]["color"]["scale"]["domain"]


def test_series_of_one_kind_stay_as_they_are():
    one = TABLE.filter(pl.col("series").str.ends_with("mlp"))
    ((kind, same),) = kinds(one)
    assert kind == ""
    assert same.equals(one)


def test_the_kind_of_most_rows_comes_first_and_series_are_named_by_data_and_noise():
    (first, most), (second, few) = kinds(TABLE)
    assert (first, second) == ("mlp", "cnn")
    assert most["series"].unique().sort().to_list() == ["digits, noise 0.0", "digits, noise 0.3"]
    assert few.select("series", "x").rows() == [("digits, noise 0.0", 4.0), ("digits, noise 0.0", 8.0)]


def test_the_kind_of_the_panel_above_comes_first():
    assert kinds(TABLE, "cnn")[0][0] == "cnn"
    few = TABLE.filter(pl.col("series") != CELLS[2])
    assert "mlp" in json.dumps(drawn(like=few)["title"])
    assert kinds(TABLE, "unknown")[0][0] == "mlp"


def test_a_kind_left_alone_below_others_keeps_its_looks():
    left = TABLE.filter(pl.col("series") != CELLS[0])
    alone = curves(left, title="T", x="x", y="y", like=TABLE, dots=TABLE)
    assert series(alone) == series(drawn(like=TABLE))


def test_a_panel_tells_how_many_kinds_it_leaves_out():
    assert drawn(like=TABLE)["title"]["subtitle"] == ["mlp; other kinds, not drawn: 1"]


def test_kinds_of_one_family_follow_each_other():
    names = ("a, b, mlp, fixed", "c, d, mlp, fixed", "a, b, cnn, fixed", "a, b, mlp, tuned")
    assert [kind for kind, _ in kinds(pl.DataFrame({"series": names}))] == ["mlp, fixed", "mlp, tuned", "cnn, fixed"]


def test_a_name_without_a_kind_is_a_kind_beside_others():
    assert [kind for kind, _ in kinds(pl.DataFrame({"series": ["a, b", "a, b", "a, b, cnn"]}))] == ["", "cnn"]


def test_every_kind_has_a_panel_and_a_condition_looks_alike_in_all():
    chart = drawn()
    assert titles(chart) == ["What it shows", "cnn"]
    assert chart["vconcat"][0]["title"]["subtitle"] == ["mlp"]
    assert series(chart["vconcat"][0]) == series(chart["vconcat"][1]) == ["digits, noise 0.0", "digits, noise 0.3"]


def test_a_panel_like_the_one_above_shows_the_first_kind():
    chart = drawn(like=TABLE)
    assert titles(chart) == ["What it shows"]
    assert "cnn" not in json.dumps(chart)


def test_a_panel_of_another_kind_says_whose_it_is_and_leaves_what_is_drawn_across_to_the_one_above():
    guide = pl.DataFrame({"x": [2.0, 4.0, 8.0], "y": 1.0, "label": "theory"})
    above, below = drawn(guide=guide, remark="short")["vconcat"]
    assert above["title"]["subtitle"] == ["mlp; short", "thin dashes: theory"]
    assert below["title"]["subtitle"] == ["What it shows"]


def test_a_guide_ends_where_the_points_of_a_panel_do():
    guide = pl.DataFrame({"x": [2.0, 4.0, 8.0, 99.0], "y": 1.0, "label": "theory"})
    assert within(guide, TABLE.filter(series=CELLS[0]))["x"].to_list() == [4.0, 8.0]
    assert "99.0" not in json.dumps(drawn(guide=guide))


def test_dots_and_what_has_no_place_are_counted_in_the_panel_of_their_kind():
    dots = TABLE.with_columns(y=pl.when(pl.col("series").str.ends_with("cnn")).then(pl.col("y")))
    above, below = drawn(dots=dots)["vconcat"]
    assert "not drawn" in json.dumps(above["title"])
    assert "not drawn" not in json.dumps(below["title"])
