"""report: put all verdicts, figures and their traces on one page that needs neither network nor scripts."""

import base64
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from nominima.drawing.provenance import Provenance, provenance
from nominima.drawing.scoreboard import title as scoreboard_title
from nominima.drawing.scoreboard import trend
from nominima.drawing.theme import interval, prediction
from nominima.ground.files import Refusal, read, write
from nominima.ground.places import VERBS, detail, figure, ledger, verdict
from nominima.ground.texts import number
from nominima.judging.record import Scoreboard, Standing, Verdict, read_judged
from nominima.judging.words import Words, of_claim
from nominima.tracing import job
from nominima.tracing.artefact import read_trace
from nominima.tracing.ledger import Ledger, read_ledger
from nominima.tracing.trace import Trace


class Picture(NamedTuple):
    """A figure as an image that runs no script: its SVG as a data address, with its size in pixels."""

    address: str
    width: str
    height: str


class Section(NamedTuple):
    """A claim's chapter of the page."""

    name: str
    claim: Words
    verdict: Verdict
    standing: Standing
    picture: Picture
    detail: Picture
    made: Provenance


def page(task: job.Work) -> None:
    """Write the page of the claims that the spec names."""
    names = task.spec["claims"]
    ledgers = {verb: read_ledger(Path(ledger(verb))) for verb in VERBS[:-1]}
    board, _ = read_judged(Path(verdict("scoreboard")), Scoreboard)
    standings = {standing.claim: standing for standing in board.standings}
    sections = [_section(name, standings[name], ledgers) for name in names]
    told = rendered(board, sections, picture(Path(figure("scoreboard", "svg"))), task.trace)
    write(task.outputs[0], told.encode())
    print(f"{len(sections)} claims: trace {task.trace.key}")


def rendered(board: Scoreboard, sections: list[Section], scoreboard: Picture, trace: Trace) -> str:
    """The page as HTML; whatever titles and names hold is shown as text."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "interval": interval, "prediction": prediction, "sri": sri}
    told = {
        "board": board,
        "sections": sections,
        "titles": {section.name: section.claim.title for section in sections},
        "scoreboard": scoreboard,
        "trace": trace.model_dump(),
        "key": trace.key,
    }
    return environment.get_template("page.html").render(**told, trend=trend, title=scoreboard_title(board))


def sri(text: str) -> str:
    """A source expression of a content security policy that lets exactly this text run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def picture(path: Path) -> Picture:
    """An SVG as it stands, to be shown by an <img>.

    Raises:
        Refusal: the file is no SVG with a size.
    """
    content = read(path)
    size = re.search(rb'<svg[^>]* width="([0-9.]+)"[^>]* height="([0-9.]+)"', content)
    if size is None:
        raise Refusal(f"{path}: no SVG with a width and a height; delete it and run `snakemake --cores all`")
    address = f"data:image/svg+xml;base64,{base64.b64encode(content).decode()}"
    return Picture(address, size[1].decode(), size[2].decode())


def _section(name: str, standing: Standing, ledgers: dict[str, Ledger]) -> Section:
    drawing = Path(figure(name, "svg"))
    trace = read_trace(drawing)
    if trace is None:
        raise Refusal(f"{drawing}: holds no trace; delete it and run `snakemake --cores all`")
    judged, _ = read_judged(Path(verdict(name)), Verdict)
    whole = picture(Path(figure(detail(name), "svg")))
    return Section(name, of_claim(name), judged, standing, picture(drawing), whole, provenance(trace, ledgers))


if __name__ == "__main__":
    job.main("report", page)
