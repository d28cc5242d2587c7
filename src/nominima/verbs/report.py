"""report: draw a claim's figure, or the scoreboard's, as Vega-Lite, SVG and PNG, the trace inside each."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import vl_convert

from nominima.drawing import forest, frame, panels, scoreboard
from nominima.drawing.panels import Asked
from nominima.ground.files import write
from nominima.judging.evidence import Missing, read_numbers
from nominima.judging.record import Scoreboard, Verdict, read_judged
from nominima.judging.words import of_claim, titles
from nominima.planning import shelf
from nominima.tracing import artefact, job

SCALE = 2  # pixels of the PNG per pixel of the figure


def report(task: job.Work) -> None:
    """Draw the figure that the spec names into the three outputs; which is which is told by their suffix."""
    name = task.spec["figure"]
    code = task.trace.key
    chart = _scoreboard(task.inputs[0], code) if name == "scoreboard" else _claim(name, task.inputs, code)
    drawn = rendered(chart)
    for path in task.outputs:
        suffix = path.name.split(".", 1)[1]
        write(path, artefact.embed(drawn[suffix], suffix, task.trace))
    print(f"{name}: trace {code}")


def rendered(chart: dict[str, Any]) -> dict[str, bytes]:
    """A Vega-Lite chart as vl.json, svg and png; the same bytes every time if drawn first in its process."""
    text = json.dumps(chart, sort_keys=True, allow_nan=False)
    svg = vl_convert.vegalite_to_svg(text, allowed_base_urls=[])
    return {"vl.json": text.encode(), "svg": svg.encode(), "png": vl_convert.svg_to_png(svg, scale=SCALE)}


def _claim(name: str, inputs: list[Path], code: str) -> dict[str, Any]:
    verdict, _ = read_judged(next(path for path in inputs if path.suffix == ".json"), Verdict)
    numbers = read_numbers(next(path for path in inputs if path.suffix == ".csv"))
    return figure(shelf.load("claims", name).PANELS, numbers, verdict, of_claim(name).title, code)


def figure(asked: Asked, numbers: pl.DataFrame, verdict: Verdict, title: str, code: str) -> dict[str, Any]:
    """A claim's figure: its outcome, the panels of its evidence, and the numbers that decide."""
    try:
        drawn = panels.panels(asked, numbers)
    except Missing as lack:
        drawn = [frame.remark(f"Nothing is drawn of the evidence: {lack}.")]
    return frame.framed(
        frame.badge(verdict.outcome, verdict.reason),
        *drawn,
        *forest.panels(verdict),
        title=title,
        foot=f"{verdict.runs} {verdict.primary.rule.read}, {verdict.lost} lost · trace {code}",
    )


def _scoreboard(path: Path, code: str) -> dict[str, Any]:
    board, _ = read_judged(path, Scoreboard)
    return frame.framed(
        scoreboard.draw(board, titles()), title=scoreboard.title(board), foot=f"{scoreboard.LEGEND} · trace {code}"
    )


if __name__ == "__main__":
    job.main("report", report)
