"""The look of every figure: one theme, colours that all can tell apart, and numbers as words."""

import math
import re
from textwrap import wrap
from typing import Any

from nominima.ground.texts import number
from nominima.judging.intervals import Estimate
from nominima.judging.rules import Outcome, Rule

INK, QUIET, GRID, PAPER = "#1a1a1a", "#595959", "#d9d9d9", "#ffffff"
NULL = "#767676"  # 4.5:1 on white, 3.7:1 on the region
PREDICTED = "#dbe9f9"  # the region where the claim puts its statistic; black on it: 17:1
COLOURS = {
    1: ["#006CD1"],
    2: ["#006CD1", "#D55E00"],
    3: ["#000000", "#006CD1", "#D55E00"],
    4: ["#000000", "#006CD1", "#882255", "#999933"],
    5: ["#000000", "#005AB5", "#882255", "#CC79A7", "#DC3220"],
}  # each at 3:1 or more on white, and told apart by the colour-blind
SIZES = [
    "#440154",
    "#482475",
    "#414487",
    "#355f8d",
    "#2a788e",
    "#21918c",
]  # viridis, cut where it falls below 3:1
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-left"]
DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [12, 3], [4, 2], [1, 4]]
"""Shapes and dashes are not as many as colours, so that a sixth series looks otherwise than the first."""
CROSS = "M-.9,-.6L-.6,-.9L0,-.3L.6,-.9L.9,-.6L.3,0L.9,.6L.6,.9L0,.3L-.6,.9L-.9,.6L-.3,0Z"
RING = "M-1,0A1,1,0,1,1,1,0A1,1,0,1,1,-1,0ZM-.6,0A.6,.6,0,1,0,.6,0A.6,.6,0,1,0,-.6,0Z"
BAR = "M-.9,-.25H.9V.25H-.9Z"
LOOKS: dict[Outcome, tuple[str, str]] = {
    "supported": ("circle", "#005AB5"),
    "contradicted": (CROSS, "#A33F00"),
    "mixed": ("diamond", "#882255"),
    "inconclusive": (RING, QUIET),
    "untested": (BAR, QUIET),
}  # outcome → shape and colour; the colours carry text, so at 4.5:1 or more
WIDTH, HEIGHT, MARGIN = 390, 210, 62  # pixels: a panel between its axes, and what is left of it
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"  # vl-convert ships the first, the others have its widths
DRAWN = re.compile("[ -ſΆ-ώ–—‘’“”…−≤≥≈→←∞√]")  # signs that the font has
LINE = 66  # characters of running text that fit the width of a figure

_label = {"labelFont": FONT, "labelFontSize": 13, "labelColor": INK, "labelLimit": 0}
_title = {
    "titleFont": FONT,
    "titleFontSize": 13,
    "titleColor": INK,
    "titleFontWeight": "normal",
    "titleLimit": 0,
}
THEME: dict[str, Any] = {
    "background": PAPER,
    "font": FONT,
    "lineBreak": "\n",
    "padding": 10,
    "aria": False,  # the picture says in <desc> what it shows; a sentence for each mark is half of the file
    "view": {"stroke": GRID, "continuousWidth": WIDTH, "continuousHeight": HEIGHT},
    "axis": _label | _title | {"domainColor": QUIET, "tickColor": QUIET, "gridColor": GRID, "tickCount": 5},
    "axisX": {"grid": False},
    "axisY": {"minExtent": 36},
    "legend": _label | _title | {"orient": "top", "direction": "horizontal", "columns": 2,
                                 "symbolSize": 80, "symbolOpacity": 1},
    "title": {"font": FONT, "fontSize": 14, "fontWeight": "bold", "color": INK, "limit": 0,
              "subtitleFont": FONT, "subtitleFontSize": 13, "subtitleColor": QUIET,
              "anchor": "start", "frame": "group", "offset": 8, "dx": -MARGIN},
    "text": {"font": FONT, "fontSize": 13, "color": INK},
    "line": {"strokeWidth": 2},
    "point": {"size": 50, "filled": True, "opacity": 1},
    "rule": {"strokeWidth": 2},
    "range": {"category": COLOURS[5], "ordinal": SIZES, "symbol": SHAPES},
}  # fmt: skip


def interval(estimate: Estimate | None) -> str:
    """`0.120 [0.084, 0.151]`: a value with its 95 % interval, as many decimals as the largest of them needs."""
    if estimate is None or estimate.value is None:
        return "not defined"
    if estimate.low is None or estimate.high is None:
        return f"{number(estimate.value)} [no interval]"
    value, low, high = _alike([estimate.value, estimate.low, estimate.high])
    return f"{value} [{low}, {high}]"


def _alike(values: list[float]) -> list[str]:
    largest = max(map(abs, values))
    if not 1e-4 <= largest < 1e5:
        return [number(value) for value in values]
    decimals = max(0, 2 - math.floor(math.log10(largest)))
    return [f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−") for value in values]


def prediction(rule: Rule) -> str:
    """Where the claim puts its statistic, in words: `above 0.05`, `−0.55 to −0.45`."""
    if isinstance(rule.tau, tuple):
        return f"{number(rule.tau[0])} to {number(rule.tau[1])}"
    return f"{rule.side} {number(rule.tau)}"


def plain(text: str) -> str:
    """`text` with every sign that the figures' font lacks as `?`: fonts are not looked for elsewhere."""
    spaced = " ".join(text.split())
    return "".join(sign if sign.isprintable() and DRAWN.match(sign) else "?" for sign in spaced)


def lines(text: str, width: int = LINE) -> list[str]:
    """Text broken into lines that fit the figure."""
    return wrap(plain(text), width) or [""]


def palette(count: int) -> list[str]:
    """Colours for `count` unordered series, repeated beyond five: shape and dash tell those apart."""
    colours = COLOURS[min(max(count, 1), 5)]
    return [colours[index % len(colours)] for index in range(count)]


def sizes(count: int) -> list[str]:
    """Colours for `count` ordered series, dark violet to green, evenly along the cut viridis."""
    places = [index * (len(SIZES) - 1) / max(count - 1, 1) for index in range(count)]
    return [_between(SIZES[int(at)], SIZES[math.ceil(at)], at % 1) for at in places]


def _between(first: str, second: str, share: float) -> str:
    pairs = ((int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
