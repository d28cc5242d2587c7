"""report: draw a claim's card, its detail picture, or the scoreboard: Vega-Lite, SVG and PNG, the trace inside each."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import vl_convert

from nominima.drawing import card, details, fitted, forest, frame, outlined, pictures, scoreboard
from nominima.drawing.details import Asked
from nominima.ground.files import write
from nominima.judging.evidence import Missing, read_numbers
from nominima.judging.record import Scoreboard, Verdict, read_judged
from nominima.judging.words import of_claim, titles
from nominima.planning import shelf
from nominima.tracing import artefact, job

SCALE, WIDEST = 2, 1800  # pixels of the PNG per pixel of the figure; whole ones, and not for a wider picture


def report(task: job.Work) -> None:
    """Draw the picture that the spec names into the three outputs; which is which is told by their suffix."""
    code = task.trace.key
    (kind, name), *_ = task.spec.items()
    if name == "scoreboard":
        chart = _scoreboard(task.inputs[0], code)
    else:
        verdict, _ = read_judged(next(path for path in task.inputs if path.suffix == ".json"), Verdict)
        numbers = read_numbers(next(path for path in task.inputs if path.suffix == ".csv"))
        drawing = detail if kind == "detail" else card.card
        chart = drawing(shelf.load("claims", name).PANELS, numbers, verdict, of_claim(name).title, code)
    drawn = rendered(chart)
    for path in task.outputs:
        suffix = "vl.json" if path.suffix == ".json" else path.suffix.lstrip(".")
        write(path, artefact.embed(drawn[suffix], suffix, task.trace))
    print(f"{kind} of {name}: trace {code}")


def rendered(chart: dict[str, Any]) -> dict[str, bytes]:
    """A Vega-Lite chart as vl.json, svg and png; the same bytes every time if drawn first in its process."""
    text = json.dumps(chart, sort_keys=True, allow_nan=False)
    svg = vl_convert.vegalite_to_svg(text, allowed_base_urls=[])
    alone = outlined.outlined(fitted.fitted(svg, chart.get("description", "")))
    return {"vl.json": text.encode(), "svg": alone.encode(), "png": vl_convert.svg_to_png(svg, scale=scale(svg))}


def scale(svg: str) -> int:
    """Pixels of the PNG per pixel of the figure: two as long as it does not get wider than WIDEST."""
    pixels = pictures.size(svg)
    return min(SCALE, max(1, int(WIDEST // float(pixels[0])))) if pixels else SCALE


def detail(asked: Asked, numbers: pl.DataFrame, verdict: Verdict, title: str, code: str) -> dict[str, Any]:
    """All panels of a claim's evidence and all numbers that decide, in a grid below its outcome."""
    try:
        drawn = details.panels(asked, numbers)
    except Missing as lack:
        drawn = [frame.remark(f"Nothing is drawn of the evidence: {lack}.")]
    every = [*drawn, *forest.panels(verdict)]
    wide = min(frame.COLUMNS, len(every))
    return frame.framed(
        frame.badge(verdict.outcome, verdict.reason, wide),
        frame.grid(every),
        title=f"{title}: every panel",
        told=card.described(title, verdict),
        foot=f"{verdict.runs} {verdict.primary.rule.read}, {verdict.lost} lost · trace {code}",
        columns=wide,
    )


def _scoreboard(path: Path, code: str) -> dict[str, Any]:
    board, _ = read_judged(path, Scoreboard)
    return scoreboard.draw(board, titles(), code)


if __name__ == "__main__":
    job.main("report", report)
