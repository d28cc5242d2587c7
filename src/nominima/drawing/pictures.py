"""Figures as images in the page: the same picture in fewer bytes, as a data address that runs no script."""

import base64
import re
from collections import Counter
from typing import NamedTuple

from nominima.drawing.outlined import with_text

TALL = 1.5  # heights of its width from which a picture gets a window of its own
SAID = re.compile(r' aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="(symbol|rule|line) mark"')
OWN = {"symbol": "says", "rule": "name", "line": "name"}
UNSEEN = re.compile(
    r"<metadata>.*?</metadata>|<title>[^<]*</title>|<desc>[^<]*</desc>|<path[^<>]* d=\"\"[^<>]*/>", re.DOTALL
)
UNUSED = re.compile(
    r' (?:aria-[a-z]+|role|class|font-family|xmlns:xlink|pointer-events)="[^"]*"| (?:opacity|stroke-width)="1"'
)
FAMILY = re.compile(r' font-family="[^"]*"')
TAG = re.compile(r"<[a-z][^<>]*>")
LONG = re.compile(r' data-[a-z]+="[^"]*"|-?\d+\.\d{3,}(?![\d.]*e)')
SIGN = re.compile(r'<path( data-says="[^"]*")? transform="translate\((-?[\d.]+),(-?[\d.]+)\)" (d="[^"]*"[^<>]*)/>')
OFTEN = 3  # of the same sign are worth a definition


class Picture(NamedTuple):
    """A figure as an image that runs no script: its SVG as a data address, with its size in pixels."""

    address: str
    width: str
    height: str

    @property
    def tall(self) -> bool:
        """Whether it is a tower that would push all that follows off the screen."""
        return float(self.height) > TALL * float(self.width)


def picture(svg: str) -> Picture | None:
    """An SVG as an image; none where it has no size."""
    pixels = size(svg)
    if pixels is None:
        return None
    address = f"data:image/svg+xml;base64,{base64.b64encode(smaller(svg).encode()).decode()}"
    return Picture(address, *pixels)


def size(svg: str) -> tuple[str, str] | None:
    """Width and height of an SVG in pixels as it tells them; none where it does not."""
    found = re.search(r'<svg[^>]* width="([0-9.]+)"[^>]* height="([0-9.]+)"', svg)
    return found and (found[1], found[2])


def smaller(svg: str) -> str:
    """The same picture without what the page does not show, to a hundredth of a pixel, equal signs defined once.

    Outlines of text become text again, as the page brings its font. What a mark says of itself stays, as `data-says`,
    and whose a line is, as `data-name`; the font of the first text becomes that of all.
    """
    svg = with_text(svg)
    short = TAG.sub(_shorter, UNSEEN.sub("", svg))
    counts = Counter(its for *_, its in SIGN.findall(short))
    names = {its: f"n{index}" for index, its in enumerate(its for its, count in counts.items() if count >= OFTEN)}

    def use(found: re.Match[str]) -> str:
        name = names.get(found[4])
        return f'<use{found[1] or ""} href="#{name}" x="{found[2]}" y="{found[3]}"/>' if name else found[0]

    defined = "".join(f'<path id="{name}" {its}/>' for its, name in names.items())
    drawn = SIGN.sub(use, short)
    family = FAMILY.search(svg)
    start = (family[0] if family else "") + ">" + (f"<defs>{defined}</defs>" if names else "")
    return drawn.replace(">", start, 1)


def _shorter(tag: re.Match[str]) -> str:
    return LONG.sub(_rounded, UNUSED.sub("", SAID.sub(lambda found: f' data-{OWN[found[2]]}="{found[1]}"', tag[0])))


def _rounded(found: re.Match[str]) -> str:
    number = found[0]
    return number if number.startswith(" ") else f"{float(number):.2f}".rstrip("0").rstrip(".")
