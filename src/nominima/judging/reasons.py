"""A verdict's reason in a few sentences that name the cells."""

from collections.abc import Sequence

from nominima.judging.intervals import Estimate
from nominima.judging.parts import Part
from nominima.judging.record import Cell, Guarded, PartVerdict
from nominima.judging.rules import Outcome, Rule, fewest, margin

DECIDED: tuple[Outcome, Outcome] = ("supported", "contradicted")
SAID: dict[Outcome, str] = {"supported": "Supported", "contradicted": "Contradicted", "inconclusive": "Undecided"}
ONLY = "all"  # the name of a cell that has no condition


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
    by: dict[Outcome, list[Cell]] = {kind: [cell for cell in tested if cell.outcome == kind] for kind in SAID}
    kinds: list[Outcome] = [kind for kind in by if by[kind]]
    kinds.sort(key=lambda kind: kind != word)
    counts = [_counted(len(by[kinds[0]]), len(tested)), *(str(len(by[kind])) for kind in kinds[1:])]
    each = zip(kinds, counts, strict=True)
    return " ".join(f"{SAID[kind]} in {count}{_which(part, by[kind], word)}." for kind, count in each)


def of_claim(primary: PartVerdict, parts: Sequence[PartVerdict], word: Outcome) -> str:
    """Why a claim has its word: the reason of its primary, and the parts that say the opposite."""
    if word == primary.outcome:
        return primary.reason
    opposed = [part for part in parts if {part.outcome, primary.outcome} == set(DECIDED)]
    told = [("The claim itself", primary), *((f"But its part, {part.name}", part) for part in opposed)]
    return " ".join(f"{name}: {its.reason[0].lower()}{its.reason[1:]}" for name, its in told)


def of_guard(guard: Guarded) -> str:
    """What a control lacks, or how it misbehaves."""
    return guard.lacks or f"what must {'fail' if guard.kind == 'negative' else 'succeed'} does not: {guard.name}"


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


def _counted(count: int, tested: int) -> str:
    if tested == 1:
        return "the one tested cell"
    every = "both" if tested == 2 else f"all {tested}"
    return f"{every} tested cells" if count == tested else f"{count} of {tested} tested cells"


def _which(part: Part, cells: Sequence[Cell], word: Outcome) -> str:
    """Which cells have a word: of those with the part's own the weakest, of others all; why they decide nothing."""
    kind = cells[0].outcome
    if kind not in DECIDED:
        return f": {_listed([_said(cell) for cell in cells])}"
    if kind != word:
        return f": {_names(cells)}"
    equal = " (all seeds equal)" if all(cell.estimate.equal for cell in cells) else ""
    if len(cells) > 1:
        return f"{equal}, weakest in {weakest(cells, part.rule, word).name}"
    return equal if cells[0].name == ONLY else f"{equal}, {cells[0].name}"


def _said(cell: Cell) -> str:
    """A cell and why it decides nothing."""
    return cell.why if cell.name == ONLY else f"{cell.name} ({cell.why})"


def _names(cells: Sequence[Cell]) -> str:
    return _listed([cell.name for cell in cells])


def _listed(names: Sequence[str], most: int = 3) -> str:
    more = len(names) - most
    return "; ".join(names[:most]) + (f"; and {more} more" if more > 0 else "")
