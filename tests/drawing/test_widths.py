import re
from html import unescape

import pytest

from nominima.drawing.fitted import fitted
from nominima.drawing.widths import width, wrapped


def test_widths_are_those_of_the_font():
    assert width("Hello", 10) == pytest.approx(7.22 + 5.56 + 2 * 2.22 + 5.56)
    assert width("Hello", 10, bold=True) == pytest.approx(7.22 + 5.56 + 2 * 2.78 + 6.11)
    assert width("é→") == width("e→")
    assert width("") == 0


def test_text_is_broken_where_it_has_no_room_and_words_never_are():
    assert wrapped("one two three", width("one two")) == ["one two", "three"]
    assert wrapped("one incomprehensibilities", 30) == ["one", "incomprehensibilities"]
    assert wrapped("", 30) == [""]
    assert wrapped("wide words", width("wide words"), bold=True) == ["wide", "words"]


def lengths(svg: str) -> dict[str, float]:
    """Text → the width it is held to."""
    found = re.findall(r'<(?:text|tspan)[^>]* textLength="([0-9.]+)"[^>]*>([^<]*)<', svg)
    return {unescape(text): float(length) for length, text in found}


def test_every_line_is_held_to_its_width_and_a_sign_alone_is_not():
    svg = (
        '<svg width="9" height="9"><text font-size="12px" fill="red">a &amp; b</text><text font-size="20px">7</text>'
        '<text x="1" font-size="10px" font-weight="bold"><tspan>first</tspan><tspan x="0" dy="15">second</tspan></text>'
        "</svg>"
    )
    held = fitted(svg)
    assert lengths(held) == {
        "a & b": pytest.approx(width("a & b", 12), abs=0.05),
        "first": pytest.approx(width("first", 10, bold=True), abs=0.05),
        "second": pytest.approx(width("second", 10, bold=True), abs=0.05),
    }
    bare = re.sub(r' textLength="[^"]*" lengthAdjust="[^"]*"', "", held)
    assert bare == svg, "nothing else is changed"


def test_an_empty_line_is_left_alone():
    svg = '<svg width="9"><text font-size="12px"/><text font-size="12px">ab</text></svg>'
    assert lengths(fitted(svg)) == {"ab": pytest.approx(width("ab", 12), abs=0.05)}
    assert '<text font-size="12px"/><text' in fitted(svg)


def test_places_are_told_to_the_hundredth_and_texts_as_they_are():
    svg = '<svg width="9"><path d="M1.23456,0.999999L-7.5,12.3000001"/><text x="2.71828">2.71828</text></svg>'
    short = '<svg width="9"><path d="M1.23,1L-7.5,12.3"/><text x="2.72">2.71828</text></svg>'
    assert fitted(svg) == short


def test_a_picture_says_what_it_shows():
    told = fitted('<svg width="9"><g/></svg>', "Twice & thrice\nsupported: in 1 <of> 2")
    assert told == (
        '<svg width="9"><title>Twice &amp; thrice</title><desc>supported: in 1 &lt;of&gt; 2</desc><g/></svg>'
    )
