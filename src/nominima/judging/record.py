"""A verdict as it is stored: the rule, every cell with its numbers and guards, trends, and the words that follow."""

import json
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field

from nominima.ground.files import REMEDY, Refusal, read, write
from nominima.ground.records import Strict
from nominima.judging.intervals import Estimate
from nominima.judging.rules import Outcome, Rule
from nominima.tracing.trace import Trace

Growth = Literal["grows", "shrinks", "differs", "flat", "unclear"]
Turn = Literal["hump", "valley"]


class Number(Strict):
    """One of the numbers that a cell is asked for."""

    name: str
    rule: Rule | None = Field(default=None, description="if it is not judged by the rule of its part")
    estimate: Estimate
    outcome: Outcome


class Guarded(Strict):
    """What a guard gave in a cell."""

    name: str
    kind: Literal["negative", "positive"]
    rule: Rule | None = None
    estimate: Estimate
    beaten: Estimate | None = Field(default=None, description="cell less control, paired, truer is larger; where asked")
    behaves: bool
    lacks: str = ""


class Cell(Strict):
    """One condition of a part, with its word."""

    name: str = Field(description="the condition in as few words as tell it from the others")
    condition: dict[str, Any]
    decides: bool = Field(description="counts for the word of its part; else it is a variant")
    numbers: list[Number]
    outcome: Outcome
    firm: bool = Field(default=False, description="its outcome holds at the level 1 − .05/m too")
    why: str = Field(default="", description="why it is not decided")
    runs: int = Field(ge=0, description="networks or seeds that its numbers should read")
    lost: dict[str, int] = Field(description="of them lost, by why")
    guards: list[Guarded] = Field(default_factory=list)

    @property
    def estimate(self) -> Estimate:
        """The first of its numbers that says what the cell does, else the first not supported, else the first.

        Numbers that the rule of its part judges come before others.
        """
        judged = [number for number in self.numbers if number.rule is None] or self.numbers
        alike = [number for number in judged if number.outcome == self.outcome]
        others = [number for number in judged if number.outcome != "supported"]
        return (alike or others or judged)[0].estimate

    @property
    def asked(self) -> list[tuple[Number, Outcome]]:
        """The numbers that the rule of its part judges, each with its word: that of the cell where there is one."""
        own = [number for number in self.numbers if number.rule is None]
        return [(number, self.outcome if len(own) == 1 else number.outcome) for number in own]


class PartVerdict(Strict):
    """The word of a part, or of the primary, from its cells."""

    name: str
    rule: Rule
    outcome: Outcome
    reason: str
    cells: list[Cell]


class Trend(Strict):
    """How the trend quantity of one cell moves with size."""

    name: str
    condition: dict[str, Any]
    sizes: list[float]
    means: list[float | None] = Field(description="at each size, over the seeds with a value at every size")
    seeds: int
    lost: int = Field(description="seeds that lost a run at some size")
    tau: Estimate = Field(description="Kendall's τ_b of each seed, mean with Student's 99 % interval")
    word: Growth
    turn: Turn | None = None
    lacks: str = ""


class Truer(Strict):
    """Whether the claim becomes truer with size."""

    word: Growth
    reason: str
    tau: Estimate | None = Field(default=None, description="each seed's mean over the cells, 99 % Student")
    cells: list[Trend] = Field(default_factory=list)


class Beside(Strict):
    """A view that never decides, in one condition."""

    name: str
    condition: dict[str, Any]
    cell: str
    estimate: Estimate
    variant: bool = False


class Literature(Strict):
    """A published number and, where there is one, ours."""

    name: str
    source: str
    value: float
    low: float | None = None
    high: float | None = None
    ours: Estimate | None = None
    lacks: str = Field(default="", description="why there is none of ours, where several conditions fit")


class Verdict(Strict):
    """The verdict of one claim, reports/verdicts/<claim>.json. What is said about the claim is in its own file."""

    claim: str = Field(description="file name on the claims shelf")
    outcome: Outcome
    reason: str
    primary: PartVerdict
    parts: list[PartVerdict]
    truer: Truer
    beside: list[Beside]
    published: list[Literature]

    @property
    def deciding(self) -> list[Cell]:
        """The cells of the primary that count."""
        return [cell for cell in self.primary.cells if cell.decides]

    @property
    def runs(self) -> int:
        """Networks or seeds behind the deciding cells of the primary."""
        return sum(cell.runs for cell in self.deciding)

    @property
    def lost(self) -> int:
        """Of them lost."""
        return sum(sum(cell.lost.values()) for cell in self.deciding)


class Standing(Strict):
    """A claim's line on the scoreboard."""

    claim: str
    outcome: Outcome
    reason: str
    growth: Growth
    growth_reason: str
    rule: Rule
    weakest: str = Field(description="the tested cell whose number lies least far on the claim's side")
    estimate: Estimate = Field(description="its number")
    supported: int
    tested: int
    cells: int
    runs: int
    lost: int


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
