"""Pictures to be sent alone: their text is outlines, and the page has it as text again."""

import json
import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest
import vl_convert
from made_verdicts import untested, verdict, words

from nominima.drawing.card import card
from nominima.drawing.fitted import fitted
from nominima.drawing.fonts import font
from nominima.drawing.outlined import outlined, with_text
from nominima.drawing.panels import Panel
from nominima.drawing.pictures import smaller
from nominima.drawing.widths import WIDE, width
from nominima.judging.evidence import COLUMNS
from nominima.tracing.artefact import embed, read_trace
from nominima.tracing.trace import Trace
from nominima.verbs.report import detail, rendered

CODE, TITLE = "1a2b3c4d5e6f", 'Twice & "thrice" <b>'
NUMBERS = pl.DataFrame(
    {"dataset": "a", "view": "loss", "size": size, "place": None, "seed": seed, "value": 1 / size + 0.001 * seed,
     "status": None}
    for size in (4.0, 16.0) for seed in range(8)
).cast(COLUMNS)  # pyright: ignore[reportArgumentType]  # fmt: skip
LABEL = 'The loss by size, which is told in so many words that its title takes more than one line of the "panel"'
PANELS = (Panel("loss", LABEL, "nats", limit=(0.1, "the claim: below it")),)
CHARTS = {
    "card": card(PANELS, NUMBERS, verdict(), TITLE, CODE),
    "detail": detail(PANELS, NUMBERS, verdict(), TITLE, CODE),
    "untested": detail(PANELS, NUMBERS.clear(), untested("c1a"), TITLE, CODE),
}
FULL = font(400).units


@pytest.fixture(scope="module", params=CHARTS)
def pair(request) -> tuple[str, str]:
    """A picture with text, and as its file has it."""
    chart = CHARTS[request.param]
    text = vl_convert.vegalite_to_svg(json.dumps(chart, sort_keys=True), allowed_base_urls=[])
    return fitted(text, chart.get("description", "")), rendered(chart)["svg"].decode()


def line(content: str, given: str = 'font-size="20px"') -> str:
    return f'<svg width="9" height="9"><text {given}>{content}</text></svg>'


def drawn(svg: str) -> list[tuple[float, float, list[int]]]:
    """Left end and height of every line of outlines, and where its glyphs stand in the font's units."""
    return [
        (float(x), float(y), [int(at or 0) for at in re.findall(r'<use xlink:href="[^"]*"(?: x="(\d+)")?/>', uses)])
        for x, y, uses in re.findall(r'<g transform="translate\(([^,]*),([^)]*)\)scale[^>]*>(.*?)</g>', svg)
    ]


def test_a_file_has_its_text_as_outlines_and_says_it(pair):
    text, alone = pair
    lines = re.findall(r"<(?:text|tspan)[^>]*>([^<]+)<", text)
    assert "<text" not in alone
    assert "<tspan" not in alone
    assert [unescape(told) for told in re.findall(r'role="img" aria-label="([^"]+)"', alone)] == list(
        map(unescape, lines)
    )
    assert '<title>Twice &amp; "thrice" &lt;b&gt;' in alone
    assert "</title><desc>" in alone
    assert len(drawn(alone)) == len(lines) >= 5
    defined = set(re.findall(r'<path id="(g\d+)"', alone))
    assert defined == set(re.findall(r'<use xlink:href="#(g\d+)"', alone))
    assert ElementTree.fromstring(alone).tag == "{http://www.w3.org/2000/svg}svg"


def test_the_page_has_the_text_again_byte_for_byte(pair):
    text, alone = pair
    assert with_text(alone) == text
    assert smaller(alone) == smaller(text)
    assert smaller(text).count("<text") >= 5


def test_the_same_bytes_every_time(pair):
    text, alone = pair
    assert outlined(text) == outlined(text) == alone


@pytest.mark.parametrize("weight", [400, 700])
def test_glyphs_are_as_wide_as_cards_are_laid_out(weight):
    """All but the middle dot, which is wider in this release of the font than in the one that vl-convert has."""
    glyphs = font(weight).glyphs
    for sign, wide in (WIDE[weight == 700] | {"·": 333}).items():
        assert glyphs[sign].advance * 1000 / FULL == pytest.approx(wide, abs=1), sign


@pytest.mark.parametrize(("anchor", "before"), [("start", 0), ("middle", 0.5), ("end", 1)])
@pytest.mark.parametrize(("weight", "bold"), [("normal", False), ("bold", True)])
def test_glyphs_stand_where_the_font_puts_them(anchor, before, weight, bold):
    told = "A wide &amp; long line"
    svg = outlined(line(told, f'text-anchor="{anchor}" font-size="20px" font-weight="{weight}"'))
    ((x, y, places),) = drawn(svg)
    glyphs = font(700 if bold else 400).glyphs
    plain = unescape(told)
    expected = [sum(glyphs[sign].advance for sign in plain[:at]) for at, sign in enumerate(plain) if sign != " "]
    assert places == expected
    assert (x, y) == (pytest.approx(-before * width(plain, 20, bold=bold), abs=0.1), 0)
    assert f"scale({20 / FULL:.6g})" in svg
    assert f'd="{glyphs["A"].outline}"' in svg


def test_an_outline_is_the_one_of_the_font():
    """A bar of Liberation Sans is a box, from below the line to the height of its letters; y points down."""
    numbers = [int(each) for each in re.findall(r"-?\d+", font(400).glyphs["|"].outline)]
    assert min(numbers) < -1400
    assert max(numbers) > 400


def test_lines_stand_below_each_other_and_a_part_without_a_place_goes_on_after_the_last():
    parts = (
        '<tspan>one</tspan><tspan>two</tspan><tspan x="5" dy="15">three</tspan>'
        '<tspan x="5" dy="15"/><tspan x="0" dy="4">x</tspan>'
    )
    svg = line(parts, 'text-anchor="middle" font-size="10px"')
    one, two, three, last = drawn(outlined(svg))
    half = width("onetwo", 10) / 2
    assert one[:2] == (pytest.approx(-half, abs=0.02), 0)
    assert two[:2] == (pytest.approx(width("one", 10) - half, abs=0.02), 0)
    assert three[:2] == (pytest.approx(5 - width("three", 10) / 2, abs=0.02), 15)
    assert last[1] == 34
    assert with_text(outlined(svg)) == svg


@pytest.mark.parametrize(
    "svg",
    [
        '<svg width="9"><text font-size="9px"/><text font-size="9px">a "b" &lt;c&gt;</text></svg>',
        '<svg width="9"><text font-size="9px"></text><text font-size="9px"><tspan>a</tspan></text></svg>',
        '<svg width="9"><title>T</title><desc>D</desc><defs><path id="c"/></defs><text font-size="9px">ab</text></svg>',
    ],
)
def test_empty_quoted_and_single_lines_come_back(svg):
    alone = outlined(svg)
    assert "<text" not in alone
    assert with_text(alone) == svg
    assert with_text(svg) == svg
    ElementTree.fromstring(alone.replace("xlink:href", "href"))


@pytest.mark.parametrize("svg", [line("日本"), line("a", 'font-size="2em"')])
def test_text_that_the_font_cannot_draw_stays_text(svg):
    assert outlined(svg) == svg


def test_the_trace_and_the_printed_code_are_read_from_outlines(tmp_path: Path):
    trace = Trace(verb="report", spec={"figure": "c1a"}, code="c0de", inputs={}, environment={})
    svg = rendered(card(PANELS, NUMBERS, verdict(), words().title, trace.key))["svg"]
    path = tmp_path / "sent.svg"
    path.write_bytes(embed(svg, "svg", trace))
    assert read_trace(path) == trace
    assert f'aria-label="trace {trace.key}"' in path.read_text()
    assert smaller(path.read_text()) == smaller(svg.decode())
