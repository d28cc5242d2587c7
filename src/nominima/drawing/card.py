"""The card of a claim: one picture of 900 × 500 pixels that can be sent alone and is read in ten seconds.

On top the claim, its word and in how many cells it holds; on the left the number that decides in every cell, against
where the claim puts it; on the right the one curve that carries it; at the foot what was counted, and the trace code.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import polars as pl

from nominima.drawing.canvas import Box, Canvas
from nominima.drawing.cells import cells, in_multiples, least, rows
from nominima.drawing.chapters import WORDS
from nominima.drawing.details import Asked
from nominima.drawing.halves import chosen, half
from nominima.drawing.panels import Panel
from nominima.drawing.scoreboard import ARROWS, trend
from nominima.drawing.theme import INK, LOOKS, QUIET, plain
from nominima.drawing.widths import width, wrapped
from nominima.judging.record import Verdict
from nominima.judging.rules import Outcome

WIDTH, HEIGHT = 900, 500  # pixels; a card of very many cells is higher
EDGE = 14  # pixels around it
SPLIT = 420, 452  # where the left half ends and the right one begins
UNDER = 36  # pixels below the halves for the labels of their axes, more for each line of what the number is
TITLE, BADGE, REASON, FOOT = 22, 17, 14, 12  # sizes of text
LINE, STEP = 20, 15  # pixels from a line to the next, of the word and of small text
SUPPORT: dict[Outcome, tuple[str, str]] = {
    "supported": ("supports it", "support it"), "contradicted": ("contradicts it", "contradict it"),
}  # fmt: skip
VERBS = WORDS | SUPPORT
TOLD = {"censored": "censored: still improving at the end"}
"""Why runs are lost → how that is told where a word alone does not say it."""


class Piece(NamedTuple):
    """Some words of the line below the title, behind the symbol of an outcome if they are of one."""

    text: str
    outcome: Outcome | None = None


def card(asked: Asked, numbers: pl.DataFrame, verdict: Verdict, title: str, code: str) -> dict[str, Any]:
    """The card as Vega-Lite.

    Raises:
        ValueError: a number in it is not finite.
    """
    panel = chosen(asked)
    ratio = panel.ratio if isinstance(panel, Panel) else ""
    found, rule = rows(verdict), verdict.primary.rule
    if ratio:
        found, rule = in_multiples(found, rule, ratio)
    lines = wrapped(plain(title), WIDTH - 2 * EDGE - 60, TITLE, bold=True)
    pieces = list(_pieces(verdict))
    top = EDGE + 26 * len(lines) + LINE * _lines(verdict.outcome, pieces) + 34
    under = UNDER + STEP * max(2, len(wrapped(rule.statistic, SPLIT[0] - EDGE, FOOT)))
    below = under + 2 * STEP + EDGE
    bottom = max(HEIGHT - below, top + least(found))
    canvas = Canvas(WIDTH, bottom + below, [], [])
    _head(canvas, verdict, lines, pieces)
    keep = frozenset[str](numbers["model"].drop_nulls()) if "model" in numbers.columns else frozenset[str]()
    left, right = (
        Box(EDGE, top, SPLIT[0] - EDGE, bottom - top),
        Box(SPLIT[1], top, WIDTH - EDGE - SPLIT[1], bottom - top),
    )
    unsaid = cells(canvas, left, found, rule, keep, log=bool(ratio)) if found else ""
    if not found:
        _running(canvas, left, verdict.reason)
    half(canvas, right, asked, numbers, keep)
    _foot(canvas, verdict, unsaid, code)
    return canvas.spec(described(title, verdict))


def described(title: str, verdict: Verdict) -> str:
    """A claim's picture in words, for those who do not see it: a line with the claim, one with its word and why."""
    return f"{plain(title)}\n{verdict.outcome}: {plain(verdict.reason)}"


def _head(canvas: Canvas, verdict: Verdict, lines: list[str], pieces: list[Piece]) -> None:
    """The claim, its word, and why in few words; the symbols are those of the cells below."""
    for at, line in enumerate(lines):
        canvas.word(EDGE, EDGE + 10 + 26 * at, line, INK, TITLE, bold=True)
    canvas.word(WIDTH - EDGE, EDGE + 10, verdict.claim.partition("_")[0], QUIET, REASON, right=True)
    y = EDGE + 26 * len(lines) + 14
    shape, color = LOOKS[verdict.outcome]
    canvas.layers.append(canvas.marks([{"x": EDGE + 8, "y": y, "shape": shape, "color": color}]).mark_point(size=170))
    canvas.word(EDGE + 22, y, verdict.outcome.upper(), color, BADGE, bold=True)
    symbols = []
    for piece, x, line in _flow(verdict.outcome, pieces):
        if piece.outcome:
            shape, color = LOOKS[piece.outcome]
            symbols.append({"x": round(x + 6, 1), "y": y + LINE * line, "shape": shape, "color": color})
        canvas.word(x + (18 if piece.outcome else 0), y + LINE * line, piece.text, INK, REASON)
    if symbols:
        canvas.layers.append(canvas.marks(symbols).mark_point(size=80))


def _flow(outcome: Outcome, pieces: list[Piece]) -> Iterator[tuple[Piece, float, int]]:
    """Pieces with their place from the left and their line, broken where one has no room."""
    x = start = EDGE + 22 + width(outcome.upper(), BADGE, bold=True) + 18
    line = 0
    for piece in pieces:
        wide = width(piece.text, REASON) + (18 if piece.outcome else 0)
        if x > start and x + wide > WIDTH - EDGE:
            x, line = start, line + 1
        yield piece, x, line
        x += wide + 18


def _lines(outcome: Outcome, pieces: list[Piece]) -> int:
    return 1 + max((line for _, _, line in _flow(outcome, pieces)), default=0)


def _pieces(verdict: Verdict) -> Iterator[Piece]:
    """In how many cells what is the case, what speaks against it, and whether it gets truer with size."""
    counts = Counter(cell.outcome for cell in verdict.deciding)
    tested = counts.total() - counts["untested"] or counts.total()
    first = f" of {tested}{' tested' if tested < counts.total() else ''} cell{'s' if tested > 1 else ''}"
    for outcome, (one, many) in VERBS.items():
        if counts[outcome]:
            yield Piece(f"{counts[outcome]}{first} {one if counts[outcome] == 1 else many}", outcome)
            first = ""
    opposite = {"supported": "contradicted", "contradicted": "supported"}.get(verdict.primary.outcome)
    for part in verdict.parts:
        if part.outcome == opposite:
            yield Piece(f"but the part “{plain(part.name)}” is {part.outcome}", part.outcome)
    if verdict.primary.rule.trend and verdict.deciding:
        yield Piece(f"{ARROWS[verdict.truer.word]} {trend(verdict.truer.word, verdict.primary.rule)}")


def _running(canvas: Canvas, box: Box, told: str) -> None:
    for at, line in enumerate(wrapped(plain(told), box.width)):
        canvas.word(box.left, box.top + 17 * at, line, QUIET)


def _foot(canvas: Canvas, verdict: Verdict, unsaid: str, code: str) -> None:
    """What was counted and how to read it; at the end the trace code."""
    stamp = f"trace {code}"
    room = WIDTH - 2 * EDGE - width(stamp, FOOT) - 24
    y = canvas.height - EDGE - 4
    lines: list[str] = []
    for piece in _counted(verdict, unsaid):
        longer = f"{lines[-1]} · {piece}" if lines else piece
        lines = [*lines[:-1], longer] if lines and width(longer, FOOT) <= room else [*lines, piece]
    for at, line in enumerate(reversed(lines)):
        canvas.word(EDGE, y - STEP * at, line, QUIET, FOOT)
    canvas.word(WIDTH - EDGE, y, stamp, QUIET, FOOT, right=True)


def _counted(verdict: Verdict, unsaid: str) -> Iterator[str]:
    rule, lost = verdict.primary.rule, Counter[str]()
    for cell in verdict.deciding:
        lost.update(cell.lost)
    why = ", ".join(f"{count} {TOLD.get(each, each)}" for each, count in lost.most_common() if each != "lost")
    yield f"{verdict.runs} {rule.read}, {verdict.lost} lost" + (f" ({why})" if why else "")
    if verdict.deciding:
        yield f"bars: {100 * rule.confidence:.0f} % intervals" + ("" if rule.null is None else ", dashed: no effect")
    if unsaid:
        yield f"unless stated: {unsaid}"
    beside = len(verdict.primary.cells) - len(verdict.deciding)
    if beside:
        yield f"in the detail picture: {beside} variant{', which decides' if beside < 2 else 's, which decide'} nothing"
