"""A claim and its verdict: the rule fixed before the runs, the estimates it is applied to, what comes out."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self, TypeVar

import polars as pl
from pydantic import Field, model_validator

from nominima.ground.files import REMEDY, Refusal, read, write
from nominima.ground.records import Strict
from nominima.tracing.trace import Trace

Outcome = Literal["supported", "contradicted", "mixed", "inconclusive", "untested"]
Growth = Literal["grows", "shrinks", "hump", "flat", "unclear"]


class Rule(Strict):
    """When a claim holds; its digest is kept with the verdict."""

    statistic: str = Field(description="the primary statistic in one sentence, with its unit")
    side: Literal["above", "below", "within"] = Field(description="where the claim puts the statistic")
    tau: float | tuple[float, float] = Field(description="smallest effect of interest; an interval for `within`")
    null: float | None = Field(default=None, description="contradicted beyond it; none: contradicted beyond tau itself")
    trend: str = Field(description="the quantity whose trend with size is tested, in one sentence; larger is truer")
    flat: float = Field(gt=0, description="smallest change of that quantity with size that is of interest")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if isinstance(self.tau, tuple):
            agrees = self.side == "within" and self.null is None and self.tau[0] < self.tau[1]
        elif self.side == "above":
            agrees = self.null is None or self.null <= self.tau
        else:
            agrees = self.side == "below" and (self.null is None or self.null >= self.tau)
        if not agrees:
            raise ValueError(f"tau {self.tau} and null {self.null} do not fit the side {self.side!r}")
        return self


class Claim(Strict):
    """A sentence of the essay on trial, in our words."""

    title: str
    statement: str = Field(description="the claim, paraphrased")
    refuted_by: str = Field(description="what outcome would refute it")
    tested_by: str = Field(description="how it is tested, for a reader who has not read the code")
    limits: str = Field(description="what the test does not show")
    literature: tuple[str, ...] = Field(description="for and against, one reference each")
    caption: str = Field(description="what the figure shows and where the claim predicts the points")
    rule: Rule


class Estimate(Strict):
    """A number with its 95 % interval; value and limits are null where the statistic is not defined."""

    value: float | None
    low: float | None
    high: float | None
    n: int = Field(ge=0, description="independent units (seeds, runs) behind it")


class Cell(Strict):
    """One condition (data, noise, family, …) or one sub-claim that a rule is applied to."""

    name: str
    estimate: Estimate
    runs: int = Field(ge=0, description="runs or seeds behind the primary statistic that should be there")
    lost: int = Field(default=0, ge=0, description="of them diverged, censored or missing")
    lacks: str = Field(default="", description="why there is no interval, where there is none")
    rule: Rule | None = Field(default=None, description="a sub-claim's own rule, if it is not the claim's")


class Control(Strict):
    """A case with a known answer: a positive one must meet the rule, a negative one must not."""

    name: str
    kind: Literal["positive", "negative"]
    estimate: Estimate
    rule: Rule | None = Field(default=None, description="if it is not judged by the claim's own rule")


class Row(Strict):
    """A number to stand beside the primary one: a sensitivity view or a published value."""

    name: str
    cell: str
    estimate: Estimate
    source: str = ""
    variant: bool = Field(
        default=False, description="the primary statistic by another stop rule: counts for the robustness"
    )


@dataclass(frozen=True)
class Findings:
    """What a claim's `judge` reads off the measurements; the machinery makes the verdict of it.

    sizes: cell (String), size (Float64), seed (Int64) and value (Float64; null: lost) of the quantity whose
        trend is tested; larger is truer.
    lacks: what is missing, where nothing at all could be judged.
    """

    cells: list[Cell]
    controls: list[Control]
    sizes: pl.DataFrame
    sensitivity: list[Row] = field(default_factory=list)
    published: list[Row] = field(default_factory=list)
    lacks: str = ""


class Trend(Strict):
    """How a cell's statistic moves with size; p-values are raw, one-sided, before Holm over all claims."""

    cell: str
    sizes: int
    seeds: int = Field(description="seeds with a value at every size: the blocks of Page's test")
    lost: int = Field(description="seeds that lost a run at some size")
    page_p: float | None = Field(description="Page's trend test for `larger is truer`")
    reverse_p: float | None = Field(description="the same for `smaller is truer`")
    hump_p: float | None = Field(description="for a rise and then a fall")
    kendall: float | None = Field(description="Kendall τ of the size means against size")
    flat: bool = Field(description="every size within the rule's flat margin of the smallest")
    means: list[tuple[float, float | None]] = Field(description="(size, mean over the blocks)")


class Verdict(Strict):
    """The whole verdict of one claim, as kept in reports/verdicts/<claim>.json."""

    claim: str = Field(description="file name on the claims shelf")
    title: str
    outcome: Outcome
    reason: str = Field(description="one sentence a person understands")
    rule: Rule
    rule_digest: str
    headline: Cell | None = Field(description="the cell in which the claim fares worst by its own rule")
    cells: list[tuple[Cell, Outcome]]
    controls: list[tuple[Control, bool]] = Field(description="with whether each behaves as it must")
    trends: list[Trend]
    robustness: Estimate | None = Field(description="share of cells × stop rules on the claim's side of the null")
    sensitivity: list[Row]
    published: list[Row]
    runs: int
    lost: int


class Standing(Strict):
    """A claim's line on the scoreboard; growth is decided after Holm's correction over all claims."""

    claim: str
    title: str
    outcome: Outcome
    reason: str
    growth: Growth
    growth_reason: str
    trend_p: float | None = Field(description="of its likeliest shape: the largest p over the cells")
    holm_p: float | None = Field(description="the same after Holm's correction over all claims and shapes")
    headline: Cell | None
    robustness: Estimate | None
    runs: int
    lost: int
    rule: Rule
    rule_digest: str


class Scoreboard(Strict):
    """All claims on trial: reports/verdicts/scoreboard.json."""

    standings: list[Standing]


Judged = TypeVar("Judged", Verdict, Scoreboard)


def write_judged(path: Path, judged: Verdict | Scoreboard, trace: Trace) -> None:
    """Store a verdict or the scoreboard with its trace: sorted keys, a line per value."""
    told = judged.model_dump(mode="json") | {"trace": trace.model_dump()}
    text = json.dumps(told, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False)
    write(path, f"{text}\n".encode())


def read_judged(path: Path, kind: type[Judged]) -> tuple[Judged, Trace]:
    """A stored verdict or scoreboard and what made it: `read_judged(path, Verdict)`.

    Raises:
        Refusal: the file is missing, damaged or of another kind.
    """
    try:
        told = json.loads(read(path))
        trace = Trace.model_validate(told.pop("trace"))
        return kind.model_validate_json(json.dumps(told)), trace
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        name = kind.__name__.lower()
        raise Refusal(f"{path}: not a {name} ({type(error).__name__}); delete it, then {REMEDY}") from error
