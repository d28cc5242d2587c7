"""Whether a recorded picture shows what the chart beside it tells: it is drawn anew from that chart."""

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import png

from nominima.tracing.artefact import KEYWORD, embed
from nominima.tracing.trace import Trace


def shows(picture: Path, chart: Path, trace: Trace) -> bool:
    """Whether an SVG or a PNG is what a Vega-Lite chart is drawn as, the trace of their job inside.

    A PNG that other software has packed is compared by its pixels.
    """
    kind = picture.suffix.lstrip(".")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as first:  # the first of a process has the same bytes
        drawn = embed(first.submit(_drawn, chart, kind).result(), kind, trace)
    held = picture.read_bytes()
    return drawn == held or (kind == "png" and _pixels(drawn) == _pixels(held))


def _drawn(chart: Path, kind: str) -> bytes:
    from nominima.verbs.report import rendered  # here, where it is drawn: it takes every command two seconds to load

    tree = json.loads(chart.read_text())
    tree["usermeta"] = {key: value for key, value in tree["usermeta"].items() if key != KEYWORD}
    return rendered(tree)[kind]


def _pixels(content: bytes) -> list[bytes]:
    _, _, rows, _ = png.Reader(bytes=content).read()
    return [bytes(row) for row in rows]
