"""The joint of judging: where table, view, cell, rule and verdict meet.

A measure leaves a *table* with a row for every network, point of training, pair or whatever it looked at. `lanes`
reduces it to a number for each trained network: a frame of condition columns (every knob), size, seed and value, null
where the network is lost. From there on there are four things:

- a *view* is lanes under a name with a *score*, which makes one number of the networks of a condition, and says which
  it reads;
- a *rule* is a row of the contract: on which side of which limit the claim puts that number;
- a *part* is a rule, the views that it asks, and guards: what must fail, or must succeed, or the test sees nothing;
- a *cell* is one condition of a part, with its word.

What decides c2c, that training never comes to rest, is written like this:

    stop = at_point(table, "best", "relative_gradient")  # lanes: dataset, noise, model, …, size, seed, value
    Part(RULE,                                            # above .05
         asks=(View("gradient at the stop", stop),),      # read at the largest size, unless a score says otherwise
         guards=(must_fail("end of over-trained networks", ends, across=("noise",)),),
         decides=~pl.col("tuned"))                        # the other conditions are variants: shown, never counted

`decide` partitions each view by its condition columns, so that a cell is never named or listed by hand and a sweep
that has nothing to do with it cannot change it; it scores each cell, applies the rule to the interval, then asks the
guards of that very cell: rows of the guard with the same conditions (those in `across` left out), scored the same way.
From the words of the cells comes the word of the part, from those of the parts the word of the claim, and everything
that was read is the evidence, `reports/evidence/<claim>.csv`: figures and page need nothing else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import polars as pl

from nominima.judging.evidence import AND, Missing
from nominima.judging.lanes import agreeing, conditions, legend, telling, told_apart
from nominima.judging.rules import Rule
from nominima.judging.samples import Sample, Score, at_largest

ALWAYS = ("dataset", "noise", "model")
FIGURES = 6  # significant digits, in the evidence as in the verdict
Condition = dict[str, Any]
Kind = Literal["negative", "positive"]


@dataclass(frozen=True)
class View:
    """Lanes under a name, and the score that makes a number of those of each condition.

    lanes: a frame as `judging.lanes` describes.
    rule: if it is not judged by that of its part.
    variant: the deciding number read at another stop, or in another way that the row names.
    """

    name: str
    lanes: pl.DataFrame
    score: Score = at_largest
    rule: Rule | None = None
    variant: bool = False

    def __post_init__(self) -> None:
        value = pl.when(pl.col("value").is_finite()).then(pl.col("value").round_sig_figs(FIGURES))
        object.__setattr__(self, "lanes", self.lanes.with_columns(value=value))

    def sample(self, rows: pl.DataFrame, score: Score | None = None) -> Sample:
        """The sample of some of its lanes, by another score than its own if that is given.

        Raises:
            Missing: two networks of one size and seed are among them, or the score has too little to read.
        """
        if rows.select("seed", *(name for name in ("size", "place") if name in rows.columns)).is_duplicated().any():
            raise Missing(f"several conditions fit {self.name}")
        return (score or self.score)(rows)


@dataclass(frozen=True)
class Guard:
    """A case with a known answer, asked of every cell.

    across: condition columns, or parts as `optimizer`, in which the case may differ; one that does not goes before.
    once: the case is no network (a planted landscape, a toy, a law of points): its one answer goes for all cells.
    scored: by the score of its view; else by that of the number that it guards.
    of: the view that it guards, by name; empty: the first that its part asks.
    """

    kind: Kind
    view: View
    across: tuple[str, ...] = ()
    once: bool = False
    scored: bool = False
    of: str = ""

    def rows(self, condition: Condition) -> pl.DataFrame:
        """Its lanes for a cell."""
        if self.once:
            return self.view.lanes
        free = {*self.across, *(("steps",) if condition.get("steps") is None else ())}  # read at a stop: no condition
        shared = {name: value for name, value in condition.items() if not {name, name.partition(".")[0]} & free}
        return agreeing(of_condition(self.view.lanes, shared), condition)


@dataclass(frozen=True)
class Part:
    """A claim's primary, or a part of it with a word of its own.

    asks: the views that must all meet the rule: supported if each does, contradicted if one is.
    decides: which conditions count; the others are variants.
    """

    rule: Rule
    asks: tuple[View, ...]
    guards: tuple[Guard, ...] = ()
    decides: pl.Expr = field(default_factory=lambda: pl.lit(value=True))
    name: str = ""
    lacks: str = ""

    def counts(self, condition: Condition) -> bool:
        """Whether a condition decides, or is a variant."""
        columns = {name: [condition.get(name)] for name in self.decides.meta.root_names()}
        return bool(pl.DataFrame(columns or {"all": [0]}).select(self.decides.alias("decides").first()).item())


@dataclass(frozen=True)
class Published:
    """A number of the literature, with its interval if it has one, next to ours: a view in the condition that fits."""

    name: str
    source: str
    value: float
    low: float | None = None
    high: float | None = None
    view: str = ""
    where: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Findings:
    """What a claim reads off the measurements; `decide` makes the verdict of it.

    trend: the view whose trend with size is tested, larger is truer; None where there is one size only.
    shown: views that stand next to the deciding ones and never decide; drawn: views that are only drawn.
    whole: the trend's lanes with every condition, row by row, once the findings are narrowed.
    """

    primary: Part
    parts: tuple[Part, ...] = ()
    trend: View | None = None
    shown: tuple[View, ...] = ()
    drawn: tuple[View, ...] = ()
    published: tuple[Published, ...] = ()
    whole: pl.DataFrame | None = None

    def stored(self) -> list[tuple[str, pl.DataFrame]]:
        """The lanes of all views, each once, under the names of the views that share them joined by AND."""
        found: list[tuple[list[str], pl.DataFrame]] = []
        for view in self.views():
            same = next((names for names, lanes in found if lanes.equals(view.lanes)), None)
            if same is None:
                found.append(([view.name], view.lanes))
            else:
                same.append(view.name)
        return [(AND.join(names), lanes) for names, lanes in found]

    def views(self) -> Iterator[View]:
        """Every view, each once by name."""
        parts = (self.primary, *self.parts)
        asked = [view for part in parts for view in (*part.asks, *(guard.view for guard in part.guards))]
        seen: dict[str, View] = {}
        for view in (*asked, *([self.trend] if self.trend else []), *self.shown, *self.drawn):
            same = seen.setdefault(view.name, view).lanes.equals(view.lanes)
            assert same, f"two views with other lanes are called {view.name!r}"
        yield from seen.values()


def must_fail(
    name: str, lanes: pl.DataFrame, score: Score | None = None, rule: Rule | None = None, *,
    across: tuple[str, ...] = (), once: bool = False, of: str = "",
) -> Guard:  # fmt: skip
    """A case in which the rule must not be met; scored like the number that it guards unless a score is given."""
    return Guard("negative", View(name, lanes, score or at_largest, rule), across, once, score is not None, of)


def must_succeed(
    name: str, lanes: pl.DataFrame, score: Score | None = None, rule: Rule | None = None, *,
    across: tuple[str, ...] = (), once: bool = False, of: str = "",
) -> Guard:  # fmt: skip
    """A case in which the rule must be met; scored like the number that it guards unless a score is given."""
    return Guard("positive", View(name, lanes, score or at_largest, rule), across, once, score is not None, of)


def each_condition(*frames: pl.DataFrame) -> list[tuple[str, Condition]]:
    """(name, condition) of every cell of these frames, in the order of the conditions."""
    names = legend(*frames)
    if names.is_empty() and any(frame.height for frame in frames):
        return [("all", {})]
    return [(str(row.pop("cell")) or "all", row) for row in names.iter_rows(named=True)]


def of_condition(lanes: pl.DataFrame, condition: Condition) -> pl.DataFrame:
    """The lanes of one condition; columns that they lack must be null in it."""
    if any(value is not None for name, value in condition.items() if name not in lanes.columns):
        return lanes.clear()
    known = {name: value for name, value in condition.items() if name in lanes.columns}
    return lanes.filter(*(pl.col(name).eq_missing(pl.lit(value)) for name, value in known.items()))


def narrowed(findings: Findings) -> Findings:
    """The findings with those conditions only that tell its cells apart.

    What is the same throughout the evidence, or follows from other conditions there, is left out, but for ALWAYS, what
    says which cells decide or has a published number, and what cells are named by, which rests on their own part alone.
    """
    kept = _telling(findings)

    def narrow(view: View) -> View:
        return replace(view, lanes=view.lanes.drop(name for name in conditions(view.lanes) if name not in kept))

    def within(part: Part) -> Part:
        guards = tuple(replace(guard, view=narrow(guard.view)) for guard in part.guards)
        return replace(part, asks=tuple(map(narrow, part.asks)), guards=guards)

    return replace(
        findings,
        primary=within(findings.primary),
        parts=tuple(map(within, findings.parts)),
        trend=findings.trend and narrow(findings.trend),
        shown=tuple(map(narrow, findings.shown)),
        drawn=tuple(map(narrow, findings.drawn)),
        whole=findings.trend and findings.trend.lanes,
    )


def _telling(findings: Findings) -> set[str]:
    frames = [view.lanes.select(conditions(view.lanes)).unique() for view in findings.views() if conditions(view.lanes)]
    if not frames:
        return set()
    cells = pl.concat(frames, how="diagonal_relaxed").unique()
    roots = {root for part in (findings.primary, *findings.parts) for root in part.decides.meta.root_names()}
    asked = {name for each in findings.published for name, _ in each.where}
    kept = [name for name in cells.columns if name in ALWAYS or name in roots | asked]
    for name in sorted(set(cells.columns) - set(kept), key=lambda name: ("." in name, name)):
        if told_apart(cells, [*kept, name]) > told_apart(cells, kept):
            kept.append(name)
    named = [part.asks for part in (findings.primary, *findings.parts)]
    named += [(view,) for view in (findings.trend, *findings.shown) if view]
    return set(kept).union(*(telling(*(view.lanes for view in views)) for views in named))


def minus(lanes: pl.DataFrame) -> pl.DataFrame:
    """The same lanes with the sign turned."""
    return lanes.with_columns(-pl.col("value"))
