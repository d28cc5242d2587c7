import itertools

import altair as alt
import png
import polars as pl
import vl_convert

from nominima.drawing.pictures import picture, smaller

TABLE = pl.DataFrame(
    {"x": [0.12345, 1.98765, 2.5, 3.1], "y": [0.5, -0.25, 0.0237, 0.75], "told": ["0.12345", "<b>&\"'", "–", "x"]}
)


def drawn() -> str:
    base = alt.Chart(TABLE).encode(x="x:Q", y="y:Q")
    return vl_convert.vegalite_to_svg(
        (base.mark_point(filled=True, opacity=0.5) + base.mark_text().encode(text="told:N")).to_json()
    )


def pixels(svg: str) -> list[int]:
    rows = png.Reader(bytes=vl_convert.svg_to_png(svg)).asRGBA8()[2]
    return list(itertools.chain.from_iterable(rows))


def test_the_smaller_picture_looks_the_same():
    svg = drawn()
    small = smaller(svg)
    assert len(small) < 0.8 * len(svg)
    assert small.count("<use") == 4
    gaps = [abs(a - b) for a, b in zip(pixels(svg), pixels(small), strict=True)]
    assert max(gaps) <= 24
    assert sum(gaps) / len(gaps) < 0.01


def test_numbers_that_are_text_are_not_rounded():
    assert ">0.12345<" in smaller(drawn())


def test_what_only_screen_readers_and_programs_read_is_left_out():
    small = smaller(drawn().replace(">", '><metadata>{"key": 1}</metadata>', 1))
    for gone in ("aria-", "role=", "metadata"):
        assert gone not in small


def test_a_tower_is_tall_and_a_card_is_not():
    card, tower = (f'<svg width="{width}" height="{height}"></svg>' for width, height in ((900, 500), (480, 3000)))
    assert [found.tall for each in (card, tower) if (found := picture(each))] == [False, True]
    assert picture("<svg></svg>") is None
