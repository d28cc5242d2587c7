"""How a claim's verdict is decided and told in a sentence; docs/verdicts.md explains it."""

from collections.abc import Sequence

from nominima.ground.texts import number
from nominima.judging import stats
from nominima.judging.claim import Cell, Claim, Control, Estimate, Findings, Outcome, Rule, Verdict
from nominima.judging.rule import MOST_LOST, behaves, cell_outcome, combined, margin, on_side
from nominima.judging.trends import trends


def verdict(name: str, claim: Claim, findings: Findings, digest: str) -> Verdict:
    """Apply a claim's rule to its findings."""
    cells: list[tuple[Cell, Outcome]] = [(cell, cell_outcome(cell, claim.rule)) for cell in findings.cells]
    controls = [(control, behaves(control, claim.rule)) for control in findings.controls]
    outcome, reason = _decided(claim.rule, findings, cells, controls)
    return Verdict(
        claim=name,
        title=claim.title,
        outcome=outcome,
        reason=reason,
        rule=claim.rule,
        rule_digest=digest,
        headline=headline(findings.cells, claim.rule),
        cells=cells,
        controls=controls,
        trends=trends(findings.sizes, claim.rule.flat),
        robustness=robustness(findings, claim.rule),
        sensitivity=findings.sensitivity,
        published=findings.published,
        runs=sum(cell.runs for cell in findings.cells),
        lost=sum(cell.lost for cell in findings.cells),
    )


def headline(cells: list[Cell], rule: Rule) -> Cell | None:
    """Of the cells judged by the claim's own rule, the one that lies least far on the claim's side of tau."""
    known = [
        (margin(cell.estimate.value, rule), cell)
        for cell in sorted(cells, key=lambda cell: cell.name)
        if cell.rule is None and cell.estimate.value is not None
    ]
    return min(known, key=lambda pair: pair[0])[1] if known else None


def robustness(findings: Findings, rule: Rule) -> Estimate | None:
    """Share of cells, and of their variants by another stop rule, on the claim's side of the null."""
    pairs = [(cell.estimate.value, cell.rule or rule) for cell in findings.cells]
    pairs += [(row.estimate.value, rule) for row in findings.sensitivity if row.variant]
    sides = [on_side(value, its) for value, its in pairs if value is not None]
    return stats.share(sum(sides), len(sides)) if sides else None


def _decided(
    rule: Rule, findings: Findings, cells: list[tuple[Cell, Outcome]], controls: list[tuple[Control, bool]]
) -> tuple[Outcome, str]:
    """The outcome and its reason: evidence first, then controls, then cells."""
    found = combined([outcome for _, outcome in cells])
    if found == "untested":
        lacks = findings.lacks or _listed([f"{cell.name}: {_lack(cell)}" for cell, _ in cells])
        return "untested", f"Evidence is missing: {lacks or 'no condition was measured'}."
    if not any(control.kind == "negative" for control, _ in controls):
        return "untested", "Evidence is missing: no negative control was measured."
    absent = [control.name for control, _ in controls if control.estimate.low is None]
    if absent:
        return "untested", f"Evidence is missing: no interval for the control {_listed(absent)}."
    failed = [control.name for control, good in controls if control.kind == "positive" and not good]
    if failed:
        return "untested", f"The test is void: the positive control failed ({_listed(failed)})."
    passed = [control.name for control, good in controls if control.kind == "negative" and not good]
    if passed:
        return "inconclusive", f"What must not meet the rule meets it as well: {_listed(passed)}."
    return found, _reason(rule, found, cells)


def _reason(rule: Rule, found: Outcome, cells: list[tuple[Cell, Outcome]]) -> str:
    every = "In the one cell" if len(cells) == 1 else f"In all {len(cells)} cells"
    several = any(cell.rule for cell, _ in cells)
    if found == "supported":
        where = "where the claim puts it" if several else f"{_place(rule)}, as the claim says"
        return f"{every} the whole 95 % interval lies {where}."
    if found == "contradicted":
        where = "where the claim does not put it" if several else f"{_opposite(rule)}, against the claim"
        return f"{every} the whole 95 % interval lies {where}."
    kinds = ("supported", "contradicted")
    decided = {kind: [cell.name for cell, its in cells if its == kind] for kind in kinds}
    if found == "mixed":
        return f"Supported in {_listed(decided[kinds[0]])}; contradicted in {_listed(decided[kinds[1]])}."
    doubts = [f"{cell.name}: {_doubt(cell, its, rule)}" for cell, its in cells if its not in decided]
    return f"Not decided: {_listed(doubts)}."


def _place(rule: Rule) -> str:
    if isinstance(rule.tau, tuple):
        return f"between {number(rule.tau[0])} and {number(rule.tau[1])}"
    return f"{rule.side} {number(rule.tau)}"


def _opposite(rule: Rule) -> str:
    if isinstance(rule.tau, tuple):
        return f"outside {number(rule.tau[0])} to {number(rule.tau[1])}"
    other = "below" if rule.side == "above" else "above"
    return f"{other} {number(rule.tau if rule.null is None else rule.null)}"


def _doubt(cell: Cell, outcome: Outcome, rule: Rule) -> str:
    if outcome == "untested":
        return _lack(cell)
    if cell.lost > MOST_LOST * cell.runs:
        return f"{cell.lost} of {cell.runs} runs lost"
    if _too_small(cell.estimate, cell.rule or rule):
        return "an effect on the claim's side, but smaller than what counts"
    return "the interval straddles a limit"


def _too_small(estimate: Estimate, rule: Rule) -> bool:
    """Whether the whole interval lies between the null and tau."""
    ends = (estimate.low, estimate.high, rule.null)
    if isinstance(rule.tau, tuple) or any(end is None for end in ends):
        return False
    limits = sorted([rule.tau, rule.null or 0.0])
    return all(limits[0] < end < limits[1] for end in ends[:2] if end is not None)


def _lack(cell: Cell) -> str:
    if cell.lacks:
        return cell.lacks
    if cell.runs and cell.lost == cell.runs:
        return f"all {cell.runs} runs lost"
    return f"{cell.estimate.n} of {cell.runs} runs can be used, an interval needs {stats.FEWEST}"


def _listed(names: Sequence[str], most: int = 3) -> str:
    more = len(names) - most
    return "; ".join(names[:most]) + (f"; and {more} more" if more > 0 else "")
