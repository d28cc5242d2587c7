"""The picture of all verdicts: a line per claim by chapter, with its word, its number against the claim, and growth."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_args

from nominima.drawing.canvas import Canvas
from nominima.drawing.chapters import chapters
from nominima.drawing.forest import region, span
from nominima.drawing.marks import Mark
from nominima.drawing.theme import INK, LOOKS, NULL, PREDICTED, QUIET, plain
from nominima.drawing.widths import width, wrapped
from nominima.judging.record import Growth, Scoreboard, Standing
from nominima.judging.rules import Outcome, Rule

GROWTH: dict[Growth, str] = {
    "grows": "truer with size",
    "shrinks": "less true with size",
    "differs": "truer with size in some cells, less true in others",
    "flat": "equally true at all sizes",
    "unclear": "trend unclear",
}
ARROWS: dict[Growth, str] = {"grows": "↑", "shrinks": "↓", "differs": "↑↓", "flat": "→", "unclear": "?"}
SHORT: dict[Growth, str] = {
    "grows": "truer", "shrinks": "less true", "differs": "both ways", "flat": "no change", "unclear": "unclear",
}  # fmt: skip
VERDICT, NUMBER, CELLS, TREND = 336, 462, 700, 796  # pixels at which the columns begin; the claims are left of them
HEADS = {VERDICT: "verdict", NUMBER: "the number, where it is weakest", CELLS: "cells for it", TREND: "with size"}
LEGEND = "bars: {}, each on its own scale; shaded: where the claim puts the number; dashed: no effect"
WIDTH, EDGE = 900, 14  # pixels, and those around it
KEY = 34  # pixels from a claim's number to its title
BAR, THICK = 222, 16  # pixels of a row's own scale
STEP, LINE = 24, 16  # pixels from a row to the next, and from a line of its title to the next
TITLE, HEAD, SMALL = 20, 14, 12  # sizes of text
AROUND = "#f2f2f2"  # the rest of a row's scale


class ClaimRow(NamedTuple):
    """A claim's place in the picture: the middle of its first line, the lines of its title, the scale of its number."""

    y: float
    title: list[str]
    standing: Standing

    def at(self, value: float) -> float:
        """The pixel of a value on the row's own scale."""
        low, high = span([self.standing.estimate], self.standing.rule)
        return round(NUMBER + (value - low) / (high - low) * BAR, 1)


def title(board: Scoreboard) -> str:
    """`6 claims on trial: 2 supported, 4 untested`."""
    counts = Counter(standing.outcome for standing in board.standings)
    told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in get_args(Outcome) if counts[outcome])
    count = len(board.standings)
    return f"{count or 'No'} claim{'' if count == 1 else 's'} on trial{': ' * bool(told)}{told}"


def draw(board: Scoreboard, titles: Mapping[str, str], code: str) -> dict[str, Any]:
    """The picture as Vega-Lite, each claim by its title.

    Raises:
        ValueError: a number in it is not finite.
    """
    told = wrapped(title(board), WIDTH - 2 * EDGE, TITLE, bold=True)
    heads = EDGE + 26 * len(told) + 8
    headings, rows, bottom = _placed(board, titles, heads + 22)
    canvas = Canvas(WIDTH, round(bottom) + 30, [], [])
    for at, line in enumerate(told):
        canvas.word(EDGE, EDGE + 10 + 26 * at, line, INK, TITLE, bold=True)
    for x, head in HEADS.items() if rows else ():
        canvas.word(x, heads, head, QUIET, SMALL)
    for y, heading, answer in headings:
        canvas.word(EDGE, y, heading, INK, HEAD, bold=True)
        canvas.word(EDGE + width(heading, HEAD, bold=True) + 12, y, answer, QUIET, SMALL)
    for row in rows:
        _words(canvas, row)
    _bars(canvas, [row for row in rows if row.standing.estimate.value is not None])
    canvas.layers.append(canvas.marks([_sign(row) for row in rows]).mark_point(size=110))
    canvas.word(EDGE, canvas.height - EDGE, _legend(rows), QUIET, SMALL)
    canvas.word(WIDTH - EDGE, canvas.height - EDGE, f"trace {code}", QUIET, SMALL, right=True)
    return canvas.spec("\n".join([title(board), *(f"{heading}: {answer}" for _, heading, answer in headings)]))


def _placed(
    board: Scoreboard, titles: Mapping[str, str], y: float
) -> tuple[list[tuple[float, str, str]], list[ClaimRow], float]:
    """Headings with what the chapter comes to, the rows below each, and where all end."""
    headings, rows = list[tuple[float, str, str]](), list[ClaimRow]()
    by_claim = {standing.claim: standing for standing in board.standings}
    for chapter in chapters(board.standings):
        headings.append((y + 4, chapter.title, chapter.answer))
        y += STEP + 4
        for claim in chapter.claims:
            told = wrapped(plain(titles.get(claim, claim)), VERDICT - EDGE - KEY - 10)
            rows.append(ClaimRow(y, told, by_claim[claim]))
            y += STEP + LINE * (len(told) - 1)
        y += 6
    return headings, rows, y


def _words(canvas: Canvas, row: ClaimRow) -> None:
    standing = row.standing
    canvas.word(EDGE, row.y, standing.claim.partition("_")[0], QUIET)
    for at, line in enumerate(row.title):
        canvas.word(EDGE + KEY, row.y + LINE * at, line)
    canvas.word(VERDICT + 20, row.y, standing.outcome, LOOKS[standing.outcome][1], bold=True)
    if standing.estimate.value is None:
        canvas.word(NUMBER, row.y, "no number yet", QUIET)
    canvas.word(CELLS, row.y, f"{standing.supported} of {standing.tested}")
    asked = standing.rule.trend and standing.outcome != "untested"
    canvas.word(TREND, row.y, SHORT[standing.growth] if asked else "–", INK if asked else QUIET)


def _legend(rows: Sequence[ClaimRow]) -> str:
    """How the bars are read, with the claims whose intervals are not those of most."""
    levels = {row.standing.claim.partition("_")[0]: row.standing.rule.confidence for row in rows}
    if not levels:
        return ""
    usual = Counter(levels.values()).most_common(1)[0][0]
    others = "".join(f" ({key}: {100 * level:.0f} %)" for key, level in levels.items() if level != usual)
    return LEGEND.format(f"{100 * usual:.0f} % intervals{others}")


def _bars(canvas: Canvas, rows: Sequence[ClaimRow]) -> None:
    """Where the claims put their numbers, the numbers and their intervals."""
    shades = [mark for row in rows for mark in _shades(row)]
    nulls = [_box(row) | {"x": row.at(row.standing.rule.null), "color": NULL}
             for row in rows if row.standing.rule.null is not None]  # fmt: skip
    points = [{"x": row.at(row.standing.estimate.value or 0.0), "y": row.y, "color": LOOKS[row.standing.outcome][1],
               "shape": "circle"} for row in rows]  # fmt: skip
    drawn = [
        canvas.marks(shades).mark_rect(),
        canvas.marks(nulls).mark_rule(strokeDash=[4, 3], strokeWidth=1.5),
        canvas.marks([mark for row in rows for mark in _whiskers(row)]).mark_rule(strokeWidth=3),
        canvas.marks(points).mark_point(size=70),
    ]
    canvas.layers.extend(drawn)


def _box(row: ClaimRow) -> Mark:
    return {"y": row.y - THICK / 2, "y2": row.y + THICK / 2}


def _shades(row: ClaimRow) -> Iterator[Mark]:
    low, high = span([row.standing.estimate], row.standing.rule)
    start, end = region(row.standing.rule, low, high)
    yield _box(row) | {"x": row.at(low), "x2": row.at(high), "color": AROUND}
    yield _box(row) | {"x": row.at(start), "x2": row.at(end), "color": PREDICTED}


def _whiskers(row: ClaimRow) -> Iterator[Mark]:
    low, high = row.standing.estimate.low, row.standing.estimate.high
    if low is not None and high is not None:
        yield {"x": row.at(low), "x2": row.at(high), "y": row.y, "color": LOOKS[row.standing.outcome][1]}


def _sign(row: ClaimRow) -> Mark:
    shape, color = LOOKS[row.standing.outcome]
    return {"x": VERDICT + 8, "y": row.y, "color": color, "shape": shape}


def trend(word: Growth, rule: Rule) -> str:
    """Whether a claim gets truer with size, in words."""
    return GROWTH[word] if rule.trend else "no trend is asked"
