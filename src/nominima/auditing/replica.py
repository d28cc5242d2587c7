"""A claim replicated: its words and those of its cells, recorded and new, and whether their intervals overlap."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from nominima.ground.texts import canonical
from nominima.judging.intervals import Estimate
from nominima.judging.record import Cell, Verdict

Grade = Literal["different words", "not replicated", "same words"]
FIRM = {"supported", "contradicted"}
MISSING = "–"


class Word(NamedTuple):
    """A word of a claim, of one of its parts or of its trend with size; a dash where that is not there."""

    of: str
    recorded: str
    again: str

    @property
    def changed(self) -> bool:
        """Whether they are two."""
        return self.recorded != self.again

    @property
    def flipped(self) -> bool:
        """Whether one is supported and the other contradicted."""
        return {self.recorded, self.again} == FIRM


class Pair(NamedTuple):
    """A cell that decides the word of a part, as recorded and with fresh seeds; None where it does not."""

    part: str
    name: str
    recorded: Cell | None
    again: Cell | None

    @property
    def word(self) -> Word:
        """Its two words."""
        told = [each.outcome if each else MISSING for each in (self.recorded, self.again)]
        return Word(f"{self.part}, {self.name}".removeprefix(", "), *told)

    @property
    def overlap(self) -> bool | None:
        """Whether the intervals overlap, of several numbers those of each; None where none has both intervals."""
        if self.recorded is None or self.again is None:
            return None
        new = {number.name: number.estimate for number in self.again.numbers}
        both = [(number.estimate, new[number.name]) for number in self.recorded.numbers if number.name in new]
        told = [meet for meet in (_meet(*pair) for pair in both) if meet is not None]
        return all(told) if told else None


class Replica(NamedTuple):
    """What became of a claim. words: of the claim, its parts and its trend; none where it was not replicated."""

    claim: str
    recorded: str
    words: list[Word]
    cells: list[Pair]
    why: str = ""

    @property
    def again(self) -> str:
        """The new word of the claim; a dash where there is none."""
        return self.words[0].again if self.words else MISSING

    @property
    def changed(self) -> list[Word]:
        """The words of claim, parts and trend that are others now."""
        return [word for word in self.words if word.changed]

    @property
    def same(self) -> list[Pair]:
        """The cells with the same word."""
        return [cell for cell in self.cells if not cell.word.changed]

    @property
    def moved(self) -> list[Pair]:
        """Those with another word, and those that decide on one side only."""
        return [cell for cell in self.cells if cell.word.changed]

    @property
    def compared(self) -> list[Pair]:
        """The cells with an interval on both sides."""
        return [cell for cell in self.cells if cell.overlap is not None]

    @property
    def overlapping(self) -> list[Pair]:
        """Those whose intervals overlap."""
        return [cell for cell in self.compared if cell.overlap]

    @property
    def flipped(self) -> list[Pair]:
        """The cells that went from supported to contradicted, or back."""
        return [cell for cell in self.cells if cell.word.flipped]

    @property
    def grade(self) -> Grade:
        """By the words of claim, parts and trend."""
        if not self.words:
            return "not replicated"
        return "different words" if self.changed else "same words"

    @property
    def fails(self) -> bool:
        """Whether it says the opposite: the claim or one of its cells; or could not be replicated."""
        return not self.words or self.words[0].flipped or bool(self.flipped)


def compare(claim: str, recorded: Verdict, again: Verdict) -> Replica:
    """A claim's words and cells side by side."""
    old, new = ({part.name: part for part in each.parts} for each in (recorded, again))
    words = [
        Word("claim", recorded.outcome, again.outcome),
        *(Word(f"part {name}", *(each[name].outcome if name in each else MISSING for each in (old, new)))
          for name in {**old, **new}),
        Word("trend with size", recorded.truer.word, again.truer.word),
    ]  # fmt: skip
    return Replica(claim, recorded.outcome, words, list(_pairs(recorded, again)))


def _pairs(recorded: Verdict, again: Verdict) -> Iterator[Pair]:
    """The cells that decide on one side at least, by part and condition."""
    old, new = (
        {(part.name, canonical(cell.condition)): cell
         for part in (each.primary, *each.parts) for cell in part.cells if cell.decides}
        for each in (recorded, again)
    )  # fmt: skip
    for key, cell in {**new, **old}.items():
        yield Pair(key[0], cell.name, old.get(key), new.get(key))


def _meet(one: Estimate, two: Estimate) -> bool | None:
    """Whether two intervals have a value in common; None where there are not two."""
    if one.low is None or one.high is None or two.low is None or two.high is None:
        return None
    return one.low <= two.high and two.low <= one.high
