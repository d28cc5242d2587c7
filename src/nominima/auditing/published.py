"""What is published, by place: the texts and pictures of the page, and the cells of the README's table of verdicts.

The page is not read by html.parser, which leaves out what it does not take for HTML, in each Python something else: a
forger could hide there. Here every sign of a page is told at some place.
"""

import hashlib
import html
import re
from collections import Counter
from itertools import chain
from textwrap import shorten
from typing import NamedTuple, get_args

from nominima.judging.record import Growth, Turn
from nominima.judging.rules import Outcome

WORDS = "|".join(chain(*map(get_args, (Outcome, Growth, Turn))))
DECIDES = re.compile(rf"[-−+]?\d+(?:\.\d+)*(?:e[-+]?\d+)?|\b(?:{WORDS})\b|^(?:yes|no)\b")
"""Numbers, the words of verdicts, cells and trends, and whether a control behaves."""
TAG = re.compile(r"(<[^<>]*>)")
NAME = re.compile(r"</?\s*([a-z][a-z0-9]*)", re.IGNORECASE)
SOURCE, ANCHOR, KEY = (re.compile(rf'\s{name}="([^"]*)"') for name in ("src", "id", "data-key"))
SCRIPTS = ("script", "style")
HOLDERS = {"section", "details", "div", "h2"}  # whose ids are places
LABELS = {"h1", "h2", "h3", "h4", "dt", "summary", "caption"}  # what follows is told under them
BLOCKS = LABELS | HOLDERS | {
    "p", "dd", "li", "ul", "dl", "tr", "td", "th", "table", "thead", "tbody", "figure", "figcaption", "title", "option",
    "select", "form", "button", "output", "pre", "nav", "header", "footer", "main", "body", "head", "html",
}  # fmt: skip
LONGEST = 50  # signs of a label
OPENED, CLOSED, END = "<!-- verdicts", "-->", "<!-- end -->"
FIGURE = re.compile(r"\[[^]]*\]\(reports/figures/(\w+)\.svg\)")
BAR = re.compile(r"(?<!\\)\|")


class Told(NamedTuple):
    """A text, and what in it is a matter of verdicts."""

    text: str
    decides: tuple[str, ...] = ()


Places = dict[str, Told]
"""Place → what is told there, from the first to the last."""


def page(text: str) -> Places:
    """A page's texts under claim and heading, those of tables under row and column, its pictures by their digest.

    What is not read stands as the mark-up of its claim. So every sign is told somewhere, but for spaces and the trace.
    """
    reader = _Reader()
    for at, part in enumerate(TAG.split(text)):
        (reader.tag if at % 2 else reader.read)(part)
    reader.end("")
    for where, tags in reader.marks.items():
        reader.found.put(f"{where}, mark-up", Told("".join(tags)))
    return reader.found.places


def tables(text: str) -> list[str]:
    """What stands between the marks `<!-- verdicts … -->` and `<!-- end -->` of a document, each time."""
    parts = (part.partition(CLOSED)[2].partition(END) for part in text.split(OPENED)[1:])
    return [inner for inner, end, _ in parts if end]


def with_table(text: str, table: str) -> str:
    """A document with another table between these marks."""
    for inner in tables(text):
        text = text.replace(f"{CLOSED}{inner}{END}", f"{CLOSED}\n\n{table}\n{END}")
    return text


def table(text: str) -> Places:
    """The cells of the tables of verdicts of a document, by claim and head; what else stands by them.

    A claim's title decides nothing: it is that of the source.
    """
    found = _Found()
    for inner in tables(text):
        lines = [line.strip() for line in inner.splitlines() if line.strip()]
        heads, *rows = [_cells(line) for line in lines if BAR.search(line)] or [[""]]
        for cells in rows[1:]:  # the first are dashes
            link = FIGURE.match(cells[0])
            claim = link[1] if link else cells[0]
            found.put(f"{claim}, {heads[0]}", Told(cells[0], (link[0] if link else cells[0],)))
            for at, cell in enumerate(cells[1:], 1):
                found.put(f"{claim}, {heads[at] if at < len(heads) else at}", Told(cell, (cell,)))
        for line in lines:
            if not BAR.search(line):
                found.put("beside the table", Told(line))
    return found.places


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in BAR.split(line.removeprefix("|").removesuffix("|"))]


class _Found:
    """What was found so far; of several things told at one place each has a name of its own."""

    def __init__(self) -> None:
        self.places: Places = {}
        self._counts: Counter[str] = Counter()

    def put(self, place: str, told: Told) -> None:
        """Keep what is told at a place."""
        name = place
        while name in self.places or not self._counts[place]:
            self._counts[place] += 1
            name = f"{place} ({self._counts[place]})" if self._counts[place] > 1 else place
        self.places[name] = told


class _Reader:
    """A page that is read from its start. Places only name what is told; whatever is not placed well still is told."""

    def __init__(self) -> None:
        self.found = _Found()
        self.marks: dict[str, list[str]] = {}
        self._where, self._label, self._row = "page", "", ""
        self._heads, self._heading, self._column = list[str](), False, 0
        self._words: list[str] = []
        self._script = ""

    def read(self, text: str) -> None:
        """A text between two tags."""
        if not self._script:
            self._words.append(text)
        elif self._script != "trace":
            self._mark(text)

    def tag(self, tag: str) -> None:
        """A tag, from its `<` to its `>`."""
        named = NAME.match(tag)
        name, closes = named[1].lower() if named else "", tag.startswith("</")
        if self._script and not (closes and name in SCRIPTS):
            self.read(tag)
            return
        if name in BLOCKS or name in SCRIPTS:
            self.end(name if closes else "")
        self._mark(self._closed(name, tag) if closes else self._opened(name, tag))

    def end(self, name: str) -> None:
        """The end of a text, that of an element or what stands before one."""
        text = " ".join(html.unescape("".join(self._words)).split())
        self._words.clear()
        if text:
            head = "" if self._heading else dict(enumerate(self._heads, 1)).get(self._column, "")
            place = [self._where, self._label, *((self._row, head) if name in ("td", "th") else ())]
            self.found.put(", ".join(filter(None, place)), Told(text, tuple(DECIDES.findall(text))))
        if name in LABELS:
            self._label = shorten(text, LONGEST, placeholder="…")
        elif name == "th" and self._heading:
            self._heads.append(text)
        elif name == "th":
            self._row = text

    def _opened(self, name: str, tag: str) -> str:
        """Take from an opening tag where its content stands; returns the tag without what is told apart."""
        if name in HOLDERS and (anchor := ANCHOR.search(tag)):
            self._where, self._label = anchor[1].removesuffix("-title"), ""
        if key := KEY.search(tag):
            self._label = key[1]
        if name == "thead":
            self._heads, self._heading = [], True
        if name == "br":
            self._words.append(" ")
        if name == "tr":
            self._row, self._column = "", 0
        if name in ("td", "th"):
            self._column += 1
        if name == "img" and (source := SOURCE.search(tag)):
            shown = hashlib.sha256(source[1].encode()).hexdigest()[:12]
            self.found.put(f"{self._where}, {self._label}, picture", Told(f"SHA-256 {shown}…"))
            return tag.replace(source[0], "")
        if name in SCRIPTS:
            self._script = "trace" if name == "script" and 'id="trace"' in tag else name
        return tag

    def _closed(self, name: str, tag: str) -> str:
        if name in SCRIPTS:
            self._script = ""
        if name == "thead":
            self._heading = False
        return tag

    def _mark(self, text: str) -> None:
        self.marks.setdefault(self._where, []).append(text)
