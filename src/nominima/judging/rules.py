"""A row of the contract as a rule: on which side of which limit a claim puts its number, and what intervals say."""

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from nominima.ground.records import Strict
from nominima.judging.intervals import USUAL, Estimate, Floats, fewest_networks

FEWEST_SEEDS = 8  # of a cell, where a row does not ask for more
Outcome = Literal["supported", "contradicted", "mixed", "inconclusive", "untested"]
Unit = Literal["seed", "network", "configuration", "trend"]


class Rule(Strict):
    """When a claim, or a part of it, holds; fixed before the runs."""

    statistic: str = Field(description="the number that decides, with its unit and where it is read")
    side: Literal["above", "below", "within"] = Field(description="where the claim puts it")
    tau: float | tuple[float, float] = Field(description="smallest effect of interest; an interval for `within`")
    null: float | None = Field(default=None, description="contradicted beyond it; none: contradicted beyond tau itself")
    confidence: float = Field(
        default=USUAL, gt=0, lt=1, description="level of a cell's interval; .9 where a row says so"
    )
    unit: Unit = Field(
        default="seed",
        description="what is counted; network: the number is a share; configuration: the number is of all of them; "
        "trend: it is one of the trends of other claims",
    )
    seeds: int = Field(default=FEWEST_SEEDS, ge=FEWEST_SEEDS, description="of a cell at least, or as many of its unit")
    trend: str = Field(default="", description="the quantity whose trend with size is tested; larger is truer")
    flat: float = Field(default=0.0, ge=0, description="smallest change of that quantity with size that is of interest")

    @property
    def read(self) -> str:
        """What is counted under it, in the plural: runs, whether seeds or networks are its unit."""
        return "runs" if self.unit in ("seed", "network") else f"{self.unit}s"

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
        if self.unit == "trend" and (self.side != "above" or self.null is None):
            raise ValueError(f"a number of trends lies above a tau and a null, not {self.side} {self.tau}")
        if self.unit == "network" and (isinstance(self.tau, tuple) or not 0 < self.tau < 1):
            raise ValueError(f"a share of networks lies above or below a tau between 0 and 1, not {self.tau}")
        return self


def outcome(estimate: Estimate, rule: Rule) -> Outcome:
    """What an interval says of a rule.

    supported: the whole interval beyond tau on the claim's side (`within`: inside tau); contradicted: all of
    it on the other side of the null, of tau itself where there is no null (`within`: outside tau);
    inconclusive: anything else; untested: no interval. Of trends the interval is that against draws: then the number
    lies beyond tau, and its interval beyond the null.
    """
    low, high = estimate.low, estimate.high
    if low is None or high is None:
        return "untested"
    if isinstance(rule.tau, tuple):
        meets, misses = rule.tau[0] < low and high < rule.tau[1], high < rule.tau[0] or rule.tau[1] < low
    elif rule.unit == "trend":
        value = estimate.value or 0.0
        meets, misses = value > rule.tau and low > _null(rule), value < _null(rule) and high < _null(rule)
    elif rule.side == "above":
        meets, misses = low > rule.tau, high < _null(rule)
    else:
        meets, misses = high < rule.tau, low > _null(rule)
    return "supported" if meets else "contradicted" if misses else "inconclusive"


def fewest(rule: Rule, dissenters: int = 0) -> int:
    """The smallest number of units that can support a rule: seeds, trends, or networks of which so many dissent."""
    if rule.unit != "network":
        return rule.seeds
    assert not isinstance(rule.tau, tuple)
    limit = rule.tau if rule.side == "above" else 1 - rule.tau
    return fewest_networks(dissenters, limit, rule.confidence)


def wholly_off(estimate: Estimate, rule: Rule) -> bool:
    """Whether the whole interval lies off the claim's side of tau: how a negative control behaves."""
    low, high = estimate.low, estimate.high
    if low is None or high is None:
        return False
    if isinstance(rule.tau, tuple):
        return high <= rule.tau[0] or rule.tau[1] <= low
    return high <= rule.tau if rule.side == "above" else low >= rule.tau


def margin(value: float, rule: Rule) -> float:
    """How far a value lies beyond tau on the claim's side; negative: on the other side."""
    if isinstance(rule.tau, tuple):
        return min(value - rule.tau[0], rule.tau[1] - value)
    return value - rule.tau if rule.side == "above" else rule.tau - value


def truth(values: Floats, rule: Rule) -> Floats:
    """Values turned so that larger is truer; `within`: minus the distance from the middle of the margin."""
    if isinstance(rule.tau, tuple):
        return -np.abs(values - sum(rule.tau) / 2)
    return values if rule.side == "above" else -values


def _null(rule: Rule) -> float:
    assert not isinstance(rule.tau, tuple)
    return rule.tau if rule.null is None else rule.null
