"""The rule at work: estimates with their intervals against the region where the claim puts them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import altair as alt
import polars as pl

from nominima.drawing.names import with_model
from nominima.drawing.says import NAMED, of_mark
from nominima.drawing.spec import Spec, spec
from nominima.drawing.theme import LOOKS, NULL, PREDICTED, QUIET, WIDTH, interval, lines, prediction
from nominima.ground.texts import number
from nominima.judging.intervals import Estimate
from nominima.judging.record import PartVerdict, Verdict
from nominima.judging.rules import Rule

KINDS: dict[str, tuple[str, str]] = {str(word): look for word, look in LOOKS.items()}
REACH = 9  # pixels above and below a mark for the dashes of no effect
ROWS = {"value": float, "low": float, "high": float, "top": int, "row": int, "name": str, "kind": str, "told": str,
        "says": str}  # fmt: skip


class RowMark(NamedTuple):
    """A row of the panel; `kind` is an outcome, `lost` how many of its runs are, by why."""

    name: str
    estimate: Estimate
    kind: str
    behind: str = ""
    lost: str = ""


def panels(verdict: Verdict) -> list[Spec]:
    """A panel per part: its cells, the region where the claim puts them, and the null."""
    found = []
    for part in (verdict.primary, *verdict.parts):
        marks = list(_marks(part))
        if marks:
            found.append(panel(marks, part.rule, _heading(part), _controls(part)))
    return found


def _marks(part: PartVerdict) -> Iterator[RowMark]:
    """The numbers of every cell that are judged by the rule of the part, variants last."""
    several = len({cell.condition.get("model") for cell in part.cells}) > 1
    for cell in sorted(part.cells, key=lambda cell: not cell.decides):
        lost = ", ".join(f"{count} {why}" for why, count in cell.lost.items())
        for number_, word in cell.asked:
            of = with_model(cell.name, cell.condition.get("model")) if several else cell.name
            name = of if len(cell.numbers) == 1 else f"{of}, {number_.name}"
            told = name if cell.decides else f"{name} (variant)"
            yield RowMark(told, number_.estimate, word, _behind(number_.estimate.n, cell.lost), lost)


def _behind(count: int, lost: Mapping[str, int]) -> str:
    gone = sum(lost.values())
    return f"n = {count}" + (f", {gone} lost" if gone else "")


def _heading(part: PartVerdict) -> str:
    return f"A part, {part.name}: {part.outcome}" if part.name else "The numbers that decide"


def _controls(part: PartVerdict) -> str:
    """How many controls of the deciding cells behave as they must."""
    guards = [guard for cell in part.cells if cell.decides for guard in cell.guards]
    return f"; {sum(guard.behaves for guard in guards)} of {len(guards)} controls behave" if guards else ""


def panel(marks: Sequence[RowMark], rule: Rule, title: str, note: str = "") -> Spec:
    """A row per mark: its estimate and interval against the region that the rule predicts and the null."""
    table = pl.DataFrame(list(_rows(marks)), schema=ROWS)
    height = int(table["row"].max() or 0) + 28  # pyright: ignore[reportArgumentType] - a column of integers
    low, high = span([mark.estimate for mark in marks], rule)
    kinds = [kind for kind in KINDS if kind in set(table["kind"])]
    scale = alt.Scale(domain=(low, high), nice=False, zero=False)
    x = alt.X("value:Q").scale(scale).title(lines(rule.statistic)).axis(format="~r")
    down = alt.Scale(domain=(0, height), range=[0, height], nice=False, zero=False)
    y = alt.Y("row:Q").scale(down).axis(None)
    color = alt.Color("kind:N").scale(domain=kinds, range=[KINDS[kind][1] for kind in kinds]).title(None)
    shape = alt.Shape("kind:N").scale(domain=kinds, range=[KINDS[kind][0] for kind in kinds]).title(None)
    base = alt.Chart(table).encode(y=alt.Y("top:Q").scale(down).axis(None))
    layers = [
        *_prediction(rule, low, high, height),
        *([] if rule.null is None else [_null(rule.null, table, down)]),
        base.mark_text(align="left").encode(x=alt.value(4), text="name:N"),
        base.mark_text(align="right").encode(x=alt.value(WIDTH - 4), text="told:N"),
        _over(table, ["low", "high"])
        .mark_rule(strokeWidth=3, **NAMED)
        .encode(x="low:Q", x2="high:Q", y=y, color=color),
        _over(table, ["value"])
        .mark_point(size=110, aria=True)
        .encode(x=x, y=y, color=color, shape=shape, description="says:N"),
    ]
    null = "" if rule.null is None else f"; dashed: no effect, {number(rule.null)}"
    heading = alt.Title(lines(title), subtitle=lines(f"shaded: the claim predicts {prediction(rule)}{null}{note}"))
    return spec(alt.layer(*layers).properties(title=heading, width=WIDTH, height=height))


def _rows(marks: Sequence[RowMark]) -> Iterator[dict[str, Any]]:
    """Rows of the panel at their pixels from the top: a name of two lines makes room for itself."""
    row = -4
    for mark in marks:
        name = lines(mark.name, 32)
        if mark.behind:
            *name, last = name
            name += [f"{last}, {mark.behind}"] if len(last) + len(mark.behind) < 31 else [last, mark.behind]
        top, row = row + 18, row + 21 + 13 * len(name)
        told = {"top": top, "row": row, "name": "\n".join(name), "kind": mark.kind, "told": interval(mark.estimate),
                "says": of_mark(mark.name, mark.estimate, mark.kind, mark.lost)}  # fmt: skip
        yield mark.estimate.model_dump(exclude={"n"}) | told


def _over(table: pl.DataFrame, columns: list[str]) -> alt.Chart:
    return alt.Chart(table.drop_nulls(columns))


def span(estimates: Sequence[Estimate], rule: Rule, *, log: bool = False) -> tuple[float, float]:
    """The axis that holds all estimates, the rule's limits and its null, a tenth to spare on both sides."""
    limits = rule.tau if isinstance(rule.tau, tuple) else (rule.tau,)
    numbers = [number for estimate in estimates for number in (estimate.value, estimate.low, estimate.high)]
    known = [number for number in (*numbers, *limits, rule.null) if number is not None]
    if log:
        spare = (max(known) / min(known)) ** 0.1 if max(known) > min(known) else 1.5
        return min(known) / spare, max(known) * spare
    spare = (max(known) - min(known)) / 10 or abs(known[0]) / 10 or 1.0
    return min(known) - spare, max(known) + spare


def region(rule: Rule, low: float, high: float) -> tuple[float, float]:
    """Where on an axis from `low` to `high` the claim puts its statistic."""
    if isinstance(rule.tau, tuple):
        return rule.tau
    return (rule.tau, high) if rule.side == "above" else (low, rule.tau)


def _prediction(rule: Rule, low: float, high: float, height: int) -> list[alt.Chart]:
    """The region where the claim puts its statistic, shaded and labelled."""
    start, end = region(rule, low, high)
    left = start + end < low + high
    shade = alt.Chart(pl.DataFrame({"x": [start], "x2": [end], "told": ["the claim predicts"]}))
    return [
        shade.mark_rect(color=PREDICTED).encode(x="x:Q", x2="x2:Q"),
        shade.mark_text(align="left" if left else "right", baseline="bottom", color=QUIET, dx=4 if left else -4).encode(
            x="x:Q" if left else "x2:Q", y=alt.value(height - 4), text="told:N"
        ),
    ]


def _null(at: float, table: pl.DataFrame, down: alt.Scale) -> alt.Chart:
    """No effect, as dashes behind each mark: a line from end to end would run through names and numbers."""
    places = table.select(x=pl.lit(at), y=pl.col("row") - REACH, y2=pl.col("row") + REACH)
    dashes = alt.Chart(places).mark_rule(color=NULL, strokeDash=[4, 3], strokeWidth=1.5)
    return dashes.encode(x="x:Q", y=alt.Y("y:Q").scale(down).axis(None), y2="y2:Q")
