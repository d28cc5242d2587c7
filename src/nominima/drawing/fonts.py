"""The font of figures and of the page, as the package ships it: its files, and the outlines of its signs."""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

FONTS = {400: Path(__file__).with_name("sans.woff"), 700: Path(__file__).with_name("sans-bold.woff")}
"""Weight → Liberation Sans 2.1.5 without hints, cut to the signs that figures may have (theme.DRAWN) and some more.

Its licence, the SIL Open Font License 1.1, asks that what is cut has another name."""


class Glyph(NamedTuple):
    """What a sign looks like, in units of the font. advance: how wide it is; outline: path data, y downwards."""

    advance: int
    outline: str


class Font(NamedTuple):
    """Its signs, and how many of its units are the size of the font."""

    glyphs: dict[str, Glyph]
    units: int


@cache
def font(weight: int) -> Font:
    """The font of a weight, 400 or 700."""
    read: Any = TTFont(BytesIO(FONTS[weight].read_bytes()))
    drawn, advances = read.getGlyphSet(), read["hmtx"]
    glyphs: dict[str, Glyph] = {}
    for sign, name in read.getBestCmap().items():
        pen = SVGPathPen(drawn, ntos=lambda number: f"{round(number)}")
        drawn[name].draw(TransformPen(pen, (1, 0, 0, -1, 0, 0)))
        glyphs[chr(sign)] = Glyph(advances[name][0], pen.getCommands())
    return Font(glyphs, read["head"].unitsPerEm)
