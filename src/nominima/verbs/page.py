"""report: put all verdicts, figures and their traces on one page that needs neither network nor scripts."""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from nominima.drawing import strips
from nominima.drawing.chapters import chapters, growing, with_size
from nominima.drawing.fonts import FONTS
from nominima.drawing.paragraphs import holding, judged, read_paragraphs
from nominima.drawing.pictures import Picture
from nominima.drawing.pictures import picture as shown
from nominima.drawing.provenance import Provenance, provenance
from nominima.drawing.scoreboard import GROWTH
from nominima.drawing.scoreboard import title as scoreboard_title
from nominima.drawing.since import Comparison, Since, compared
from nominima.drawing.theme import interval, prediction
from nominima.ground.files import Refusal, read, write
from nominima.ground.places import VERBS, detail, figure, ledger, verdict
from nominima.ground.texts import number
from nominima.judging.record import Number, Scoreboard, Standing, Verdict, read_judged
from nominima.judging.words import Words, of_claim
from nominima.tracing import job
from nominima.tracing.artefact import read_trace
from nominima.tracing.ledger import Ledger, read_ledger
from nominima.tracing.repository import Commit
from nominima.tracing.trace import Trace

HISTORY = Path(__file__).with_name("history.json")  # made of docs/register.md by `make docs`
PARAGRAPHS = Path(__file__).with_name("paragraphs.json")  # written by hand; README.md has them by `make docs`


class Section(NamedTuple):
    """A claim on the page. key: what its link is called, `c1b` where no other claim begins so.

    since: what it was at the commit that the page compares with, if it does.
    """

    name: str
    key: str
    claim: Words
    verdict: Verdict
    standing: Standing
    picture: Picture
    detail: Picture
    made: Provenance
    since: Since | None = None

    @property
    def strip(self) -> strips.Strip:
        """Its cells against where it puts them."""
        return strips.strip(self.verdict.primary, self.made.common, self.since and self.since.parts[""])

    @property
    def growing(self) -> str:
        """Whether it gets truer with size, in few words."""
        return growing(self.verdict.truer, self.verdict.primary.rule)

    @property
    def growth(self) -> str:
        """That as one word, `none` where it is not asked."""
        return self.verdict.truer.word if self.verdict.primary.rule.trend else "none"


def page(task: job.Work) -> None:
    """Write the page of the claims that the spec names."""
    board, sections = gathered(task.spec["claims"])
    told = rendered(board, sections, task.trace)
    write(task.outputs[0], told.encode())
    print(f"{len(sections)} claims: trace {task.trace.key}")


def beside(then: Mapping[str, Verdict | str], commit: Commit) -> tuple[str, Comparison]:
    """The page of the claims that lie here beside the verdicts of a commit, which no job makes; what moved.

    then: claim → its verdict in that commit, or why it is not to be had.
    """
    board, trace = read_judged(Path(verdict("scoreboard")), Scoreboard)
    _, sections = gathered(sorted(standing.claim for standing in board.standings))
    found = compared({section.name: section.verdict for section in sections}, then, commit)
    told = [section._replace(since=found.claims[section.name]) for section in sections]
    return rendered(board, told, trace, found), found


def gathered(names: list[str]) -> tuple[Scoreboard, list[Section]]:
    """The scoreboard and what the page shows of each of these claims, of the project in the current folder.

    Raises:
        Refusal: a file is missing or damaged.
    """
    ledgers = {verb: read_ledger(Path(ledger(verb))) for verb in VERBS[:-1]}
    board, _ = read_judged(Path(verdict("scoreboard")), Scoreboard)
    standings = {standing.claim: standing for standing in board.standings}
    links = keys(names)
    return board, [_section(name, links[name], standings[name], ledgers) for name in names]


def keys(names: list[str]) -> dict[str, str]:
    """Claim → what its link is called: what stands before the first `_`, or all where two claims begin alike."""
    short = [name.partition("_")[0] for name in names]
    return {name: key if short.count(key) == 1 else name for name, key in zip(names, short, strict=True)}


def rendered(board: Scoreboard, sections: list[Section], trace: Trace, against: Comparison | None = None) -> str:
    """The page as HTML; whatever titles and names hold is shown as text.

    trace: of the page; of the scoreboard where the page compares, as no job makes that and it holds no trace.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number, "interval": interval, "prediction": prediction, "sri": sri, "nested": nested,
        "ground": strips.of_part, "alone": alone, "of": strips.of_condition,
    }  # fmt: skip
    found = chapters([section.standing for section in sections])
    words = {section.name: judged(section.standing, section.verdict) for section in sections}
    told = {
        "sections": {section.name: section for section in sections},
        "order": [section.name for section in sections],
        "chapters": found,
        "paragraphs": holding(read_paragraphs(PARAGRAPHS), found, words),
        "title": scoreboard_title(board),
        "with_size": with_size(board.standings),
        "choices": strips.choices([section.strip for section in sections]),
        "facets": strips.FACETS,
        "history": json.loads(HISTORY.read_bytes()),
        "fonts": {weight: base64.b64encode(path.read_bytes()).decode() for weight, path in FONTS.items()},
        "shapes": strips.SHAPES,
        "trends": GROWTH,
        "trace": trace.model_dump(),
        "key": trace.key,
        "against": against,
    }
    return environment.get_template("page.html").render(told)


def alone(found: Number, was: Number | None = None) -> strips.Ground:
    """The scale of a number that a rule of its own judges, and of what it was."""
    assert found.rule is not None
    return strips.ground([each.estimate for each in (found, was) if each], found.rule)


def nested(flat: Mapping[str, str]) -> dict[str, Any]:
    """Dotted names as a tree: `{"a.b": "1"}` → `{"a": {"b": "1"}}`."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        branch, _, leaf = name.partition(".")
        inner = {key.partition(".")[2]: its for key, its in flat.items() if key.startswith(f"{branch}.")}
        tree[branch if leaf else name] = nested(inner) if leaf else value
    return tree


def sri(text: str) -> str:
    """A source expression of a content security policy that lets exactly this text run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def picture(path: Path) -> Picture:
    """A figure as it is shown on the page.

    Raises:
        Refusal: the file is no SVG with a size.
    """
    found = shown(read(path).decode(errors="replace"))
    if found is None:
        raise Refusal(f"{path}: no SVG with a width and a height; delete it and run `snakemake --cores all`")
    return found


def _section(name: str, key: str, standing: Standing, ledgers: dict[str, Ledger]) -> Section:
    drawing = Path(figure(name, "svg"))
    trace = read_trace(drawing)
    if trace is None:
        raise Refusal(f"{drawing}: holds no trace; delete it and run `snakemake --cores all`")
    judged, _ = read_judged(Path(verdict(name)), Verdict)
    whole = picture(Path(figure(detail(name), "svg")))
    return Section(name, key, of_claim(name), judged, standing, picture(drawing), whole, provenance(trace, ledgers))


if __name__ == "__main__":
    job.main("report", page)
