"""An SVG whose text fits where it was laid out, whatever font a reader has, and that says what it shows."""

import html
import re

from nominima.drawing.widths import width

TEXT = re.compile(r"<text( [^>]*)(?<!/)>(.*?)</text>", re.DOTALL)
PART = re.compile(r"<tspan((?: [^>]*)?)>([^<]*)</tspan>")
TAG, LONG = re.compile(r"<[^>]*>"), re.compile(r' aria-label="[^"]*"|\d+\.\d{3,}')


def fitted(svg: str, told: str = "") -> str:
    """Every line of text held to the width that it has in the figures' font; places to the hundredth of a pixel.

    The text stays text: it can be found, copied and read aloud. The first line of `told` is the picture's title, what
    follows its description.
    """
    held = TEXT.sub(_text, TAG.sub(lambda tag: LONG.sub(_short, tag[0]), svg))
    title, _, rest = (html.escape(part, quote=False) for part in told.partition("\n"))
    words = (f"<title>{title}</title>" if title else "") + (f"<desc>{rest}</desc>" if rest else "")
    return re.sub(r"(<svg[^>]*>)", lambda start: start[1] + words, held, count=1)


def _text(found: re.Match[str]) -> str:
    given, inner = found.groups()
    size = re.search(r'font-size="([0-9.]+)px"', given)
    if size is None:
        return found[0]
    style = float(size[1]), 'font-weight="bold"' in given
    if "<tspan" not in inner:
        return f"<text{given}{_held(inner, *style)}>{inner}</text>"
    lines = PART.sub(lambda part: f"<tspan{part[1]}{_held(part[2], *style)}>{part[2]}</tspan>", inner)
    return f"<text{given}>{lines}</text>"


def _short(found: re.Match[str]) -> str:
    """A shorter number; what a mark says of itself stays as it is."""
    number = found[0]
    return number if number.startswith(" ") else f"{float(number):.2f}".rstrip("0").rstrip(".")


def _held(text: str, size: float, bold: bool) -> str:
    """Attributes that stretch or squeeze a line to its width; none for a sign alone, which would only be deformed."""
    plain = html.unescape(text)
    if len(plain) < 2:
        return ""
    return f' textLength="{width(plain, size, bold=bold):.1f}" lengthAdjust="spacingAndGlyphs"'
