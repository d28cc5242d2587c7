from typing import Any

import altair as alt
import polars as pl
import pytest
from altair.utils.schemapi import SchemaValidationError

from nominima.drawing.spec import joined, picture, spec, views

ROWS = pl.DataFrame({"x": [1.0, 2.0], "y": [3.0, 4.0]})


def chart(rows: pl.DataFrame = ROWS) -> alt.Chart:
    return alt.Chart(rows).mark_point().encode(x="x:Q", y="y:Q")


def test_parts_put_together_are_what_altair_puts_together() -> None:
    theirs = alt.vconcat(alt.layer(chart(), chart(ROWS.head(1))), chart(), spacing=7).resolve_scale(color="independent")
    layers = joined("layer", [spec(chart()), spec(chart(ROWS.head(1)))], apart=())
    ours = picture(joined("vconcat", [layers, spec(chart())], apart=["color"], spacing=7), "two panels")
    whole = theirs.to_dict()
    assert ours["datasets"] == whole["datasets"], "each table once"
    assert [view["data"] for view in ours["vconcat"][0]["layer"]] == [
        view["data"] for view in whole["vconcat"][0]["layer"]
    ]
    assert (ours["resolve"], ours["spacing"]) == (whole["resolve"], whole["spacing"])
    assert ours["$schema"] == whole["$schema"]
    alt.Chart.from_dict(ours)  # validates against the Vega-Lite schema


def test_a_part_taken_out_of_a_column_has_its_tables() -> None:
    column = joined("vconcat", [spec(chart()), spec(chart(ROWS.head(1)))], apart=())
    assert joined("vconcat", views(column), apart=()) == column
    assert views(spec(chart())) == [spec(chart())]


def test_a_number_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        picture(spec(chart()) | {"width": float("nan")}, "nothing")


@pytest.mark.parametrize("wrong", [{"strokeWidth": "thick"}, {"interpolate": "cubic"}])
def test_what_is_not_vega_lite_is_refused_wherever_it_stands(wrong: dict[str, Any]) -> None:
    with pytest.raises(SchemaValidationError, match=next(iter(wrong.values()))):
        spec(alt.layer(chart(), chart().mark_line(**wrong)))
