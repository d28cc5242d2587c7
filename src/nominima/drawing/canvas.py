"""A picture that is laid out to the pixel: words, marks and charts with axes, each in a box of one canvas."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import altair as alt
import polars as pl
from altair.typing import ChartType

from nominima.drawing.marks import Mark, layer
from nominima.drawing.spec import Spec, joined, picture, spec
from nominima.drawing.theme import GRID, INK, QUIET
from nominima.drawing.widths import wrapped

HEADLINE = 17  # pixels from a line of a title to the next
AXIS = 12  # pixels: the size of what is written at an axis
APART = ("x", "y", "color", "shape")  # scales of which each layer has its own


class Box(NamedTuple):
    """A part of a canvas, in pixels from its left and its top."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Where it ends below."""
        return self.top + self.height


class Canvas(NamedTuple):
    """What is drawn on one picture, from below to above."""

    width: int
    height: int
    layers: list[ChartType]
    words: list[Mark]

    def word(self, x: float, y: float, text: str, color: str = INK, size: int = 13, *, bold: bool = False,
             right: bool = False) -> None:  # fmt: skip
        """A line of text that begins at a place, or ends there; y is that of its middle."""
        if text:
            style = {"size": size, "weight": "bold" if bold else "normal", "align": "right" if right else "left"}
            self.words.append({"x": round(x, 1), "y": round(y, 1), "text": text, "color": color} | style)

    def marks(self, marks: Sequence[Mark]) -> alt.Chart:
        """Marks at pixels, for the caller to say of which kind."""
        return layer(marks, self.height, self.width, 0)

    def spec(self, told: str) -> Spec:
        """All of it as Vega-Lite, with what it shows in words.

        Raises:
            ValueError: a number in it is not finite.
        """
        return picture(self.part(), told, padding=0)

    def part(self) -> Spec:
        """All of it as a part of a picture, the words above the rest."""
        styles = dict.fromkeys((mark["size"], mark["weight"], mark["align"]) for mark in self.words)
        texts = []
        for size, weight, align in styles:
            those = [{key: mark[key] for key in ("x", "y", "text", "color")} for mark in self.words
                     if (mark["size"], mark["weight"], mark["align"]) == (size, weight, align)]  # fmt: skip
            looks: dict[str, Any] = {"fontSize": size, "fontWeight": weight, "align": align}
            texts.append(self.marks(those).mark_text(baseline="middle", **looks))
        size = {"width": self.width, "height": self.height, "view": {"stroke": None}}
        parts = [spec(each) for each in (*self.layers, *texts)]
        return joined("layer", parts, apart=APART, **size)

    def axes(self, box: Box, x: "Scale", y: "Scale | None" = None) -> dict[str, Any]:
        """The encodings of a chart in a box: the axes at its left and below, for as far as their scales ask."""
        across = alt.X("x:Q").scale(x.made([box.left, box.right]))
        found: dict[str, Any] = {"x": across.axis(x.axis(box.width, offset=box.bottom - self.height, orient="bottom"))}
        if y is not None:
            up = alt.Y("y:Q").scale(y.made([box.bottom, box.top]))
            found["y"] = up.axis(y.axis(box.height, offset=-box.left, orient="left"))
        return found

    def grid(self, box: Box, y: "Scale") -> None:
        """Thin lines at the ticks of a box, and its frame."""
        places = [box.bottom - y.share(tick) * box.height for tick in y.ticks(box.height)]
        lines = [{"x": box.left, "x2": box.right, "y": round(at, 1), "color": GRID} for at in places]
        if lines:
            self.layers.append(self.marks(lines).mark_rule(strokeWidth=1))
        self.frame(box)

    def frame(self, box: Box) -> None:
        """A thin line around a box."""
        frame = {"x": box.left, "x2": box.right, "y": box.top, "y2": box.bottom}
        self.layers.append(self.marks([frame]).mark_rect(filled=False, stroke=GRID, strokeWidth=1))


class Scale(NamedTuple):
    """One axis: its ends, whether it is logarithmic, its title in lines, and whether it has labels at all."""

    low: float
    high: float
    log: bool = False
    title: Sequence[str] = ()
    labels: bool = True
    form: str = ""
    every: float = 35  # pixels from a tick to the next, about

    def made(self, pixels: list[float]) -> alt.Scale:
        """For an encoding."""
        kind = "log" if self.log else "linear"
        return alt.Scale(type=kind, domain=[self.low, self.high], range=pixels, nice=False, zero=False)

    def share(self, value: float) -> float:
        """How far along the axis a value lies, from 0 to 1."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, pixels: float) -> list[float]:
        """Round places, as many as the pixels have room for."""
        if self.log:
            return self._decades(pixels)
        rough = (self.high - self.low) / max(2.0, pixels / self.every)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= rough)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [float(f"{at * step:.12g}") for at in range(first, last + 1)]

    def _decades(self, pixels: float) -> list[float]:
        """Ticks at 1, 2 and 5 of each decade, or at fewer places where they would be too near to each other."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        found: list[float] = []
        for digits in ((1, 2, 5), (1, 3), (1,)):
            every = [float(f"{digit}e{power}") for power in powers for digit in digits]
            ticks = [tick for tick in every if self.low <= tick <= self.high]
            places = [self.share(tick) * pixels for tick in ticks]
            gap = min((high - low for low, high in pairwise(places)), default=pixels)
            if len(ticks) > 1 or not found:
                found = ticks
            if gap >= self.every / 2:
                break
        return found

    def axis(self, pixels: float, **place: Any) -> alt.Axis:
        """For an encoding of so many pixels."""
        ticks, form = self.ticks(pixels), self.form or ("~g" if self.log else "~r")
        return alt.Axis(
            values=ticks, tickCount=len(ticks), format=form, grid=False, labels=self.labels, ticks=self.labels,
            title=list(self.title) or None, labelFontSize=AXIS, titleFontSize=AXIS, domainColor=QUIET,
            labelOverlap=False, minExtent=0, titlePadding=5, **place,
        )  # fmt: skip


def spared(values: pl.Series, *, log: bool, share: float = 0.06) -> tuple[float, float]:
    """The ends of an axis that holds all values, with some to spare on both sides."""
    known = values.drop_nulls()
    low, high = float(known.min() or 0.0), float(known.max() or 0.0)  # pyright: ignore[reportArgumentType] - of floats
    if log:
        more = (high / low) ** share if high > low else 1.5
        return low / more, high * more
    more = (high - low) * share or abs(high) / 10 or 1.0
    return low - more, high + more


def heading(canvas: Canvas, box: Box, title: str) -> float:
    """The title of what stands in a box, on its top; returns where the next line is."""
    y = box.top - 10
    for line in wrapped(title, box.width, bold=True):
        canvas.word(box.left, y, line, INK, bold=True)
        y += HEADLINE
    return y
