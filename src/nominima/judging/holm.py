"""Several numbers of which none may lie beyond a limit: when one of them does."""

from dataclasses import dataclass

import polars as pl

from nominima.judging import intervals
from nominima.judging.intervals import USUAL, Estimate
from nominima.judging.samples import Sample, Score, at_largest


@dataclass(frozen=True)
class OneOf(Sample):
    """The sample of one of `among` numbers that must all lie below a limit."""

    among: int = 1

    def estimate(self, level: float = USUAL) -> Estimate:
        """The number with an interval whose upper end is of the level, the lower one of 1 − (1 − level)/among."""
        found = intervals.estimate(self.rows, self.statistic, level)
        firmer = intervals.estimate(self.rows, self.statistic, 1 - (1 - level) / self.among)
        return found.model_copy(update={"low": firmer.low})


def one_of(among: int, score: Score = at_largest) -> Score:
    """Score: that of one of `among` numbers, all of which a row wants below its limit.

    That each lies below is an intersection: every upper end is asked at the level itself, uncorrected. That one lies
    above is a union: by Holm (1979) there is one if the smallest p is below α/among, which is to say if the lower end
    of some interval of that level is above the limit. What Holm asks after that concerns which ones, not whether.
    """

    def of_one(rows: pl.DataFrame) -> Sample:
        its = score(rows)
        return OneOf(its.read, its.seeds, its.rows, its.statistic, its.counted, among=among)

    return of_one
