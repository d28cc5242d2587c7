import altair as alt

from nominima.drawing import frame
from nominima.drawing.charts import stack
from nominima.drawing.spec import spec

HEIGHTS = [210, 120, 120, 700, 120, 210]
PANELS = [spec(alt.Chart(alt.InlineData([])).mark_point().properties(height=height)) for height in HEIGHTS]


def test_panels_lie_in_three_columns_in_their_order_none_higher_than_need_be():
    columns = frame.grid([stack(*PANELS[:3]), *PANELS[3:]])["hconcat"]
    assert [[panel["height"] for panel in column["vconcat"]] for column in columns] == [
        [210, 120, 120],
        [700],
        [120, 210],
    ]


def test_one_panel_is_no_grid():
    assert "hconcat" not in frame.grid(PANELS[:1])
