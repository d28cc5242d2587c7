"""A verdict's reason in one sentence that names the cells."""

from collections.abc import Sequence

from nominima.judging.intervals import Estimate
from nominima.judging.parts import Part
from nominima.judging.record import Cell, PartVerdict
from nominima.judging.rules import Outcome, Rule, fewest, margin

DECIDED: tuple[Outcome, Outcome] = ("supported", "contradicted")


def of_part(part: Part, every: Sequence[Cell], word: Outcome) -> str:
    """Why a part has its word, from every cell of it; those that do not decide are variants."""
    cells = [cell for cell in every if cell.decides]
    if not cells and every:
        return f"Nothing that decides was measured, only variants: {_names(every)}."
    if not cells:
        return f"Evidence is missing: {part.lacks or 'no condition was measured'}."
    tested = [cell for cell in cells if cell.outcome != "untested"]
    if word == "untested":
        lacks = _listed([f"{cell.name}: {cell.why}" for cell in cells if cell.outcome == "untested"])
        return f"{len(tested)} of {len(cells)} cells are tested; evidence is missing: {lacks}."
    by = {kind: [cell for cell in tested if cell.outcome == kind] for kind in (*DECIDED, "inconclusive")}
    others = [told for kind, told in _others(by) if kind != word]
    if word in DECIDED:
        counted = f"{word.capitalize()} in {len(by[word])} of {len(tested)} tested cells"
        equal = " (all seeds equal)" if all(cell.estimate.equal for cell in by[word]) else ""
        return f"{counted}{equal}, weakest in {weakest(by[word], part.rule, word).name}{_rest(others)}."
    if word == "mixed":
        return f"Supported in {_names(by['supported'])}; contradicted in {_names(by['contradicted'])}."
    counts = ", ".join(f"{len(by[kind])} {kind}" for kind in by)
    return f"Of {len(tested)} tested cells {counts}{_rest([told for _, told in _others(by)])}."


def of_claim(primary: PartVerdict, parts: Sequence[PartVerdict], word: Outcome) -> str:
    """Why a claim has its word: the reason of its primary, and the parts that say the opposite."""
    if word == primary.outcome:
        return primary.reason
    opposed = [part for part in parts if {part.outcome, primary.outcome} == set(DECIDED)]
    told = "; ".join(f"{part.name} is {part.outcome}: {part.reason}" for part in opposed)
    return f"The primary is {primary.outcome}: {primary.reason} But {told}"


def doubt(estimate: Estimate, rule: Rule) -> str:
    """Why an interval decides nothing."""
    ends = (estimate.low, estimate.high, rule.null)
    if not isinstance(rule.tau, tuple) and None not in ends:
        limits = sorted([rule.tau, rule.null or 0.0])
        if all(limits[0] < end < limits[1] for end in ends[:2] if end is not None):
            return "an effect on the claim's side, but smaller than what counts"
    if rule.unit == "network" and estimate.value is not None and margin(estimate.value, rule) > 0:
        dissent = 1 - estimate.value if rule.side == "above" else estimate.value
        dissenters = round(dissent * estimate.n)
        return f"{dissenters} of {estimate.n} networks dissent, with which {fewest(rule, dissenters)} are needed"
    return "the interval straddles a limit"


def weakest(cells: Sequence[Cell], rule: Rule, word: Outcome = "supported") -> Cell:
    """The cell whose number lies least far on the side of a word: the claim's, or the other for `contradicted`."""
    sign = -1 if word == "contradicted" else 1
    return min(cells, key=lambda cell: sign * _margin(cell, rule))


def _margin(cell: Cell, rule: Rule) -> float:
    values = [(each.estimate.value, each.rule or rule) for each in cell.numbers]
    return min((margin(value, its) for value, its in values if value is not None), default=float("inf"))


def _others(by: dict[str, list[Cell]]) -> list[tuple[str, str]]:
    """(word, what is told of the cells with it)."""
    open_cells = [f"{cell.name} ({cell.why})" for cell in by["inconclusive"]]
    told = [(kind, f"{kind} in {_names(by[kind])}") for kind in DECIDED if by[kind]]
    return told + ([("inconclusive", f"not decided in {_listed(open_cells)}")] if open_cells else [])


def _rest(told: Sequence[str]) -> str:
    return "".join(f"; {each}" for each in told)


def _names(cells: Sequence[Cell]) -> str:
    return _listed([cell.name for cell in cells])


def _listed(names: Sequence[str], most: int = 3) -> str:
    more = len(names) - most
    return "; ".join(names[:most]) + (f"; and {more} more" if more > 0 else "")
