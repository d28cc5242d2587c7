"""report: draw a claim's figure, or the scoreboard's, as Vega-Lite, SVG and PNG, the trace inside each."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import vl_convert
from altair.typing import ChartType

from nominima.drawing import forest, frame, scoreboard
from nominima.ground.files import write
from nominima.judging import evidence
from nominima.judging.claim import Scoreboard, Verdict, read_judged
from nominima.judging.evidence import Evidence, Missing
from nominima.planning import shelf
from nominima.tracing import artefact, job

Draw = Callable[[Evidence, Verdict], ChartType]
SCALE = 2  # pixels of the PNG per pixel of the figure


def report(task: job.Job) -> None:
    """Draw the figure that the spec names into the three outputs; which is which is told by their suffix."""
    name = task.spec["figure"]
    code = task.trace.key
    chart = _scoreboard(task.inputs[0], code) if name == "scoreboard" else _claim(name, task.inputs, code)
    for path in task.outputs:
        suffix = path.name.split(".", 1)[1]
        write(path, artefact.embed(rendered(chart, suffix), suffix, task.trace))
    print(f"{name}: trace {code}")


def rendered(chart: dict[str, Any], suffix: str) -> bytes:
    """A Vega-Lite chart as vl.json, svg or png; the same bytes every time if drawn first in its process."""
    text = json.dumps(chart, sort_keys=True, allow_nan=False)
    if suffix == "svg":
        return vl_convert.vegalite_to_svg(text, allowed_base_urls=[]).encode()
    if suffix == "png":
        return vl_convert.vegalite_to_png(text, scale=SCALE, allowed_base_urls=[])
    return text.encode()


def _claim(name: str, inputs: list[Path], code: str) -> dict[str, Any]:
    verdict, _ = read_judged(next(path for path in inputs if path.suffix == ".json"), Verdict)
    measurements = evidence.load([path for path in inputs if path.suffix == ".parquet"])
    return figure(shelf.load("claims", name).draw, measurements, verdict, code)


def figure(draw: Draw, measurements: Evidence, verdict: Verdict, code: str) -> dict[str, Any]:
    """A claim's figure: its outcome, its evidence as the claim draws it, and the numbers that decide."""
    try:
        drawn = [draw(measurements, verdict)]
    except Missing as lack:
        drawn = [frame.remark(f"Nothing is drawn of the evidence: {lack}.")]
    return frame.framed(
        frame.badge(verdict.outcome, verdict.reason),
        *drawn,
        *forest.panels(verdict),
        title=verdict.title,
        foot=f"{verdict.runs} runs, {verdict.lost} lost · trace {code}",
    )


def _scoreboard(path: Path, code: str) -> dict[str, Any]:
    board, _ = read_judged(path, Scoreboard)
    return frame.framed(
        scoreboard.draw(board), title=scoreboard.title(board), foot=f"{scoreboard.LEGEND} · trace {code}"
    )


if __name__ == "__main__":
    job.main("report", report)
