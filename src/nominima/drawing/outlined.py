"""An SVG whose text is outlines, so that it looks the same everywhere, and the same SVG with its text again."""

import html
import re
from itertools import accumulate
from typing import NamedTuple

from nominima.drawing.fonts import Font, font

QUOTE = '"'
TEXT = re.compile(r"<text( [^<>]*?)?(?:/>|>([^<]*|(?:<tspan(?: [^<>]*?)?(?:/>|>[^<]*</tspan>))*)</text>)")
LINE = re.compile(r"<tspan( [^<>]*?)?(?:/>|>([^<]*)</tspan>)")
HEAD = re.compile(r"<svg[^>]*>(?:<title>[^<]*</title>)?(?:<desc>[^<]*</desc>)?")
GLYPHS = re.compile(r'<defs class="glyphs">.*?</defs>', re.DOTALL)
DRAWN = re.compile(
    r'<g class="(text|tspan)"((?: [^<>]*?)?) role="img" aria-label="([^"]*)">'
    r'<g transform="[^"]*">(?:<use [^<>]*/>)*</g></g>'
)
EMPTY = re.compile(r'<g class="(text|tspan)"((?: [^<>]*?)?)/>')
LINES = re.compile(r'<g class="text"((?: [^<>]*?)?)>((?:<tspan(?: [^<>]*?)?(?:/>|>[^<]*</tspan>))*)</g>')


class Style(NamedTuple):
    """What a text is drawn with. scale: pixels for one of the font's units."""

    font: Font
    scale: float

    def wide(self, text: str) -> float:
        """Pixels that a line takes."""
        return self.scale * sum(self.font.glyphs[sign].advance for sign in html.unescape(text))


def outlined(svg: str) -> str:
    """Every text as a group of outlines that keeps the attributes of the text and has its words as `aria-label`.

    Each glyph is defined once. Text without a size in pixels, or with a sign that the font lacks, stays text.
    """
    names: dict[str, str] = {}
    drawn = TEXT.sub(lambda found: _text(found, names), svg)
    glyphs = "".join(f'<path id="{name}" d="{outline}"/>' for outline, name in names.items())
    defined = f'<defs class="glyphs">{glyphs}</defs>' if names else ""
    return HEAD.sub(lambda head: head[0] + defined, drawn, count=1)


def with_text(svg: str) -> str:
    """The SVG that `outlined` was given, byte for byte; any other SVG as it is."""
    lines = DRAWN.sub(_line_of_text, GLYPHS.sub("", svg, count=1))
    return LINES.sub(r"<text\1>\2</text>", EMPTY.sub(r"<\1\2/>", lines))


def _line_of_text(found: re.Match[str]) -> str:
    tag, given, label = found.groups()
    return f"<{tag}{given}>{label.replace('&quot;', QUOTE)}</{tag}>"


def _text(found: re.Match[str], names: dict[str, str]) -> str:
    """A text as a group; names: outline → id of every glyph so far."""
    given, inner = found[1] or "", found[2]
    size = re.search(r' font-size="([0-9.]+)px"', given)
    drawn = font(700 if ' font-weight="bold"' in given else 400)
    said = html.unescape(re.sub(r"<[^>]*>", "", inner or ""))
    if size is None or not drawn.glyphs.keys() >= set(said):
        return found[0]
    if inner is None:
        return f'<g class="text"{given}/>'
    style = Style(drawn, float(size[1]) / drawn.units)
    anchor = re.search(r' text-anchor="(middle|end)"', given)
    before = {"middle": 0.5, "end": 1.0}[anchor[1]] if anchor else 0.0
    if not inner.startswith("<"):
        return _line("text", given, inner, (-before * style.wide(inner), 0), style, names)
    parts: list[tuple[str, str | None]] = [(part[1] or "", part[2]) for part in LINE.finditer(inner)]
    lines = [
        f'<g class="tspan"{its}/>' if told is None else _line("tspan", its, told, place, style, names)
        for (its, told), place in zip(parts, _places(parts, before, style), strict=True)
    ]
    return f'<g class="text"{given}>{"".join(lines)}</g>'


def _places(parts: list[tuple[str, str | None]], before: float, style: Style) -> list[tuple[float, float]]:
    """Where each part begins: one without an `x` goes on where the last one ended, anchored together with it."""
    starts = [at for at, (given, _) in enumerate(parts) if at == 0 or " x=" in given]
    heights = list(accumulate(_number(given, "dy") for given, _ in parts))
    wide = [style.wide(told or "") for _, told in parts]
    places: list[tuple[float, float]] = []
    for first, last in zip(starts, [*starts[1:], len(parts)], strict=True):
        x = _number(parts[first][0], "x") - before * sum(wide[first:last])
        for at in range(first, last):
            places.append((x, heights[at]))
            x += wide[at]
    return places


def _number(given: str, name: str) -> float:
    found = re.search(rf' {name}="(-?[0-9.]+)', given)
    return float(found[1]) if found else 0.0


def _line(tag: str, given: str, told: str, place: tuple[float, float], style: Style, names: dict[str, str]) -> str:
    """A line as a group of its glyphs, at its place."""
    at, uses = 0, ""
    for sign in html.unescape(told):
        advance, outline = style.font.glyphs[sign]
        if outline:
            name = names.setdefault(outline, f"g{len(names)}")
            uses += f'<use xlink:href="#{name}"' + (f' x="{at}"' if at else "") + "/>"
        at += advance
    x, y = (f"{number:.2f}".rstrip("0").rstrip(".") for number in place)
    label = told.replace(QUOTE, "&quot;")
    return (
        f'<g class="{tag}"{given} role="img" aria-label="{label}">'
        f'<g transform="translate({x},{y})scale({style.scale:.6g})">{uses}</g></g>'
    )
