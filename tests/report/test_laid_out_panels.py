import polars as pl
import pytest
from laid_out import fits, rows, told

from nominima.drawing.abreast import Abreast, abreast
from nominima.drawing.against import Against, against
from nominima.drawing.canvas import Box, Canvas
from nominima.drawing.details import panels

BESIDE = Abreast((("equal", "equal runs", "six each"), ("cheap", "equal compute", "")), "What is added", "points",
                 ("stopping", "prior"), words={"by b": "the second", "by a": "the first"})  # fmt: skip
STEPS = Against("turn", "noise", "Two steps", "turn", "noise", "rate", "never", (2, "within two"))
SCHEMA = {"dataset": str, "noise": float, "by": str, "view": str, "size": float, "place": float, "seed": int,
          "value": float, "status": str}  # fmt: skip


def added(lost: int = 0) -> pl.DataFrame:
    """Two views of two data sets and two conditions, of which the last networks are lost."""
    return pl.DataFrame(
        [(name, 0.2, by, view, 4.0, None, seed, None if seed < lost else at + seed / 100, "ok")
         for view in ("equal", "cheap") for name in ("x", "y") for at, by in ((-1, "a"), (1, "b"))
         for seed in range(8)],
        schema=SCHEMA, orient="row",
    )  # fmt: skip


def steps() -> pl.DataFrame:
    """Networks of two rates, of which three never come to the second step and one is lost."""

    def noise(rate: float, seed: int) -> tuple[float | None, str]:
        return (None, "diverged" if seed == 7 else "lost") if rate == 0.1 and seed > 3 else (10.0 + seed, "ok")

    return pl.DataFrame(
        [("x", 0.2, None, view, 4.0, rate, seed, *((20.0 + seed, "ok") if view == "turn" else noise(rate, seed)))
         for view in ("turn", "noise") for rate in (0.01, 0.1) for seed in range(8)],
        schema=SCHEMA, orient="row",
    ).drop("by")  # fmt: skip


def test_views_stand_beside_each_other_a_row_for_each_cell_in_the_order_of_their_words():
    canvas = Canvas(500, 400, [], [])
    assert abreast(canvas, Box(10, 40, 460, 300), BESIDE, added(2))
    chart = canvas.spec("")
    fits(chart)
    assert told(chart).count("2 lost") == 8
    points = [row for row in rows(chart, "point") if "at" in row]
    high = {word["text"]: word["y"] for word in canvas.words}
    assert high["the second"] < high["the first"]
    assert [row["x"] > 0 for row in sorted(points, key=lambda row: row["at"])] == [True, True, False, False] * 2


def test_a_step_that_never_came_stands_apart_and_is_counted():
    canvas = Canvas(500, 400, [], [])
    assert against(canvas, Box(10, 40, 460, 300), STEPS, steps())
    chart = canvas.spec("")
    fits(chart)
    assert "never: 3 of 15" in told(chart)
    assert "1 more lost" in told(chart)
    placed = [row for row in rows(chart, "point") if row["x"] in {20.0 + seed for seed in range(8)} and row["y"] < 20]
    assert len(placed) == 12


@pytest.mark.parametrize(("panel", "table"), [(BESIDE, added()), (STEPS, steps())])
def test_the_detail_has_them_too_and_nothing_without_numbers(panel: Abreast | Against, table: pl.DataFrame):
    assert len(panels([panel], table)) == 1
    assert not abreast(Canvas(9, 9, [], []), Box(0, 0, 9, 9), BESIDE, table.clear())
    assert not against(Canvas(9, 9, [], []), Box(0, 0, 9, 9), STEPS, table.clear())
